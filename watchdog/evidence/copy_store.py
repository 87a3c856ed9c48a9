"""From an eval set's objects in a store to files with the same names and times.

What a verdict rests on comes first: marks, then the tasks that run with their buffers, then other
logs. Objects change while they are read: a task is copied as one listing shows it, or once more.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from watchdog.collect.inspect.buffer_reader import MANIFEST
from watchdog.collect.inspect.interactions import COMMANDS, HAWK, is_read
from watchdog.collect.inspect.logs import BUFFERS, MARKS
from watchdog.collect.inspect.naming import is_log, log_file, newest_of_each_task, stem
from watchdog.collect.stores.objects import FileMeta, Folder, Store, StoreError, join
from watchdog.collect.values import printable
from watchdog.model.verdict import Problem

CHUNK = 4 * 1024 * 1024
"""Bytes of an object that are in memory at once."""
TASKS_AT_ONCE, FILES_AT_ONCE = 4, 4
TRIES = 3
"""Copies of a task that is written while it is read."""
MOVING = frozenset({"changed", "not_found"})
"""Reasons that say that what was listed is no longer there."""


class Copied(Struct, frozen=True):
    """What was copied, and what was left out with the reason."""

    objects: int
    size: int
    left_out: tuple[Problem, ...]


async def copy_store(store: Store, into: Path, max_bytes: int) -> Copied:
    """Copy an eval set's logs, buffers and marks into a new directory.

    Raises:
        StoreError: the store can't be listed.
        OSError: a file can't be written.
    """
    root = await store.list_dir()
    await asyncio.to_thread(into.mkdir)
    copy = _Copy(store, into, max_bytes)
    await copy.run(root)
    left_out = tuple(Problem(printable(where), why) for where, why in copy.left_out.items())
    return Copied(len(copy.sizes), sum(copy.sizes.values()), left_out)


class _Copy:
    """One copy: what it has, and how much more it may take."""

    def __init__(self, store: Store, into: Path, max_bytes: int) -> None:
        self._store = store
        self._into = into
        self._max_bytes = max_bytes
        self._tasks = asyncio.Semaphore(TASKS_AT_ONCE)
        self._used = 0
        self.sizes: dict[str, int] = {}
        self.left_out: dict[str, str] = {}

    async def run(self, root: Folder) -> None:
        files = [file for file in root.files if is_log(file.name)]
        counting = [log.file for log in newest_of_each_task(map(log_file, files))]
        names = {file.name for file in counting}
        buffers = await self._buffers() if BUFFERS in root.folders else frozenset()
        running = [file for file in counting if _buffer(file) in buffers]
        others = [file for file in counting if _buffer(file) not in buffers]
        await self._each((file.name, file) for file in root.files if file.name in MARKS)
        await self._each(await self._beside(root))
        await asyncio.gather(*map(self._running, running))
        await self._each((f.name, f) for f in sorted(others, key=lambda file: -file.mtime))
        # an old log must not stand in for a newer one of its task that is missing
        whole = not self.left_out
        superseded = [file for file in files if file.name not in names]
        if whole:
            await self._each((file.name, file) for file in superseded)
        self._say_what_is_missing(root, superseded, buffers, whole=whole)

    def _say_what_is_missing(
        self, root: Folder, superseded: list[FileMeta], buffers: frozenset[str], *, whole: bool
    ) -> None:
        self.left_out |= {name or "and": why for name, why in root.left_out}
        for file in superseded:
            if not whole:
                self.left_out[file.name] = "superseded by a newer log of its task"
            if _buffer(file) in buffers:
                self.left_out[join(BUFFERS, _buffer(file))] = "of a log that is superseded"
        for file in root.files:
            if file.name not in MARKS and not is_log(file.name):
                self.left_out[file.name] = "neither a log nor a mark of an eval set"

    async def _buffers(self) -> frozenset[str]:
        try:
            return frozenset((await self._store.list_dir(BUFFERS)).folders)
        except StoreError as error:
            self.left_out[BUFFERS] = error.text
            return frozenset()

    async def _beside(self, root: Folder) -> list[tuple[str, FileMeta]]:
        """What says who waits for a person, and who was asked to stop."""
        files: list[tuple[str, FileMeta]] = []
        for folder in sorted({HAWK, COMMANDS}.intersection(root.folders)):
            try:
                listing = await self._store.list_dir(folder)
            except StoreError as error:
                self.left_out[folder] = error.text
                continue
            files += [(join(folder, f.name), f) for f in listing.files if is_read(folder, f.name)]
        return files

    async def _each(self, files: Iterable[tuple[str, FileMeta]]) -> None:
        await asyncio.gather(*[self._alone(path, file) for path, file in files])

    async def _alone(self, path: str, file: FileMeta) -> None:
        if not self._reserve(path, file.size):
            return
        async with self._tasks:
            try:
                await self._stream(path, file)
            except StoreError as error:
                if error.reason in MOVING and is_log(path):
                    await self._try(file, TRIES - 1)
                else:
                    self.left_out[path] = error.text

    async def _running(self, file: FileMeta) -> None:
        async with self._tasks:
            await self._try(file, TRIES)

    async def _try(self, file: FileMeta, tries: int) -> None:
        """A log with its buffer, all as of one listing."""
        for left in reversed(range(tries)):
            try:
                return await self._task(file.name, join(BUFFERS, _buffer(file)))
            except StoreError as error:
                if left and error.reason in MOVING:
                    self._drop_task(file)
                else:
                    self.left_out[file.name] = f"incomplete with its buffer: {error.text}"
                    return None
        return None

    async def _task(self, log: str, folder: str) -> None:
        """The manifest before the segments that it names, the newest of them first.

        Raises:
            StoreError: it is not, or no longer, as it was listed.
        """
        file = next((f for f in (await self._store.list_dir()).files if f.name == log), None)
        if file is None:
            raise StoreError("not_found", f"{log} is gone")
        buffer = await self._listed(folder)
        first = [(join(folder, f.name), f) for f in buffer if f.name == MANIFEST]
        rest = [(join(folder, f.name), f) for f in buffer if f.name != MANIFEST]
        for path, one in (*first, (log, file)):
            if self._reserve(path, one.size):
                await self._stream(path, one)
        await self._segments(sorted(rest, key=lambda item: -item[1].mtime))

    async def _segments(self, files: list[tuple[str, FileMeta]]) -> None:
        slots = asyncio.Semaphore(FILES_AT_ONCE)

        async def one(path: str, file: FileMeta) -> None:
            async with slots:
                await self._stream(path, file)

        due = [one(path, file) for path, file in files if self._reserve(path, file.size)]
        results = await asyncio.gather(*due, return_exceptions=True)
        for failure in results:
            if failure is not None:
                raise failure

    async def _listed(self, folder: str) -> tuple[FileMeta, ...]:
        try:
            return (await self._store.list_dir(folder)).files
        except StoreError as error:
            if error.reason != "not_found":
                raise
            return ()

    def _reserve(self, path: str, size: int) -> bool:
        """Whether an object has a fit name and a place; else it is left out."""
        self.left_out.pop(path, None)
        if not _is_fit(path):
            self.left_out[path] = "no name for a file"
        elif self._used + size > self._max_bytes:
            self.left_out[path] = f"{size} bytes, more than is left of {self._max_bytes}"
        else:
            self.sizes[path] = size
            self._used += size
            return True
        return False

    async def _stream(self, path: str, file: FileMeta) -> None:
        """Copy an object, or nothing of it.

        Raises:
            StoreError: it can't be read, or is no longer the one that was listed.
        """
        try:
            await self._pieces(path, file)
        except StoreError:
            self._drop(path)
            raise

    async def _pieces(self, path: str, file: FileMeta) -> None:
        target = self._into / path
        await asyncio.to_thread(_begin, target)
        for start in range(0, file.size, CHUNK):
            end = min(start + CHUNK, file.size)
            data = await self._store.get_range(path, start, end, file.etag)
            if len(data) != end - start:
                raise StoreError("changed", f"{path} is shorter than it was")
            await asyncio.to_thread(_append, target, data)
        os.utime(target, (file.mtime, file.mtime))

    def _drop(self, path: str) -> None:
        self._used -= self.sizes.pop(path, 0)
        (self._into / path).unlink(missing_ok=True)

    def _drop_task(self, file: FileMeta) -> None:
        """Make room for another try."""
        folder = join(BUFFERS, _buffer(file))
        for path in [path for path in self.sizes if path.startswith(f"{folder}/")]:
            self._drop(path)
        self._drop(file.name)


def _buffer(log: FileMeta) -> str:
    return stem(log.name)


def _is_fit(path: str) -> bool:
    """Whether a name leads to a file below the directory, on any file system."""
    parts = path.split("/")
    return all(
        part not in {"", ".", ".."} and len(part.encode("utf-8", "replace")) <= 255
        for part in parts
    ) and not any(character in path for character in "\\\0")


def _begin(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"")


def _append(target: Path, data: bytes) -> None:
    with target.open("ab") as file:
        file.write(data)
