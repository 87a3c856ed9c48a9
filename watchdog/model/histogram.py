"""Durations on a logarithmic scale: bounded, mergeable, and as good for tails as for seconds."""

import math
from collections.abc import Iterable

from msgspec import Struct

PER_OCTAVE = 4
"""Bins for each doubling: a bin is 19 % wide."""

SHORTEST = 1.0
"""Seconds; what is shorter counts as this."""

BINS = 22 * PER_OCTAVE
"""The last bin ends after 48 days; what is longer counts there."""


TRACE = 0.1
"""Counts below this are forgotten when they are halved."""


class Histogram(Struct, frozen=True):
    """How many durations fell into each bin; empty bins are left out."""

    counts: dict[int, float] = {}
    total: float = 0

    def above(self, seconds: float) -> float:
        """How many durations were longer, a bin's content being spread evenly within it."""
        position = _position(seconds)
        whole = math.floor(position)
        inside = self.counts.get(whole, 0) * (whole + 1 - position)
        return inside + sum(count for number, count in self.counts.items() if number > whole)

    def largest(self, rank: float) -> float:
        """An upper bound of the `rank`-th longest duration in seconds (from 1); 0 where none is."""
        for number in sorted(self.counts, reverse=True):
            rank -= self.counts[number]
            if rank <= 0:
                return SHORTEST * float(2.0 ** ((number + 1) / PER_OCTAVE))
        return 0.0


def add(known: Histogram, durations: Iterable[float]) -> Histogram:
    """`known` and these durations in seconds; what is negative or no number is left out."""
    counts = dict(known.counts)
    more = 0
    for seconds in durations:
        if seconds >= 0 and math.isfinite(seconds):
            number = math.floor(_position(seconds))
            counts[number] = counts.get(number, 0) + 1
            more += 1
    return Histogram(counts, known.total + more) if more else known


def merge(one: Histogram, other: Histogram) -> Histogram:
    """Both together."""
    counts = dict(one.counts)
    for number, count in other.counts.items():
        counts[number] = counts.get(number, 0) + count
    return Histogram(counts, one.total + other.total)


def difference(now: Histogram, before: Histogram) -> Histogram:
    """What `now` holds beyond `before`."""
    counts = {
        number: count - before.counts.get(number, 0)
        for number, count in now.counts.items()
        if count > before.counts.get(number, 0)
    }
    return Histogram(counts, sum(counts.values()))


def halved(histogram: Histogram) -> Histogram:
    """Half of each bin; what has come down to a trace is forgotten."""
    counts = {number: count / 2 for number, count in histogram.counts.items() if count > TRACE}
    return Histogram(counts, sum(counts.values()))


def bin_of(seconds: float) -> int:
    """The bin into which a duration falls."""
    return math.floor(_position(seconds))


def _position(seconds: float) -> float:
    """Where a duration stands on the scale, in bins."""
    if seconds <= SHORTEST:
        return 0.0
    return min(PER_OCTAVE * math.log2(seconds / SHORTEST), BINS - 0.5)
