"""One fleet through the real fold, learner, judgment and correlation."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.quality.detectors import Detector, Rules
from tests.quality.fleet import Works
from tests.quality.fleets import FLEETS
from tests.quality.pages import Score, Subject, Truth
from tests.quality.remembered import Remembered

KNOBS = (0.5, 1.0, 5.0)


@dataclass
class Result:
    """What came out of one fleet and seed."""

    fleet: str
    seed: int
    weeks: float
    eval_sets: int = 0
    detectors: dict[float, Score] = field(default_factory=dict)
    warned: dict[float, int] = field(default_factory=dict)
    failing: dict[tuple[int, int], Score] = field(default_factory=dict)
    pending: dict[int, Score] = field(default_factory=dict)
    truths: dict[Subject, Truth] = field(default_factory=dict)


def simulate(name: str, seed: int, weeks: float, knobs: tuple[float, ...] = KNOBS) -> Result:
    """Run it. The same arguments give the same result."""
    works = Works(FLEETS[name], seed, weeks)
    remembered, rules = Remembered(), Rules()
    detectors = [Detector(knob) for knob in knobs]
    result = Result(name, seed, weeks)
    for now in works.polls():
        present = remembered.take(works, now)
        world = {(eval_set, sample.key.id): sample for eval_set, sample in works.samples()}
        for detector in detectors:
            detector.take(now, present, remembered.learned, world)
        rules.take(now, present, world)
        for subject, sample in world.items():
            if sample.onset is not None and sample.kind is not None and sample.onset <= now:
                error = sample.trouble[3] if sample.trouble else ""
                result.truths[subject] = Truth(sample.kind, sample.onset, error, now)
    result.eval_sets = works.begun
    result.detectors = {each.knob: each.score for each in detectors}
    result.warned = {each.knob: each.warned for each in detectors}
    result.failing = {key: pages.score for key, pages in rules.failing.items()}
    result.pending = {key: pages.score for key, pages in rules.pending.items()}
    return result
