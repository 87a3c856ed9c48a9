"""The collector of cycles, kept from holding the loop: what stays is not looked through again.

A full collection looks at every object that there is, with the interpreter's lock: a tenth of a
second for a million of them, and a large fleet's states are as many. They hold no cycles; what few
cycles there are (tasks, tracebacks) die young, before they are set aside.
"""

import ctypes
import gc

FULL_SECONDS = 3600.0
"""Between two full collections, for cycles that were set aside while they lived."""
_YOUNG = 1


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
