"""Outages of one model by lot: who falls when, of samples that all fail from some instant on.

Calls that were under way when the outage began may still end well, minutes into it: then one sample
has failed a little before another last succeeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from tests.quality.fleet import LOG
from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.world import START, Sample, Weather
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    Listing,
    ManifestRead,
    RowsRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict

BEFORE = 2 * HOUR
"""So long the model works before."""
POLL = 60.0


class Given(Weather):
    """One outage, and nothing else."""

    def __init__(
        self, since: float, until: float, errors: tuple[str, ...], share: float = 1.0
    ) -> None:
        self._since, self._until, self._errors, self._share = since, until, errors, share

    def error(self, random: Random, at: float) -> str | None:
        """So large a share of the attempts that begin in it fails."""
        fails = self._since <= at < self._until and random.random() < self._share
        return random.choice(self._errors) if fails else None


@dataclass
class Course:
    """What came of it."""

    began: float
    running: int
    fell: dict[str, float] = field(default_factory=dict)
    """When each sample was first called stuck."""
    due: dict[str, float] = field(default_factory=dict)
    """When each sample had failed often enough to tell at all."""
    last_ok: float = 0.0
    """When a call of anybody last succeeded."""
    rose: int = 0
    """How often a sample was stuck and then wasn't, in the outage."""


def by_lot(number: int, hours: float, lasts: float = math.inf, share: float = 1.0) -> Course:
    """A drawn outage that lasts so many seconds, looked at for so many hours from its beginning.

    `share` of the attempts fail in it.
    """
    random = Random(f"outage {number}")
    count = random.randint(2, 10)
    began = START + BEFORE + random.uniform(0, 600)
    errors = random.choice([("500",), ("429",), ("timeout",), ("500", "429")])
    typical = math.exp(random.uniform(math.log(6), math.log(900)))
    model = Model("acme/model", 1, Lengths(typical, random.uniform(0.4, 1.0), longest=HOUR), 0.01)
    tools = Lengths(math.exp(random.uniform(math.log(3), math.log(120))), 1.0)
    fleet = Fleet("one", 1, count, count, 1e6, (model,), tools, (), ())
    weather = Given(began, began + lasts, errors, share)
    samples = [
        Sample(
            SampleKey(str(n), 1),
            f"u{n}",
            model,
            START + random.uniform(0, 300),
            Random(random.random()),
            weather,
            fleet,
        )
        for n in range(count)
    ]
    return _watched(samples, began, began + hours * HOUR)


def _watched(samples: list[Sample], began: float, until: float) -> Course:
    state, course = _begun(samples), Course(began, len(samples))
    now = START
    while now < until:
        now += POLL
        for sample in samples:
            rows = sample.rows(now)
            if rows:
                state = fold(state, RowsRead("set", LOG, sample.key, tuple(rows)))
        state = fold(state, TaskRead("set", LOG, now))
        if now > began:
            _look(state, now, course)
    return course


def _begun(samples: list[Sample]) -> EvalSetState:
    spec = TaskSpec("task", "id", samples[0].model.name, START, len(samples))
    entries = tuple(SampleSummary(s.key, s.uuid, s.started_at) for s in samples)
    state = EvalSetState("set")
    for fact in (
        Listing("set", (LOG,)),
        SpecRead("set", LOG, spec, "started"),
        ManifestRead("set", LOG, entries),
    ):
        state = fold(state, fact)
    return state


def _look(state: EvalSetState, now: float, course: Course) -> None:
    (judged,) = judge([state], now, Thresholds(), 1e9)
    for sample in judged.tasks[0].samples:
        name, streak = sample.key.id, sample.state.streak
        course.last_ok = max(course.last_ok, sample.state.last_success_at or 0.0)
        if streak is not None and streak.count >= 4 and streak.independent >= 3:
            course.due.setdefault(name, now)
        if sample.verdict is Verdict.STUCK:
            course.fell.setdefault(name, now)
        elif name in course.fell:
            course.rose += 1
