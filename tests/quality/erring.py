"""Samples that err in simulated fleets: what is told, how late, and what is told wrongly.

`python -m tests.quality.erring`: fleets by lot of benchmarks that each have a usual share of
errors, a large one for some; now and then a run breaks, and most of its samples err from then on.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from statistics import median

from msgspec.structs import replace

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.context import JudgingContext
from watchdog.diagnose.erred_days import with_run
from watchdog.diagnose.erring import erring
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.orphans import Orphans
from watchdog.model.facts import SampleKey, TaskSpec
from watchdog.model.learned import Learned
from watchdog.model.state import Ended, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause

LOTS = tuple(range(21, 29))
WEEKS = 12
WEEK = 604_800.0
HABIT = 0.45
"""From which usual share on a benchmark mostly errs."""


@dataclass(frozen=True)
class Benchmark:
    """One task that is run again and again."""

    name: str
    share: float
    """Of its samples that usually err."""
    weekly: float
    samples: int
    seconds: float
    """Between two ends."""


@dataclass(frozen=True)
class Run:
    """One run of it."""

    benchmark: Benchmark
    begins: float
    share: float
    breaks_at: int | None
    """From which end on most samples err; None where the run doesn't break."""


@dataclass
class Told:
    """What was said of one fleet."""

    name: str
    runs: int = 0
    broken: int = 0
    missed: int = 0
    late: list[int] = field(default_factory=list)
    """Ends of samples from the break until it was told."""
    false: int = 0
    """Runs of benchmarks that seldom err, told without a break."""
    habits: dict[str, int] = field(default_factory=dict)
    """How often a benchmark that mostly errs was told."""


def benchmarks(random: Random) -> Iterator[Benchmark]:
    """Of a fleet: most hardly ever err, some do now and then, a few always."""
    for number in range(random.randint(8, 40)):
        kind = random.random()
        if kind < 0.7:
            share = random.betavariate(1, 25)
        elif kind < 0.92:
            share = random.betavariate(4, 16)
        else:
            share = random.uniform(0.55, 0.85)
        yield Benchmark(
            f"b{number}",
            share,
            math.exp(random.uniform(math.log(0.3), math.log(6))),
            round(math.exp(random.uniform(math.log(15), math.log(300)))),
            math.exp(random.uniform(math.log(20), math.log(600))),
        )


def runs(random: Random, breaks: float) -> list[Run]:
    """All runs of a fleet, in order."""
    drawn: list[Run] = []
    for benchmark in benchmarks(random):
        at = random.expovariate(benchmark.weekly) * WEEK
        while at < WEEKS * WEEK:
            share = min(0.95, max(0.0, random.gauss(benchmark.share, 0.05)))
            broken = random.random() < breaks
            since = random.randrange(max(1, benchmark.samples - 10)) if broken else None
            drawn.append(Run(benchmark, at, share, since))
            at += random.expovariate(benchmark.weekly) * WEEK
    return sorted(drawn, key=lambda run: run.begins)


def simulate(lot: int) -> Told:
    """A fleet by lot. The same number gives the same."""
    random = Random(f"erring {lot}")
    told, learned = Told(f"by lot {lot}"), Learned()
    for run in runs(random, random.uniform(0.01, 0.06)):
        task, at = _go(random, run, learned, told)
        learned = replace(with_run(learned, task, at), weeks=at / WEEK, until=at)
    return told


def _go(random: Random, run: Run, learned: Learned, told: Told) -> tuple[TaskState, float]:
    benchmark = run.benchmark
    task = TaskState("log", spec=TaskSpec(benchmark.name, "id", "m", run.begins, benchmark.samples))
    baselines = Baselines(learned, Thresholds())
    told_at = None
    for number in range(benchmark.samples):
        at = run.begins + (number + 1) * benchmark.seconds
        broken = run.breaks_at is not None and number >= run.breaks_at
        errs = random.random() < (0.9 if broken else run.share)
        end = Ended("errored" if errs else "completed", None, at, Cause.SAMPLE_ERROR, error="x")
        counts = {**task.ended_counts, end.state: task.ended_counts.get(end.state, 0) + 1}
        ended = {**task.ended, SampleKey(str(number), 1): end}
        task = replace(task, ended=ended, ended_counts=counts)
        judging = JudgingContext(at, Thresholds(), 90.0, Fleet(()), baselines, Orphans(since={}))
        if told_at is None and erring(judging, task) is not None:
            told_at = number
    _count(run, told_at, told)
    return task, run.begins + benchmark.samples * benchmark.seconds


def _count(run: Run, told_at: int | None, told: Told) -> None:
    told.runs += 1
    habit = run.benchmark.share >= HABIT
    if run.breaks_at is not None and not habit:
        told.broken += 1
        told.missed += told_at is None
        if told_at is not None:
            told.late.append(max(0, told_at - run.breaks_at + 1))
    elif told_at is not None and habit:
        name = run.benchmark.name
        told.habits[name] = told.habits.get(name, 0) + 1
    elif told_at is not None:
        told.false += 1


def row(told: Told) -> str:
    """A line of the table."""
    late = f"{median(told.late):.0f}" if told.late else "-"
    habits = f"{median(told.habits.values()):.0f}" if told.habits else "-"
    return (
        f"| {told.name} | {told.runs} | {told.broken} | {told.missed} | {late} "
        f"| {told.false / WEEKS:.2f} | {habits} |"
    )


def main() -> int:
    """Simulate all; 1 where a goal is missed."""
    everything = [simulate(lot) for lot in LOTS]
    head = (
        "| fleet | runs | broken | missed | ends until told (median) | false warnings a week "
        "| told of a benchmark that always errs (median times) |\n| - | - | - | - | - | - | - |\n"
    )
    sys.stdout.write(head + "\n".join(map(row, everything)) + "\n")
    false = sum(told.false for told in everything) / len(LOTS) / WEEKS
    tolerated = Baselines(Learned(), Thresholds()).error_warnings
    share = sum(told.missed for told in everything) / max(1, sum(t.broken for t in everything))
    sys.stdout.write(f"\nfalse warnings a week: {false:.2f}, tolerated {tolerated:g}; ")
    sys.stdout.write(f"broken runs missed: {share:.1%}\n")
    return int(false > tolerated or share > 0.05)


if __name__ == "__main__":
    sys.exit(main())
