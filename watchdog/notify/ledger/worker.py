"""The ledger off the event loop, and what happens while its database fails."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from watchdog.model.instants import clock as clock_time
from watchdog.model.texts import first_line
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.standby import Copy, catch_up, copy_of, standby_of
from watchdog.notify.ledger.term import DeposedError, Term
from watchdog.threads import Pool

TRY_AGAIN_SECONDS = 5.0
"""Between two tries to write to a database that failed: less than any poll."""
COPY_REST = 20.0
"""After a change a copy is taken, at most for one part in so many of the time."""
DEADLINE_SECONDS = 8.0
"""For one piece of work, of which a message takes several; then memory stands in. A database waits
five seconds for a lock."""

log = structlog.get_logger(__name__)

T = TypeVar("T")
_left: set[asyncio.Task[Any]] = set()
"""Work that nobody waits for: the event loop alone doesn't keep it."""
Failure = (SQLAlchemyError, OSError)


class LedgerWorker:
    """One piece of work at a time. A full disk or a lost database must not silence the pager."""

    def __init__(
        self,
        ledger: Ledger,
        standby: Ledger | None = None,
        clock: Callable[[], float] = time.time,  # noqa: TID251 - a default
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._database = Pool("ledger", 1, DEADLINE_SECONDS)
        self._memory = Pool("ledger-in-memory", 1, DEADLINE_SECONDS)
        self._looking = Pool("ledger-looks", 1, DEADLINE_SECONDS)
        self._standby: Ledger | None = None
        self._copy = Copy()
        self._copy_again_at = 0.0
        self._copied_changes = -1
        self._failed_at = 0.0
        self._tried_at = 0.0
        self.ended_seconds = 0.0
        """Of what has ended memory knows what did so within them: it may open again."""
        self.failure: str | None = None
        """Why the database isn't written, and since when; None where it is."""
        if standby is not None:
            self._take_standby(standby, "it could not be opened")

    @property
    def term(self) -> Term | None:
        """Of a leader."""
        return self._ledger.term

    async def read(self, work: Callable[[Ledger], T]) -> T | None:
        """The result of `work` on the database, else on its copy in memory.

        None where neither could do it. A caller that is cancelled doesn't cancel it: nobody closes
        the ledger in the middle of it.
        """
        return await finished(self._run(work))

    write = read
    """The same: what is written in memory is written down later."""

    async def on_database(self, work: Callable[[Ledger], T]) -> T | None:
        """The result of `work` on the database, or None where that fails: what can wait."""
        return await finished(self._run(work, can_wait=True))

    async def beside(self, work: Callable[[Ledger], T]) -> T | None:
        """A look that waits for nobody and changes nothing; None where it can't be done.

        What is to be told must not wait for those who read what was.
        """
        if self._standby is not None or isinstance(self._ledger.engine.pool, StaticPool):
            return await self.read(work)  # memory has one connection
        try:
            return await self._looking.run(work, self._ledger)
        except Failure as error:
            log.warning("ledger_not_read", error=_reason(error))
            return None

    async def _run(self, work: Callable[[Ledger], T], *, can_wait: bool = False) -> T | None:
        async with self._lock:
            if self._standby is None or await self._caught_up(self._standby):
                try:
                    return await self._database.run(self._carry_out, work)
                except Failure as error:
                    await self._fail(error)
            return None if can_wait else await self._in_memory(work)

    def _carry_out(self, work: Callable[[Ledger], T]) -> T:
        """In the database's thread: do it, and keep the copy fresh."""
        result = work(self._ledger)
        began_at, changes = self._monotonic(), self._ledger.changes
        if changes != self._copied_changes and began_at >= self._copy_again_at:
            self._copy, self._copied_changes = copy_of(self._ledger, self._lately()), changes
            ended_at = self._monotonic()
            self._copy_again_at = ended_at + COPY_REST * (ended_at - began_at)
        return result

    async def _in_memory(self, work: Callable[[Ledger], T]) -> T | None:
        if self._standby is None:
            return None
        try:
            return await self._memory.run(work, self._standby)
        except Failure as error:
            log.error("ledger_failed_in_memory", error=_reason(error))  # noqa: TRY400 - one line
            return None

    async def _fail(self, error: Exception) -> None:
        try:  # on a full disk reading works
            copy = await self._database.run(copy_of, self._ledger, self._lately())
        except Failure:
            copy = self._copy
        standby = await self._memory.run(standby_of, copy, self._ledger.watch)
        self._take_standby(standby, _reason(error))

    def _lately(self) -> float:
        return self._clock() - self.ended_seconds

    def _take_standby(self, standby: Ledger, reason: str) -> None:
        self._standby = standby
        self._tried_at = self._monotonic()
        self._failed_at = self._clock()
        since = clock_time(self._failed_at)
        self.failure = f"the ledger can't be written since {since}: {reason}; memory stands in"
        log.error("ledger_failed", error=reason, effect="messages go on from memory")

    async def _caught_up(self, standby: Ledger) -> bool:
        """Whether the database takes writes again, and has all that memory knew."""
        if self._monotonic() - self._tried_at < TRY_AGAIN_SECONDS:
            return False
        try:
            warning = await self._database.run(catch_up, self._ledger, standby, self._clock())
        except Failure:
            self._tried_at = self._monotonic()
            return False
        self._standby, self.failure, self._copied_changes = None, None, -1
        standby.close()
        seconds = round(self._clock() - self._failed_at)
        log.info("ledger_written_again", after_seconds=seconds, detail=warning or "")
        return True

    async def aclose(self) -> None:
        """Release connections and files; what only memory knows is written down if it can be."""
        async with self._lock:
            try:
                if self._standby is not None:
                    self._tried_at = -TRY_AGAIN_SECONDS
                    if not await self._caught_up(self._standby):
                        log.warning("ledger_left_behind", effect="open incidents may be told again")
            finally:
                self._ledger.close()


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Its result; a caller that is cancelled doesn't cancel it, and then hears of nothing."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        _left.add(task)
        task.add_done_callback(_unheard)
        raise


def _unheard(task: asyncio.Task[Any]) -> None:
    _left.discard(task)
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, DeposedError):  # of that it was said already
        log.error("left_work_failed", error=_reason(error))


def _reason(error: BaseException) -> str:
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return first_line(str(origin), 200) or type(origin).__name__
