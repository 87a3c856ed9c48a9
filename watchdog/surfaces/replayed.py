"""What `watchdog replay` prints."""

from collections.abc import Iterator

from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.instants import clock_of
from watchdog.model.replayed import Fall, Replayed, Step
from watchdog.model.texts import clean
from watchdog.model.words import VERDICT_WORDS, count, duration, suspicion_text
from watchdog.surfaces.terminal import STYLES, Line

_SHOWN = 5


def lines(replayed: Replayed, *, compare: bool = False) -> Iterator[Line]:
    """One line for each bundle; what is new on it below; when each verdict fell at the end."""
    title = Text(clean(replayed.eval_set_id, 120), "bold")
    bundles = count(len(replayed.steps), "bundle")
    yield 0, title.append(f"  {bundles}; a suspicion of 1 and above is stuck", "dim")
    stuck_before: set[str] = set()
    for step in replayed.steps:
        yield 0, _head(step)
        yield from _news(step, stuck_before)
        if compare:
            yield from _rules(step)
        stuck_before = {sample.sample for sample in step.stuck}
    yield 0, Text()
    falls = [fall for fall in replayed.falls if compare or fall.told_by == "watchdog"]
    for fall in falls:
        yield 0, _fall(fall, compare=compare)
    if not falls:
        yield 0, Text("No sample was called stuck.", "green")


def _head(step: Step) -> Text:
    text = Text(f"{clock_of(step.at)}  ").append(VERDICT_WORDS[step.verdict], STYLES[step.verdict])
    if step.cause is not None:
        text.append(f": {cause_words(step.cause)}").append(f" [{step.cause}]", "dim")
    return text.append(f"  suspicion {suspicion_text(step.suspicion)}", "dim")


def _news(step: Step, stuck_before: set[str]) -> Iterator[Line]:
    new = [sample for sample in step.stuck if sample.sample not in stuck_before]
    for sample in new[:_SHOWN]:
        name = Text("stuck: ", "bold red").append(clean(sample.sample, 200), "bold")
        yield 4, name.append(f" since {clock_of(sample.stuck_since)}")
        yield 6, Text(clean(sample.why))
    if len(new) > _SHOWN:
        yield 4, Text(f"and {count(len(new) - _SHOWN, 'more sample')}", "dim")
    over = len(stuck_before - {sample.sample for sample in step.stuck})
    if over:
        yield 4, Text(f"{count(over, 'sample')} no longer stuck", "green")


def _rules(step: Step) -> Iterator[Line]:
    parts = [f"{name}: {_some(samples)}" for name, samples in step.rules.items()]
    yield 4, Text(f"simple rules: {'; '.join(parts)}", "dim")


def _some(samples: tuple[str, ...]) -> str:
    more = f" and {len(samples) - _SHOWN} more" if len(samples) > _SHOWN else ""
    return ", ".join(clean(name, 100) for name in samples[:_SHOWN]) + more or "none"


def _fall(fall: Fall, *, compare: bool) -> Text:
    head = f"{fall.told_by}: " if compare else ""
    text = (
        Text(head).append(clean(fall.sample, 200), "bold").append(f" stuck at {clock_of(fall.at)}")
    )
    if fall.delay_seconds is not None:
        text.append(f", {duration(fall.delay_seconds)} after the first sign")
    elif compare and fall.told_by != "watchdog":
        text.append(", which the watchdog never called stuck")
    return text
