"""How calls of models went, for tests: one is out, one fails a little, one is well, one idle."""

from tests.builders.snapshots import NOW
from watchdog.model.model_calls import (
    LATENCY_WINDOWS,
    WINDOWS,
    CallCount,
    CallSeconds,
    FleetCalls,
    ModelCalls,
)


def calls(model, shares=((0, 3), (30, 100), (4000, 400)), back_off=0, **more):
    """Of one model; `shares`: well and failed of each window."""
    counts = tuple(
        CallCount(seconds, min(seconds, 2400.0), ok, failed)
        for seconds, (ok, failed) in zip(WINDOWS, shares, strict=True)
    )
    latency = tuple(CallSeconds(seconds, 40, 2.4, 95.1) for seconds in LATENCY_WINDOWS)
    usual = {"last_ok_at": NOW - 300, "last_failed_at": NOW - 20, "samples": 25}
    return ModelCalls(model, in_back_off=back_off, counts=counts, latency=latency, **usual | more)


WELL = ((120, 0), (1500, 0), (36_000, 0))


def fleet_calls(*models):
    """Of a fleet that is watched since 40 minutes."""
    usual = (
        calls("openai/gpt-4o", back_off=25),
        calls("anthropic/claude-sonnet-4-20250514", ((120, 1), (1500, 7), (36_000, 20))),
        calls("google/gemini-2.5-pro", WELL),
        calls("vllm/qwen", ((0, 0), (0, 0), (10, 0)), samples=0),
    )
    return FleetCalls(models or usual, NOW - 2400)
