"""A bundle that is there already, taken into another: what its store and its cluster held."""

import os
import stat
from pathlib import Path

from watchdog.collect.stores.contained import open_file

CHUNK = 1024 * 1024
FILES_MAX = 10_000
CLUSTER = "kubernetes"


def copy_cluster(bundle: Path, into: Path, max_bytes: int) -> tuple[int, bool]:
    """Copy what a bundle holds of the cluster: how many files, and whether that is all.

    No link is followed out of the bundle, and nothing but regular files is read.

    Raises:
        OSError: a file can't be written.
    """
    copied, left = 0, max_bytes
    for name in _files(bundle):
        if copied >= FILES_MAX:
            return copied, False
        try:
            descriptor, status = open_file(bundle, name)
        except OSError:
            return copied, False
        with os.fdopen(descriptor, "rb") as source:
            left -= status.st_size
            if left < 0:
                return copied, False
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                while chunk := source.read(CHUNK):
                    file.write(chunk)
            os.utime(target, (status.st_atime, status.st_mtime))
        copied += 1
    return copied, True


def _files(bundle: Path) -> list[str]:
    """Regular files below the cluster's folder, by their paths in the bundle."""
    found = []
    for folder, _, names in os.walk(bundle / CLUSTER):
        paths = (Path(folder) / name for name in names)
        found += [p for p in paths if stat.S_ISREG(p.lstat().st_mode)]
    return sorted(str(path.relative_to(bundle)) for path in found)
