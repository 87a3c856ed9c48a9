"""What is read of an eval set when somebody asks for it: its protocol, and its turn.

Nothing of it is in the snapshot: the service remembers no events. One at a time is read, bounded in
time, bytes and rows, and no longer than its client waits.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from watchdog.collect.inspect.sample_rows import SampleRows
from watchdog.collect.source import PodLog
from watchdog.model.facts import SampleKey
from watchdog.model.report import EvalSetReport
from watchdog.model.state import EvalSetState

TURN_SECONDS = 3.0
"""For which somebody waits for the one who reads."""
READ_SECONDS = 20.0
"""Of one reading, its wait for the store or the cluster included."""
BUSY = "others are looking into samples just now; try again in a moment"
LATE = f"it took longer than {READ_SECONDS:g} s"


class NotAvailable(Exception):  # noqa: N818 - reads as what it says
    """Something can't be read now; the text says why, for people."""


class Busy(NotAvailable):
    """Others read, and take their time."""


class Inside(Protocol):
    """Looks into eval sets that are watched."""

    def state(self, eval_set: EvalSetReport) -> EvalSetState | None:
        """What is remembered of one; None where it has just gone."""
        ...

    async def rows(self, state: EvalSetState, task_id: str, key: SampleKey) -> SampleRows:
        """The newest rows of a sample. Raises: NotAvailable."""
        ...

    async def runner_logs(self, state: EvalSetState) -> Sequence[PodLog]:
        """The ends of its runners' logs. Raises: NotAvailable."""
        ...


class Turn:
    """One reads at a time."""

    def __init__(self, wait: float = TURN_SECONDS, most: float = READ_SECONDS) -> None:
        self._lock = asyncio.Lock()
        self._wait, self._most = wait, most

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Have one's turn, for a while.

        Raises:
            Busy: it didn't come.
            NotAvailable: what was done in it took too long.
        """
        try:
            async with asyncio.timeout(self._wait):
                await self._lock.acquire()
        except TimeoutError:
            raise Busy(BUSY) from None
        try:
            async with asyncio.timeout(self._most):
                yield
        except TimeoutError:
            raise NotAvailable(LATE) from None
        finally:
            self._lock.release()


class Nowhere:
    """Implements `Inside` where there is nothing to look into."""

    def state(self, _: EvalSetReport) -> EvalSetState | None:
        """Nothing is remembered."""
        return None

    async def rows(self, state: EvalSetState, task_id: str, key: SampleKey) -> SampleRows:
        """None."""
        del state, task_id, key
        raise NotAvailable("events are not read here")

    async def runner_logs(self, _: EvalSetState) -> Sequence[PodLog]:
        """None."""
        raise NotAvailable("runners' logs are not read here")
