"""Standard output, whose reader may go away: `watchdog check ./logs | head`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unread:
    """A text stream that lets what nobody reads any more go; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what is read."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            discard(self._stream)
            return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            discard(self._stream)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def discard(stream: TextIO) -> None:
    """Write nothing more: at its exit the interpreter flushes again, with a status of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def unread_output() -> Iterator[None]:
    """While it lasts a reader that goes away changes nothing: no end, no other exit status."""
    stream = sys.stdout
    sys.stdout = Unread(stream)
    try:
        yield
    finally:
        # what is still held back is written here
        sys.stdout.flush()
        sys.stdout = stream
