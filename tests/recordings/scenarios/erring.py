"""Samples that end in errors: errors are not progress."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Fail, Reply, spread, turns
from tests.recordings.scenarios.kinds import Instant, Scenario, agents, healthy, part

RUNNING = ("progressing", "starting")
ERRED = ("degraded",)


def _two_turns(call: Call) -> Reply:
    return turns(call, 2, low=20, high=60, pause=20)


SANDBOX_ERRORS = Scenario(
    name="sandbox_errors",
    description="Four of five samples err at the installation of their sandbox, five at a time; "
    "the others work on and end well. fail_on_error is off, so the run ends as a success.",
    tasks=agents("install", *range(1, 61), sandbox="fragile"),
    script=_two_turns,
    eval_args={"max_samples": 5, "fail_on_error": False},
    rates=((10, 40),),
    instants=(
        Instant(6 * MINUTE, ERRED, ("sandbox_error",)),
        Instant(10 * MINUTE, ERRED, ("sandbox_error",)),
        Instant(55 * MINUTE, ("finished",), ("sandbox_error",), note="over, most of it erred"),
    ),
)

SCORER_ERRORS = Scenario(
    name="scorer_errors",
    description="A scorer breaks with a KeyError that quotes 429 and a time-out, for three of four "
    "samples; the model is fine.",
    tasks=part("careless_task", "graded", 4, 48),
    script=_two_turns,
    eval_args={"max_samples": 6, "fail_on_error": False},
    rates=((10, 40),),
    instants=(
        Instant(12 * MINUTE, ERRED, ("sample_error",)),
        Instant(18 * MINUTE, ERRED, ("sample_error",)),
        Instant(55 * MINUTE, ("finished",), ("sample_error",), note="over, most of it erred"),
    ),
)

SOME_ERR = Scenario(
    name="some_err",
    description="Healthy: one of four samples errs in its solver, now and then, the others end "
    "well. Nothing is to be told.",
    tasks=part("flawed_task", "mixed", 4, 9, 48),
    script=_two_turns,
    onset="none",
    eval_args={"max_samples": 6, "fail_on_error": False},
    rates=((10, 40),),
    instants=(
        *healthy(6, 9, 12, 15, 18, 21, verdicts=RUNNING),
        Instant(55 * MINUTE, ("finished",), (None, "sample_error"), note="over, a quarter erred"),
    ),
)

DIES_IN_PLACE = Scenario(
    name="dies_in_place",
    description="Every sample dies in its solver and begins anew in place (retry_on_error), again "
    "and again: no summary ever tells of it, only the runner's log.",
    tasks=part("flawed_task", "dying", 1, 99, 4),
    script=_two_turns,
    eval_args={"retry_on_error": 60, "fail_on_error": False},
    rates=((10, 40),),
    instants=(
        Instant(2 * MINUTE, RUNNING, note="before the first died twice"),
        Instant(20 * MINUTE, ERRED, ("sample_error",)),
        Instant(40 * MINUTE, ERRED, ("sample_error",)),
    ),
)

ATTEMPTS_FAIL = Scenario(
    name="attempts_fail",
    description="The first sandbox that can't be installed fails the task (fail_on_error is on), "
    "and Inspect tries it again, in a new log, five times and more.",
    tasks=agents("attempted", *range(1, 5), sandbox="fragile"),
    script=_two_turns,
    eval_args={"fail_on_error": True, "retry_attempts": 30, "retry_wait": 20},
    rates=((10, 20),),
    instants=(
        Instant(8 * MINUTE, (*ERRED, "stuck"), ("sandbox_error",)),
        Instant(8.25 * MINUTE, (*ERRED, "stuck"), ("sandbox_error",)),
        Instant(8.5 * MINUTE, (*ERRED, "stuck"), ("sandbox_error",)),
    ),
)


def _works_on(call: Call) -> Reply:
    after = spread(call, 20, 60)
    return Reply(after=after, tool="shell", arguments={"cmd": "sleep 20"}, text="I try again.")


SANDBOX_LOST = Scenario(
    name="sandbox_lost",
    description="The sandboxes of two of three samples are there no more: every tool call says so, "
    "the model tries again and again, and its calls succeed.",
    tasks=agents("lost", 1, 2, 3, sandbox="lost"),
    script=_works_on,
    rates=((10, 120),),
    instants=(
        Instant(20 * MINUTE, RUNNING, note="too early to tell"),
        Instant(2 * HOUR, ERRED, ("sandbox_error",)),
    ),
)


def _out_of_credit(call: Call) -> Reply | Fail:
    if call.at >= 5 * MINUTE:
        return Fail("quota", after=spread(call, 0.5, 3))
    return turns(call, 500, pause=60)


QUOTA_USED_UP = Scenario(
    name="quota_used_up",
    description="After five minutes OpenAI answers 429 insufficient_quota to everybody. Inspect "
    "doesn't try such a call again: every sample errs at its next call; fail_on_error is off.",
    tasks=agents("costly", *range(1, 13)),
    script=_out_of_credit,
    eval_args={"max_samples": 4, "fail_on_error": False},
    rates=((10, 60),),
    instants=(
        Instant(4 * MINUTE, RUNNING),
        Instant(20 * MINUTE, ("finished",), ("provider_quota",), note="all of it erred"),
    ),
)

SCENARIOS = (
    SANDBOX_ERRORS,
    SCORER_ERRORS,
    SOME_ERR,
    DIES_IN_PLACE,
    ATTEMPTS_FAIL,
    SANDBOX_LOST,
    QUOTA_USED_UP,
)
