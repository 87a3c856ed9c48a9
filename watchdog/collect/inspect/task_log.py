"""One log and its buffer, polled together: what makes the facts of a task."""

import asyncio
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.buffer_reader import Buffer, Change
from watchdog.collect.inspect.eval_logs import EvalLog, LogFacts
from watchdog.collect.place import Place
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import FileMeta, StoreError, join
from watchdog.model.facts import Fact, ManifestRead, TaskRead, TaskSpec, TaskUnreadable
from watchdog.model.instants import latest
from watchdog.model.verdict import Problem


class Outcome(Struct, frozen=True):
    """How the poll of a task went."""

    problems: tuple[Problem, ...] = ()
    failures: tuple[str, ...] = ()
    gone: bool = False
    """Whether the log itself was not found."""


class _Database(Protocol):
    async def read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]: ...


class TaskLog:
    """A task's log, its buffer, and what was read of both."""

    def __init__(self, place: Place) -> None:
        where = (place.eval_set_id, place.log, place.limit)
        buffer = join(place.folder, f".buffer/{place.log.removesuffix('.eval')}")
        self.place = place
        self._eval = EvalLog(place.store, place.path, *where)
        self._buffer = Buffer(place.store, buffer, *where)
        self._database: _Database | None = None
        self._unsent: list[LogFacts] = []
        self._file: FileMeta | None = None
        self._look_again = True
        self._log_due = True
        self._problems: tuple[Problem, ...] = ()

    @property
    def spec(self) -> TaskSpec | None:
        """What the log says of its task, None while it was never read."""
        return self._eval.spec.spec if self._eval.spec else None

    @property
    def finished(self) -> bool:
        """Whether the log says that nothing runs any more."""
        return self._eval.finished

    def listed(self, file: FileMeta) -> None:
        """Take in what a listing shows: another file is read again, a buffer is looked for."""
        before = self._file
        self._log_due |= before is None or (file.etag, file.mtime) != (before.etag, before.mtime)
        self._file = file
        self._look_again = True

    async def identify(self) -> None:
        """Read the log's specification where its name does not tell enough."""
        await self._try_log()

    async def poll(self, now: float, emit: Emit) -> Outcome:
        """Read what is new. A failure ends in a problem and a `TaskUnreadable`."""
        place = self.place
        failure: StoreError | None = None
        try:
            await self._poll(emit)
            emit(TaskRead(place.eval_set_id, place.log, now, self._stored_at()))
        except StoreError as error:
            failure = error
            emit(TaskUnreadable(place.eval_set_id, place.log, now, error.text))
        return self._outcome(failure)

    def _stored_at(self) -> float | None:
        listed_at = self._file.mtime if self._file is not None else None
        return latest(listed_at, self._eval.stored_at, self._buffer.stored_at)

    def _outcome(self, failure: StoreError | None) -> Outcome:
        bad = tuple(Problem(self.place.path, text) for text in self._eval.bad)
        problems = bad + self._problems
        problems += () if self._eval.finished else self._buffer.problems
        failures = tuple(self._buffer.failures)
        self._buffer.failures.clear()
        if failure:
            problems += (Problem(self.place.path, failure.text),)
            failures += (failure.reason,)
        gone = failure is not None and failure.reason == "not_found"
        return Outcome(problems, failures, gone)

    async def _poll(self, emit: Emit) -> None:
        failure = await self._try_log() if self._log_due else None
        if failure and self.spec is None:
            raise failure
        if self._eval.finished:
            self._send(emit)
        else:
            failure = await self._running(emit) or failure
        if failure:
            raise failure

    async def _running(self, emit: Emit) -> StoreError | None:
        """Read buffer and log; a log that can't be read does not keep the buffer's facts back."""
        present = self._buffer.present
        change = await self._buffer.refresh() if present or self._look_again else "absent"
        self._look_again = False
        failure = None if change == "unchanged" else await self._try_log()
        self._send(emit)
        if not self._eval.finished:
            await self._read_buffer(change, emit)
        return failure

    async def _read_buffer(self, change: Change, emit: Emit) -> None:
        if change == "absent":
            await self._without_buffer(emit)
            return
        if change == "changed":
            self._buffer.emit_manifest(emit)
        if self._buffer.unread:
            await self._read_rows(emit)

    async def _try_log(self) -> StoreError | None:
        try:
            await self._read_log()
        except StoreError as error:
            self._log_due = True
            return error
        return None

    async def _read_rows(self, emit: Emit) -> None:
        await self._buffer.read_rows(emit)
        if not self._buffer.present:
            self._log_due = True

    async def _read_log(self) -> None:
        facts = await self._eval.refresh()
        self._log_due = False
        if facts:
            self._unsent.append(facts)
            self._look_again = True

    def _send(self, emit: Emit) -> None:
        for facts in self._unsent:
            emit(facts.spec)
            if facts.ended:
                self._buffer.know(sample.key for sample in facts.ended.samples)
                emit(facts.ended)
        self._unsent.clear()

    async def _without_buffer(self, emit: Emit) -> None:
        path = self.place.store.local_path(self.place.path) if self.place.sqlite else None
        if path is None:
            return
        self._database = self._database or await self._find_database(path)
        if self._database:
            await self._read_database(self._database, emit)

    async def _read_database(self, database: _Database, emit: Emit) -> None:
        """Raises: StoreError: not even the list of samples could be read."""
        listed = False

        def note(fact: Fact) -> None:
            nonlocal listed
            listed |= isinstance(fact, ManifestRead)
            emit(fact)

        self._problems = await database.read(self.place.eval_set_id, self.place.log, note)
        if self._problems and not listed:
            raise StoreError("unavailable", self._problems[0].text)

    @staticmethod
    async def _find_database(log: Path) -> _Database | None:
        database = await asyncio.to_thread(sqlite_buffer.find, log)
        return sqlite_buffer.SqliteBuffer(database) if database else None
