"""Samples that wait for a person, and one that only seems to."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Reply, turns
from tests.recordings.scenarios.kinds import Instant, Scenario, all_of, part

_ASKS_AT = 20 * MINUTE


def _asks(call: Call) -> Reply:
    """Samples 1 and 2 want to run Python from some time on; 1 once, and then works on."""
    if call.sample not in {"1", "2"}:
        return turns(call, 6)
    if call.at < _ASKS_AT:
        return turns(call, 1000, pause=60)
    if call.sample == "2" or call.at < 5 * HOUR:
        return Reply(20, "python", {"code": "sleep 30"}, "Let me run this.")
    return turns(call, 0 if call.at > 6 * HOUR else 1000, pause=60)


APPROVAL_AWAITED = Scenario(
    name="approval_awaited",
    description="From the 20th minute on samples 1 and 2 wait for a person, who has to approve "
    "their calls of python. 1's is approved five hours later, and it works on for half an hour and "
    "ends; nobody ever looks at 2's. Samples 3 and 4 ended well. Inspect writes nothing meanwhile, "
    "the runner counts them in .hawk/interactions.json.",
    tasks=part("approved_task", "review", {"1": 5 * HOUR}, 1e9, 1, 2, 3, 4),
    script=_asks,
    onset="none",
    rates=((10, 60), (25 * MINUTE, 900), (5.25 * HOUR, 120), (6.25 * HOUR, 1200)),
    instants=(
        Instant(15 * MINUTE, ("progressing",)),
        Instant(40 * MINUTE, ("waiting",), note="two wait"),
        Instant(3 * HOUR, ("waiting",)),
        Instant(5.2 * HOUR, ("waiting",)),
        Instant(5.6 * HOUR, ("progressing",), note="1 works, 2 waits"),
        Instant(8 * HOUR, ("waiting",), note="2 waits, the others have ended"),
        Instant(20 * HOUR, ("waiting",)),
    ),
)


def _asks_at_once(call: Call) -> Reply:
    """Sample 1 of the first runner asks, that of the second at the time when it freezes."""
    asks = 8 * MINUTE < call.at < 20 * MINUTE or call.at > 45 * MINUTE
    if call.sample == "1" and asks:
        return Reply(20, "python", {"code": "sleep 30"}, "Let me run this.")
    return turns(call, 1000, pause=60)


APPROVAL_OF_A_DEAD_RUNNER = Scenario(
    name="approval_of_a_dead_runner",
    description="Sample 1 waits for a person's approval when its runner dies, which leaves its "
    "count behind. The next runner freezes in the moment in which it is to ask for sample 1's "
    "approval: it too stands between its model's answer and its tool, and only the count's age "
    "tells that nobody is awaited.",
    tasks=part("approved_task", "review", {}, 30 * MINUTE, 1, 2),
    script=_asks_at_once,
    rates=((10, 60),),
    restart=(20 * MINUTE, 25 * MINUTE),
    instants=(
        Instant(18 * MINUTE, ("progressing",), note="1 waits for a person, 2 works"),
        Instant(40 * MINUTE, ("progressing",), note="the second runner"),
        Instant(52 * MINUTE, ("progressing", "stuck"), (None, "runner_frozen"), None),
        Instant(7 * HOUR, ("stuck",), ("runner_frozen",), None, frozen=True),
        Instant(20 * HOUR, ("stuck",), ("runner_frozen",), all_of("review", 1, 2), frozen=True),
    ),
)

SCENARIOS = (APPROVAL_AWAITED, APPROVAL_OF_A_DEAD_RUNNER)
