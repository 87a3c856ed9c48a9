"""The ledger off the event loop, and what happens when its database fails."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from watchdog.model.texts import first_line
from watchdog.notify.ledger.database import memory_ledger
from watchdog.notify.ledger.ledger import Ledger

FAILURES = 3
"""So often in a row the database may fail before memory takes its place."""

log = structlog.get_logger(__name__)

T = TypeVar("T")


class LedgerWorker:
    """One piece of work at a time. A full disk or a lost database must not silence the pager."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = asyncio.Lock()
        self._failures = 0
        self._replaced = False
        self.failure: str | None = None

    async def read(self, work: Callable[[Ledger], T]) -> T | None:
        """The result of `work`, or None where the database failed.

        A caller that is cancelled doesn't cancel it: nobody closes the ledger in the middle of it.
        """
        return await asyncio.shield(self._run(work))

    async def _run(self, work: Callable[[Ledger], T]) -> T | None:
        async with self._lock:
            try:
                return await asyncio.to_thread(work, self._ledger)
            except SQLAlchemyError as error:
                self._record_failure(error)
                return None

    async def write(self, work: Callable[[Ledger], T]) -> T | None:
        """As `read`; on a full disk reading works, so only this one ends the trouble."""
        failures = self._failures
        result = await self.read(work)
        if self._failures == failures and not self._replaced:
            self._failures = 0
            self.failure = None
        return result

    async def aclose(self) -> None:
        """Release connections and files."""
        async with self._lock:
            self._ledger.close()

    def _record_failure(self, error: SQLAlchemyError) -> None:
        self._failures += 1
        self.failure = f"database fails ({type(error).__name__})"
        log.error("ledger_failed", error=first_line(str(error), 200))
        if self._failures >= FAILURES:
            self._replace()

    def _replace(self) -> None:
        log.error("ledger_replaced_by_memory", effect="open incidents are told again")
        self._ledger.close()
        self._ledger = memory_ledger()
        self._replaced = True
        self._failures = 0
        self.failure = "database failed: memory only until the next start"
