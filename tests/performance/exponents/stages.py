"""The pure stages over one case, each as work that can be done again and again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from tests.performance.exponents.cost import Work
from tests.performance.load.buffers import Shape
from tests.performance.load.states import facts, folded
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.model.facts import TaskRead
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.notify.decide import decide
from watchdog.notify.deliver import Recipients, record
from watchdog.notify.ledger.database import open_ledger
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.folding import Folding
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.model_calls.watch import ModelWatch
from watchdog.surfaces.metrics import Exposition, SelfMetrics
from watchdog.surfaces.schema import encode_report

NOW = 1_795_420_800.0
MAX_AGE = 300.0
POLL = 30.0


@dataclass(frozen=True)
class Stage:
    """One stage's name and work."""

    name: str
    work: Work


def stages(size: int, shape: Shape, patterns: int = 8) -> Iterator[Stage]:
    """All of them over so many tasks of a shape."""
    limits = Thresholds()
    found = facts(size, shape, NOW, patterns)
    yield Stage("fold", lambda: folded(found))
    states = folded(found)
    by_id = {state.eval_set_id: state for state in states}
    again = [replace(fact, at=NOW + POLL) for fact in found if isinstance(fact, TaskRead)]
    yield Stage("fold, nothing new", lambda: _fold_again(by_id, again))
    learner = Learner(limits=limits, watch=ModelWatch())
    learner.take(states, NOW)
    yield Stage("learn", lambda: learner.take(states, NOW))
    learned = learner.learned
    yield Stage("judge", lambda: judge(states, NOW, limits, MAX_AGE, learned=learned))
    judgments = judge(states, NOW, limits, MAX_AGE, learned=learned)
    yield Stage("correlate", lambda: correlate(judgments, NOW))
    yield Stage("evaluate", lambda: evaluate(states, (), NOW, limits, MAX_AGE, learned=learned))
    yield from _told(evaluate(states, (), NOW, limits, MAX_AGE, learned=learned))


def _told(snapshot: Snapshot) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="watchdog-load-") as folder:
        ledger = open_ledger(f"sqlite:///{Path(folder) / 'state.sqlite3'}", NOW, "watch").ledger
        for decision in decide(snapshot, {}, NOW, True):
            record(ledger, decision, snapshot, Recipients(("slack",)))
        opened = ledger.open_incidents()
    yield Stage("decide", lambda: decide(snapshot, {}, NOW, True))
    yield Stage("decide, all open", lambda: decide(snapshot, opened, NOW + POLL, True))
    exposition = Exposition(lambda: snapshot, SelfMetrics())
    yield Stage("render metrics", lambda: exposition.render("text/plain"))
    yield Stage("encode report", lambda: encode_report(snapshot.report))


def _fold_again(states: dict[str, EvalSetState], again: list[TaskRead]) -> None:
    """Fold as the service does in a poll that finds all as it was."""

    async def fold_all() -> None:
        folding = Folding(EvalSetState)
        folding.states = dict(states)
        for fact in again:
            folding.take(fact)
        await folding.settle()

    asyncio.run(fold_all())
