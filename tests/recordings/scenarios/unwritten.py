"""Logs that can't be written for a while: the evaluation goes on, its store only looks frozen."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Reply, turns
from tests.recordings.scenarios.kinds import Instant, Scenario, agents

_FROM, _TO = 30 * MINUTE, 4 * HOUR
_WELL = ("progressing",)


def _works(call: Call) -> Reply:
    """Work for ever; sample 3 ends while nothing can be written, sample 2 soon after that."""
    end = {"3": 2 * HOUR, "2": _TO + 2 * MINUTE}.get(call.sample, 1e9)
    return turns(call, 0 if call.at > end else 10_000, pause=40)


LOG_UNWRITABLE = Scenario(
    name="log_unwritable",
    description="All samples work. From the 30th minute on the log directory can't be written to, "
    "for three hours and a half: each sync of the buffer fails, and what the store shows are calls "
    "that were pending then. After that it can be written to again, and everything is there: of "
    "what runs at the next step, of sample 3, which ended meanwhile, once sample 2 ends.",
    tasks=agents("mmlu", 1, 2, 3),
    script=_works,
    onset="none",
    rates=((10, 60), (35 * MINUTE, 600), (_TO - 3 * MINUTE, 60)),
    unwritable=((_FROM, _TO),),
    instants=(
        Instant(25 * MINUTE, _WELL),
        Instant(32 * MINUTE, ("unknown", *_WELL), (None, "log_write_failed"), note="early"),
        Instant(40 * MINUTE, ("unknown",), ("log_write_failed",)),
        Instant(1.5 * HOUR, ("unknown",), ("log_write_failed",)),
        Instant(3.5 * HOUR, ("unknown",), ("log_write_failed",), note="sample 3 has ended"),
        Instant(_TO + 10 * MINUTE, _WELL, note="all was written since"),
    ),
)

LOG_SYNC_FAILED_ONCE = Scenario(
    name="log_sync_failed_once",
    description="All samples work. In the 30th minute, and in the 50th, the log directory can't be "
    "written to for a moment: a sync fails, and the next one works.",
    tasks=agents("mmlu", 1, 2),
    script=lambda call: turns(call, 10_000, pause=40),
    onset="none",
    rates=((10, 60),),
    logger="hawk",
    unwritable=((30 * MINUTE, 30 * MINUTE + 45), (50 * MINUTE, 50 * MINUTE + 45)),
    instants=(
        Instant(32 * MINUTE, _WELL),
        Instant(45 * MINUTE, _WELL),
        Instant(52 * MINUTE, _WELL),
    ),
)

SCENARIOS = (LOG_UNWRITABLE, LOG_SYNC_FAILED_ONCE)
