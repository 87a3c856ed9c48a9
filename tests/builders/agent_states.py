"""States of simulated agents, through the real reader and the real fold."""

from __future__ import annotations

from tests.builders.agent_buffers import BEGAN, MODEL, AgentBuffer
from watchdog.collect.inspect.buffer_reader import Buffer
from watchdog.model.facts import SpecRead, TaskRead, TaskSpec
from watchdog.model.state import EvalSetState
from watchdog.pipeline.folding import Folding

LIMIT = 1 << 30


async def read(
    tasks: int, samples: int, events: int, every: float = 12.0
) -> tuple[dict[str, EvalSetState], list[Buffer]]:
    """Read so many tasks, each in an eval set of its own."""
    folding, buffers = Folding(EvalSetState), []
    for number in range(tasks):
        name, log = f"eval-set-{number:05d}", f"2026-11-20T07-00-00_agents_{number:05d}.eval"
        store = AgentBuffer(number, samples, events, every)
        buffer = Buffer(store, f"{name}/.buffer/{log}", name, log, LIMIT)  # type: ignore[arg-type]
        spec = TaskSpec("agents", f"task-{number}", MODEL, BEGAN, samples)
        folding.take(SpecRead(name, log, spec, "started"))
        await buffer.refresh()
        buffer.emit_manifest(folding.take)
        await buffer.read_rows(folding.take)
        folding.take(TaskRead(name, log, BEGAN, BEGAN))
        buffer._store = None  # type: ignore[assignment]  # made up content is not kept
        buffers.append(buffer)
    await folding.settle()
    return folding.states, buffers
