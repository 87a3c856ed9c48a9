"""What one eval set has used in this poll, and how much it may.

Beyond it the eval set is `unknown` until it is read to its end; the next poll goes on where this
one stopped.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from watchdog.collect.source import Emit
from watchdog.model.facts import Fact, RowsRead

_MIB = 1024 * 1024


class PollLimits(Struct, frozen=True):
    """What an eval set may use in one poll. The default is all it wants, as for one look."""

    cpu_seconds: float = float("inf")
    size: float = float("inf")
    """Bytes that are fetched."""
    rows: float = float("inf")


class Account:
    """Counts what one eval set uses; not for several threads."""

    def __init__(self, limits: PollLimits = PollLimits()) -> None:  # noqa: B008 - frozen
        self._limits = limits
        self._sizes: dict[str, int] = {}
        self.cpu_seconds = 0.0
        """Of decoding and folding, since the poll began."""
        self.size = 0
        """Bytes that were fetched since then."""
        self.rows = 0
        """Rows that were handed on since then."""

    def begin(self) -> None:
        """Another poll begins."""
        self.cpu_seconds, self.size, self.rows = 0.0, 0, 0

    @property
    def used_up(self) -> str | None:
        """Which limit is reached, in words; None while there is room."""
        limits = self._limits
        if self.cpu_seconds >= limits.cpu_seconds:
            return f"a poll gives it {limits.cpu_seconds:g} s of CPU"
        if self.size >= limits.size:
            return f"a poll reads {limits.size / _MIB:,.0f} MiB of it"
        if self.rows >= limits.rows:
            return f"a poll reads {limits.rows:,.0f} rows of it"
        return None

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

    def holds(self, log: str, samples: int) -> int:
        """A log names so many samples: how many all logs of the eval set name now."""
        self._sizes[log] = samples
        return sum(self._sizes.values())
