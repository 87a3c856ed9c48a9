"""Runs that are over."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Fail, Reply, turns
from tests.recordings.scenarios.kinds import (
    Instant,
    Scenario,
    agents,
)

# other ends
CANCELLED = Scenario(
    name="cancelled",
    description="The run is cancelled (SIGINT) after six minutes, in the middle of the work.",
    tasks=agents("hello", 1, 2, 3, 4),
    script=lambda call: turns(call, 100, pause=60),
    onset="none",
    interrupt_at=6 * MINUTE,
    rates=((10, 60),),
    instants=(
        Instant(5 * MINUTE, ("progressing",), note="at work"),
        Instant(10 * MINUTE, ("finished",), note="cancelled"),
        Instant(9 * HOUR, ("finished",), note="cancelled hours ago", frozen=True),
    ),
)


def _too_long(call: Call) -> Reply | Fail:
    if call.turn == 3 and call.sample != "5":
        return Fail("400", onset=False)
    return turns(call, 5)


ERRORED = Scenario(
    name="errored",
    description="Four of five samples end in an error, 400 because the request is too long, at "
    "their fourth call; fail_on_error is off, so the run ends as a success.",
    tasks=agents("long_docs", 1, 2, 3, 4, 5),
    script=_too_long,
    onset="none",
    eval_args={"fail_on_error": False},
    instants=(
        Instant(75, ("progressing", "starting"), note="before the errors"),
        Instant(20 * MINUTE, ("finished",), ("context_length",), note="over"),
    ),
)

FINISHED = Scenario(
    name="finished",
    description="Four samples, all end well.",
    tasks=agents("hello", 1, 2, 3, 4),
    script=lambda call: turns(call, 3),
    onset="none",
    instants=(
        Instant(2 * MINUTE, ("progressing", "starting"), note="at work"),
        Instant(15 * MINUTE, ("finished",), note="over"),
        Instant(5 * HOUR, ("finished",), note="over for hours", frozen=True),
    ),
)

SCENARIOS = (
    CANCELLED,
    ERRORED,
    FINISHED,
)
