"""A sample's last events in order; runs of failed attempts and their waits as one line."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.text import Text

from watchdog.model.conversation import Conversation
from watchdog.model.instants import clock_of
from watchdog.model.samples import SampleDetail, SampleEvent
from watchdog.model.texts import clean, visible_lines
from watchdog.model.words import at_work, brief_duration, count, duration
from watchdog.surfaces.terminal.console import Hanging, Line
from watchdog.surfaces.terminal.samples import STYLES, calls
from watchdog.surfaces.terminal.table import short

FEW = 3
"""Attempts that failed alike in a row, beyond which they are told together."""
_OUTCOMES = {"ok": "green", "failed": "red", "pending": "bold yellow", "cancelled": "dim"}
_TIME = 19
"""Columns of a time."""


def transcript_lines(detail: SampleDetail, *, in_full: bool = False) -> Iterator[Line]:
    """What it is, and what it did last.

    Args:
        detail: the sample.
        in_full: each event by itself.
    """
    sample = detail.sample
    head = Text(clean(f"{sample.task}/{sample.id}/{sample.epoch}", 300), "bold").append("  ")
    head.append(sample.state, STYLES[sample.state])
    if sample.stuck_since is not None:
        head.append(f" for {duration(sample.stuck_seconds)}", "bold")
    if sample.phase is not None:
        head.append(f" while {at_work(sample.phase)}")
    yield 0, head.append(f" [{sample.cause}]" if sample.cause else "", "dim")
    about = [f"on {sample.model}", f"uuid {sample.uuid}" if sample.uuid else ""]
    yield 2, Text(clean("; ".join(filter(None, about)), 300), "dim")
    if sample.recent:
        yield 2, Text("calls, newest first: ").append_text(calls(sample.recent, 16))
    if sample.error:
        yield 2, Text(clean(sample.error), "yellow")
    yield from _events(detail, in_full=in_full)
    if detail.not_available:
        yield 0, Text(f"not all could be read: {clean(detail.not_available)}", "magenta")
    yield 0, Text(f"as of {clock_of(detail.now)}", "dim")


def _events(detail: SampleDetail, *, in_full: bool) -> Iterator[Line]:
    if detail.events:
        yield 0, Text()
    if detail.earlier:
        yield 0, Text("… earlier events are in its log", "dim")
    for run in _runs(detail.events, 0 if in_full else FEW):
        yield from _run(run) if len(run) > 1 else _event(run[0])


def _runs(events: Sequence[SampleEvent], few: int) -> Iterator[list[SampleEvent]]:
    """Failed attempts with their waits that are alike, together; all else alone."""
    for _, group in groupby(events, _fault):
        alike = list(group)
        attempts = sum(event.kind == "model" for event in alike)
        if few and attempts > few:
            yield alike
        else:
            yield from ([event] for event in alike)


def _fault(event: SampleEvent) -> tuple[str, ...]:
    """What failed attempts have in common with the waits between them; else the event itself."""
    if event.kind == "wait" and event.outcome != "pending":
        return ("fault", event.name)
    if event.kind == "model" and event.outcome == "failed":
        return ("fault", event.name)
    return ("", str(id(event)))


def _run(run: Sequence[SampleEvent]) -> Iterator[Line]:
    attempts = [event for event in run if event.kind == "model"]
    waits = [event.seconds for event in run if event.kind == "wait" and event.seconds is not None]
    first, last = attempts[0], attempts[-1]
    text = _time(first.at).append("model    ").append(clean(first.name, 100)).append("  ")
    text.append(f"failed x{len(attempts)}", "red").append(f" until {clock_of(last.at)}")
    if waits:
        text.append(f", waits of {_from_to(waits)}")
    yield 0, text
    for cause, error in _faults(attempts):
        yield _TIME + 2, Text(error, "red").append(f" [{cause}]" if cause else "", "dim")


def _faults(attempts: Iterable[SampleEvent]) -> list[tuple[str, str]]:
    """The different errors, the newest first, a few of them."""
    errors = dict.fromkeys((event.cause or "", clean(event.error, 300)) for event in attempts)
    return [one for one in reversed(errors) if one[1]][:FEW]


def _from_to(seconds: Sequence[float]) -> str:
    least, most = brief_duration(min(seconds)), brief_duration(max(seconds))
    return least if least == most else f"{least} to {most}"


def _event(event: SampleEvent) -> Iterator[Line]:
    text = _time(event.at).append(f"{event.kind:<9}").append(clean(event.name, 100))
    if event.outcome and event.kind != "span":
        text.append("  ").append(event.outcome, _OUTCOMES[event.outcome])
    if event.seconds is not None:
        text.append(
            f"  {short(event.seconds) if event.seconds >= 10 else brief_duration(event.seconds)}"
        )
    if event.detail:
        text.append(f"  {clean(event.detail, 100)}", "dim")
    yield 0, text
    if event.error:
        error = Text(clean(event.error, 500), "red")
        yield _TIME + 2, error.append(f" [{event.cause}]" if event.cause else "", "dim")


def _time(stamp: str | None) -> Text:
    text = f"{stamp[:10]} {stamp[11:19]}" if stamp else ""
    return Hanging(f"{text:<{_TIME}}  ", "dim")


def conversation_lines(conversation: Conversation) -> Iterator[Line]:
    """The messages themselves: visible characters only, whatever a model wrote."""
    number = count(len(conversation.messages), "message")
    yield 0, Text()
    yield 0, Text(f"{number}, from its {conversation.source}", "dim")
    for message in conversation.messages:
        yield 0, Text()
        yield 0, Text(clean(message.role, 40), "bold cyan")
        for line in visible_lines(message.text):
            yield 2, Text(line)
    if conversation.cut:
        yield 0, Text("… the rest is left out: it is too long", "dim")
