"""Parts of a sample judged each: spans, slots of a process, commands, limits, clean-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.recordings.acts import HOUR, MINUTE, Call, Fail, Hang, Reply, spread, turns
from tests.recordings.scenarios.kinds import Instant, Scenario, all_of

if TYPE_CHECKING:
    from inspect_ai import Task


def _team(kind: str, *args: Any) -> Callable[[], list[Task]]:
    def build() -> list[Task]:
        from tests.recordings import teams  # noqa: PLC0415

        return [getattr(teams, kind)(*args)]

    return build


# agents side by side
def _sides(call: Call) -> Reply | Fail | Hang:
    if "side=left" in call.prompt and call.at > 10 * MINUTE:
        if call.sample == "1":
            return Hang()
        if call.sample == "2":
            return Fail("500", after=spread(call, 0.5, 3))
    return Reply(spread(call, 100, 300))


SUB_AGENTS = Scenario(
    name="sub_agents",
    description="Two agents side by side in each sample. Of sample 1 the left one hangs in a "
    "model call, of sample 2 the left one gets nothing but 500s, both from minute 10 on; the "
    "right ones, and both of sample 3, go on.",
    tasks=_team("team_task", "teams", 500, 1, 2, 3),
    script=_sides,
    rates=((10, 60), (15 * MINUTE, 400)),
    instants=(
        Instant(
            14 * MINUTE, ("progressing", "degraded"), (None, "api_server_error"), note="too early"
        ),
        Instant(
            100 * MINUTE,
            ("partially_stuck",),
            ("api_server_error", "hung_model_call"),
            None,
            note="the failures are told by now, the call that hangs perhaps",
        ),
        Instant(
            5 * HOUR,
            ("partially_stuck",),
            ("api_server_error", "hung_model_call"),
            all_of("teams", 1, 2),
        ),
    ),
)


# one pool for the tasks of a process
def _two_tasks() -> list[Task]:
    from tests.recordings.parts import agent_task  # noqa: PLC0415

    return [agent_task("research_1", "a", "b"), agent_task("research_2", "a", "b")]


SHARED_SLOTS = Scenario(
    name="shared_slots",
    description="Two tasks of one process share their model's two connections; calls take 75 "
    "minutes. While one task's calls are under way, the other's samples are silent.",
    tasks=_two_tasks,
    script=lambda call: turns(call, 3, low=70 * MINUTE, high=80 * MINUTE, pause=5),
    onset="none",
    eval_args={"max_connections": 2, "max_tasks": 2},
    rates=((10, 60), (5 * MINUTE, 400)),
    instants=(
        Instant(65 * MINUTE, ("progressing", "starting")),
        Instant(2.3 * HOUR, ("progressing", "starting")),
        Instant(3.5 * HOUR, ("progressing", "starting")),
    ),
)


# commands of the solver itself
SOLVER_COMMANDS = Scenario(
    name="solver_commands",
    description="The solver has commands run in the sandbox by itself: short ones at first, then "
    "one of three to four hours in every sample. Inspect writes each once it has ended.",
    tasks=_team(
        "commands_task",
        "clis",
        {"a": (20.0, 60.0, 4 * HOUR, 30.0), "b": (30.0, 3 * HOUR, 60.0, 60.0)},
    ),
    script=lambda call: Reply(spread(call, 20, 60)),
    onset="none",
    rates=((10, 60), (10 * MINUTE, 600), (2.9 * HOUR, 120), (3.2 * HOUR, 600)),
    instants=(
        Instant(90 * MINUTE, ("progressing", "starting"), note="the commands run"),
        Instant(2.8 * HOUR, ("progressing", "starting"), note="the commands run"),
        Instant(3.9 * HOUR, ("progressing", "starting"), note="one of them runs"),
        Instant(4.5 * HOUR, ("finished",), note="they came back, and all ended well"),
    ),
)


# clean-up
TEARDOWN_HANGS = Scenario(
    name="teardown_hangs",
    description="Clean-up of a sample's sandbox takes seven minutes; that of the third to end "
    "never ends. It is scored by then, and in no log.",
    tasks=_team("clinging_task", "swe", 1, 2, 3, 4),
    script=lambda call: turns(call, 2 + int(call.sample)),
    rates=((10, 60), (20 * MINUTE, 400)),
    instants=(
        Instant(12 * MINUTE, ("progressing", "starting"), note="clean-ups are some minutes old"),
        Instant(3 * HOUR, ("stuck",), ("hung_teardown",), all_of("swe", 3)),
        Instant(6 * HOUR, ("stuck",), ("hung_teardown",), all_of("swe", 3)),
    ),
)


# a limit that is not kept
def _surveys(call: Call) -> Reply:
    if call.turn >= 3:
        return Reply(20)
    seconds = -1 if call.turn == 1 and call.sample in ("a", "b") else 200
    return Reply(20, "survey", {"seconds": seconds}, "Next.")


PAST_TIME_LIMIT = Scenario(
    name="past_time_limit",
    description="The task declares a time limit of 30 minutes a sample. Tool calls of samples a "
    "and b, without a limit of their own, can't be cancelled and never return; c and d end well.",
    tasks=_team("limited_task", "lists", 1800, "a", "b", "c", "d"),
    script=_surveys,
    rates=((10, 60), (20 * MINUTE, 240)),
    instants=(
        Instant(12 * MINUTE, ("progressing", "starting"), note="within the limit"),
        Instant(32 * MINUTE, ("progressing", "starting", "stuck"), (None, "hung_tool_call"), None),
        Instant(50 * MINUTE, ("stuck",), ("hung_tool_call",), all_of("lists", "a", "b")),
        Instant(2 * HOUR, ("stuck",), ("hung_tool_call",), all_of("lists", "a", "b")),
    ),
)


def _slow_surveys(call: Call) -> Reply:
    if call.turn >= 3:
        return Reply(20)
    return Reply(20, "survey", {"seconds": 75 * 60}, "Next.")


WITHIN_TIME_LIMIT = Scenario(
    name="within_time_limit",
    description="The same with a limit of six hours, and tool calls of 75 minutes that return.",
    tasks=_team("limited_task", "lists", 21600, "a", "b"),
    script=_slow_surveys,
    onset="none",
    rates=((10, 60), (5 * MINUTE, 400)),
    instants=(
        Instant(70 * MINUTE, ("progressing", "starting")),
        Instant(3 * HOUR, ("progressing", "starting")),
        Instant(4.5 * HOUR, ("finished",)),
    ),
)

SCENARIOS = (
    SUB_AGENTS,
    SHARED_SLOTS,
    SOLVER_COMMANDS,
    TEARDOWN_HANGS,
    PAST_TIME_LIMIT,
    WITHIN_TIME_LIMIT,
)
