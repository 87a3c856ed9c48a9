"""Moments of an eval set's life, drawn by lot: where it stands, and how it is deleted then."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.control_plane.hawk import HawkEvalSet
from tests.control_plane.hawk_plan import Sample
from tests.control_plane.stages import HOLD

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
NUMBER = 2 if IN_CI else 10
LOT = 586
"""The same moments each time; the first two differ in stage and way."""

OLDER = "Job of the older layout"
UNINSTALL = "helm uninstall"
BY_HAND = "namespaces by hand"
WAYS = (UNINSTALL, BY_HAND, OLDER)
LONGEST_WATCH = 8
ONE = (Sample("1", "x"),)


@dataclass(frozen=True)
class Stage:
    """Where an eval set stands: what its store holds, and what the cluster shows."""

    name: str
    recording: tuple[str, int] | None = None
    """The recording and the instant that lie in the store."""
    plan: dict[str, Any] = field(default_factory=dict)
    kueue: bool = False
    bring: Callable[[HawkEvalSet], None] = lambda _: None


STAGES = (
    Stage("held back by Kueue", plan={"samples": ()}, kueue=True),
    Stage("before the first log", plan={"samples": ()}),
    Stage("sandbox set up", ("hung_setup", 0), {"samples": ONE, "sandbox_fate": HOLD}),
    Stage("samples run", ("slow_but_healthy", 1), {"samples": ONE}),
    Stage("samples wait for slots", ("slot_wait", 2), {"samples": ONE}),
    Stage("a tool runs for long", ("long_tool_ok", 0), {"samples": ONE}),
    Stage("attempts fail now and then", ("flaky_429", 1), {"samples": ONE}),
    Stage(
        "runner evicted",
        ("slow_but_healthy", 1),
        {"samples": ONE},
        bring=lambda eval_set: eval_set.evict_runner(),
    ),
)


@dataclass(frozen=True)
class Moment:
    """When and how."""

    stage: Stage
    way: str
    watched: int
    """Turns between its beginning and its deletion."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.stage.name}, {self.way}, after {self.watched}"


def moments() -> list[Moment]:
    """Draw them: no stage is deleted twice in the same way. The older layout knows no Kueue."""
    lot = random.Random(LOT)  # noqa: S311 - no secret
    pairs = [
        (stage, way)
        for stage, way in itertools.product(STAGES, WAYS)
        if not (stage.kueue and way == OLDER)
    ]
    drawn = [Moment(*pair, lot.randint(1, LONGEST_WATCH)) for pair in lot.sample(pairs, 10)]
    return drawn[:NUMBER]
