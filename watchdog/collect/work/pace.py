"""How pieces of work share the event loop: a slice in each of its turns, the lightest first.

Between two slices the loop looks at its sockets, so that a probe is answered while a large store
is read. Who used least goes first: one eval set's heap of work never delays another's first piece.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from watchdog.collect.work.account import Account

SLICE = 0.02
"""Seconds of work in one turn of the loop."""


class Pace:
    """Shares one loop among those that work on it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began: float | None = None
        self._waiting: dict[asyncio.Future[None], Account] = {}

    async def breathe(self, account: Account) -> None:
        """Stand between two pieces of work: goes on in a later turn where this one's is used up."""
        if self._began is None:
            self._begin()
        elif time.perf_counter() - self._began > SLICE:
            turn: asyncio.Future[None] = self._loop.create_future()
            self._waiting[turn] = account
            try:
                await turn
            finally:
                self._waiting.pop(turn, None)

    def _begin(self) -> None:
        self._began = time.perf_counter()
        self._loop.call_soon(self._new_turn)

    def _new_turn(self) -> None:
        self._began = None
        waiting = [turn for turn in self._waiting if not turn.done()]
        if waiting:
            self._begin()
            min(waiting, key=lambda turn: self._waiting[turn].cpu_seconds).set_result(None)


class Queue:
    """One at a time; of those that wait, the one whose eval set used least comes next."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: dict[asyncio.Future[None], Account] = {}

    @property
    def idle(self) -> bool:
        """Whether nobody has it or waits for it."""
        return not self._held

    @asynccontextmanager
    async def turn(self, account: Account) -> AsyncIterator[None]:
        """Wait for one's turn, and have it."""
        await self._take(account)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, account: Account) -> None:
        if not self._held:
            self._held = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = account
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()
            raise
        finally:
            self._waiting.pop(turn, None)

    def _pass_on(self) -> None:
        waiting = [turn for turn in self._waiting if not turn.done()]
        if waiting:
            min(waiting, key=lambda turn: self._waiting[turn].cpu_seconds).set_result(None)
        else:
            self._held = False


_PACES: WeakKeyDictionary[asyncio.AbstractEventLoop, Pace] = WeakKeyDictionary()


def pace() -> Pace:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    if loop not in _PACES:
        _PACES[loop] = Pace()
    return _PACES[loop]
