"""Many instants in order, of which some go and to which some come with every poll.

In chunks of a bounded size, as sortedcontainers' SortedList has them, and packed: eight bytes each.
A change costs microseconds however many there are, and a count two searches.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TypeVar

_T = TypeVar("_T", int, float)

LOAD = 2048
"""Instants in a chunk; one with twice as many is divided."""


class SortedInstants:
    """A multiset of instants, in seconds since the epoch; each may stand for several calls."""

    def __init__(self, *, counted: bool = False) -> None:
        """Empty; `counted` where they stand for more than one call each."""
        self._chunks: list[array[float]] = [array("d")]
        self._calls: list[array[int]] | None = [array("Q")] if counted else None
        self._lasts: list[float] = []
        self._before: list[int] | None = None

    def extend(self, instants: Iterable[float], calls: Iterable[int] = ()) -> None:
        """Take in many, in any order: before the first question, which `settle` precedes."""
        self._chunks[0].extend(instants)
        if self._calls is not None:
            self._calls[0].extend(calls)

    def settle(self) -> None:
        """Put what came in by `extend` in order."""
        instants = self._chunks[0]
        if self._calls is None:
            self._chunks = [part for chunk in _ranges(instants) for part in _parts(chunk)]
        else:
            pairs = sorted(zip(instants, self._calls[0], strict=True))
            self._chunks = list(_parts(array("d", (at for at, _ in pairs))))
            self._calls = list(_parts(array("Q", (calls for _, calls in pairs))))
        self._lasts = [chunk[-1] for chunk in self._chunks]
        self._before = None

    def add(self, at: float, calls: int = 1) -> None:
        """Take in one more."""
        self._before = None
        if not self._lasts:
            self._chunks, self._lasts = [array("d")], [at]
            self._calls = None if self._calls is None else [array("Q")]
        place = min(bisect_left(self._lasts, at), len(self._lasts) - 1)
        chunk = self._chunks[place]
        index = bisect_right(chunk, at)
        chunk.insert(index, at)
        if self._calls is not None:
            self._calls[place].insert(index, calls)
        self._lasts[place] = chunk[-1]
        if len(chunk) > 2 * LOAD:
            self._divide(place)

    def remove(self, at: float, calls: int = 1) -> None:
        """Take out one that is in it.

        Raises:
            ValueError: it isn't.
        """
        place, index = self._find(at, calls)
        self._before = None
        chunk = self._chunks[place]
        del chunk[index]
        if self._calls is not None:
            del self._calls[place][index]
        if chunk:
            self._lasts[place] = chunk[-1]
            return
        del self._chunks[place], self._lasts[place]
        if self._calls is not None:
            del self._calls[place]

    def between(self, since: float, until: float) -> int:
        """For how many calls those stand from `since` to `until`, both included."""
        return max(0, self._until(until) - self._below(since))

    def count_from(self, since: float) -> int:
        """The same of all at or after `since`."""
        return self._counts()[-1] - self._below(since)

    def first_from(self, since: float) -> float | None:
        """The first at or after an instant."""
        place = bisect_left(self._lasts, since)
        if place == len(self._lasts):
            return None
        chunk = self._chunks[place]
        return chunk[bisect_left(chunk, since)]

    def first_after(self, instant: float) -> float | None:
        """The first after an instant."""
        place = bisect_right(self._lasts, instant)
        if place == len(self._lasts):
            return None
        chunk = self._chunks[place]
        return chunk[bisect_right(chunk, instant)]

    def last_until(self, until: float) -> float | None:
        """The last at or before an instant."""
        place = bisect_right(self._lasts, until)
        if place < len(self._lasts):
            index = bisect_right(self._chunks[place], until)
            if index:
                return self._chunks[place][index - 1]
        return self._lasts[place - 1] if place else None

    def last_before(self, instant: float) -> float | None:
        """The last before an instant."""
        place = bisect_left(self._lasts, instant)
        if place < len(self._lasts):
            index = bisect_left(self._chunks[place], instant)
            if index:
                return self._chunks[place][index - 1]
        return self._lasts[place - 1] if place else None

    @property
    def last(self) -> float | None:
        """The last of all."""
        return self._lasts[-1] if self._lasts else None

    def _find(self, at: float, calls: int) -> tuple[int, int]:
        """Where one is: its chunk, and its place in that."""
        for place in range(bisect_left(self._lasts, at), len(self._lasts)):
            chunk = self._chunks[place]
            begin, end = bisect_left(chunk, at), bisect_right(chunk, at)
            if self._calls is None and begin < end:
                return place, begin
            for index in range(begin, end if self._calls is not None else begin):
                if self._calls is not None and self._calls[place][index] == calls:
                    return place, index
            if end < len(chunk):
                break
        raise ValueError(f"{at} is not among these instants")

    def _divide(self, place: int) -> None:
        halves = list(_parts(self._chunks[place]))
        self._chunks[place : place + 1] = halves
        self._lasts[place : place + 1] = [half[-1] for half in halves]
        if self._calls is not None:
            self._calls[place : place + 1] = _parts(self._calls[place])

    def _counts(self) -> list[int]:
        """For how many calls those before each chunk stand, and all of them."""
        if self._before is None:
            sizes = map(len, self._chunks) if self._calls is None else map(sum, self._calls)
            self._before = [0, *accumulate(sizes)]
        return self._before

    def _below(self, at: float) -> int:
        place = bisect_left(self._lasts, at)
        if place == len(self._lasts):
            return self._counts()[place]
        return self._counts()[place] + self._first(place, bisect_left(self._chunks[place], at))

    def _until(self, at: float) -> int:
        place = bisect_right(self._lasts, at)
        if place == len(self._lasts):
            return self._counts()[place]
        return self._counts()[place] + self._first(place, bisect_right(self._chunks[place], at))

    def _first(self, place: int, index: int) -> int:
        """For how many calls the first of a chunk stand."""
        return index if self._calls is None else sum(self._calls[place][:index])


def _ranges(instants: "array[float]") -> Iterator["array[float]"]:
    """All of them in order, some thousand at a time: a list of them all takes four times as much.

    A sample tells how they are spread (a sample sort).
    """
    step = max(1, min(LOAD // 8, len(instants) // 8))
    splitters = sorted(instants[::step])[8::8]
    chunks = [array("d") for _ in range(len(splitters) + 1)]
    for at in instants:
        chunks[bisect_right(splitters, at)].append(at)
    for chunk in chunks:
        yield array("d", sorted(chunk))


def _parts(chunk: "array[_T]") -> Iterator["array[_T]"]:
    """A chunk in pieces of a normal size; none of an empty one."""
    return (chunk[start : start + LOAD] for start in range(0, len(chunk), LOAD))
