"""One log and its buffer, polled together: what makes the facts of a task."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.buffer_reader import Buffer, Change, Unfinished
from watchdog.collect.inspect.eval_logs import EvalLog, LogFacts
from watchdog.collect.inspect.json_logs import JsonLog
from watchdog.collect.inspect.local_database import LocalDatabase
from watchdog.collect.inspect.naming import is_json, stem
from watchdog.collect.inspect.positions import LogPosition, TaskPosition
from watchdog.collect.place import Place
from watchdog.collect.rhythm import Pulse, place_of
from watchdog.collect.source import Emit
from watchdog.collect.stores.objects import FileMeta, StoreError, join
from watchdog.collect.work.account import Account
from watchdog.collect.work.limits import RUNNING
from watchdog.model.facts import SpecRead, TaskBacklog, TaskRead, TaskSpec, TaskUnreadable
from watchdog.model.instants import latest
from watchdog.model.state import TaskState
from watchdog.model.verdict import Problem


class Outcome(Struct, frozen=True):
    """How the poll of a task went."""

    problems: tuple[Problem, ...] = ()
    failures: tuple[str, ...] = ()
    gone: bool = False
    """Whether the log itself was not found."""
    unfinished: bool = False
    """Whether there is more than its eval set may have read in one poll."""


Interval = Callable[[], float]


def _each_poll() -> float:
    return 0.0


class _Database(Protocol):
    @property
    def failed(self) -> bool: ...

    async def read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]: ...


class TaskLog:
    """A task's log, its buffer, and what was read of both."""

    def __init__(self, place: Place, account: Account | None = None) -> None:
        where = (place.eval_set_id, place.log, place.limit)
        buffer = join(place.folder, f".buffer/{stem(place.log)}")
        self.place = place
        self._account = account or Account()
        log = JsonLog if is_json(place.log) else EvalLog
        self._eval: EvalLog | JsonLog = log(place.store, place.path, *where, self._account)
        self._buffer = Buffer(place.store, buffer, *where, self._account, place.newest_first)
        self._database: tuple[Path, _Database] | None = None
        self._local = LocalDatabase(place)
        self._unsent: list[LogFacts] = []
        self._ended = 0
        self._file: FileMeta | None = None
        self._look_again = True
        self._log_due = True
        self._problems: tuple[Problem, ...] = ()
        self.outcome = Outcome()
        """Of its last poll."""
        self.pulse = Pulse()
        self.share = place_of(place.path)
        """Where it stands among others, from 0 to 1: so they don't fall due at once."""

    @property
    def idle(self) -> bool:
        """Whether nothing of it is to be read until a listing shows something else."""
        return self.finished and not (self._log_due or self._unsent or self.pulse.woken)

    @property
    def standing(self) -> Outcome:
        """The problems of its last poll: they stand while it isn't read."""
        return replace(self.outcome, failures=(), gone=False)

    @property
    def spec(self) -> TaskSpec | None:
        """What the log says of its task, None while it was never read."""
        return self._eval.spec.spec if self._eval.spec else None

    @property
    def finished(self) -> bool:
        """Whether the log says that nothing runs any more."""
        return self._eval.finished

    @property
    def is_other(self) -> bool:
        """Whether the file was read and is no log, though it is named like one."""
        return isinstance(self._eval, JsonLog) and self._eval.is_other

    @property
    def position(self) -> TaskPosition | None:
        """How far it was read; None where nobody can go on from there."""
        if self._database is not None or self._local.path is not None or self._buffer.in_gap:
            return None
        file, buffer = self._file, self._buffer.position
        if self._unsent:
            return TaskPosition(LogPosition(), buffer)
        read = (file.etag, file.mtime) if file is not None and not self._log_due else None
        return TaskPosition(self._eval.position, buffer, read, self._ended)

    async def resume(self, position: TaskPosition, task: TaskState) -> None:
        """Go on from there; `task` is the state that was folded from what was read until then."""
        self._buffer.resume(position.buffer)
        await self._buffer.know((*task.ended, *task.samples))
        if position.log.etag is None or task.spec is None or task.status is None:
            return
        place = self.place
        words = (task.spec, task.status, task.error, task.completed_at)
        self._eval.resume(position.log, SpecRead(place.eval_set_id, place.log, *words))
        self._ended = position.ended
        if position.file is not None:
            etag, mtime = position.file
            self._file, self._log_due = FileMeta(place.log, 0, mtime, etag), False

    def listed(self, file: FileMeta) -> None:
        """Take in what a listing shows: another file is read again, a buffer is looked for."""
        before = self._file
        self._log_due |= before is None or (file.etag, file.mtime) != (before.etag, before.mtime)
        self._file = file
        self._look_again = True

    @property
    def written_at(self) -> float:
        """When the store last took the log, as it was listed; what wasn't comes last."""
        return self._file.mtime if self._file is not None else float("inf")

    @property
    def history(self) -> tuple[int, int] | None:
        """Segments of a long history: read so far, and all; None where none is to be read."""
        return None if self._eval.finished else self._buffer.history

    async def read_history(self, emit: Emit, until: float) -> None:
        """Read on in a long history, until then (`time.monotonic`); what fails waits."""
        try:
            await self._buffer.read_history(self._account.metered(emit), until)
        except StoreError as error:
            self._buffer.failures.append(error.reason)
        finally:
            self._buffer.let_go()

    async def identify(self) -> None:
        """Read the log's specification where its name does not tell enough."""
        await self._try_log()

    async def poll(self, now: float, emit: Emit, interval: Interval = _each_poll) -> Outcome:
        """Read what is new. A failure ends in a problem and a `TaskUnreadable`.

        `interval` tells, after it was read, in how many seconds it is read again; 0 for at each
        poll.
        """
        pulse = self.pulse
        pulse.woken, pulse.due_since, pulse.read_at = False, None, None
        self.outcome = await self._read(now, emit, interval)
        return self.outcome

    async def _read(self, now: float, emit: Emit, interval: Interval) -> Outcome:
        place = self.place
        failure: StoreError | None = None
        emit = self._account.metered(emit)
        try:
            await self._poll(emit)
            stored_at = self._stored_at()
            self.pulse.note(now, stored_at)
            emit(TaskRead(place.eval_set_id, place.log, now, stored_at, interval()))
        except StoreError as error:
            failure = error
            emit(TaskUnreadable(place.eval_set_id, place.log, now, error.text))
        except Unfinished as backlog:
            emit(TaskBacklog(place.eval_set_id, place.log, now, str(backlog)))
            return replace(self._outcome(None), unfinished=True)
        finally:
            self._buffer.let_go()
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
            await self._send(emit)
        else:
            failure = await self._running(emit) or failure
        if failure:
            raise failure

    async def _running(self, emit: Emit) -> StoreError | None:
        """Read buffer and log; a log that can't be read does not keep the buffer's facts back."""
        await self._local.look(again=self._look_again)
        present = self._buffer.present
        change = await self._buffer.refresh() if present or self._look_again else "absent"
        self._look_again = False
        # a process that is gone may have finished its log first
        due = self._local.is_left or change != "unchanged"
        failure = await self._try_log() if due else None
        await self._send(emit)
        if not self._eval.finished:
            self._local.tell(emit)
            await self._read_buffer(change, emit)
        return failure

    async def _read_buffer(self, change: Change, emit: Emit) -> None:
        if change == "absent":
            if self._local.path is not None:
                await self._read_database(self._local.path, emit)
            return
        self._check_room()
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

    async def _send(self, emit: Emit) -> None:
        while self._unsent:
            facts = self._unsent.pop(0)
            emit(facts.spec)
            if facts.ended:
                count = len(facts.ended.samples)
                self._ended = count if self._eval.finished else self._ended + count
                self._check_room()
                await self._buffer.know([sample.key for sample in facts.ended.samples])
                emit(facts.ended)
        self._check_room()

    def _check_room(self) -> None:
        """Raises: StoreError: it names more samples than may be remembered of its eval set."""
        count = self._ended + (0 if self._eval.finished else self._buffer.count)
        why = self._account.too_many(self.place.log, count)
        running = self._buffer.running
        if why is None and running > RUNNING.value and not self._eval.finished:
            why = (
                f"{running:,} samples run at once, more than the {RUNNING.value:,} that are judged"
            )
        if why is not None:
            raise StoreError("too_large", f"{self.place.path}: {why}")

    async def _read_database(self, path: Path, emit: Emit) -> None:
        """Raises: StoreError: the list of samples, or their rows, could not be read."""
        if self._database is None or self._database[0] != path:
            self._database = path, sqlite_buffer.SqliteBuffer(path)
        database = self._database[1]
        self._problems = await database.read(self.place.eval_set_id, self.place.log, emit)
        if database.failed:
            raise StoreError("unavailable", self._problems[0].text)
