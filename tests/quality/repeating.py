"""Work without progress in simulated fleets: what is told, how late, and what is told wrongly.

`python -m tests.quality.repeating`: fleets by lot in which samples loop for ever, loop for a while
and poll. A warning is false where the run passes by itself.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from statistics import median

from tests.quality.detectors import MAX_AGE
from tests.quality.fleet import Works
from tests.quality.fleets import HOUR, MINUTE, Fleet, Lengths, drawn_by_lot
from tests.quality.pages import Subject
from tests.quality.remembered import Remembered
from tests.quality.world import Sample
from watchdog.diagnose.baselines import WARNING_SHARES
from watchdog.diagnose.judge import judge
from watchdog.model.judgment import SampleJudgment
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause

LOTS = (21, 22, 23)
WEEKS = 2.0
LEAST = 20
"""Turns, and an hour: what day one asks for before anything may be said."""
LATE = 30 * MINUTE
"""So long after that it may be said, in the median: polls are five minutes apart, and a turn counts
once the next one began."""


def repeating_by_lot(number: int) -> Fleet:
    """A fleet by lot in which things are done again and again; so much else as to be real."""
    random = Random(f"repeating {number}")
    between = random.uniform
    fleet = drawn_by_lot(number)
    return replace(
        fleet,
        name=f"repeating by lot {number}",
        eval_sets=min(fleet.eval_sets, 12),
        stuck_failing=1.0,
        stuck_model=0.0,
        stuck_tool=0.0,
        loops=between(3, 8),
        dithers=(
            (between(20, 60), Lengths(math.exp(between(math.log(3), math.log(15))) * MINUTE, 1.0)),
            (between(0, 3), Lengths(between(1, 3) * HOUR, 0.5)),
        ),
        polls=((between(5, 30), Lengths(between(1, 4) * HOUR, between(0.5, 0.9))),),
    )


@dataclass
class Told:
    """What was said of one fleet."""

    fleet: str
    weeks: float
    loops: dict[Subject, float] = field(default_factory=dict)
    """Since when samples loop for ever."""
    due: dict[Subject, float] = field(default_factory=dict)
    """When each of them had lasted an hour and 20 turns."""
    found: dict[Subject, float] = field(default_factory=dict)
    """When that was first said of each."""
    false: set[tuple[Subject, float]] = field(default_factory=set)
    """Runs that pass and of which it was said."""
    passed: int = 0
    """Runs that pass, at least so many."""

    @property
    def delays(self) -> list[float]:
        """Seconds from each beginning to when it was said; those that were not found are left."""
        return sorted(at - self.loops[subject] for subject, at in self.found.items())

    @property
    def late(self) -> list[float]:
        """Seconds from when it could have been said at the earliest to when it was."""
        both = self.found.keys() & self.due.keys()
        return sorted(self.found[subject] - self.due[subject] for subject in both)

    @property
    def false_per_week(self) -> float:
        """False warnings per week."""
        return len(self.false) / self.weeks


def run(fleet: Fleet, seed: int, weeks: float) -> Told:
    """Simulate it. The same arguments give the same."""
    works, remembered = Works(fleet, seed, weeks), Remembered()
    told, runs = Told(fleet.name, weeks), set[tuple[Subject, float]]()
    for now in works.polls():
        present = remembered.take(works, now)
        world = {(name, sample.key.id): sample for name, sample in works.samples()}
        for subject, sample in world.items():
            if sample.idle_since is not None and sample.idle_since <= now:
                told.loops.setdefault(subject, sample.idle_since)
                if len(sample.idle_turns) >= LEAST:
                    told.due[subject] = max(sample.idle_since + HOUR, sample.idle_turns[LEAST - 1])
            elif sample.repeats is not None:
                runs.add((subject, sample.repeats[0]))
        for eval_set in judge(present, now, Thresholds(), MAX_AGE, learned=remembered.learned):
            for task in eval_set.tasks:
                for judged in task.samples:
                    if judged.cause is Cause.NO_PROGRESS:
                        _take(told, (eval_set.state.eval_set_id, judged.key.id), judged, world, now)
    told.passed = len(runs - {(subject, since) for subject, since in told.loops.items()})
    return told


def _take(
    told: Told,
    subject: Subject,
    judged: SampleJudgment,
    world: dict[Subject, Sample],
    now: float,
) -> None:
    if world[subject].idle_since is not None:
        told.found.setdefault(subject, now)
    else:
        told.false.add((subject, judged.degraded_since or 0.0))


def table(all_told: list[Told]) -> str:
    """What came out, as Markdown."""
    tolerated = sum(WARNING_SHARES.values()) * Thresholds().false_warnings_per_week
    head = (
        "| fleet | weeks | loops for ever | missed | median delay "
        "| median after 1 h and 20 turns | runs that pass | false warnings a week | tolerated |"
    )
    rows = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for told in all_told:
        delay = median(told.delays) / 60 if told.delays else math.nan
        late = median(told.late) / 60 if told.late else math.nan
        rows.append(
            f"| {told.fleet} | {told.weeks:g} | {len(told.loops)} "
            f"| {len(told.loops) - len(told.found)} | {delay:.0f} min | {late:.0f} min "
            f"| {told.passed} | {told.false_per_week:.2f} | {tolerated:g} |"
        )
    return "\n".join(rows)


def missed_goals(all_told: list[Told]) -> Iterator[str]:
    """What is not as it should be."""
    tolerated = sum(WARNING_SHARES.values()) * Thresholds().false_warnings_per_week
    for told in all_told:
        if len(told.found) < len(told.loops):
            yield f"{told.fleet}: {len(told.loops) - len(told.found)} loops missed"
        if told.false_per_week > tolerated:
            yield f"{told.fleet}: {told.false_per_week:.2f} false warnings a week"
        if told.late and median(told.late) > LATE:
            yield f"{told.fleet}: told {median(told.late) / 60:.0f} min late in the median"


def main() -> int:
    """Measure and print; 1 where a goal is missed."""
    all_told = [run(repeating_by_lot(lot), 1, WEEKS) for lot in LOTS]
    sys.stdout.write(table(all_told) + "\n")
    failed = list(missed_goals(all_told))
    for line in failed:
        sys.stderr.write(f"goal missed: {line}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
