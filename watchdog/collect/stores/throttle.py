"""How many requests are under way at once: fewer where the store asks to slow down.

Additive increase, multiplicative decrease, as TCP has it (Chiu and Jain, Computer Networks 17,
1989): each answer adds a little, the first complaint of a round halves it. Complaints about
requests that were begun before the last halving tell nothing new. Who waits for a place gets it in
order; who waits to try again holds none.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds until a request that failed is tried again: the first time, and at most."""
LEAST = 1.0
GROWTH = 1.0
"""So many more requests at once after as many good answers as may be under way now."""


class Throttle:
    """Places for requests of one store; for one event loop."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._clock = clock
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = float("-inf")

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return int(self._limit)

    @property
    def is_slowed(self) -> bool:
        """Whether that is less than half of what was asked for, as the store complained."""
        return self._limit < self._most / 2

    @asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """Wait for a place, and have it; gives when that was."""
        if self._waiting or self._under_way >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._leave()
                raise
        else:
            self._under_way += 1
        try:
            yield self._clock()
        finally:
            self._leave()

    def answered(self) -> None:
        """A request went well."""
        if self._limit < self._most:
            self._limit = min(self._most, self._limit + GROWTH / self._limit)
            self._let_in()

    def slow_down(self, began: float) -> None:
        """The store complained about a request that was begun then."""
        if began > self._halved_at:
            self._halved_at = self._clock()
            self._limit = max(LEAST, self._limit / 2)

    def _leave(self) -> None:
        self._under_way -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._under_way < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)


def wait_before(attempt: int, dice: float | None = None) -> float:
    """Seconds before the attempt of this number, from 1; half of it by chance (0 to 1)."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt - 1, 20))
    return float(longest * (0.5 + (random.random() if dice is None else dice) / 2))  # noqa: S311
