"""Pictures to scale: what lasted from when to when, as marks on a line. Pure geometry, no drawing.

An SVG's own units; templates draw each mark as a rectangle with a title, and say the same in words.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock, from_timestamp
from watchdog.model.parts import Attempt, Moment, MomentKind, OpenCallItem, SampleStrip
from watchdog.model.texts import clean
from watchdog.model.words import count, duration

WIDTH = 1000.0
LEAST = 4.0
"""The least that a mark is wide: one and a half pixels on a phone."""
Look = Literal["ok", "fail", "wait", "pending", "plain", "page", "warning"]
"""How a mark looks: a class of the style sheet."""
_TITLE_MAX = 200
_LANES: dict[MomentKind, str] = {
    "started": "Work",
    "last_success": "Work",
    "stuck": "Work",
    "ended": "Work",
    "incident": "Incidents",
    "runner_started": "Runner",
    "attempt": "Runner",
    "write_failed": "Runner",
    "restart": "Pods",
    "pod_event": "Pods",
    "pod_death": "Pods",
    "pod_replaced": "Pods",
}
_LOOKS: dict[MomentKind, Look] = {
    "last_success": "ok",
    "stuck": "fail",
    "incident": "page",
    "write_failed": "fail",
    "pod_death": "fail",
    "pod_replaced": "warning",
    "restart": "warning",
    "pod_event": "warning",
}


class Span(NamedTuple):
    """What is to be drawn: an instant, or what lasted. Seconds since the epoch."""

    begin: float
    end: float
    look: Look
    title: str


class Mark(NamedTuple):
    """A span where it stands in a picture."""

    x: float
    width: float
    look: Look
    title: str


class Picture(Struct, frozen=True):
    """One line of a picture."""

    name: str
    under: tuple[Mark, ...]
    """What lasts: drawn first."""
    over: tuple[Mark, ...]
    says: str
    """The same in words."""


class Timeline(Struct, frozen=True):
    """Several lines of one scale."""

    begin: float
    end: float
    lanes: tuple[Picture, ...]


def marks(spans: Iterable[Span], begin: float, end: float) -> tuple[Mark, ...]:
    """Spans as marks between 0 and `WIDTH`, to scale, in order of their beginning.

    What lies outside of `begin` to `end` is left out, what reaches out of it is cut off there.
    """
    seconds = end - begin
    if seconds <= 0:
        return ()
    scale = WIDTH / seconds
    inside = sorted(s for s in spans if s.begin <= end and s.end >= begin)
    return tuple(_mark(span, begin, end, scale) for span in inside)


def _mark(span: Span, begin: float, end: float, scale: float) -> Mark:
    at = (max(begin, span.begin) - begin) * scale
    width = max(LEAST, (min(end, span.end) - begin) * scale - at)
    x = min(max(0.0, at), WIDTH - LEAST)
    return Mark(round(x, 2), round(min(width, WIDTH - x), 2), span.look, span.title)


def strip_picture(strip: SampleStrip, now: float) -> Picture | None:
    """A running sample's last attempts, waits and open calls; None where there is nothing to draw.

    Args:
        strip: what is remembered of it.
        now: seconds since the epoch, where the picture ends.
    """
    attempts, lasting = list(_attempts(strip.attempts)), list(_lasting(strip, now))
    begin = min((span.begin for span in (*attempts, *lasting)), default=now)
    over, under = marks(attempts, begin, now), marks(lasting, begin, now)
    if not over and not under:
        return None
    return Picture(f"from {clock(begin)} until now", under, over, _says(strip, lasting))


def timeline(moments: Sequence[Moment], now: float) -> Timeline | None:
    """What happened to an eval set, line by line; None where nothing is known of it.

    Args:
        moments: in order of time.
        now: seconds since the epoch, where the picture ends.
    """
    spans = [(_LANES[one.kind], span) for one in moments if (span := _span(one, now)) is not None]
    begin = min((span.begin for _, span in spans), default=now)
    if begin >= now:
        return None
    return Timeline(begin, now, lanes(spans, _LANES.values(), begin, now, ("entry", "entries")))


def lanes(
    spans: Sequence[tuple[str, Span]],
    names: Iterable[str],
    begin: float,
    end: float,
    words: tuple[str, str],
) -> tuple[Picture, ...]:
    """Spans line by line, in the order of the lines' names; a line without any is left out.

    Args:
        spans: each with its line.
        names: of the lines, some of them several times.
        begin: seconds since the epoch, where the picture begins.
        end: where it ends.
        words: what one, and several, of a line are called.
    """
    made = []
    for name in dict.fromkeys(names):
        own = [span for lane, span in spans if lane == name]
        lasting = marks((s for s in own if s.end > s.begin), begin, end)
        instants = marks((s for s in own if s.end == s.begin), begin, end)
        if own:
            says = f"{name}: {count(len(own), *words)}, all in the table below"
            made.append(Picture(name, lasting, instants, says))
    return tuple(made)


def _span(moment: Moment, now: float) -> Span | None:
    at, until = from_timestamp(moment.at), from_timestamp(moment.until)
    if at is None:
        return None
    end = now if moment.lasts else max(at, until if until is not None else at)
    times = f", {moment.count:,} times" if moment.count > 1 else ""
    title = f"{clock(at)}: {clean(moment.text, _TITLE_MAX)}{times}"
    return Span(at, max(at, end), _LOOKS.get(moment.kind, "plain"), title)


def _attempts(attempts: Iterable[Attempt]) -> Iterator[Span]:
    for one in attempts:
        at = from_timestamp(one.at)
        if at is None:
            continue
        began = from_timestamp(one.began)
        if one.ok:
            took = f", after {duration(at - began)}" if began is not None else ""
            begin = at if began is None else min(began, at)
            yield Span(begin, at, "ok", f"OK {clock(at)}{took}")
        else:
            yield Span(at, at, "fail", f"FAIL {clock(at)}: {cause_words(one.cause)}")


def _lasting(strip: SampleStrip, now: float) -> Iterator[Span]:
    for failed, after in zip(strip.attempts, strip.attempts[1:], strict=False):
        begin, end = from_timestamp(failed.at), from_timestamp(after.began or after.at)
        if not failed.ok and begin is not None and end is not None and end > begin:
            yield Span(begin, end, "wait", f"until the next attempt: {duration(end - begin)}")
    since = from_timestamp(strip.wait_since)
    if since is not None and since < now:
        yield Span(since, now, "wait", f"waits for the next attempt: {duration(now - since)}")
    yield from _pending(strip.pending, now)


def _pending(calls: Iterable[OpenCallItem], now: float) -> Iterator[Span]:
    for call in calls:
        since = from_timestamp(call.since)
        if since is not None and since < now:
            name = clean(call.name, 60)
            yield Span(
                since, now, "pending", f"{call.kind} {name}, pending {duration(now - since)}"
            )


def _says(strip: SampleStrip, lasting: Sequence[Span]) -> str:
    failed = sum(not one.ok for one in strip.attempts)
    words = [f"{failed} failed and {len(strip.attempts) - failed} answered attempts"]
    words += [span.title for span in lasting[-2:]]
    return "; ".join(words)
