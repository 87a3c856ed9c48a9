"""Trouble watched as it goes on: every few minutes from its beginning until nobody doubts it."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Act, Call, Fail, Hang, Reply, spread, turns
from tests.recordings.scenarios.kinds import (
    Instant,
    Scenario,
    agents,
    all_of,
    failing_from,
    hanging_from,
    healthy,
    part,
)

SAME_RATE = ((10, 60),)
PARTLY = ("partially_stuck",)
EITHER = ("stuck", "partially_stuck")


# one among many
def _hidden(call: Call) -> Act:
    if call.sample == "77" and call.at >= 8 * MINUTE:
        return Fail("500", after=spread(call, 1, 4))
    return turns(call, 400 if call.sample == "77" else 1, low=60, high=110, pause=60)


HIDDEN_AMONG_MANY = Scenario(
    name="hidden_among_many",
    description="One of 500 samples, forty at a time, gets nothing but 500s after 8 minutes; all "
    "others end well within minutes, one after the other.",
    tasks=agents("many", 77, *(number for number in range(1, 501) if number != 77)),
    script=_hidden,
    eval_args={"max_samples": 40, "max_connections": 60},
    rates=((10, 20),),
    instants=(
        *healthy(6, verdicts=("progressing", "starting")),
        *failing_from(
            8 * MINUTE,
            "api_server_error",
            all_of("many", 77),
            worst=EITHER,
            every=10 * MINUTE,
        ),
    ),
)


# it creeps
PHASE = 20 * MINUTE
SUCCEED = (1.0, 0.5, 0.2, 0.05, 0.0)


def _creeping(call: Call) -> Reply | Fail:
    phase = min(int(call.at / PHASE), len(SUCCEED) - 1)
    if spread(call, 0, 1) < SUCCEED[phase]:
        return turns(call, 1000, low=10, high=20, pause=20)
    return Fail("500", after=spread(call, 1, 4), onset=phase == len(SUCCEED) - 1)


FROM_NOTHING = 4 * PHASE
CREEPING = Scenario(
    name="creeping",
    description="The share of attempts that succeed sinks every twenty minutes: all, half, a "
    "fifth, one in twenty, none.",
    tasks=agents("creep", 1, 2, 3, 4),
    script=_creeping,
    rates=SAME_RATE,
    instants=(
        *healthy(10, 25, 30, 35, 45, 50, 55, causes=(None, "api_server_error")),
        *(
            Instant(
                minute * MINUTE,
                ("progressing", "degraded", *EITHER),
                (None, "api_server_error"),
                None,
                "one in twenty succeeds: either way",
            )
            for minute in (70, 79)
        ),
        *(
            Instant(
                FROM_NOTHING + minute * MINUTE,
                ("degraded", "progressing", *EITHER),
                (None, "api_server_error"),
                None,
                "none succeeds, some not for long: either way",
            )
            for minute in (10, 20, 30, 40, 50)
        ),
        Instant(
            FROM_NOTHING + 75 * MINUTE,
            EITHER,
            ("api_server_error",),
            None,
            "none succeeds any more; which of them has waited long enough is open",
        ),
        Instant(
            FROM_NOTHING + 90 * MINUTE,
            ("stuck",),
            ("api_server_error",),
            all_of("creep", 1, 2, 3, 4),
        ),
    ),
)


# the model that grades
def _grader(call: Call) -> Reply | Fail:
    if call.model == "judge-1":
        return Fail("500", after=spread(call, 1, 4))
    return turns(call, 2, pause=30)


GRADER_500 = Scenario(
    name="grader_500",
    description="The solver's model is fine, the model that grades its answers fails with 500 at "
    "every attempt: five samples, all stuck while being scored.",
    tasks=part("judged_task", "graded", 1, 2, 3, 4, 5),
    script=_grader,
    rates=SAME_RATE,
    instants=(
        *healthy(2),
        *failing_from(
            5 * MINUTE, "api_server_error", all_of("graded", 1, 2, 3, 4, 5), worst=EITHER
        ),
    ),
)


# Inspect gives up
RETRIES_WITH_LIMIT = Scenario(
    name="retries_with_limit",
    description="Every call fails after 5 minutes, and the eval allows twelve retries: Inspect "
    "ends the samples by itself, after an hour and a half.",
    tasks=agents("limited", 1, 2),
    script=lambda call: (
        Fail("500", after=spread(call, 1, 3))
        if call.at >= 5 * MINUTE
        else turns(call, 500, pause=60)
    ),
    eval_args={"max_retries": 12, "fail_on_error": False},
    rates=SAME_RATE,
    instants=(
        *healthy(4),
        *failing_from(6 * MINUTE, "api_server_error", all_of("limited", 1, 2), until=76 * MINUTE),
        Instant(130 * MINUTE, ("finished",), ("api_server_error",), note="Inspect gave up"),
    ),
)


# one from the start
def _one_from_the_start(call: Call) -> Reply | Fail:
    if call.sample == "2":
        return Fail("500", after=spread(call, 1, 4))
    return turns(call, 300, pause=90)


NEVER_A_SUCCESS_ONE = Scenario(
    name="never_a_success_one",
    description="One of six samples fails from its very first call on, the others work well.",
    tasks=agents("first", *range(1, 7)),
    script=_one_from_the_start,
    rates=SAME_RATE,
    instants=failing_from(MINUTE, "api_server_error", all_of("first", 2), worst=PARTLY),
)


# rate-limited, one of them
def _refused_one(call: Call) -> Reply | Fail:
    if call.sample == "4" and call.at >= 10 * MINUTE:
        return Fail("429", after=spread(call, 0.5, 2))
    return turns(call, 300, pause=60)


REFUSED_ONE = Scenario(
    name="refused_one",
    description="After ten minutes one of four samples gets 429 at every attempt; the others, on "
    "the same model, work well.",
    tasks=agents("refused", 1, 2, 3, 4),
    script=_refused_one,
    rates=SAME_RATE,
    instants=(
        *healthy(9),
        *failing_from(11 * MINUTE, "rate_limited", all_of("refused", 4), worst=PARTLY),
    ),
)


# everything, from minute ten on
ALL_FAIL = Scenario(
    name="all_529",
    description="After ten minutes the provider is overloaded (529) for everybody, for ever.",
    tasks=agents("overload", 1, 2, 3),
    script=lambda call: (
        Fail("529", after=spread(call, 0.5, 3))
        if call.at >= 10 * MINUTE
        else turns(call, 300, pause=60)
    ),
    model="scripted-anthropic/claude-sonnet-4-0",
    eval_args={"max_tokens": 4096},
    rates=SAME_RATE,
    instants=(
        *healthy(9),
        *failing_from(
            11 * MINUTE, "api_server_error", all_of("overload", 1, 2, 3), until=81 * MINUTE
        ),
    ),
)


# a runner without CPU
def _starved(call: Call) -> Reply | Fail:
    if call.at < 10 * MINUTE:
        return turns(call, 500, pause=60)
    if spread(call, 0, 1) < 0.08:
        return Fail("429", after=spread(call, 0.5, 2))
    return Fail("timeout", after=300)


STARVED_RUNNER = Scenario(
    name="starved_runner",
    description="After ten minutes the runner is starved: almost every attempt ends with the "
    "client's own time-out after 300 s, and now and then one with a real 429.",
    tasks=agents("starved", 1, 2, 3, 4),
    script=_starved,
    rates=SAME_RATE,
    instants=(
        *healthy(9),
        *failing_from(
            12 * MINUTE,
            "client_timeout",
            all_of("starved", 1, 2, 3, 4),
            until=91 * MINUTE,
            every=6 * MINUTE,
        ),
    ),
)


# calls without an end
def _last_hangs(call: Call) -> Act:
    if call.sample == "6" and call.turn == 3:
        return Reply(20, "python", {"code": "hang"}, "Step 4.")
    return turns(call, 6, pause=30)


LAST_SAMPLE_HANGS = Scenario(
    name="last_sample_hangs",
    description="The last of six samples hangs in a tool without a limit; the others are done.",
    tasks=agents("last", *range(1, 7), sandbox="quiet"),
    script=_last_hangs,
    rates=((10, 60), (10 * MINUTE, 900)),
    instants=(
        *hanging_from(
            5 * MINUTE,
            "hung_tool_call",
            all_of("last", 6),
            worst=EITHER,
            late=10 * HOUR,
            every=40 * MINUTE,
        ),
    ),
)


def _past_timeout(call: Call) -> Act:
    if call.sample == "1" and call.turn == 2:
        return Reply(20, "bash", {"cmd": "hang", "timeout": 600}, "Step 3.")
    return turns(call, 300, pause=90)


TOOL_PAST_TIMEOUT = Scenario(
    name="tool_past_timeout",
    description="A tool call with a declared limit of 600 s never returns, while two other samples "
    "work well.",
    tasks=agents("declared", 1, 2, 3),
    script=_past_timeout,
    rates=SAME_RATE,
    instants=hanging_from(
        4 * MINUTE,
        "hung_tool_call",
        all_of("declared", 1),
        worst=PARTLY,
        late=80 * MINUTE,
        soon=15 * MINUTE,
        every=7 * MINUTE,
    ),
)


def _hung_beside(call: Call) -> Act:
    if call.sample == "2" and call.turn >= 3:
        return Hang()
    return turns(call, 300, low=20, high=50, pause=240)


HUNG_BESIDE_BUSY = Scenario(
    name="hung_beside_busy",
    description="One model call of sample 2 never returns, while four other samples go on for "
    "hours with good calls to the same model.",
    tasks=agents("beside", 1, 2, 3, 4, 5),
    script=_hung_beside,
    rates=((10, 60), (15 * MINUTE, 240)),
    instants=hanging_from(
        15 * MINUTE, "hung_model_call", all_of("beside", 2), worst=PARTLY, every=20 * MINUTE
    ),
)

SCENARIOS = (
    HIDDEN_AMONG_MANY,
    CREEPING,
    GRADER_500,
    RETRIES_WITH_LIMIT,
    NEVER_A_SUCCESS_ONE,
    REFUSED_ONE,
    ALL_FAIL,
    STARVED_RUNNER,
    LAST_SAMPLE_HANGS,
    TOOL_PAST_TIMEOUT,
    HUNG_BESIDE_BUSY,
)
