"""Calls that fail: for ever, for a while, in one sample, in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.recordings.acts import HOUR, MINUTE, Act, Call, Fail, Reply, spread, turns
from tests.recordings.scenarios.kinds import (
    Instant,
    Scenario,
    agents,
    all_of,
    failing,
)

if TYPE_CHECKING:
    from inspect_ai import Task

# everything fails
THREE = (1, 2, 3)
ALL_500 = Scenario(
    name="all_500",
    description="After 12 minutes of good work every model call of all three samples fails with "
    "500, for ever.",
    tasks=agents("mmlu", *THREE),
    script=failing("500", 12 * MINUTE),
    rates=((10, 60), (30 * MINUTE, 300), (3.5 * HOUR, 900)),
    instants=(
        Instant(10 * MINUTE, ("progressing",), note="healthy"),
        Instant(
            22 * MINUTE,
            ("progressing", "degraded", "starting"),
            (None, "api_server_error"),
            (),
            note="ten minutes of failures: could be a burst",
        ),
        Instant(3.2 * HOUR, ("stuck",), ("api_server_error",), all_of("mmlu", *THREE)),
        Instant(20.2 * HOUR, ("stuck",), ("api_server_error",), all_of("mmlu", *THREE)),
    ),
)

NEVER_A_SUCCESS = Scenario(
    name="never_a_success",
    description="Every model call of all three samples fails with 500 from the first one on. "
    "The OpenAI SDK tries each call three times (its default), and logs that without the error.",
    sdk_retries=None,
    tasks=agents("gpqa", "a", "b", "c"),
    script=failing("500", 0),
    rates=((10, 60), (20 * MINUTE, 300)),
    instants=(
        Instant(
            15 * MINUTE,
            ("starting", "progressing", "degraded"),
            (None, "api_server_error"),
            (),
            note="it began, and it is too early to tell",
        ),
        Instant(4 * HOUR, ("stuck",), ("api_server_error",), all_of("gpqa", *"abc")),
    ),
)


# one fails
def _one_sample(call: Call) -> Reply | Fail:
    if call.sample == "3" and call.at >= 6 * MINUTE:
        return Fail("500", after=spread(call, 1, 4))
    if call.sample == "3":
        return turns(call, 500, pause=60)
    count = {"1": 2, "2": 3, "4": 2}.get(call.sample, 9)
    after = spread(call, 20, 60)
    if call.turn >= count:
        return Reply(after)
    command = {"cmd": f"sleep {spread(call, 2400, 3300):.0f}", "timeout": 7200}
    return Reply(after, "bash", command, f"Step {call.turn + 1}.")


POD_LINE = (
    "2026-11-20 07:40:00,000 - WARNING - k8s_sandbox._pod - sample=5\\n[Nh3kLq swe/5/1 "
    "scripted/gpt-4o] Pod UID mismatch: expected abc123, got def456"
)

ONE_SAMPLE_500 = Scenario(
    name="one_sample_500",
    description="Sample 3 of eight gets 500 at every attempt after six minutes; the others go on "
    "for hours with long tool calls between good model calls, and end well.",
    tasks=agents("swe", *range(1, 9)),
    script=_one_sample,
    rates=((10, 60), (15 * MINUTE, 500)),
    extra_lines=((40 * MINUTE, POD_LINE),),
    instants=(
        Instant(
            9 * MINUTE,
            ("progressing", "degraded"),
            (None, "api_server_error"),
            (),
            note="three minutes of failures in one sample",
        ),
        Instant(
            1.6 * HOUR,
            ("partially_stuck",),
            ("api_server_error",),
            all_of("swe", 3),
            note="the runner log has a Pod UID mismatch of sample 5, which is of no consequence",
        ),
        Instant(5 * HOUR, ("partially_stuck",), ("api_server_error",), all_of("swe", 3)),
        Instant(
            12 * HOUR,
            ("stuck",),
            ("api_server_error",),
            all_of("swe", 3),
            note="all others ended well",
        ),
    ),
)


# an outage that ends
OUTAGE = 10 * MINUTE


def _outage(call: Call) -> Reply | Fail:
    if OUTAGE <= call.at < OUTAGE + 40 * MINUTE:
        error: Literal["500", "connection"] = "500" if call.requests % 3 else "connection"
        return Fail(error, after=spread(call, 0.5, 3))
    return turns(call, 200, pause=60 if call.at < OUTAGE else 540)


OUTAGE_40MIN = Scenario(
    name="outage_40min",
    description="For 40 minutes every model call fails with 500 or a connection error, then the "
    "provider is back; the samples notice it only when their back-off ends.",
    tasks=agents("mmlu", 1, 2, 3),
    script=_outage,
    rates=((10, 60), (15 * MINUTE, 150)),
    instants=(
        Instant(9 * MINUTE, ("progressing",), note="healthy"),
        Instant(
            OUTAGE + 10 * MINUTE,
            ("progressing", "degraded", "starting"),
            (None, "api_server_error", "connection"),
        ),
        Instant(
            OUTAGE + 30 * MINUTE,
            ("progressing", "degraded", "starting", "stuck", "partially_stuck"),
            (None, "api_server_error", "connection"),
            None,
            note="half an hour of failures: either way",
        ),
        Instant(
            OUTAGE + 45 * MINUTE,
            ("progressing", "degraded", "starting", "stuck", "partially_stuck"),
            (None, "api_server_error", "connection"),
            None,
            note="the provider is back, the samples are silent in their back-off",
        ),
        Instant(
            OUTAGE + 100 * MINUTE,
            ("progressing", "degraded"),
            (None, "api_server_error", "connection"),
            note="all samples are at work again",
        ),
    ),
)


# other errors for ever
def _timeouts(call: Call) -> Reply | Fail:
    if call.at < 15 * MINUTE:
        return turns(call, 500, pause=180)
    return Fail("timeout", after=600)


TIMEOUTS = Scenario(
    name="timeouts",
    description="After 15 minutes every attempt of every sample ends with a client timeout after "
    "600 s.",
    tasks=agents("aime", 1, 2),
    script=_timeouts,
    rates=((10, 60), (20 * MINUTE, 600)),
    instants=(
        Instant(14 * MINUTE, ("progressing",), note="healthy"),
        Instant(8.5 * HOUR, ("stuck",), ("client_timeout",), all_of("aime", 1, 2)),
    ),
)

AUTH_401 = Scenario(
    name="auth_401",
    description="After six minutes the key is refused (401), which Inspect doesn't retry: the "
    "samples end in an error, and so does the run.",
    tasks=agents("keys", 1, 2, 3, 4),
    script=failing("401", 6 * MINUTE, pause=90),
    rates=((10, 60),),
    instants=(
        Instant(5 * MINUTE, ("progressing",), note="healthy"),
        Instant(15 * MINUTE, ("finished",), ("auth",), note="over, in an error"),
    ),
)

RATE_LIMITED_FOREVER = Scenario(
    name="rate_limited_forever",
    description="After ten minutes every model call gets 429 from Anthropic, for ever.",
    tasks=agents("limits", 1, 2),
    script=failing("429", 10 * MINUTE, pause=180),
    model="scripted-anthropic/claude-sonnet-4-0",
    eval_args={"max_tokens": 4096},
    logger="hawk",
    rates=((10, 60), (20 * MINUTE, 800)),
    instants=(
        Instant(9 * MINUTE, ("progressing",), note="healthy"),
        Instant(12.2 * HOUR, ("stuck",), ("rate_limited",), all_of("limits", 1, 2)),
    ),
)

CONNECTION = Scenario(
    name="connection",
    description="After ten minutes the provider can't be reached any more, for ever.",
    tasks=agents("offline", 1, 2),
    script=failing("connection", 10 * MINUTE, pause=180),
    rates=((10, 60), (20 * MINUTE, 800)),
    instants=(
        Instant(9 * MINUTE, ("progressing",), note="healthy"),
        Instant(12.2 * HOUR, ("stuck",), ("connection",), all_of("offline", 1, 2)),
    ),
)


# one task of two
def _two_tasks(call: Call) -> Act:
    if call.sample.startswith("a"):
        return failing("500", 10 * MINUTE, pause=120)(call)
    after = spread(call, 20, 60)
    return Reply(after, "bash", {"cmd": "sleep 2700", "timeout": 3600}, f"Step {call.turn + 1}.")


def _two() -> list[Task]:
    from tests.recordings.parts import agent_task  # noqa: PLC0415

    return [agent_task("first", "a1", "a2"), agent_task("second", "b1", "b2")]


TWO_TASKS = Scenario(
    name="two_tasks",
    description="An eval set of two tasks: after ten minutes every model call of the first fails "
    "with 500 for ever, while the second works well for hours (long tool calls).",
    tasks=_two,
    script=_two_tasks,
    rates=((10, 60), (16 * MINUTE, 400)),
    instants=(
        Instant(9 * MINUTE, ("progressing",), note="healthy"),
        Instant(
            4 * HOUR,
            ("partially_stuck",),
            ("api_server_error",),
            all_of("first", "a1", "a2"),
            note="the first task is stuck, the second progresses",
        ),
    ),
)

SCENARIOS = (
    ALL_500,
    NEVER_A_SUCCESS,
    ONE_SAMPLE_500,
    OUTAGE_40MIN,
    TIMEOUTS,
    AUTH_401,
    RATE_LIMITED_FOREVER,
    CONNECTION,
    TWO_TASKS,
)
