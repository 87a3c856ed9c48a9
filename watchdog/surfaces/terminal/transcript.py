"""A sample's last events in order; runs of failed attempts and their waits as one line."""

from collections.abc import Iterator

from rich.text import Text

from watchdog.model.conversation import Conversation
from watchdog.model.instants import clock_of
from watchdog.model.samples import SampleDetail, SampleEvent
from watchdog.model.texts import clean, visible_lines
from watchdog.model.words import at_work, brief_duration, count, duration
from watchdog.surfaces.event_runs import FEW, Run, runs
from watchdog.surfaces.terminal.console import Hanging, Line
from watchdog.surfaces.terminal.samples import STYLES, calls
from watchdog.surfaces.terminal.table import short

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
    for item in runs(detail.events, 0 if in_full else FEW):
        yield from _run(item) if isinstance(item, Run) else _event(item)


def _run(run: Run) -> Iterator[Line]:
    text = _time(run.first.at).append("model    ").append(clean(run.first.name, 100)).append("  ")
    text.append(f"failed x{len(run.attempts)}", "red").append(f" until {clock_of(run.last.at)}")
    if run.waited:
        text.append(f", waits of {run.waited}")
    yield 0, text
    for cause, error in run.faults:
        yield _TIME + 2, Text(error, "red").append(f" [{cause}]" if cause else "", "dim")


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
