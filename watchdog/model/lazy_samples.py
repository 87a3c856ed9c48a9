"""Running samples of a report that are put into words when somebody reads them.

A fleet has a hundred thousand, and of most nobody reads anything: what is kept of them is what was
judged, and the instant that they are to be told as of.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from watchdog.model.report import RunningSample

Tell = Callable[[float], Iterator[RunningSample]]
"""The samples as of an instant, in seconds since the epoch."""


Then = Callable[[RunningSample], RunningSample]
"""What is done to each before it is read: secrets and hidden names are taken out."""


class LazySamples(Sequence[RunningSample]):
    """Reads like the tuple of them, made anew each time that it is gone through."""

    __slots__ = ("_again", "_count", "_now", "_tell", "_then")

    def __init__(
        self,
        count: int,
        tell: Tell,
        now: float,
        then: tuple[Then, ...] = (),
        again: Tell | None = None,
    ) -> None:
        """So many samples, told as of `now`; `again` tells them as of another instant.

        That may take longer: it is for readers that have a thread of their own.
        """
        self._count, self._tell, self._now, self._then = count, tell, now, then
        self._again = again or tell

    def at(self, now: float) -> "LazySamples":
        """The same as of another instant."""
        return LazySamples(self._count, self._again, now, self._then)

    def told(self, now: float) -> "LazySamples":
        """What was kept of them, told as of another instant: it takes no longer than `now` did."""
        return LazySamples(self._count, self._tell, now, self._then, self._again)

    def mapped(self, then: Then) -> "LazySamples":
        """The same with one thing more done to each of them."""
        more = (*self._then, then)
        return LazySamples(self._count, self._tell, self._now, more, self._again)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[RunningSample]:
        for sample in self._tell(self._now):
            made = sample
            for then in self._then:
                made = then(made)
            yield made

    @overload
    def __getitem__(self, place: int) -> RunningSample: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[RunningSample, ...]: ...
    def __getitem__(self, place: int | slice) -> RunningSample | tuple[RunningSample, ...]:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple | LazySamples):
            return NotImplemented
        return len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._count, self._now))


def told_at(samples: Sequence[RunningSample], now: float) -> Sequence[RunningSample]:
    """These samples with the words and durations that they have at `now`, where those are lazy."""
    return samples.told(now) if isinstance(samples, LazySamples) else samples


def plain(value: object) -> object:
    """For encoders, which know no such sequence (`enc_hook` of msgspec).

    Raises:
        NotImplementedError: it is something else that they don't know.
    """
    if isinstance(value, LazySamples):
        return list(value)
    raise NotImplementedError(f"can't encode {type(value).__name__}")
