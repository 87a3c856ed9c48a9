"""The recordings at every instant: the watchdog and the simple rules against the truth."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tests.recordings.unpack import expected, names, unpack
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.diagnose.judge import judge
from watchdog.diagnose.simple_rules import SIMPLE_RULES, stuck_by
from watchdog.model.causes import API_CAUSES
from watchdog.model.instants import from_timestamp as seconds
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.verdict import STUCK_VERDICTS, Verdict
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import read_targets

OURS = "watchdog"
DENSE = 16 * 60.0
"""Seconds; a delay means something only where instants lie closer together after the onset."""

Sample = tuple[str, str, int]


@dataclass
class Tally:
    """How one detector did."""

    instants: int = 0
    misses: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    causes: dict[str, bool] = field(default_factory=dict)
    """Where stuck is right and was said: whether the cause is."""
    named: dict[str, bool] = field(default_factory=dict)
    """The same for the samples: exactly these."""
    delays: dict[str, float] = field(default_factory=dict)
    """Seconds from onset to verdict, failing calls in scenarios with instants close together."""

    @property
    def delay(self) -> float | None:
        """The median delay."""
        return median(self.delays.values()) if self.delays else None


@dataclass(frozen=True)
class Said:
    """What a detector says of an instant."""

    stuck: bool
    cause: str | None
    samples: frozenset[Sample]


def recorded(tell: Callable[[str], None]) -> dict[str, Tally]:
    """Judge every instant of every recording."""
    tallies = {name: Tally() for name in (OURS, *SIMPLE_RULES)}
    settings = load({})
    for name in names():
        tell(f"recording {name}")
        with tempfile.TemporaryDirectory() as folder:
            _scenario(name, unpack(name, Path(folder)), settings, tallies)
    return tallies


def _scenario(
    name: str, bundles: list[Path], settings: Settings, tallies: dict[str, Tally]
) -> None:
    truth = expected(name)
    onset = truth.get("onset")
    dense = onset is not None and _is_dense(truth)
    for bundle, instant in zip(bundles, truth["instants"], strict=True):
        at = seconds(instant["captured_at"])
        where = f"{name} {instant['dir']}"
        for detector, said in _judged(bundle, settings):
            tally = tallies[detector]
            _compare(tally, where, instant, said, ours=detector == OURS)
            if dense and said.stuck and at is not None:
                began = seconds(onset)
                tally.delays.setdefault(name, max(0.0, at - began) if began else 0.0)
    if dense:
        _never_found(name, truth, tallies)


def _never_found(name: str, truth: dict[str, Any], tallies: dict[str, Tally]) -> None:
    """Who never spoke counts as if it had at the last instant, which is in its favour."""
    last, began = seconds(truth["instants"][-1]["captured_at"]), seconds(truth["onset"])
    for tally in tallies.values():
        if last is not None and began is not None:
            tally.delays.setdefault(name, last - began)


def _is_dense(truth: dict[str, Any]) -> bool:
    """Failing calls, and instants close together in the first hour after the onset."""
    causes = {cause for instant in truth["instants"] for cause in instant["causes"]}
    began = seconds(truth["onset"]) or 0.0
    after = [seconds(instant["captured_at"]) or 0.0 for instant in truth["instants"]]
    first = [began, *(at for at in after if began < at < began + 3600)]
    gaps = [later - earlier for earlier, later in pairwise(first)]
    return bool(causes & API_CAUSES) and len(gaps) >= 3 and max(gaps) <= DENSE


def _judged(bundle: Path, settings: Settings) -> Iterator[tuple[str, Said]]:
    (read,) = asyncio.run(read_targets([str(bundle)], settings, None, 0.0))
    states = all_states(read.sources)
    learner = Learner(limits=settings.thresholds)
    learner.take(states, read.as_of)
    (judgment,) = judge(
        states, read.as_of, settings.thresholds, float("inf"), learned=learner.learned
    )
    yield OURS, _ours(judgment)
    for name, rule in SIMPLE_RULES.items():
        places = stuck_by(rule, judgment.state, read.as_of)
        tasks = {log: task.spec.task for log, task in judgment.state.tasks.items() if task.spec}
        samples = frozenset((tasks.get(log, log), key.id, key.epoch) for log, key in places)
        yield name, Said(bool(samples), None, samples)


def _ours(judgment: EvalSetJudgment) -> Said:
    samples = frozenset(
        (task.name, sample.key.id, sample.key.epoch)
        for task in judgment.tasks
        for sample in task.stuck()
    )
    return Said(judgment.verdict in STUCK_VERDICTS, judgment.cause, samples)


def _compare(tally: Tally, where: str, truth: dict[str, Any], said: Said, *, ours: bool) -> None:
    allowed = {Verdict(verdict) for verdict in truth["verdicts"]}
    tally.instants += 1
    if allowed <= STUCK_VERDICTS and not said.stuck:
        tally.misses.append(where)
    if said.stuck and not allowed & STUCK_VERDICTS:
        tally.false.append(where)
    if not (said.stuck and allowed <= STUCK_VERDICTS):
        return
    if ours:
        tally.causes[where] = said.cause in truth["causes"]
    if truth["stuck"] is not None:
        named = {(s["task"], s["id"], s["epoch"]) for s in truth["stuck"]}
        tally.named[where] = said.samples == named
