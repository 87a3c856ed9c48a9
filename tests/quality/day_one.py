"""Day one by lot: nothing learned, one thing goes wrong in the first hours. How late is it told?

Eval sets, models, tools, and when it happens are drawn; a third of the models are slow reasoners.
What is known besides the store is drawn apart: the runner's log (an HTTP line as each call ends,
and token refreshes), and its CPU. Where nothing goes wrong nothing may be told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.builders.cluster_views import KNOWN, RUNNER, view
from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.world import START, Sample, Weather
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.cluster import ClusterView, PodUsage
from watchdog.model.facts import (
    ClusterRead,
    Fact,
    Listing,
    ManifestRead,
    RowsRead,
    RunnerLogRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.pipeline.learner import Learner

LOG = "log.eval"
POLL = 120.0
HOURS = 10.0
"""So long it is looked at."""

Wrong = Literal["nothing", "model", "tool", "frozen"]
Known = Literal["store", "log", "cpu"]


@dataclass
class Told:
    """What came of one lot."""

    number: int
    wrong: Wrong
    known: Known
    slow: bool
    """Its model is a slow reasoner."""
    onset: float | None = None
    told_at: float | None = None
    false: list[str] = field(default_factory=list)
    """What was called stuck and wasn't."""

    @property
    def delay(self) -> float | None:
        """Seconds from onset to verdict; to the end where it wasn't told. None without onset."""
        if self.onset is None:
            return None
        return (self.told_at or START + HOURS * HOUR) - self.onset


@dataclass
class Runner:
    """One eval set, and what its runner shows of itself."""

    name: str
    samples: list[Sample]
    random: Random
    known: Known
    refreshes: float
    """Seconds between two refreshes of its token, which it logs."""
    frozen_at: float = math.inf
    line_at: float = START

    def facts(self, now: float) -> Iterator[Fact]:
        """What a poll finds new."""
        until = min(now, self.frozen_at)
        for sample in self.samples:
            rows = sample.rows(until)
            if rows:
                yield RowsRead(self.name, LOG, sample.key, tuple(rows))
                ends = [row.completed_at for row in rows if row.kind == "model"]
                self.line_at = max([self.line_at, *(at for at in ends if at is not None)])
        self.line_at = max(self.line_at, START + until - START - (until - START) % self.refreshes)
        yield TaskRead(self.name, LOG, now)
        if self.known == "log":
            yield RunnerLogRead(self.name, self.line_at)
        elif self.known == "cpu":
            yield ClusterRead(self.name, self._view(now))

    def _view(self, now: float) -> ClusterView:
        cores = self.random.uniform(0.0002, 0.05) if now < self.frozen_at else 0.0
        usage = (PodUsage(RUNNER.namespace, RUNNER.name, cores, now),)
        return view(now, usage=usage, known=KNOWN | {"metrics"})

    def begun(self) -> EvalSetState:
        """Its state as it begins."""
        spec = TaskSpec("task", "id", self.samples[0].model.name, START, len(self.samples))
        entries = tuple(SampleSummary(s.key, s.uuid, s.started_at) for s in self.samples)
        state = EvalSetState(self.name)
        for fact in (
            Listing(self.name, (LOG,)),
            SpecRead(self.name, LOG, spec, "started"),
            ManifestRead(self.name, LOG, entries),
        ):
            state = fold(state, fact)
        return state


def lot(number: int, wrong: Wrong, known: Known) -> Told:
    """One fleet on its first day."""
    random = Random(f"day one {number} {wrong} {known}")
    slow = random.random() < 1 / 3
    fleet = _fleet(random, slow)
    runners = [
        _runner(random, fleet, f"set-{n}", known) for n in range(1, random.randint(2, 3) + 1)
    ]
    told = Told(number, wrong, known, slow)
    at = START + random.uniform(0.5, 4) * HOUR
    victim = random.choice(runners)
    if wrong == "frozen":
        victim.frozen_at = told.onset = at
    elif wrong != "nothing":
        random.choice(victim.samples).trouble = (at, math.inf, wrong, "")
    _watch(runners, victim, told)
    return told


