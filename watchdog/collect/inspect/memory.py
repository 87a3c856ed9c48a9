"""What a reader remembers of what it has read: which it was, never the things themselves."""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

RANGES_MAX = 256
"""Ranges kept of what was read of one log: 4 kB. Inspect's numbers run on, so they are few."""


class Ranges:
    """Whole numbers that came mostly one after the other, as ranges: as many bytes for all.

    Beyond `RANGES_MAX` the two lowest become one, with what lies between them: numbers that low are
    no longer given out.
    """

    def __init__(self) -> None:
        self._bounds = array("q")  # where a range begins, where it is over, and so on, ascending

    @classmethod
    def within(cls, bounds: Iterable[int]) -> "Ranges":
        """Those that lie within these bounds."""
        ranges = cls()
        ranges._bounds.extend(bounds)
        return ranges

    @property
    def bounds(self) -> tuple[int, ...]:
        """Where each range begins and where it is over, ascending."""
        return tuple(self._bounds)

    def __contains__(self, number: int) -> bool:
        return bisect_right(self._bounds, number) % 2 == 1

    def __len__(self) -> int:
        """How many numbers they hold."""
        return sum(self._bounds[1::2]) - sum(self._bounds[::2])

    def add(self, number: int) -> None:
        """One more; it may be in them already."""
        bounds, place = self._bounds, bisect_right(self._bounds, number)
        if place % 2:
            return
        ends_here = place > 0 and bounds[place - 1] == number
        begins_next = place < len(bounds) and bounds[place] == number + 1
        if ends_here and begins_next:
            del bounds[place - 1 : place + 1]
        elif ends_here:
            bounds[place - 1] = number + 1
        elif begins_next:
            bounds[place] = number
        else:
            bounds[place:place] = array("q", (number, number + 1))
        if len(bounds) > 2 * RANGES_MAX:
            del bounds[1:3]

    def update(self, numbers: Iterable[int]) -> None:
        """Several more."""
        for number in numbers:
            self.add(number)


class Names:
    """Names of which only is asked whether one is among them: eight bytes for each.

    By this process's own hash, which nobody outside can foresee: that two names share one, one of
    them hostile, is left to chance, at one in 10^14 for a log of the largest size.
    """

    def __init__(self) -> None:
        self._hashes = array("q")

    def __contains__(self, name: str) -> bool:
        return self._has(hash(name))

    def __len__(self) -> int:
        return len(self._hashes)

    def update(self, names: Iterable[str]) -> None:
        """Several more; they may be among them already."""
        new = {number for number in map(hash, names) if not self._has(number)}
        if len(new) <= len(self._hashes) // 64:
            for number in new:
                insort(self._hashes, number)
        else:
            self._hashes = array("q", sorted((*self._hashes, *new)))

    def _has(self, number: int) -> bool:
        place = bisect_left(self._hashes, number)
        return place < len(self._hashes) and self._hashes[place] == number
