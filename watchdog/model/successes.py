"""When calls on a model succeeded, long after each of them is forgotten. Bounded; a value.

A sample remembers its last outcomes only, which of a busy one are minutes. Whether others succeeded
while one sample fails, for hours and days, is kept here: counts by buckets of time, which grow
coarser where there are too many.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from struct import Struct as Layout

from msgspec import Struct
from msgspec.structs import force_setattr

BUCKETS_MAX = 192
FINEST = 60.0
"""Seconds of a bucket at first."""
MODELS_MAX = 8
"""Models of one task whose successes are kept."""


Bucket = tuple[float, int]
"""The first success in it, and how many there were."""
_RECORD = Layout("<qdI")


class Buckets(Struct, frozen=True, gc=False):
    """Buckets by number, twenty bytes each, in order: a mapping; a value."""

    data: bytes = b""

    @staticmethod
    def of(buckets: Mapping[int, Bucket]) -> "Buckets":
        """Packed."""
        records = (_RECORD.pack(number, *bucket) for number, bucket in sorted(buckets.items()))
        return Buckets(b"".join(records))

    def __len__(self) -> int:
        return len(self.data) // _RECORD.size

    def __iter__(self) -> Iterator[int]:
        return (number for number, _, _ in _RECORD.iter_unpack(self.data))

    def keys(self) -> Iterable[int]:
        """Their numbers."""
        return iter(self)

    def values(self) -> Iterable[Bucket]:
        """The buckets."""
        return ((first, count) for _, first, count in _RECORD.iter_unpack(self.data))

    def items(self) -> Iterable[tuple[int, Bucket]]:
        """Both."""
        records = _RECORD.iter_unpack(self.data)
        return ((number, (first, count)) for number, first, count in records)

    def __getitem__(self, number: int) -> Bucket:
        place = self._place(number)
        at, first, count = self._record(place) if place < len(self) else (None, 0.0, 0)
        if at != number:
            raise KeyError(number)
        return first, count

    def split(self, number: int) -> tuple[bytes, dict[int, Bucket]]:
        """Those before a number, packed; and from it on."""
        end = len(self)
        while end and self._record(end - 1)[0] >= number:  # what comes is new, mostly
            end -= 1
        size = end * _RECORD.size
        return self.data[:size], dict(Buckets(self.data[size:]).items())

    def _place(self, number: int) -> int:
        return bisect_left(range(len(self)), number, key=lambda place: self._record(place)[0])

    def _record(self, place: int) -> tuple[int, float, int]:
        number, first, count = _RECORD.unpack_from(self.data, place * _RECORD.size)
        return number, first, count

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dict):
            other = Buckets.of(other)
        return self.data == other.data if isinstance(other, Buckets) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.data)


class Successes(Struct, frozen=True, gc=False):
    """Successes on one model."""

    spacing: float = FINEST
    """Seconds of a bucket."""
    buckets: Buckets = Buckets()
    """By number of the bucket."""

    def __post_init__(self) -> None:
        """Takes a dictionary too."""
        if not isinstance(self.buckets, Buckets):
            force_setattr(self, "buckets", Buckets.of(self.buckets))  # type: ignore[unreachable]

    def before(self, horizon: float) -> list[tuple[float, int]]:
        """First success and count of each bucket that ended by `horizon`."""
        last = horizon / self.spacing
        return [bucket for number, bucket in self.buckets.items() if number + 1 <= last]


def succeeded(known: Successes, instants: Iterable[float]) -> Successes:
    """With these successes too, in whatever order they come."""
    spacing, new = known.spacing, list(instants)
    if not new:
        return known
    head, tail = known.buckets.split(int(min(new) // spacing))
    for at in new:
        number = int(at // spacing)
        first, count = tail.get(number, (at, 0))
        tail[number] = (min(first, at), count + 1)
    packed = Buckets(head + Buckets.of(tail).data)
    if len(packed) <= BUCKETS_MAX:
        return Successes(spacing, packed)
    buckets = dict(packed.items())
    while len(buckets) > BUCKETS_MAX:
        spacing, buckets = _coarser(spacing, buckets)
    return Successes(spacing, Buckets.of(buckets))


def joined(one: dict[str, Successes], other: dict[str, Successes]) -> dict[str, Successes]:
    """What two readings of the same calls know, each a part of them, by model."""
    names = [*one, *(name for name in other if name not in one)][:MODELS_MAX]
    none = Successes()
    return {name: _joined(one.get(name, none), other.get(name, none)) for name in names}


def _joined(one: Successes, other: Successes) -> Successes:
    spacing, more_spacing = one.spacing, other.spacing
    buckets, more = dict(one.buckets.items()), dict(other.buckets.items())
    while spacing < more_spacing:
        spacing, buckets = _coarser(spacing, buckets)
    while more_spacing < spacing:
        more_spacing, more = _coarser(more_spacing, more)
    for number, (at, count) in more.items():
        first, known = buckets.get(number, (at, 0))
        buckets[number] = (min(first, at), max(known, count))
    while len(buckets) > BUCKETS_MAX:
        spacing, buckets = _coarser(spacing, buckets)
    return Successes(spacing, Buckets.of(buckets))


def _coarser(spacing: float, buckets: Mapping[int, Bucket]) -> tuple[float, dict[int, Bucket]]:
    """Buckets twice as wide."""
    wider: dict[int, Bucket] = {}
    for number, (at, count) in buckets.items():
        first, others = wider.get(number // 2, (at, 0))
        wider[number // 2] = (min(first, at), others + count)
    return 2 * spacing, wider
