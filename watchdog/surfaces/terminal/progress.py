"""Says on a terminal what takes longer than a moment."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watchdog.model.texts import clean
from watchdog.model.words import duration

AFTER = 2.0
"""Seconds until something is said."""
EVERY = 0.5
_CLEAR = "\r\x1b[K"
_LENGTH = 70

Say = Callable[[str], None]
"""Tells how far it is: `bundle 3 of 40`."""


def say_nothing(_how_far: str) -> None:
    """For who tells nobody."""


@contextmanager
def progress(what: str) -> Iterator[Say]:
    """One line on standard error, drawn anew, gone at the end; nothing where that is no terminal.

    Args:
        what: is being done.
    """
    if not sys.stderr.isatty():
        yield say_nothing
        return
    line = _Line(what)
    thread = threading.Thread(target=line.draw, name="progress", daemon=True)
    thread.start()
    try:
        yield line.say
    finally:
        line.over.set()
        thread.join()


class _Line:
    def __init__(self, what: str) -> None:
        self.over = threading.Event()
        self._what = what
        self._how_far = ""
        self._began = time.monotonic()

    def say(self, how_far: str) -> None:
        self._how_far = how_far

    def draw(self) -> None:
        if self.over.wait(AFTER):
            return
        while True:
            parts = (self._what, self._how_far, duration(time.monotonic() - self._began))
            text = clean(", ".join(filter(None, parts)), _LENGTH)
            _write(f"{_CLEAR}{text}")
            if self.over.wait(EVERY):
                _write(_CLEAR)
                return


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
