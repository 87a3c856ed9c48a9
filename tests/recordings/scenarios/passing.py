"""What must never alert, watched at its worst moments."""

from __future__ import annotations

from tests.recordings.acts import MINUTE, Act, Call, Fail, Hang, Reply, spread, turns
from tests.recordings.scenarios.kinds import Scenario, agents, healthy, part

SAME_RATE = ((10, 60),)


# back-off that still has a fair chance
def _short_outage(call: Call) -> Reply | Fail:
    if 10 * MINUTE <= call.at < 20 * MINUTE:
        return Fail("500", after=spread(call, 0.5, 3), onset=False)
    return turns(call, 200, pause=60)


LONG_BACKOFF_OK = Scenario(
    name="long_backoff_ok",
    description="For ten minutes every call fails; then the provider is back, and the samples are "
    "silent in their back-off until it ends.",
    tasks=agents("backoff", 1, 2, 3, 4),
    script=_short_outage,
    onset="none",
    rates=SAME_RATE,
    instants=healthy(9, 12, 15, 18, 20, 22, 24, 26, 30, 40, causes=(None, "api_server_error")),
)


# bursts
def _bursts(call: Call) -> Reply | Fail:
    if call.at % (25 * MINUTE) > 18 * MINUTE and spread(call, 0, 1) < 0.85:
        return Fail("429", after=spread(call, 0.5, 2), onset=False)
    return turns(call, 300, low=10, high=30, pause=40)


BURSTS = Scenario(
    name="bursts",
    description="Seven minutes of heavy 429s in every 25, with successes in between.",
    tasks=agents("bursts", 1, 2, 3, 4),
    script=_bursts,
    onset="none",
    rates=SAME_RATE,
    instants=healthy(17, 20, 22, 24, 27, 42, 45, 47, 49, 52, 70, 74, causes=(None, "rate_limited")),
)


# calls that the solver ends itself
def _impatient(call: Call) -> Act:
    return Hang(onset=False) if call.requests % 2 else Reply(20, text="ok")


CANCELLED_CALLS = Scenario(
    name="cancelled_calls",
    description="A solver that gives every model call two minutes and goes on without an answer: "
    "every other call is cancelled.",
    tasks=part("impatient_task", "impatient", 1, 2, 3),
    script=_impatient,
    onset="none",
    rates=SAME_RATE,
    instants=healthy(3, 8, 15, 25, 40),
)


# answers from the cache
CACHE_READS = Scenario(
    name="cache_reads",
    description="After its first call every model call of a sample is answered from Inspect's "
    "cache, for more than an hour; the provider itself would fail.",
    tasks=part("cached_task", "cached", 1, 2),
    script=lambda call: Reply(10, text="ok") if call.at < 5 * MINUTE else Fail("500", onset=False),
    onset="none",
    rates=SAME_RATE,
    instants=healthy(4, 10, 20, 40, 60),
)


# behind others
QUEUED_SAMPLES = Scenario(
    name="queued_samples",
    description="Two slots for eight samples, each of which works for half an hour: most of them "
    "are queued for hours.",
    tasks=agents("queued", *range(1, 9)),
    script=lambda call: turns(call, 6, low=200, high=260, pause=60),
    onset="none",
    eval_args={"max_samples": 2},
    rates=((10, 60), (20 * MINUTE, 150)),
    instants=healthy(10, 40, 70, 100, 118),
)


# slow beside fast
def _mixed(call: Call) -> Reply:
    if call.sample in {"1", "2"}:
        return turns(call, 20, low=20 * MINUTE, high=60 * MINUTE, pause=10)
    return turns(call, 2000, low=5, high=15, pause=60)


SLOW_REASONING_MIXED = Scenario(
    name="slow_reasoning_mixed",
    description="Two samples whose model calls take twenty to sixty minutes each, beside two with "
    "calls of seconds, on the same model.",
    tasks=agents("mixed", 1, 2, 3, 4),
    script=_mixed,
    onset="none",
    rates=((10, 60), (20 * MINUTE, 120)),
    instants=healthy(18, 35, 55, 75, 95, 120, 150, 180),
)


# within its time
def _in_time(call: Call) -> Reply:
    if call.turn == 1 and call.sample == "1":
        return Reply(20, "bash", {"cmd": "sleep 9000", "timeout": 10800}, "Step 2.")
    return turns(call, 200, pause=120)


LONG_TOOL_IN_TIME = Scenario(
    name="long_tool_in_time",
    description="A tool call with a declared limit of three hours works for two and a half, beside "
    "samples whose calls take seconds.",
    tasks=agents("patient", 1, 2, 3),
    script=_in_time,
    onset="none",
    rates=((10, 60), (10 * MINUTE, 240)),
    instants=healthy(9, 40, 70, 100, 130, 150, 160),
)

SCENARIOS = (
    LONG_BACKOFF_OK,
    BURSTS,
    CANCELLED_CALLS,
    CACHE_READS,
    QUEUED_SAMPLES,
    SLOW_REASONING_MIXED,
    LONG_TOOL_IN_TIME,
)
