"""A fleet at work: eval sets begin and end, samples come and go, trouble is handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.quality.fleets import HOUR, Fleet, Lengths, Model
from tests.quality.world import (
    KILLED_AFTER,
    START,
    WEEK,
    Kind,
    Repeats,
    Sample,
    Weather,
    drawn,
    moments,
)
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
    model: Model
    make: Callable[[int, float], Sample]
    """A sample by its number and its start."""
    created_at: float
    concurrent: int
    left: int
    log: str = LOG
    running: dict[SampleKey, Sample] = field(default_factory=dict)
    number: int = 0
    begun: bool = False

    @property
    def is_over(self) -> bool:
        """Whether all its samples have ended."""
        return not self.running and not self.left

    def facts(self, now: float) -> list[Fact]:
        """What is new in its log."""
        facts: list[Fact] = [] if self.begun else self.beginning()
        self.begun = True
        rows = {key: sample.rows(now) for key, sample in self.running.items()}
        facts += [RowsRead(self.name, self.log, key, tuple(r)) for key, r in rows.items() if r]
        ended = [sample for sample in self.running.values() if sample.over(now)]
        if ended:
            facts.append(EndedRead(self.name, self.log, tuple(_summary(s, now) for s in ended)))
            for sample in ended:
                del self.running[sample.key]
        if self.fill(now) or ended:
            facts.append(ManifestRead(self.name, self.log, self.manifest()))
        facts.append(TaskRead(self.name, self.log, now))
        return facts

    def beginning(self) -> list[Fact]:
        """Its log, with the first sample."""
        spec = self.spec()
        self.start(self.created_at)
        return [
            Listing(self.name, (self.log,)),
            SpecRead(self.name, self.log, spec, "started"),
            ManifestRead(self.name, self.log, self.manifest()),
        ]

    def spec(self) -> TaskSpec:
        """What its log says of the task, at its beginning."""
        return TaskSpec("task", "id", self.model.name, self.created_at, self.left)

    def manifest(self) -> tuple[SampleSummary, ...]:
        """The samples in its buffer."""
        return tuple(SampleSummary(s.key, s.uuid, s.started_at) for s in self.running.values())

    def fill(self, now: float) -> bool:
        """Start what there is room for; whether anything was started."""
        added = False
        while self.left and len(self.running) < self.concurrent:
            self.start(now)
            added = True
        return added

    def start(self, at: float) -> None:
        """The next sample begins."""
        self.number += 1
        self.begin(self.number, at)

    def begin(self, number: int, at: float) -> None:
        """A sample begins."""
        self.left -= 1
        sample = self.make(number, at)
        self.running[sample.key] = sample


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
        self._repeated = sorted(self._planned_repeats(), reverse=True)
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
            yield eval_set.name, eval_set.facts(now)
            if eval_set.is_over:
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

    def _planned_repeats(self) -> Iterator[tuple[float, float, Repeats]]:
        """What is to be done again and again: when, for how long, and how."""
        fleet, random = self.fleet, self._random
        for at in moments(random, fleet.loops, self.horizon - KILLED_AFTER):
            yield at, float("inf"), "loop"
        passing: tuple[tuple[Repeats, tuple[tuple[float, Lengths], ...]], ...] = (
            ("dither", fleet.dithers),
            ("poll", fleet.polls),
        )
        for how, kinds in passing:
            for per_week, lengths in kinds:
                for at in moments(random, per_week, self.horizon):
                    yield at, drawn(random, lengths), how

    def _hand_out_repeats(self, now: float) -> None:
        while self._repeated and self._repeated[-1][0] <= now:
            _, seconds, how = self._repeated.pop()
            free = [s for _, s in self.samples() if s.repeats is None and s.trouble is None]
            if free:
                self._random.choice(free).repeats = (now, now + seconds, how)

    def _hand_out(self, now: float) -> None:
        self._hand_out_repeats(now)
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

        def make(number: int, started_at: float) -> Sample:
            return Sample(
                SampleKey(str(number), 1),
                f"{name}-{number}",
                model,
                started_at,
                Random(random.random()),
                self._weather[model.name],
                self.fleet,
            )

        left = random.randint(1, 2 * self.fleet.samples)
        return EvalSet(name, model, make, now, self.fleet.concurrent, left)


def _summary(sample: Sample, now: float) -> SampleSummary:
    killed = sample.stuck or sample.idle_since is not None
    return SampleSummary(
        sample.key,
        sample.uuid,
        sample.started_at,
        completed_at=now if killed else sample.ended_at,
        completed=True,
        cancelled=killed,
    )
