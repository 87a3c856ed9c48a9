"""Runners' logs, read on from where the last poll ended: never twice, never without bounds.

`sinceTime` has a resolution of a second and includes it, so lines up to the last one's own time are
skipped by that time; lines with the same time are told apart by their text. A log that grows faster
than it is read is sampled: what lies between is left out, and that is said. One that tells nothing
new, or can't be read, is asked for less often; where the API server asks for a pause (429), none is
read until that is over.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import blake2b

from msgspec import Struct

from watchdog.collect.inspect import runner_log
from watchdog.collect.inspect.positions import CursorPosition
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.limits import LOOK_LOG
from watchdog.collect.source import Emit, PodLog
from watchdog.model.cluster import Pod
from watchdog.model.facts import RunnerLogSampled
from watchdog.threads import HangError, Pool

READERS = 8
"""Threads; the client's own time-outs are shorter than this deadline."""
READ_SECONDS = 120.0
RECENT = 300.0
"""Seconds of a log that are read after a part was left out."""
QUIET_SHARE = 0.5
"""A log that told nothing for so long is read again after this share of that time, …"""
SLOWEST = 120.0
"""… and after so many seconds at the latest: its lines hasten what is read of the store."""
PAUSE = 10.0
"""Seconds without any log where the API server asks for a pause and doesn't say how long."""
LONGEST_PAUSE = 120.0

Read = Callable[[Pod, str, float | None, int, bool], bytes]
"""Reads a log: pod, container, lines since this instant, at most so many bytes, of the container
before its last restart."""

ReadEnd = Callable[[Pod, str, int], tuple[bytes, bool]]
"""Reads the end of a log: pod, container, at most so many bytes; and whether that is all of it."""


class Cursor(Struct):
    """How far a pod's log was read."""

    at: str = ""
    """The last line's time, `sortable`."""
    lines: frozenset[str] = frozenset()
    """The lines of that very time."""
    digests: frozenset[bytes] = frozenset()
    """The same of those that an earlier life of the service read."""
    restarts: int = 0
    exhausted: bool = False
    phase: str = ""
    read_at: float | None = None
    """When it was read last; seconds since the epoch."""
    news_at: float | None = None
    """When that told something new; of one that can't be read, when it last could be."""

    def is_due(self, pod: Pod, now: float) -> bool:
        """Whether there may be lines that are worth a request."""
        if self.read_at is None or self.news_at is None or pod.phase != self.phase:
            return True
        silence = max(0.0, self.read_at - self.news_at)
        return not 0 <= now - self.read_at < min(SLOWEST, QUIET_SHARE * silence)


