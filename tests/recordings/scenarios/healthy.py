"""What looks bad and is not."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Fail, Reply, spread, turns
from tests.recordings.scenarios.kinds import (
    Instant,
    Scenario,
    agents,
    part,
)

# many retries, and yet it goes on
BURST = 40 * MINUTE


def _flaky(call: Call) -> Reply | Fail:
    if BURST <= call.at < BURST + 11 * MINUTE and call.sample in ("2", "5"):
        return Fail("429", after=spread(call, 0.5, 2), onset=False)
    if spread(call, 0, 1) < 0.72:
        return Fail("429", after=spread(call, 0.5, 2), onset=False)
    return turns(call, 18, low=8, high=25, pause=100)


FLAKY_429 = Scenario(
    name="flaky_429",
    description="A provider at its rate limit: three of four attempts get 429, hundreds in all, "
    "with successes in between all the time; from minute 40 to 51 samples 2 and 5 have nothing "
    "but failures. All four samples end well.",
    tasks=agents("math", 1, 2, 3, 5),
    script=_flaky,
    onset="none",
    retry_wait=(30, 60),
    rates=((10, 60), (HOUR, 240)),
    instants=(
        Instant(
            20 * MINUTE, ("progressing", "degraded"), (None, "rate_limited"), note="FAIL, OK, FAIL"
        ),
        Instant(
            BURST + 10.5 * MINUTE,
            ("progressing", "degraded"),
            (None, "rate_limited"),
            note="at the end of a run of about 14 failures in 11 minutes",
        ),
        Instant(6 * HOUR, ("finished",), note="it ended well despite hundreds of retries"),
    ),
)


# slow
SLOW_BUT_HEALTHY = Scenario(
    name="slow_but_healthy",
    description="Each model call takes about an hour and returns; eight calls in each of four "
    "samples.",
    tasks=agents("deep_think", 1, 2, 3, 4),
    script=lambda call: turns(call, 7, low=50 * MINUTE, high=70 * MINUTE, pause=30),
    onset="none",
    rates=((10, 300), (3.2 * HOUR, 600)),
    instants=(
        Instant(40 * MINUTE, ("progressing", "starting"), note="the first calls, 40 minutes old"),
        Instant(1.8 * HOUR, ("progressing",)),
        Instant(3.4 * HOUR, ("progressing",)),
        Instant(6 * HOUR, ("progressing",)),
    ),
)


# a person
HUMAN = Scenario(
    name="human",
    description="A person works on the task by hand for hours, in Inspect's human_cli agent.",
    tasks=part("human_task", "baseline", 1),
    script=lambda call: turns(call, 1),
    onset="none",
    rates=((10, 30), (2 * MINUTE, 1200)),
    instants=(
        Instant(30 * MINUTE, ("waiting",)),
        Instant(8 * HOUR, ("waiting",)),
        Instant(30 * HOUR, ("waiting",)),
    ),
)


# slots
SLOT_WAIT = Scenario(
    name="slot_wait",
    description="Two connections for eight samples, healthy calls of 20 minutes: a sample that "
    "waits for its slot is silent for an hour and more.",
    tasks=agents("slots", *range(1, 9)),
    script=lambda call: turns(call, 6, low=19 * MINUTE, high=21 * MINUTE, pause=5),
    onset="none",
    eval_args={"max_connections": 2, "max_samples": 8},
    rates=((10, 300),),
    instants=(
        Instant(15 * MINUTE, ("progressing", "starting")),
        Instant(70 * MINUTE, ("progressing",)),
        Instant(3 * HOUR, ("progressing",)),
        Instant(5 * HOUR, ("progressing",)),
    ),
)


# a second runner
RESTARTED = Scenario(
    name="restarted",
    description="The runner dies after 15 minutes; five minutes later a new one takes the eval "
    "set up; sample 1 was done by then. The old log stays as it was, started, with its buffer.",
    tasks=agents("mmlu", 1, 2, 3),
    script=lambda call: turns(call, 1 if call.sample == "1" else 200, pause=400),
    onset="none",
    restart=(15 * MINUTE, 20 * MINUTE),
    rates=((10, 60), (35.5 * MINUTE, 240)),
    instants=(
        Instant(14 * MINUTE, ("progressing",), note="the first runner"),
        Instant(35 * MINUTE, ("progressing",), note="the second runner, a quarter of an hour old"),
        Instant(90 * MINUTE, ("progressing",), note="the second runner"),
    ),
)


def _long_tool(call: Call) -> Reply:
    if call.turn == 1:
        return Reply(20, "bash", {"cmd": "sleep 10800", "timeout": 14400}, "Step 2.")
    return turns(call, 4)


LONG_TOOL_OK = Scenario(
    name="long_tool_ok",
    description="A tool call with a declared timeout of four hours runs for three, and returns.",
    tasks=agents("re_bench", 1, 2, 3),
    script=_long_tool,
    onset="none",
    rates=((10, 60), (5 * MINUTE, 600), (2.95 * HOUR, 120)),
    instants=(
        Instant(HOUR, ("progressing",), note="the call has run for an hour, its limit is four"),
        Instant(2.9 * HOUR, ("progressing",), note="the call has run for almost three hours"),
        Instant(3.2 * HOUR, ("finished",), note="the call returned, the samples went on and ended"),
    ),
)

SCENARIOS = (
    FLAKY_429,
    SLOW_BUT_HEALTHY,
    HUMAN,
    SLOT_WAIT,
    RESTARTED,
    LONG_TOOL_OK,
)