def _fleet(random: Random, slow: bool) -> Fleet:
    low, high = (240, 900) if slow else (5, 90)
    typical = math.exp(random.uniform(math.log(low), math.log(high)))
    maker = random.choice(("openai", "anthropic", "google", "maker", "vllm", "openrouter"))
    model = Model(f"{maker}/model-{typical:.0f}", 1, Lengths(typical, random.uniform(0.5, 1)), 0.01)
    tools = Lengths(math.exp(random.uniform(math.log(2), math.log(30))), random.uniform(0.8, 1.4))
    return Fleet("day one", 1, 5, 5, 1e6, (model,), tools, (), ())


def _runner(random: Random, fleet: Fleet, name: str, known: Known) -> Runner:
    (model,) = fleet.models
    calm = Weather(random, (), 1.0, HOURS * HOUR)
    samples = [
        Sample(
            SampleKey(str(n), 1),
            f"{name}-{n}",
            model,
            START + random.uniform(0, 300),
            Random(random.random()),
            calm,
            fleet,
        )
        for n in range(random.randint(2, 8))
    ]
    return Runner(name, samples, Random(random.random()), known, random.uniform(120, 900))


def _watch(runners: list[Runner], victim: Runner, told: Told) -> None:
    limits, learner = Thresholds(), Learner()
    states = {runner.name: runner.begun() for runner in runners}
    now = START
    while now < START + HOURS * HOUR and told.told_at is None:
        now += POLL
        for runner in runners:
            for fact in runner.facts(now):
                states[runner.name] = fold(states[runner.name], fact)
        learner.take(list(states.values()), now)
        onset = min((s.onset for s in victim.samples if s.onset is not None), default=None)
        told.onset = told.onset if told.wrong == "frozen" else onset
        every = judge(list(states.values()), now, limits, 1e9, learned=learner.learned)
        _look(every, now, victim, told)


def _look(every: Iterable[EvalSetJudgment], now: float, victim: Runner, told: Told) -> None:
    stuck_in_truth = {sample.key.id for sample in victim.samples if sample.stuck}
    for judged in every:
        for task in judged.tasks:
            for sample in task.samples:
                if sample.verdict is not Verdict.STUCK:
                    continue
                is_victim = judged.state.eval_set_id == victim.name
                of_it = told.wrong == "frozen" or sample.key.id in stuck_in_truth
                if is_victim and of_it and told.onset is not None and told.onset <= now:
                    told.told_at = told.told_at or now
                else:
                    told.false.append(f"{judged.state.eval_set_id} {sample.key.id} {sample.cause}")


@dataclass(frozen=True)
class DayOne:
    """All lots in which the same went wrong, and the same was known."""

    wrong: Wrong
    known: Known
    fast: list[float]
    """Delays in seconds, in order, where the model isn't a slow reasoner."""
    slow: list[float]
    lots: int
    false: int
    """Lots in which something was called stuck that wasn't."""


KINDS: tuple[tuple[Wrong, Known], ...] = (
    ("model", "store"),
    ("tool", "store"),
    ("frozen", "store"),
    ("frozen", "log"),
    ("frozen", "cpu"),
    ("nothing", "store"),
    ("nothing", "log"),
    ("nothing", "cpu"),
)


FIRST = 100
"""The first lot of the published figures. Those before led to changes in the rules."""


def day_one(lots: int, kind: tuple[Wrong, Known]) -> DayOne:
    """So many lots of one kind."""
    every = [lot(number, *kind) for number in range(FIRST, FIRST + lots)]
    delays = [(one.slow, one.delay) for one in every if one.delay is not None]
    return DayOne(
        *kind,
        fast=sorted(delay for slow, delay in delays if not slow),
        slow=sorted(delay for slow, delay in delays if slow),
        lots=len(every),
        false=sum(bool(one.false) for one in every),
    )