class RunnerLogs:
    """The logs of all runners. One call at a time for each pod."""

    def __init__(
        self, read: Read, container: str, limit: int, read_end: ReadEnd | None = None
    ) -> None:
        self._read = read
        self._read_end = read_end
        self._pool = Pool("runner-logs", READERS, READ_SECONDS)
        self._container = container
        self._limit = limit
        self._cursors: dict[str, Cursor] = {}
        self._paused_until = float("-inf")

    def is_due(self, pod: Pod, now: float, *, urgent: bool = False) -> bool:
        """Whether a pod's log is to be asked for; `urgent` where its eval set looks suspicious."""
        cursor = self._cursors.get(pod.uid) or Cursor()
        if cursor.exhausted or pod.phase in ("", "Pending") or now < self._paused_until:
            return False
        return urgent or self._restarts(pod) > cursor.restarts or cursor.is_due(pod, now)

    def paused(self, now: float) -> float:
        """Seconds for which no log is read, as the API server asks for that."""
        return max(0.0, self._paused_until - now)

    async def poll(  # noqa: PLR0913 - one reading, with all that tells which
        self,
        eval_set_id: str,
        pod: Pod,
        tasks: Collection[str],
        now: float,
        emit: Emit,
        *,
        urgent: bool = False,
    ) -> None:
        """Hand on what a pod's log says that was not read yet, where it is due.

        A pod that has ended is read once more, and then no longer. Raises what `Read` raises.
        """
        if not self.is_due(pod, now, urgent=urgent):
            return
        cursor = self._cursors.setdefault(pod.uid, Cursor())
        before, cursor.read_at, cursor.phase = cursor.at, now, pod.phase
        cursor.news_at = now if cursor.news_at is None else cursor.news_at
        try:
            await self._poll(eval_set_id, pod, tasks, now, emit)
        except ApiError as error:
            self._pause(error, now)
            raise
        if cursor.at != before:
            cursor.news_at = now

    async def end_of(self, pod: Pod) -> PodLog:
        """The end of a pod's log, for somebody who asks; it changes nothing of what polls read."""
        if self._read_end is None:
            return PodLog(pod.name, problem="runners' logs are not read here")
        try:
            data, whole = await self._pool.run(self._read_end, pod, self._container, LOOK_LOG.value)
        except (ApiError, HangError) as error:
            why = f"{error.reason}: {error.text}" if isinstance(error, ApiError) else str(error)
            return PodLog(pod.name, problem=why)
        return PodLog(pod.name, tuple(whole_lines(data, LOOK_LOG.value + 1)), whole)

    def _pause(self, error: ApiError, now: float) -> None:
        """Logs are what can wait: lists and watches need what the API server has left."""
        if error.reason == "too_many_requests":
            seconds = min(error.retry_after or PAUSE, LONGEST_PAUSE)
            self._paused_until = max(self._paused_until, now + seconds)

    async def _poll(
        self, eval_set_id: str, pod: Pod, tasks: Collection[str], now: float, emit: Emit
    ) -> None:
        cursor = self._cursors[pod.uid]
        if self._restarts(pod) > cursor.restarts:
            await self._take(eval_set_id, pod, tasks, cursor, emit, previous=True)
            cursor.restarts = self._restarts(pod)
        full = await self._take(eval_set_id, pod, tasks, cursor, emit)
        if full:
            await self._jump(eval_set_id, pod, tasks, now, emit)
        cursor.exhausted = pod.phase in ("Succeeded", "Failed")

    def forget(self, uids: Iterable[str]) -> None:
        """Drop the cursors of all pods but these."""
        pods = set(uids)
        self._cursors = {uid: c for uid, c in self._cursors.items() if uid in pods}

    def positions(self, uids: Iterable[str]) -> dict[str, CursorPosition]:
        """How far the logs of these pods were read."""
        return {uid: _position(self._cursors[uid]) for uid in uids if uid in self._cursors}

    def resume(self, positions: Mapping[str, CursorPosition]) -> None:
        """Go on from there, in those that aren't read yet."""
        for uid, one in positions.items():
            digests = frozenset(one.lines)
            cursor = Cursor(one.at, frozenset(), digests, one.restarts, one.exhausted)
            self._cursors.setdefault(uid, cursor)

    def _restarts(self, pod: Pod) -> int:
        return next((c.restarts for c in pod.containers if c.name == self._container), 0)

    async def _jump(
        self, eval_set_id: str, pod: Pod, tasks: Collection[str], now: float, emit: Emit
    ) -> None:
        """Leave out what lies between here and the recent part."""
        cursor = self._cursors[pod.uid]
        last, recent = instant_of(cursor.at), now - RECENT
        if last is None or last >= recent:
            return
        emit(RunnerLogSampled(eval_set_id, last, recent))
        await self._take(eval_set_id, pod, tasks, cursor, emit, since=recent)

    async def _take(  # noqa: PLR0913 - one reading, with all that tells which
        self,
        eval_set_id: str,
        pod: Pod,
        tasks: Collection[str],
        cursor: Cursor,
        emit: Emit,
        *,
        since: float | None = None,
        previous: bool = False,
    ) -> bool:
        """Read once; whether there is more than was read."""
        since = since if since is not None else instant_of(cursor.at)
        args = (pod, self._container, since, self._limit, previous)
        try:
            data = await self._pool.run(self._read, *args)
        except HangError as error:
            raise ApiError("timeout", 0, str(error)) from error
        lines = list(new_lines(whole_lines(data, self._limit), cursor))
        facts = await asyncio.to_thread(
            lambda: list(runner_log.parse(lines, eval_set_id, tasks, pod.name))
        )
        for fact in facts:
            emit(fact)
        return len(data) >= self._limit


def whole_lines(data: bytes, limit: int) -> list[str]:
    """The lines of an answer; `limitBytes` cuts in the middle of the last one, which is left."""
    lines = data.decode("utf-8", "replace").split("\n")
    complete = lines[:-1] if len(data) >= limit or not lines[-1] else lines
    return complete or lines[:1]


def new_lines(lines: Iterable[str], cursor: Cursor) -> Iterator[str]:
    """The lines that `cursor` has not seen; it moves on with them."""
    for line in lines:
        at = sortable(line.partition(" ")[0])
        if at < cursor.at or (at == cursor.at and _was_read(line, cursor)):
            continue
        if instant_of(at) is None:
            continue
        cursor.lines = cursor.lines | {line} if at == cursor.at else frozenset({line})
        cursor.digests = cursor.digests if at == cursor.at else frozenset()
        cursor.at = at
        yield line


def _was_read(line: str, cursor: Cursor) -> bool:
    if line in cursor.lines:
        return True
    return bool(cursor.digests) and _digest(line) in cursor.digests


def _position(cursor: Cursor) -> CursorPosition:
    lines = sorted({*map(_digest, cursor.lines), *cursor.digests})
    return CursorPosition(cursor.at, tuple(lines), cursor.restarts, cursor.exhausted)


def _digest(line: str) -> bytes:
    """Equality is all that counts: what was written there is kept by no checkpoint."""
    return blake2b(line.encode("utf-8", "replace"), digest_size=8).digest()


def sortable(at: str) -> str:
    """A time with all nine digits of its fraction, so that texts order as times do."""
    whole, _, fraction = at.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}Z" if at.endswith("Z") else at


def instant_of(at: str) -> float | None:
    """Seconds since the epoch of a line's time (RFC 3339, nanoseconds); None where it has none."""
    try:
        return datetime.fromisoformat(at).timestamp() if at else None
    except ValueError:
        return None
