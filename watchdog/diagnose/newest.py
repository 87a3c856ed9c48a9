"""The last of many instants, of which some go: only the newest are remembered."""

from collections.abc import Mapping
from heapq import nlargest

KEPT = 1024
"""Instants that are remembered at least, where there are so many."""


class Newest:
    """Counts of the newest instants."""

    def __init__(self) -> None:
        self._counts: dict[float, int] = {}
        self.floor = float("-inf")
        """What is later than this is remembered."""
        self._last: float | None = None

    def change(self, counts: Mapping[float, int]) -> None:
        """Take in what came, and take out what went: counts below zero."""
        self._last = None
        for at, more in counts.items():
            if at > self.floor and more:
                count = self._counts[at] = self._counts.get(at, 0) + more
                if not count:
                    del self._counts[at]
        if len(self._counts) > 4 * KEPT:
            *newest, self.floor = nlargest(KEPT + 1, self._counts)
            self._counts = {at: self._counts[at] for at in newest}

    @property
    def is_known(self) -> bool:
        """False where all that were remembered have gone, and others haven't."""
        return bool(self._counts) or self.floor == float("-inf")

    @property
    def last(self) -> float:
        """The last of all; before all time where there is none."""
        if self._last is None:
            self._last = max(self._counts, default=self.floor)
        return self._last
