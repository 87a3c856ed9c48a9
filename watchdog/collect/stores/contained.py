"""Files and folders below a root, and never outside it: links are followed only as far as it goes.

Every part of a path is opened from the folder before it, without following links; where one is a
link, it counts where it leads, if that lies below the root. So nothing can be swapped between the
check and the use, and no device or pipe is ever opened. The root itself may be a link: a person
named it.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC
_PASSED = _FOLDER | getattr(os, "O_PATH", os.O_RDONLY)
"""To go through a folder it need not be readable."""
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
_LINK_ERRORS = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}
KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}


class Outside(PermissionError):  # noqa: N818 - reads as what it says
    """A link leads out of the root."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EPERM, "a link that leads out of the directory", path)


class NotRegular(FileNotFoundError):  # noqa: N818 - the same
    """It is no regular file."""

    def __init__(self, path: str, mode: int) -> None:
        super().__init__(errno.ENOENT, f"{kind_of(mode)}, no regular file", path)


def kind_of(mode: int) -> str:
    """What a thing is that is no regular file."""
    return KINDS.get(stat.S_IFMT(mode), "something else")


def open_file(root: Path, path: str) -> tuple[int, os.stat_result]:
    """A regular file below a root, opened for reading: the caller closes the descriptor.

    Raises:
        OSError: it can't be opened; `Outside`, `NotRegular`.
    """
    try:
        return _open_file(root, path)
    except Outside:
        raise
    except OSError as error:
        if error.errno not in _LINK_ERRORS:
            raise
    return _open_file(root, resolved(root, path))


@contextmanager
def open_folder(root: Path, path: str) -> Iterator[int]:
    """A folder below a root, as a descriptor.

    Raises:
        OSError: it can't be opened; `Outside`.
    """
    try:
        descriptor = _open_folder(root, path)
    except OSError as error:
        if error.errno not in _LINK_ERRORS:
            raise
        descriptor = _open_folder(root, resolved(root, path))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def resolved(root: Path, path: str) -> str:
    """Where a path leads, as a path below the root.

    Raises:
        OSError: nowhere, or round and round; `Outside`.
    """
    top = os.path.realpath(root)
    place = os.path.realpath(Path(top) / path, strict=True)
    if place != top and not place.startswith(top.rstrip("/") + "/"):
        raise Outside(path)
    return os.path.relpath(place, top)


def _open_file(root: Path, path: str) -> tuple[int, os.stat_result]:
    folder, _, name = path.rpartition("/")
    above = _walk(root, folder, _PASSED)
    try:
        mode = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, "a link", path)
        if not stat.S_ISREG(mode):
            raise NotRegular(path, mode)
        descriptor = os.open(name, _FILE, dir_fd=above)
    finally:
        os.close(above)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotRegular(path, status.st_mode)
    return descriptor, status


def _open_folder(root: Path, path: str) -> int:
    if path in ("", "."):
        return os.open(root, _FOLDER | os.O_RDONLY)
    folder, _, name = path.rpartition("/")
    above = _walk(root, folder, _PASSED)
    try:
        return os.open(name, _FOLDER | os.O_RDONLY | os.O_NOFOLLOW, dir_fd=above)
    finally:
        os.close(above)


def _walk(root: Path, path: str, flags: int) -> int:
    """A folder's descriptor, its parts opened one after the other, none of them a link."""
    descriptor = os.open(root, flags)
    for part in path.split("/"):
        if part in ("", "."):
            continue
        above = descriptor
        try:
            descriptor = os.open(part, flags | os.O_NOFOLLOW, dir_fd=above)
        finally:
            os.close(above)
    return descriptor
