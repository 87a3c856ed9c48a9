"""What `watchdog explain` prints."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from watchdog.model.causes import cause_words
from watchdog.model.explained import (
    Explained,
    ExplainedExplanation,
    ExplainedSample,
    ExplainedTask,
    ExplainedWeighing,
)
from watchdog.model.instants import clock_of
from watchdog.model.learned import WEEK
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause, Verdict
from watchdog.model.words import (
    VERDICT_WORDS,
    count,
    duration,
    frequency,
    strip,
    suspicion_text,
)
from watchdog.surfaces.terminal import STYLES, Line

_SUSPICIOUS = 0.5
"""What has come so far is told in full without being asked for."""

_NEGLIGIBLE = 0.005

_SHARES = {
    "own": "one sample's own failures",
    "shared": "outages of a model",
    "model": "model calls",
    "tool": "tool calls",
    "setup": "set-ups",
    "scoring": "scorers",
    "step": "pauses between calls",
}


def lines(explained: Explained) -> Iterator[Line]:
    """The whole explanation."""
    head = Text(clean(explained.eval_set_id, 120), "bold").append("  ")
    yield 0, head.append_text(_verdict(explained.verdict, explained.cause))
    if explained.summary:
        yield 2, Text(clean(explained.summary, 1000))
    yield 2, Text(f"As of {clock_of(explained.now)}.", "dim")
    for task in explained.tasks:
        yield from _task(task)
    alone = len(explained.samples) == 1
    in_full = [sample for sample in explained.samples if alone or _is_suspicious(sample)]
    for sample in in_full:
        yield from _sample(sample)
    in_brief = [sample for sample in explained.samples if sample not in in_full]
    yield from _samples_in_brief(in_brief, explained)
    yield 0, Text()
    yield from _knob(explained)


def _is_suspicious(sample: ExplainedSample) -> bool:
    return sample.suspicion >= _SUSPICIOUS or sample.verdict in {Verdict.STUCK, Verdict.DEGRADED}


def _samples_in_brief(samples: Sequence[ExplainedSample], explained: Explained) -> Iterator[Line]:
    if not samples and not explained.left_out:
        return
    yield 0, Text()
    for sample in samples:
        text = Text("Sample ").append(clean(sample.name, 200), "bold").append(": ")
        text.append_text(_verdict(sample.verdict, sample.cause))
        nearest = max(sample.weighings, key=lambda weighing: weighing.suspicion, default=None)
        if nearest is not None:
            text.append(f"; {nearest.cause}: suspicion {suspicion_text(nearest.suspicion)}", "dim")
        yield 2, text
    if explained.left_out:
        yield 2, Text(f"and {count(explained.left_out, 'less suspicious sample')}")
    yield 2, Text("Name one for all of its evidence.", "dim")


def _verdict(verdict: Verdict, cause: Cause | None) -> Text:
    text = Text(VERDICT_WORDS[verdict], STYLES[verdict])
    if cause is not None:
        text.append(f": {cause_words(cause)}").append(f" [{cause}]", "dim")
    return text


def _task(task: ExplainedTask) -> Iterator[Line]:
    if not task.weighings:
        return
    yield 0, Text()
    yield 2, Text("Task ").append(clean(task.task, 100), "bold").append(" itself")
    yield from _weighings(task.weighings)


def _sample(sample: ExplainedSample) -> Iterator[Line]:
    yield 0, Text()
    head = Text("Sample ").append(clean(sample.name, 200), "bold").append(": ")
    yield 2, head.append_text(_verdict(sample.verdict, sample.cause))
    if sample.stuck_since:
        yield 4, Text(f"stuck since {clock_of(sample.stuck_since)}")
    if sample.recent:
        yield 4, Text(f"newest first: {strip(sample.recent)}", "dim")
    for item in sample.evidence:
        yield 4, Text("- ").append(clean(item.text))
    yield from _weighings(sample.weighings)
    if sample.suspicion < _NEGLIGIBLE:
        yield 4, Text("Nothing speaks for a standstill.", "dim")


def _weighings(weighings: Sequence[ExplainedWeighing]) -> Iterator[Line]:
    for weighing in weighings:
        if weighing.suspicion < _NEGLIGIBLE:
            continue
        yield (
            4,
            Text("Weighed: ", "cyan")
            .append(clean(weighing.subject))
            .append(f" [{weighing.cause}]", "dim"),
        )
        for explanation in weighing.explanations:
            yield 6, _against(explanation)
        yield 6, _balance(weighing)
        for change in weighing.change:
            yield 6, Text("- ").append(clean(change))


def _against(explanation: ExplainedExplanation) -> Text:
    return Text(
        f"{clean(explanation.text).removeprefix('chance: ')} [{explanation.name}]: "
        f"{frequency(explanation.weekly)}, tolerated {frequency(explanation.tolerated)}"
    )


def _balance(weighing: ExplainedWeighing) -> Text:
    """Evidence against bound, in the unit that decides."""
    if weighing.limit_seconds is not None:
        lasted = duration(weighing.lasted_seconds or 0.0)
        text = f"it has lasted {lasted} of {duration(weighing.limit_seconds)}"
    else:
        text = f"weight of evidence {weighing.weight:.2f} of {weighing.bound:.2f} (natural log)"
    if not weighing.enough:
        text += "; too few attempts so far to say anything"
    style = "bold red" if weighing.suspicion >= 1 else "green"
    return Text(text).append(f": suspicion {suspicion_text(weighing.suspicion)}", style)


def _knob(explained: Explained) -> Iterator[Line]:
    knob = explained.knob
    yield (
        0,
        Text(
            f"Tolerated per week: false pages {knob.false_pages_per_week:g} "
            "(detection.false_pages_per_week), false warnings "
            f"{knob.false_warnings_per_week:g}."
        ),
    )
    shares = ", ".join(
        f"{_SHARES.get(name, name)} {frequency(share * knob.false_pages_per_week)}"
        for name, share in knob.shares.items()
    )
    yield 2, Text("A suspicion is the evidence over the bound; from 1 on it is stuck.")
    yield 2, Text(f"Of the pages: {shares}.")
    yield (
        2,
        Text(f"Experience: {duration(explained.learned_weeks * WEEK)}, {explained.learned_from}."),
    )
