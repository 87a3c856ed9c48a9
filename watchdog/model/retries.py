"""How an eval set's count of retries grew of late: a few instants of it, for a line to be drawn."""

from array import array

from msgspec import Struct

BUCKET = 300.0
"""Seconds between two counts that are kept."""
KEPT = 25
"""Counts that are kept: two hours of growth, in 264 bytes."""
HOUR = 12
"""Buckets of an hour."""


class Retries(Struct, frozen=True):
    """Counts at the end of each bucket, the newest last; that one goes on growing."""

    bucket: int
    """Number of the newest, in buckets since the epoch."""
    counts: "array[int]"

    @property
    def record(self) -> tuple[int, ...]:
        """As it is kept: the bucket, then the counts."""
        return (self.bucket, *self.counts)

    @property
    def growth(self) -> tuple[int, ...]:
        """How many came in each bucket, oldest first; the first that is known tells none.

        A runner that begins anew counts anew: what falls has not grown.
        """
        pairs = zip(self.counts, self.counts[1:], strict=False)
        return tuple(max(0, after - before) for before, after in pairs)

    @property
    def last_hour(self) -> int:
        """How many came within about an hour, as far as it was watched."""
        return sum(self.growth[-HOUR:])


def of_record(record: tuple[int, ...]) -> Retries | None:
    """What was kept; None of what is no record of one."""
    if not 1 < len(record) <= KEPT + 1:
        return None
    try:
        return Retries(record[0], array("q", record[1:]))
    except OverflowError:
        return None


def noted(before: Retries | None, count: int, now: float) -> Retries:
    """With the count at `now`, in seconds since the epoch; the same object where nothing changed.

    Over a time in which nothing was noted the count stood still: when it grew is not known, so all
    of it counts in the bucket in which it was seen.
    """
    bucket = int(now // BUCKET)
    if before is None or bucket < before.bucket:  # a clock that was set back begins anew
        return Retries(bucket, array("q", [count]))
    passed = bucket - before.bucket
    if not passed and before.counts[-1] == count:
        return before
    kept = before.counts if passed else before.counts[:-1]
    still = array("q", [before.counts[-1]]) * min(KEPT, max(0, passed - 1))
    return Retries(bucket, (kept + still + array("q", [count]))[-KEPT:])
