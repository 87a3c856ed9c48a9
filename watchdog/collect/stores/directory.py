"""A store on this machine: plain files, read in worker threads.

Not obstore's LocalStore: that hides files named like its own staging files (`name#1`), and a name
is taken here exactly as the file system has it.
"""

import os
import stat
from collections.abc import Callable, Iterable
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from watchdog.collect.limits import LEFT_OUT, LISTED
from watchdog.collect.stores.contained import kind_of, open_file, open_folder, resolved
from watchdog.collect.stores.objects import FileMeta, Folder, Got, NotModified, Reason, StoreError
from watchdog.threads import Pool

T = TypeVar("T")

READERS = 4
"""Threads for each directory: a file server that hangs takes those of no other."""
SORTED = 20_000
"""Names that are sorted at once: some milliseconds."""
READ_SECONDS = 30.0
"""For one file or one listing, once it is begun."""


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
        """One level of the directory, symlinks followed as far as they stay in the store.

        What is neither file nor folder, names that are no text (not UTF-8) and links that lead
        out or nowhere are left out and named.
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
            data = file.read(status.st_size - start)  # no more than it had when it was asked
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
        self._file(path)
        return open_file(self._root, path)

    def _scan(self, path: str) -> Folder:
        self._file(path)
        scan = _Scan(self._root, path)
        with open_folder(self._root, path) as descriptor:
            own = os.fstat(descriptor)
            with os.scandir(descriptor) as entries:
                for number, entry in enumerate(entries, 1):
                    if number > LISTED.value:
                        raise StoreError("too_large", f"{self._root / path} has {LISTED.more}")
                    scan.take(entry, descriptor)
        return scan.folder(f"{own.st_dev:x}-{own.st_ino:x}")


def in_order(items: list[T], key: Callable[[T], str]) -> Iterable[T]:
    """Sorted; many of them in parts, as a sort keeps the interpreter's lock until its end."""
    parts = [sorted(items[at : at + SORTED], key=key) for at in range(0, len(items), SORTED)]
    return parts[0] if len(parts) == 1 else merge(*parts, key=key)


class _Scan:
    """What one level of a directory holds."""

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        self._path = path
        self._files: list[FileMeta] = []
        self._folders: dict[str, bool] = {}
        self._left_out: list[tuple[str, str]] = []

    def take(self, entry: "os.DirEntry[str]", folder: int) -> None:
        try:
            entry.name.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
            self._left_out.append((shown, "its name is no text (UTF-8)"))
            return
        try:
            self._sort_in(entry.name, is_link=entry.is_symlink(), folder=folder)
        except FileNotFoundError:
            if entry.is_symlink():
                self._left_out.append((entry.name, "a link that leads nowhere"))
        except OSError as error:
            self._left_out.append((entry.name, error.strerror or "unreadable"))
            if _is_plain_folder(entry):
                # a folder whose disk doesn't answer is there all the same: listing it tells why
                self._folders[entry.name] = False

    def _sort_in(self, name: str, *, is_link: bool, folder: int) -> None:
        """Raises: OSError: it is gone, leads nowhere, or leads out (`Outside`)."""
        if is_link:
            resolved(self._root, f"{self._path}/{name}" if self._path else name)
        status = os.stat(name, dir_fd=folder, follow_symlinks=is_link)
        if stat.S_ISDIR(status.st_mode):
            self._folders[name] = is_link
        elif stat.S_ISREG(status.st_mode):
            self._files.append(FileMeta(name, status.st_size, status.st_mtime, etag_of(status)))
        else:
            self._left_out.append((name, f"{kind_of(status.st_mode)}, no regular file"))

    def folder(self, identity: str) -> Folder:
        left_out = sorted(self._left_out)
        most = LEFT_OUT.value
        more = len(left_out) - most
        if more > 0:
            left_out = [*left_out[:most], ("", f"and {more:,} more like these are left out")]
        return Folder(
            tuple(in_order(self._files, attrgetter("name"))),
            tuple(in_order(list(self._folders), str)),
            frozenset(name for name, is_link in self._folders.items() if is_link),
            identity,
            tuple(left_out),
        )


def _is_plain_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether a folder's own entry says that it is one, without a look at itself."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
