"""The collector of cycles, kept from holding the loop: what stays is not looked through again.

A full collection looks at every object that there is, with the interpreter's lock: a tenth of a
second for a million of them, and a large fleet's states are as many. They hold no cycles; what few
cycles there are (tasks, tracebacks) die young, before they are set aside.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = 2_000, 10, 1_000
"""Objects more than there were before they are looked through, and collections of one generation
before the next one's: the oldest is never looked through but by `settle`. By Python's own (700, 10,
10) that was 6 % of a first start's CPU; many more young objects would hold the loop."""
FULL_SECONDS = 3600.0
"""Between two full collections, for cycles that were set aside while they lived."""
_YOUNG = 1


@contextmanager
def patient() -> Iterator[None]:
    """Python's collector waits for as many objects as `THRESHOLDS` says."""
    usual = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class Heap:
    """What is set aside, and when all of it was looked through."""

    def __init__(self, now: float) -> None:
        self._full_at = now

    def settle(self, now: float) -> None:
        """Collect what died young, and set the rest aside; `now` in monotonic seconds."""
        if now - self._full_at >= FULL_SECONDS:
            self._full_at = now
            gc.unfreeze()
            gc.collect()
        else:
            gc.collect(_YOUNG)
        gc.freeze()


def trim() -> None:
    """Give the pages that nothing lies in any more back to the system, where the C library can.

    glibc keeps what lies between two blocks that are in use: after the first reads of a large
    fleet, whose texts came and went between states that stay, that is an eighth of all memory
    (malloc_trim(3)). It takes milliseconds, without the interpreter's lock.
    """
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
