"""What Python itself prints: tracebacks, warnings, logs before there is a log. Without secrets.

What is written past `sys.stderr` is not: by the C library, by faulthandler (which names files and
lines only).
"""

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

from watchdog.redaction.texts import redact

_HELD_MAX = 1_000_000
"""Characters of a line that are held back until it ends."""


class RedactedStream:
    """A text stream that redacts line by line; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._held = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Write the lines that are whole, without secrets."""
        with self._lock:
            lines, newline, self._held = (self._held + text).rpartition("\n")
            if len(self._held) > _HELD_MAX:
                lines, self._held = lines + newline + self._held, ""
                newline = ""
            if lines or newline:
                self._stream.write(redact(lines + newline))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is held back too."""
        with self._lock:
            held, self._held = self._held, ""
            if held:
                self._stream.write(redact(held))
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def redacted_stderr() -> Iterator[None]:
    """While it lasts standard error is redacted; what ends the process afterwards is too."""
    _install_hooks()
    stream = sys.stderr
    if isinstance(stream, RedactedStream):
        yield
        return
    redacted = RedactedStream(stream)
    sys.stderr = redacted
    try:
        yield
    finally:
        redacted.flush()
        if sys.stderr is redacted:
            sys.stderr = stream


def _install_hooks() -> None:
    """In the place of Python's own; those that somebody else set stay."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print_exception
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _print_thread_exception
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _print_unraisable


def _print_exception(
    kind: type[BaseException], error: BaseException, where: TracebackType | None
) -> None:
    """A whole traceback at once: a key may have several lines."""
    _print("".join(traceback.format_exception(kind, error, where)))


def _print_thread_exception(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_type is SystemExit or arguments.exc_value is None:
        return
    name = arguments.thread.name if arguments.thread else "?"
    lines = traceback.format_exception(arguments.exc_value)
    _print(f"Exception in thread {name}:\n{''.join(lines)}")


def _print_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    lines = traceback.format_exception(unraisable.exc_value) if unraisable.exc_value else []
    message = unraisable.err_msg or "Exception ignored in"
    _print(f"{message}: {type(unraisable.object).__name__}\n{''.join(lines)}")


def _print(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(redact(text))
