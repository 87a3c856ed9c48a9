"""What repeats itself for nothing, and what only looks like it."""

from __future__ import annotations

from tests.recordings.acts import HOUR, MINUTE, Call, Reply, spread
from tests.recordings.scenarios.kinds import Instant, Scenario, healthy, part

# work without progress


def _idle(call: Call) -> Reply:
    after = spread(call, 80, 140)
    number = call.requests
    return {
        "same": Reply(after, "look", {"file": "/notes"}, "Let me look at the notes."),
        "pair": Reply(after, "look", {"file": "/ab"[: 2 + number % 2]}, f"Step {number}."),
        "failing": Reply(after, "mend", {"line": number}, f"Step {number}."),
        "echo": Reply(after, text="I will go on now."),
        "empty": Reply(after, text=""),
        "refused": Reply(after, text="", finish="content_filter"),
        "capped": Reply(after, text=f"It begins with {number}, then", finish="length"),
    }.get(call.sample, Reply(after, text=f"Step {number}."))


WORK_WITHOUT_PROGRESS = Scenario(
    name="work_without_progress",
    description="Every call succeeds, and for hours nothing is achieved in seven of eight samples: "
    "the same call with the same answer, two in turn, calls that all fail, the same answer, empty, "
    "refused and cut-off ones. The eighth works.",
    tasks=part(
        "insistent_task",
        "busy",
        1e9,
        *("same", "pair", "failing", "echo", "empty", "refused", "capped", "fine"),
    ),
    script=_idle,
    onset="none",
    rates=((10, 240),),
    instants=(
        *healthy(20, 40),
        Instant(90 * MINUTE, ("progressing", "degraded"), (None, "no_progress"), note="either way"),
        Instant(3 * HOUR, ("degraded",), ("no_progress",)),
        Instant(4 * HOUR, ("degraded",), ("no_progress",)),
    ),
)


# a good reason for each
DONE = 6.1 * HOUR


def _busy(call: Call) -> Reply:
    number = call.requests
    if call.at > DONE + 3 * MINUTE:
        return Reply(5)
    if call.sample == "poll":
        return Reply(spread(call, 4, 10), "job", {"wait": 60}, "Not yet.")
    if call.sample == "naps":
        names = (("job", {"wait": 90}), ("look", {"file": "/status"}))
        return Reply(spread(call, 4, 10), *names[number % 2], "Not yet.")
    if call.sample == "reread":
        names = (("look", {"file": "/notes"}), ("edit", {"line": number}))
        return Reply(spread(call, 40, 90), *names[number % 2], "Next.")
    text = "I cooperate." if call.sample == "game" else "ANSWER: C"
    return Reply(spread(call, 60, 150), text=text)


POLLING = Scenario(
    name="polling",
    description="The same for six hours, each for a good reason: a tool that waits and asks "
    "whether a job is done, a nap and a look in turn, a file that is read again after each change, "
    "the same move in each round of a game, one question drawn again and again. Then all end well.",
    tasks=part("insistent_task", "patient", DONE, "poll", "naps", "reread", "game", "vote"),
    script=_busy,
    onset="none",
    rates=((10, 300),),
    instants=(
        *healthy(75, 240, 360, verdicts=("progressing",)),
        Instant(DONE + 1.5 * HOUR, ("finished",), note="all ended well"),
    ),
)

SCENARIOS = (WORK_WITHOUT_PROGRESS, POLLING)
