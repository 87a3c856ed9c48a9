# ruff: noqa: ARG001, ARG003  (signatures of Inspect)
"""Parts of tasks with agents side by side, commands of the solver, and ends that don't come."""

from __future__ import annotations

import asyncio

import anyio
from inspect_ai import Task
from inspect_ai.agent import Agent, AgentState, agent, run
from inspect_ai.model import ChatMessageUser, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver, use_tools
from inspect_ai.tool import Tool, tool
from inspect_ai.util import (
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    collect,
    sandbox,
    sandboxenv,
)

from tests.recordings.context import CONTEXT
from tests.recordings.parts import QUESTION, QuietSandbox, bash, hang, samples


@agent
def worker(side: str, turns: int) -> Agent:
    """Ask the model again and again, and say on which side it works."""

    async def execute(state: AgentState) -> AgentState:
        for _ in range(turns):
            answer = await get_model().generate(f"{QUESTION} side={side}")
            state.messages.append(answer.message)
        return state

    return execute


@solver
def side_by_side(turns: int) -> Solver:
    """Have two agents work at the same time."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        prompt = [ChatMessageUser(content=QUESTION)]
        await collect(*(run(worker(side, turns), list(prompt)) for side in ("left", "right")))
        return state

    return solve


def team_task(name: str, turns: int, *ids: int | str) -> Task:
    """Build a task in which each sample has two agents side by side."""
    return Task(name=name, dataset=samples(*ids), solver=side_by_side(turns), scorer=includes())


@solver
def commands(lengths: dict[str, tuple[float, ...]]) -> Solver:
    """Ask the model, then have commands run in the sandbox, as an agent in a sandbox does."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        for seconds in lengths[str(state.sample_id)]:
            await get_model().generate(QUESTION)
            await sandbox().exec(["bash", "-c", f"sleep {seconds:g}"])
        return state

    return solve


def commands_task(name: str, lengths: dict[str, tuple[float, ...]]) -> Task:
    """Build a task whose solver has commands run by itself."""
    return Task(
        name=name,
        dataset=samples(*lengths),
        solver=commands(lengths),
        scorer=includes(),
        sandbox="quiet",
    )


class ClingingSandbox(QuietSandbox):
    """A sandbox whose clean-up never ends, for one sample."""

    cleaned = 0

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """Hang at the third clean-up."""
        cls.cleaned += 1
        if cls.cleaned == 3:
            await hang()
        await asyncio.sleep(400)


@sandboxenv(name="clinging")
def clinging() -> type[SandboxEnvironment]:
    """Register the sandbox that isn't taken down."""
    return ClingingSandbox


def clinging_task(name: str, *ids: int | str) -> Task:
    """Build a task of which one sample is not taken down."""
    return Task(
        name=name,
        dataset=samples(*ids),
        solver=[use_tools([bash()]), generate()],
        scorer=includes(),
        sandbox="clinging",
    )


@tool
def survey() -> Tool:
    """Build a tool without a time limit of its own, that can't be cancelled."""

    async def execute(seconds: int) -> str:
        """Survey something.

        Args:
            seconds: How long.
        """
        with anyio.CancelScope(shield=True):
            if seconds < 0:
                CONTEXT.mark("onset")
                await hang()
            await asyncio.sleep(seconds)
        return "done"

    return execute


def limited_task(name: str, limit: int, *ids: int | str) -> Task:
    """Build a task whose samples declare a time limit."""
    return Task(
        name=name,
        dataset=samples(*ids),
        solver=[use_tools([survey()]), generate()],
        scorer=includes(),
        time_limit=limit,
    )
