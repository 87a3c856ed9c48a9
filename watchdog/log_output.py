"""Where log lines go: a full disk, or a reader that reads no more, must not stop the service."""

import asyncio
import logging
import threading
import warnings
from collections import deque
from typing import TextIO

LINES_MAX = 10_000
"""Of a log that isn't taken off; what comes beyond is counted, not kept."""
FLUSH_SECONDS = 1.0


class LogOutput(logging.StreamHandler[TextIO]):
    """Writes lines to a stream. What can't be written is counted, and told once it can.

    At first in the caller's thread; in one of its own after `in_background`.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.lost = 0
        self._lines: deque[str] = deque()
        self._ready = threading.Condition()
        self._writing = False
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, or have it written."""
        try:
            line = f"{self.format(record)}{self.terminator}"
        except Exception:  # noqa: BLE001 - logging's own rule: a bad record is reported, not raised
            self.handleError(record)
            return
        if self._thread is None:
            self._write(line)
            return
        with self._ready:
            if len(self._lines) < LINES_MAX:
                self._lines.append(line)
                self._ready.notify()
            else:
                self.lost += 1

    def in_background(self) -> None:
        """From now on write in a thread: a pipe that nobody empties blocks who writes."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Wait for what is being written, for a moment."""
        with self._ready:
            self._ready.wait_for(lambda: not self._lines and not self._writing, FLUSH_SECONDS)

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._lines)
                line, self._writing = self._lines.popleft(), True
            self._write(line)
            with self._ready:
                self._writing = False
                self._ready.notify_all()

    def _write(self, line: str) -> None:
        if self.lost:
            count, self.lost = self.lost, 0
            note = logging.LogRecord(
                __name__, logging.WARNING, "", 0, f"{count} log lines were lost", (), None
            )
            if not self._written(f"{self.format(note)}{self.terminator}", count):
                self.lost += 1
                return
        self._written(line, 1)

    def _written(self, line: str, count: int) -> bool:
        try:
            self.stream.write(line)
            self.stream.flush()
        except (OSError, ValueError):  # no space, nobody reads any more, closed
            self.lost += count
            return False
        return True


def in_background() -> None:
    """Let the process' log be written in a thread, where it goes to a descriptor."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogOutput) and _has_descriptor(handler.stream):
            handler.in_background()


def _has_descriptor(stream: TextIO) -> bool:
    try:
        return stream.fileno() >= 0
    except (OSError, ValueError):
        return False


def leave_out_cancelled() -> None:
    """From now on, at the end, tracebacks that say no more than that something was cancelled."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_tells_more)
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)


def _tells_more(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, asyncio.CancelledError)
