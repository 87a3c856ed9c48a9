"""Single files of a bundle: regular ones below its directory, of no more bytes than are read."""

import os
from pathlib import Path

from watchdog.collect.limits import Limit
from watchdog.collect.stores.contained import open_file


def exists(root: Path, path: str) -> bool:
    """Whether there is anything of this name, be it a file or not."""
    return os.path.lexists(root / path)


def read_file(root: Path, path: str, limit: Limit) -> bytes:
    """A regular file below a directory.

    Raises:
        OSError: there is none, it can't be read, or it is larger than the limit.
    """
    descriptor, status = open_file(root, path)
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > limit.value:
            raise OSError(0, limit.text(status.st_size), path)
        return file.read(status.st_size)
