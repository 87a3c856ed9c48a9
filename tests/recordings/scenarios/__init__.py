"""The scenarios by family: what happens in each, when it is recorded, and what is true then."""

from __future__ import annotations

from tests.recordings.scenarios import (
    ended,
    erring,
    failing,
    going_on,
    hanging,
    healthy,
    passing,
    people,
    repeating,
    side_by_side,
    unwritten,
)
from tests.recordings.scenarios.kinds import Instant, Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *failing.SCENARIOS,
    *hanging.SCENARIOS,
    *healthy.SCENARIOS,
    *ended.SCENARIOS,
    *going_on.SCENARIOS,
    *passing.SCENARIOS,
    *people.SCENARIOS,
    *side_by_side.SCENARIOS,
    *repeating.SCENARIOS,
    *erring.SCENARIOS,
    *unwritten.SCENARIOS,
)


def find(name: str) -> Scenario:
    """Give the scenario of that name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


__all__ = ["SCENARIOS", "Instant", "Scenario", "find"]
