"""buildah in chroot, with a storage of its own; the base comes from Debian's packages.

On Debian: `apt-get install buildah debootstrap`. Only root can do it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.control_plane.build import MissingPartError
from tests.control_plane.build.resolve import Say, cache_root, locked
from tests.paths import ROOT

BASE = "localhost/debian-python:bookworm"
PACKAGES = "ca-certificates,python3,python3-pip"
SUITE = "bookworm"
MOUNTED = ("/etc/ssl/certs", "/etc/pip.conf")
"""Of the host, where they are there: pip in the build gets packages as it does outside."""


class Buildah:
    """Images and containers below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
            "ENGINE": "buildah",
            "TMPDIR": str(folder / "tmp"),
        }
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        places = {"graphroot": folder / "images", "runroot": folder / "run"}
        lines = ["[storage]", 'driver = "vfs"', *(f'{k} = "{v}"' for k, v in places.items())]
        (folder / "storage.conf").write_text("\n".join(lines) + "\n")

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, **env: str) -> str:
        """Run it; gives what it printed."""
        return _checked(["buildah", *arguments], cwd or self.folder, self.env | env)

    @property
    def listing(self) -> Path:
        """All files of the base, a line each; written last, so it says that the base is whole."""
        return self.folder / "base.txt"

    def build(self, image: str) -> None:
        """Build the project's image as `make image` does."""
        options = [
            w for path in MOUNTED if Path(path).exists() for w in ("-v", f"{path}:{path}:ro")
        ]
        script = ["bash", str(ROOT / "tools" / "image.sh"), "--pull-never", *options]
        _checked(script, ROOT, self.env | {"IMAGE": image, "BASE": BASE})

    def config(self, image: str) -> dict[str, Any]:
        """What the image says of itself: user, entry point, labels, …"""
        described = json.loads(self("inspect", "--type", "image", image))
        config: dict[str, Any] = described["Docker"]["config"]
        return config

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """The folder of all that is in an image."""
        container = self("from", "--pull-never", image).strip()
        try:
            yield Path(self("mount", container).strip())
        finally:
            self("umount", container)
            self("rm", container)


def prepared(say: Say = lambda _: None) -> Buildah:
    """Give buildah with the base in its storage, made if need be (40 s, once).

    Raises:
        MissingPartError: it can't be done here; the text says why.
    """
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if missing:
        raise MissingPartError(f"apt-get install {' '.join(missing)}")
    if os.geteuid():
        raise MissingPartError("buildah in chroot and debootstrap need root")
    folder = cache_root() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        made = Buildah(folder)
        if not made.listing.exists():
            say("making a base of Debian's packages (once; a minute) …")
            _make_base(made)
    return made


def _make_base(made: Buildah) -> None:
    root = made.folder / "base"
    shutil.rmtree(root, ignore_errors=True)
    include = f"--include={PACKAGES}"
    # what debootstrap mounts below it is gone with its namespace, whatever happens
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase", include, SUITE, str(root)]
    _checked(command, made.folder, made.env)
    shutil.rmtree(root / "var" / "cache" / "apt", ignore_errors=True)
    container = made("from", "scratch").strip()
    made("add", "--quiet", container, root, "/")
    made("commit", "--quiet", container, BASE)
    made("rm", container)
    made.listing.write_text("\n".join(sorted(files(root))) + "\n")
    shutil.rmtree(root)


def files(root: Path) -> set[str]:
    """All that is no folder, without the places where others mount."""
    found = set()
    for folder, inside, names in os.walk(root):
        inside[:] = [
            name for name in inside if Path(folder, name) not in {root / "proc", root / "dev"}
        ]
        found |= {os.path.relpath(Path(folder, name), root) for name in names}
    return found


def _checked(command: list[str | Path], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-4_000:]
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return done.stdout
