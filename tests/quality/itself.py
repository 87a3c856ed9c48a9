"""What the run itself tells, by lot: samples that err, and connection slots that tasks share.

Each lot is one eval set through the real fold and judgment, a poll every two minutes, with its
healthy twin. Only what Inspect writes goes in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.world import START, Sample, Weather
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    Connections,
    EndedRead,
    Fact,
    Listing,
    ManifestRead,
    RowsRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause
from watchdog.pipeline.learner import Learner

POLL = 120.0
ERRS = frozenset({Cause.SAMPLE_ERROR, Cause.SANDBOX_ERROR})
HANGS = frozenset({Cause.HUNG_MODEL_CALL, Cause.RUNNER_FROZEN})
ERRORS = (
    "ValueError('no such key')",
    "RuntimeError('helm install failed: timed out waiting for the condition')",
    "TimeoutError('command timed out')",
    "K8sError('error executing command in pod: container not found')",
)


@dataclass
class Heard:
    """What a person hears of one lot, against the truth."""

    onset: float | None
    """Since when there is something to be told; None in a healthy twin, and before it begins."""
    causes: frozenset[Cause]
    """What it may be called."""
    others: bool = True
    """Whether what has another cause is told wrongly; else it is left alone."""
    heard_at: float | None = None
    wrong: list[str] = field(default_factory=list)
    """What was told though it isn't so."""

    @property
    def delay(self) -> float | None:
        """Seconds from the onset until it was told; None where nobody heard of it."""
        both = self.heard_at is not None and self.onset is not None
        return (self.heard_at or 0.0) - (self.onset or 0.0) if both else None

    def take(self, judged: EvalSetJudgment, now: float) -> None:
        """A poll's verdict, as the messages have it."""
        for incident in correlate([judged], now):
            if incident.cause in self.causes and self.onset is not None:
                self.heard_at = self.heard_at or now
            elif incident.cause in self.causes or self.others:
                self.wrong.append(f"{incident.severity} {incident.cause}")


def erring(number: int, *, sick: bool, hours: float = 4.0) -> Heard:
    """A task whose samples err from some instant on: most of them, or one in twenty at most."""
    random = Random(f"erring {number}")
    onset = START + random.uniform(0.2, 1.5) * HOUR
    share = random.uniform(0.6, 1.0) if sick else random.uniform(0.0, 0.05)
    error, length = random.choice(ERRORS), math.exp(random.uniform(math.log(120), math.log(900)))
    at_once, total = random.randint(3, 8), 2000
    queue = [START] * at_once
    ends: list[SampleSummary] = []
    for sample in range(total):
        began = min(queue)
        queue.remove(began)
        ended = began + length * math.exp(random.gauss(0, 0.5))
        errs = ended > onset and random.random() < share
        queue.append(ended)
        ends.append(
            SampleSummary(
                SampleKey(str(sample), 1),
                f"u{sample}",
                began,
                completed_at=ended,
                completed=True,
                error=error if errs else None,
            )
        )
    spec = TaskSpec("task", "id", "acme/model", START, total, fail_on_error=False)
    heard = Heard(onset if sick else None, ERRS)
    return polled(heard, {"a.eval": spec}, _summaries(ends), hours)


def _summaries(ends: list[SampleSummary]) -> Callable[[float, float], Iterator[Fact]]:
    def facts(before: float, now: float) -> Iterator[Fact]:
        over = tuple(e for e in ends if before < (e.completed_at or 0.0) <= now)
        if over:
            yield EndedRead("set", "a.eval", over)
        running = (e for e in ends if (e.started_at or 0.0) <= now < (e.completed_at or 0.0))
        entries = tuple(SampleSummary(e.key, e.uuid, e.started_at) for e in running)
        yield ManifestRead("set", "a.eval", entries)

    return facts


def sharing_slots(number: int, *, sick: bool, hours: float | None = None) -> Heard:
    """Two tasks of one process: the samples of one hold all slots with long calls, the other waits.

    For an hour and more nobody writes, until a slot gets free. Sick: none ever does.
    """
    random = Random(f"slots {number}")
    slots = random.randint(2, 6)
    hours = hours or (12.0 if sick else 1.3)
    model = Model("acme/model", 1, Lengths(5400, 0.05), 0.0)
    fleet = Fleet("slots", 1, slots, slots, 1e6, (model,), Lengths(2, 0.3), (), ())
    calm = Weather(random, (), 1.0, hours * HOUR)
    holders = [
        Sample(SampleKey(str(n), 1), f"h{n}", model, START + n, Random(n + number), calm, fleet)
        for n in range(slots)
    ]
    for sample in holders if sick else ():
        sample.trouble = (START, math.inf, "model", "")
    spec = TaskSpec(
        "one",
        "id1",
        model.name,
        START,
        slots,
        connections=Connections(slots, slots, slots),
        run_id="r",
    )
    other = TaskSpec(
        "two", "id2", model.name, START, 2, connections=Connections(slots, slots, slots), run_id="r"
    )

    def facts(before: float, now: float) -> Iterator[Fact]:
        if before == START:
            entries = tuple(SampleSummary(s.key, s.uuid, s.started_at) for s in holders)
            yield ManifestRead("set", "a.eval", entries)
            waits = tuple(SampleSummary(SampleKey(str(n), 1), f"w{n}", START) for n in range(2))
            yield ManifestRead("set", "b.eval", waits)
        for sample in holders:
            rows = sample.rows(now)
            if rows:
                yield RowsRead("set", "a.eval", sample.key, tuple(rows))

    heard = Heard(START if sick else None, HANGS)
    return polled(heard, {"a.eval": spec, "b.eval": other}, facts, hours)


def polled(
    heard: Heard,
    specs: dict[str, TaskSpec],
    facts: Callable[[float, float], Iterator[Fact]],
    hours: float,
) -> Heard:
    """What is heard of one eval set until it is told, or to the end.

    Args:
        heard: takes it.
        specs: its tasks by their logs.
        facts: what is new between two instants, but for the reading itself.
        hours: how long it is looked at.
    """
    state = fold(EvalSetState("set"), Listing("set", tuple(specs)))
    for log, spec in specs.items():
        state = fold(state, SpecRead("set", log, spec, "started"))
    learner, limits, now = Learner(), Thresholds(), START
    while now < START + hours * HOUR and heard.heard_at is None:
        before, now = now, now + POLL
        for fact in facts(before, now):
            state = fold(state, fact)
        for log in specs:
            state = fold(state, TaskRead("set", log, now))
        learner.take([state], now)
        heard.take(judge([state], now, limits, 1e9, learned=learner.learned)[0], now)
    return heard
