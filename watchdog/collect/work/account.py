"""What one eval set has used in this poll, and how much it may.

Beyond it the eval set is `unknown` until it is read to its end; the next poll goes on where this
one stopped.
"""

import time
from collections.abc import Container, Iterator
from contextlib import contextmanager

from msgspec import Struct

from watchdog.collect.source import Emit
from watchdog.collect.work.limits import LOOK_CPU, LOOK_ROW, SAMPLES
from watchdog.model.facts import Fact, RowsRead

LIGHT = 1.0
"""Seconds of CPU; who used less is read to the end, however slow the store is."""
_MIB = 1024 * 1024


class PollLimits(Struct, frozen=True):
    """What an eval set may use in one poll. The default is all it wants."""

    cpu_seconds: float = float("inf")
    size: float = float("inf")
    """Bytes that are fetched."""
    rows: float = float("inf")
    seconds: float = float("inf")
    """That a poll of all eval sets may take: what isn't read then is read in the next one."""
    samples: float = SAMPLES.value
    """That are remembered of it, whatever the poll."""
    row_seconds: float = 0.0
    """Seconds of CPU that it may take beyond `cpu_seconds` for each row that it gave."""


ONE_LOOK = PollLimits(cpu_seconds=LOOK_CPU.value, row_seconds=LOOK_ROW.value / 1000)
"""For commands that look once: all that is worth its work. Honest rows take a hundredth of it."""


class Account:
    """Counts what one eval set uses; not for several threads."""

    def __init__(self, limits: PollLimits = PollLimits()) -> None:  # noqa: B008 - frozen
        self._limits = limits
        self._samples: dict[str, int] = {}
        self._began = time.monotonic()
        self.cpu_seconds = 0.0
        """Of decoding and folding, since the poll began."""
        self.size = 0
        """Bytes that were fetched since then."""
        self.rows = 0
        """Rows that were handed on since then."""

    def begin(self, began: float | None = None) -> None:
        """Another poll begins, or began then (`time.monotonic`)."""
        self._began = time.monotonic() if began is None else began
        self.cpu_seconds, self.size, self.rows = 0.0, 0, 0

    @property
    def used_up(self) -> str | None:
        """Which limit is reached, in words; None while there is room."""
        limits = self._limits
        if self.cpu_seconds >= limits.cpu_seconds + limits.row_seconds * self.rows:
            return self._no_more_time
        if self.size >= limits.size:
            return f"a poll reads {limits.size / _MIB:,.0f} MiB of it"
        if self.rows >= limits.rows:
            return f"a poll reads {limits.rows:,.0f} rows of it"
        if self.cpu_seconds >= LIGHT and time.monotonic() - self._began >= limits.seconds:
            return f"a poll ends after {limits.seconds:g} s"
        return None

    @property
    def _no_more_time(self) -> str:
        limits = self._limits
        if limits.row_seconds:
            return f"{self.cpu_seconds:.0f} s of CPU gave no more than {self.rows:,} rows"
        return f"a poll gives it {limits.cpu_seconds:g} s of CPU"

    def spend(self, cpu_seconds: float = 0.0, size: int = 0, rows: int = 0) -> None:
        """So much was used."""
        self.cpu_seconds += cpu_seconds
        self.size += size
        self.rows += rows

    def metered(self, emit: Emit) -> Emit:
        """`emit`, with its time and the rows that it takes counted."""

        def count(fact: Fact) -> None:
            began = time.perf_counter()
            emit(fact)
            rows = len(fact.rows) if isinstance(fact, RowsRead) else 0
            self.spend(time.perf_counter() - began, rows=rows)

        return count

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work on the CPU, in this thread."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spend(time.perf_counter() - began)

    def too_many(self, log: str, samples: int) -> str | None:
        """A log names so many samples: why they can't be remembered; None where they can."""
        others = sum(count for name, count in self._samples.items() if name != log)
        most = self._limits.samples
        if others + samples > most:
            self._samples[log] = 0
            beside = f" beside {others:,} in the eval set's other logs" if others else ""
            return f"{samples:,} samples{beside}, more than the {most:,.0f} that are remembered"
        self._samples[log] = samples
        return None

    def forget(self, logs: Container[str]) -> None:
        """Only these logs are there now."""
        self._samples = {log: count for log, count in self._samples.items() if log in logs}
