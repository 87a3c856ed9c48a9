"""A store on this machine: plain files, read in worker threads.

Not obstore's LocalStore: that hides files named like its own staging files (`name#1`), and a name
is taken here exactly as the file system has it.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from watchdog.collect.stores.objects import FileMeta, Folder, Got, NotModified, Reason, StoreError
from watchdog.threads import Pool

T = TypeVar("T")

READERS = 4
"""Threads for each directory: a file server that hangs takes those of no other."""
READ_SECONDS = 30.0
"""For one file or one listing, once it is begun."""

OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""Non-blocking, so that opening a named pipe in a log directory does not wait for ever."""


def reason_of(error: OSError) -> Reason:
    """The short reason of an operating system's error."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return "not_found"
    if isinstance(error, TimeoutError):
        return "timeout"
    return "forbidden" if isinstance(error, PermissionError) else "unavailable"


def etag_of(status: os.stat_result) -> str:
    """Identity of a file's content, as far as the file system tells."""
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


class DirectoryStore:
    """Implements `Store` over a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = Pool("files", READERS, READ_SECONDS)

    @property
    def target(self) -> str:
        """The directory."""
        return str(self._root)

    def local_path(self, path: str) -> Path | None:
        """The file of an object."""
        return self._file(path)

    async def aclose(self) -> None:
        """Nothing is held open."""

    async def get(
        self, path: str, limit: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """A whole file."""
        return await self._run(path, lambda: self._read(path, 0, limit, if_none_match))

    async def get_tail(
        self, path: str, length: int, if_none_match: str | None = None
    ) -> Got | NotModified:
        """The end of a file."""
        return await self._run(path, lambda: self._read(path, length, None, if_none_match))

    async def get_range(
        self, path: str, start: int, end: int, if_match: str | None = None
    ) -> bytes:
        """A part of a file."""
        return await self._run(path, lambda: self._slice(path, start, end, if_match))

    async def list_dir(self, path: str = "") -> Folder:
        """One level of the directory, symlinks followed.

        Names that are no text (not UTF-8) and links that lead nowhere are left out.
        """
        return await self._run(path, lambda: self._scan(path))

    async def _run(self, path: str, read: Callable[[], T]) -> T:
        try:
            return await self._pool.run(read)
        except OSError as error:
            where = self._root / path
            raise StoreError(reason_of(error), f"{where}: {error.strerror or error}") from error
        except ValueError as error:
            raise StoreError("not_found", f"{path!r}: {error}") from error

    def _file(self, path: str) -> Path:
        if Path(path).is_absolute() or ".." in path.split("/"):
            raise StoreError("forbidden", f"{path!r} leads out of {self._root}")
        return self._root / path

    def _read(
        self, path: str, tail: int, limit: int | None, known: str | None
    ) -> Got | NotModified:
        descriptor, status = self._open(path)
        with os.fdopen(descriptor, "rb") as file:
            if known is not None and etag_of(status) == known:
                return NotModified()
            if limit is not None and status.st_size > limit:
                raise StoreError("too_large", f"{path}: {status.st_size} bytes, more than {limit}")
            start = max(0, status.st_size - tail) if tail else 0
            file.seek(start)
            data = file.read(status.st_size - start)
        return Got(
            data,
            size=status.st_size,
            start=start,
            etag=etag_of(status),
            modified_at=status.st_mtime,
        )

    def _slice(self, path: str, start: int, end: int, known: str | None) -> bytes:
        descriptor, status = self._open(path)
        with os.fdopen(descriptor, "rb") as file:
            if known is not None and etag_of(status) != known:
                raise StoreError("changed", f"{path} was replaced while it was read")
            file.seek(start)
            return file.read(max(0, min(end, status.st_size) - start))

    def _open(self, path: str) -> tuple[int, os.stat_result]:
        descriptor = os.open(self._file(path), OPEN_FLAGS)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FileNotFoundError(2, "not a regular file")
        return descriptor, status

    def _scan(self, path: str) -> Folder:
        files: list[FileMeta] = []
        folders: dict[str, bool] = {}
        own = self._file(path).stat()
        with os.scandir(self._file(path)) as entries:
            for entry in entries:
                self._sort_in(entry, files, folders)
        return Folder(
            tuple(sorted(files, key=lambda file: file.name)),
            tuple(sorted(folders)),
            frozenset(name for name, is_link in folders.items() if is_link),
            f"{own.st_dev:x}-{own.st_ino:x}",
        )

    @staticmethod
    def _sort_in(
        entry: "os.DirEntry[str]", files: list[FileMeta], folders: dict[str, bool]
    ) -> None:
        try:
            entry.name.encode()
            status = entry.stat()
        except UnicodeEncodeError:
            return
        except OSError:
            # a folder whose disk doesn't answer is there all the same: listing it tells why
            if _is_plain_folder(entry):
                folders[entry.name] = False
            return
        if stat.S_ISDIR(status.st_mode):
            folders[entry.name] = entry.is_symlink()
        elif stat.S_ISREG(status.st_mode):
            files.append(FileMeta(entry.name, status.st_size, status.st_mtime, etag_of(status)))


def _is_plain_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether a folder's own entry says that it is one, without a look at itself."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
