"""Large things one at a time: what is in memory is bounded, however many eval sets ask for it."""

import asyncio
from weakref import WeakKeyDictionary


class Turns:
    """A queue for each event loop; who waits longest is next."""

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )

    def turn(self) -> asyncio.Lock:
        """Held while something large is read. It can't be taken twice by one task."""
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())


READING = Turns()
"""Whoever reads a large object."""
