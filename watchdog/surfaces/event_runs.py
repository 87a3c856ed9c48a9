"""A sample's events with runs of failed attempts and their waits told together. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from watchdog.model.samples import SampleEvent
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause
from watchdog.model.words import brief_duration

FEW = 3
"""Attempts that failed alike in a row, beyond which they are told together."""
_ERROR_MAX = 300


class Run(Struct, frozen=True):
    """Attempts on one model that failed in a row, and the waits between them."""

    attempts: tuple[SampleEvent, ...]
    waits: tuple[float, ...]
    """Seconds of each that is known."""

    @property
    def first(self) -> SampleEvent:
        """The first attempt."""
        return self.attempts[0]

    @property
    def last(self) -> SampleEvent:
        """The last one."""
        return self.attempts[-1]

    @property
    def waited(self) -> str:
        """`3 s to 30 min`; empty where no wait is known."""
        if not self.waits:
            return ""
        least, most = brief_duration(min(self.waits)), brief_duration(max(self.waits))
        return least if least == most else f"{least} to {most}"

    @property
    def faults(self) -> list[tuple[Cause | None, str]]:
        """The different errors, the newest first, a few of them."""
        errors = dict.fromkeys((one.cause, clean(one.error, _ERROR_MAX)) for one in self.attempts)
        return [one for one in reversed(errors) if one[1]][:FEW]


def runs(events: Iterable[SampleEvent], few: int = FEW) -> Iterator[Run | SampleEvent]:
    """The events in their order; failed attempts that are more than `few` in a row are a run.

    Args:
        events: in order.
        few: 0 for each event by itself.
    """
    for _, group in groupby(events, _fault):
        alike = list(group)
        attempts = [event for event in alike if event.kind == "model"]
        if few and len(attempts) > few:
            yield Run(tuple(attempts), tuple(_waits(alike)))
        else:
            yield from alike


def _waits(events: Sequence[SampleEvent]) -> Iterator[float]:
    return (e.seconds for e in events if e.kind == "wait" and e.seconds is not None)


def _fault(event: SampleEvent) -> tuple[str, ...]:
    """What failed attempts have in common with the waits between them; else the event itself."""
    if event.kind == "wait" and event.outcome != "pending":
        return ("fault", event.name)
    if event.kind == "model" and event.outcome == "failed":
        return ("fault", event.name)
    return ("", str(id(event)))
