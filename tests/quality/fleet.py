"""A fleet at work: eval sets begin and end, samples come and go, trouble is handed out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from tests.quality.fleets import HOUR, Fleet
from tests.quality.world import KILLED_AFTER, START, WEEK, Kind, Sample, Weather, drawn, moments
from watchdog.model.facts import (
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

LOG = "log.eval"
POLL = 300.0
"""Seconds between two polls; the service's are 30 s apart."""


@dataclass
class EvalSet:
    """One eval set with one task."""

    name: str
    sampler: Iterator[Sample]
    running: dict[SampleKey, Sample] = field(default_factory=dict)
    left: int = 0
    begun: bool = False


@dataclass(frozen=True)
class Injection:
    """Trouble of one sample: when, for how long, of what kind, with which error."""

    at: float
    seconds: float
    kind: Kind
    error: str


class Works:
    """All that runs. `turn` is what a poll finds."""

    def __init__(self, fleet: Fleet, seed: int, weeks: float) -> None:
        self.fleet = fleet
        self.horizon = weeks * WEEK
        self._random = Random(f"{fleet.name} {seed}")
        skies = dict.fromkeys(map(fleet.sky, fleet.models))
        weather = {
            sky: Weather(self._random, fleet.outages, 1 / len(skies), self.horizon) for sky in skies
        }
        self._weather = {model.name: weather[fleet.sky(model)] for model in fleet.models}
        self._injections = sorted(self._planned(), key=lambda each: -each.at)
        self._blind = [
            (at, at + self._random.uniform(600, 2 * HOUR))
            for at in moments(self._random, fleet.gaps, self.horizon)
        ]
        self.begun = 0
        self.eval_sets: list[EvalSet] = [self._new_set(START) for _ in range(fleet.eval_sets)]

    def polls(self) -> Iterator[float]:
        """The instants of the polls, with gaps in which the watchdog sees nothing."""
        at = START + POLL
        while at < START + self.horizon:
            if not any(since <= at < until for since, until in self._blind):
                yield at
            at += POLL

    def turn(self, now: float) -> Iterator[tuple[str, list[Fact] | None]]:
        """What is new in each eval set; None for one that has ended."""
        self._hand_out(now)
        for place, eval_set in enumerate(self.eval_sets):
            yield eval_set.name, self._facts(eval_set, now)
            if not eval_set.running and not eval_set.left:
                yield eval_set.name, None
                self.eval_sets[place] = self._new_set(now)

    def samples(self) -> Iterator[tuple[str, Sample]]:
        """Everything that runs, with its eval set."""
        for eval_set in self.eval_sets:
            for sample in eval_set.running.values():
                yield eval_set.name, sample

    def _planned(self) -> Iterator[Injection]:
        fleet, random = self.fleet, self._random
        for trouble in fleet.own:
            for at in moments(random, trouble.per_week, self.horizon):
                yield Injection(at, drawn(random, trouble.lengths), "own", trouble.error)
        stuck: tuple[tuple[Kind, float], ...] = (
            ("failing", fleet.stuck_failing),
            ("model", fleet.stuck_model),
            ("tool", fleet.stuck_tool),
        )
        for kind, per_week in stuck:
            for at in moments(random, per_week, self.horizon - KILLED_AFTER):
                error = random.choices(("500", "429", "timeout"), (7, 2, 1))[0]
                yield Injection(at, float("inf"), kind, error)

    def _hand_out(self, now: float) -> None:
        while self._injections and self._injections[-1].at <= now:
            injection = self._injections.pop()
            free = [sample for _, sample in self.samples() if sample.trouble is None]
            if free:
                chosen = self._random.choice(free)
                until = now + injection.seconds
                chosen.trouble = (now, until, injection.kind, injection.error)

    def _new_set(self, now: float) -> EvalSet:
        self.begun += 1
        name = f"set-{self.begun}"
        model = self._random.choices(self.fleet.models, [m.weight for m in self.fleet.models])[0]
        random = Random(self._random.random())

        def samples() -> Iterator[Sample]:
            number = 0
            started = now
            while True:
                number += 1
                yield Sample(
                    SampleKey(str(number), 1),
                    f"{name}-{number}",
                    model,
                    started,
                    Random(random.random()),
                    self._weather[model.name],
                    self.fleet,
                )
                started = self._now

        self._now = now
        return EvalSet(name, samples(), left=random.randint(1, 2 * self.fleet.samples))

    def _facts(self, eval_set: EvalSet, now: float) -> list[Fact]:
        self._now = now
        facts: list[Fact] = [] if eval_set.begun else self._beginning(eval_set)
        eval_set.begun = True
        rows = {key: sample.rows(now) for key, sample in eval_set.running.items()}
        facts += [RowsRead(eval_set.name, LOG, key, tuple(r)) for key, r in rows.items() if r]
        ended = [sample for sample in eval_set.running.values() if sample.over(now)]
        if ended:
            facts.append(EndedRead(eval_set.name, LOG, tuple(_summary(s, now) for s in ended)))
            for sample in ended:
                del eval_set.running[sample.key]
        if self._fill(eval_set) or ended:
            running = tuple(
                SampleSummary(s.key, s.uuid, s.started_at) for s in eval_set.running.values()
            )
            facts.append(ManifestRead(eval_set.name, LOG, running))
        facts.append(TaskRead(eval_set.name, LOG, now))
        return facts

    def _beginning(self, eval_set: EvalSet) -> list[Fact]:
        first = next(eval_set.sampler)
        eval_set.running[first.key] = first
        total = eval_set.left
        eval_set.left -= 1
        spec = TaskSpec("task", "id", first.model.name, first.started_at, total)
        running = (SampleSummary(first.key, first.uuid, first.started_at),)
        return [
            Listing(eval_set.name, (LOG,)),
            SpecRead(eval_set.name, LOG, spec, "started"),
            ManifestRead(eval_set.name, LOG, running),
        ]

    def _fill(self, eval_set: EvalSet) -> bool:
        added = False
        while eval_set.left and len(eval_set.running) < self.fleet.concurrent:
            sample = next(eval_set.sampler)
            eval_set.running[sample.key] = sample
            eval_set.left -= 1
            added = True
        return added


def _summary(sample: Sample, now: float) -> SampleSummary:
    killed = sample.stuck
    return SampleSummary(
        sample.key,
        sample.uuid,
        sample.started_at,
        completed_at=now if killed else sample.ended_at,
        completed=True,
        cancelled=killed,
    )
