"""When calls on a model succeeded, long after each of them is forgotten. Bounded; a value.

A sample remembers its last outcomes only, which of a busy one are minutes. Whether others succeeded
while one sample fails, for hours and days, is kept here: counts by buckets of time, which grow
coarser where there are too many.
"""

from collections.abc import Iterable

from msgspec import Struct

BUCKETS_MAX = 192
FINEST = 60.0
"""Seconds of a bucket at first."""
MODELS_MAX = 8
"""Models of one task whose successes are kept."""


class Successes(Struct, frozen=True):
    """Successes on one model."""

    spacing: float = FINEST
    """Seconds of a bucket."""
    buckets: dict[int, tuple[float, int]] = {}
    """By number of the bucket: the first success in it, and how many there were."""

    def before(self, horizon: float) -> list[tuple[float, int]]:
        """First success and count of each bucket that ended by `horizon`."""
        last = horizon / self.spacing
        return [bucket for number, bucket in self.buckets.items() if number + 1 <= last]


def succeeded(known: Successes, instants: Iterable[float]) -> Successes:
    """With these successes too, in whatever order they come."""
    spacing, buckets = known.spacing, dict(known.buckets)
    for at in instants:
        number = int(at // spacing)
        first, count = buckets.get(number, (at, 0))
        buckets[number] = (min(first, at), count + 1)
        while len(buckets) > BUCKETS_MAX:
            spacing, buckets = _coarser(spacing, buckets)
    return Successes(spacing, buckets)


def joined(one: dict[str, Successes], other: dict[str, Successes]) -> dict[str, Successes]:
    """What two readings of the same calls know, each a part of them, by model."""
    names = [*one, *(name for name in other if name not in one)][:MODELS_MAX]
    none = Successes()
    return {name: _joined(one.get(name, none), other.get(name, none)) for name in names}


def _joined(one: Successes, other: Successes) -> Successes:
    spacing, buckets, more = one.spacing, one.buckets, other.buckets
    while spacing < other.spacing:
        spacing, buckets = _coarser(spacing, buckets)
    more_spacing = other.spacing
    while more_spacing < spacing:
        more_spacing, more = _coarser(more_spacing, more)
    buckets = dict(buckets)
    for number, (at, count) in more.items():
        first, known = buckets.get(number, (at, 0))
        buckets[number] = (min(first, at), max(known, count))
    while len(buckets) > BUCKETS_MAX:
        spacing, buckets = _coarser(spacing, buckets)
    return Successes(spacing, buckets)


def _coarser(
    spacing: float, buckets: dict[int, tuple[float, int]]
) -> tuple[float, dict[int, tuple[float, int]]]:
    """Buckets twice as wide."""
    wider: dict[int, tuple[float, int]] = {}
    for number, (at, count) in buckets.items():
        first, others = wider.get(number // 2, (at, 0))
        wider[number // 2] = (min(first, at), others + count)
    return 2 * spacing, wider
