"""A sample's events as a picture: calls, tools and waits, each on a line of one scale. Pure."""

from collections.abc import Iterator, Sequence

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock, from_timestamp
from watchdog.model.samples import EventKind, SampleEvent
from watchdog.model.texts import clean
from watchdog.model.words import duration
from watchdog.surfaces.web.pictures import Look, Span, Timeline, lanes

_LANES: dict[EventKind, str] = {
    "model": "Model",
    "wait": "Waits",
    "tool": "Tools",
    "sandbox": "Tools",
    "span": "Steps",
}


def event_lanes(events: Sequence[SampleEvent], now: float) -> Timeline | None:
    """The events that were read, to scale; None where there is nothing to draw.

    Args:
        events: in order.
        now: seconds since the epoch: until then lasts what is pending.
    """
    spans = [(_LANES[e.kind], span) for e in events if (span := _span(e, now)) is not None]
    begin = min((span.begin for _, span in spans), default=now)
    end = max((span.end for _, span in spans), default=now)
    if begin >= end:
        return None
    return Timeline(begin, end, lanes(spans, _LANES.values(), begin, end, ("event", "events")))


def _span(event: SampleEvent, now: float) -> Span | None:
    begin = from_timestamp(event.at)
    if begin is None or event.kind not in _LANES:
        return None
    ended = from_timestamp(event.ended_at)
    end = now if event.outcome == "pending" else begin if ended is None else ended
    words = ", ".join(_words(event, max(0.0, end - begin)))
    return Span(begin, max(begin, end), _look(event), f"{clock(begin)}: {words}")


def _words(event: SampleEvent, seconds: float) -> Iterator[str]:
    yield f"{event.kind} {clean(event.name, 80)}".strip()
    if event.outcome:
        yield event.outcome
    if event.cause is not None:
        yield cause_words(event.cause)
    if seconds:
        yield duration(seconds)


def _look(event: SampleEvent) -> Look:
    if event.kind == "wait":
        return "wait"
    if event.kind == "span":
        return "plain"
    if event.outcome == "failed":
        return "fail"
    return "pending" if event.outcome == "pending" else "ok"
