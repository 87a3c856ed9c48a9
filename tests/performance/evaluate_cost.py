"""What it costs to fold facts and to evaluate what is remembered. Nothing to compare with."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from tests.performance.fleet import TASKS, Recorded
from tests.performance.workers import own_cpu
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.targets import open_target
from watchdog.config.s3 import S3
from watchdog.fold import fold
from watchdog.model.facts import Fact, RowsRead
from watchdog.model.state import RECENT, EvalSetState, Outcome, SampleState, Streak
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner

ROUNDS = 5
MAX_AGE = 300.0
MODEL = "openai/gpt-4o"


@dataclass(frozen=True)
class Thought:
    """Seconds of CPU: of folding so many rows, of evaluating so many tasks' samples once."""

    rows: int
    fold: float
    tasks: int
    samples: int
    evaluate: float
    failing: float
    """The same where every sample is in the middle of a run of failures: all odds are weighed."""
    half: float
    """The same, failing, with half as many tasks."""
    learn: float
    """Learning from the fleet once, when nothing in it is new."""


def measure(task: Recorded) -> Thought:
    """Fold a task's facts, then evaluate two hundred tasks like it, each in an eval set."""
    now = (task.buffer / "manifest.json").stat().st_mtime + 60
    facts = asyncio.run(_facts(task.log.parent, now))
    state = _folded(facts)
    fleet = [replace(state, eval_set_id=f"eval-{number:03d}") for number in range(TASKS)]
    troubled = [_troubled(each, now) for each in fleet]
    limits, learner = Thresholds(), Learner()
    learner.take(fleet, now)
    return Thought(
        rows=sum(len(fact.rows) for fact in facts if isinstance(fact, RowsRead)),
        fold=_median(lambda: _folded(facts)),
        tasks=len(fleet),
        samples=sum(len(one.samples) for each in fleet for one in each.tasks.values()),
        evaluate=_median(lambda: evaluate(fleet, (), now, limits, MAX_AGE)),
        failing=_median(lambda: evaluate(troubled, (), now, limits, MAX_AGE)),
        half=_median(lambda: evaluate(troubled[: TASKS // 2], (), now, limits, MAX_AGE)),
        learn=_median(lambda: learner.take(fleet, now)),
    )


def _troubled(state: EvalSetState, now: float) -> EvalSetState:
    """Every running sample with twelve failures behind it, by Inspect's back-off."""
    tasks = {
        log: replace(
            task, samples={key: _failing(sample, now) for key, sample in task.samples.items()}
        )
        for log, task in state.tasks.items()
    }
    return replace(state, tasks=tasks)


def _failing(sample: SampleState, now: float) -> SampleState:
    instants = [now - 5000 + 3 * 2**number for number in range(12)]
    failed = tuple(Outcome(False, at, Cause.API_SERVER_ERROR, MODEL, f"f{at}") for at in instants)
    streak = Streak(
        count=len(failed),
        first_at=instants[0],
        last_at=instants[-1],
        causes=((Cause.API_SERVER_ERROR, len(failed)),),
        model=MODEL,
        role=None,
        error="Error code: 500",
        call_attempts=len(failed),
        row=sample.last_row,
        independent=9,
    )
    return replace(sample, recent=(*sample.recent, *failed)[-RECENT:], streaks=(streak,))


async def _facts(folder: Path, now: float) -> list[Fact]:
    facts: list[Fact] = []
    source, _ = open_target(str(folder), S3(), LogsOptions())
    await source.poll(now, facts.append)
    await source.aclose()
    return facts


def _folded(facts: list[Fact]) -> EvalSetState:
    state = EvalSetState(facts[0].eval_set_id)
    for fact in facts:
        state = fold(state, fact)
    return state


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_timed(work) for _ in range(ROUNDS))


def _timed(work: Callable[[], object]) -> float:
    before = own_cpu()
    work()
    return own_cpu() - before
