"""States of many tasks in memory, each folded from what real readers found in such buffers."""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path

from msgspec.structs import replace

from tests.performance.load.buffers import Shape
from tests.performance.load.events import new_id
from tests.performance.load.fleets import Fleet, fleet
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.targets import open_target
from watchdog.config.s3 import S3
from watchdog.model.state import EvalSetState, TaskState
from watchdog.pipeline.source_state import SourceState

PATTERNS = 48


def states(size: int, shape: Shape, now: float, patterns: int = PATTERNS) -> list[EvalSetState]:
    """The states of so many tasks at `now`, in eval sets as the shape has it.

    So many patterns are read and folded; the rest are copies under other names.
    """
    count = min(size, patterns)
    one_each = replace_shape(shape)
    read = folded(fleet(count, one_each, now), now)
    originals = [task for state in read for task in state.tasks.values()]
    chance = random.Random(1)  # noqa: S311
    made: list[EvalSetState] = []
    for group, begin in enumerate(range(0, size, shape.tasks_per_set)):
        numbers = range(begin, min(size, begin + shape.tasks_per_set))
        copies = [_copy(originals[n % len(originals)], n, chance) for n in numbers]
        tasks = {task.log: task for task in copies}
        made.append(replace(read[0], eval_set_id=f"eval-{group:05d}", tasks=tasks))
    return made


def replace_shape(shape: Shape) -> Shape:
    """The same with one task in each eval set."""
    return Shape(shape.samples, shape.events, 1, shape.mood)


def folded(made: Fleet, now: float) -> list[EvalSetState]:
    """What the service's own source reads of a fleet, from a directory."""
    with tempfile.TemporaryDirectory(prefix="watchdog-load-") as folder:
        for task in made.tasks:
            _write(Path(folder), {task.key: task.log_bytes()})
            for number, data in enumerate(task.pattern.segments, 1):
                _write(Path(folder), {task.segment_key(number): data})
            _write(Path(folder), {task.manifest_key: task.manifest_bytes()})
        return asyncio.run(_read(folder, now))


async def _read(folder: str, now: float) -> list[EvalSetState]:
    source, _ = open_target(folder, S3(), LogsOptions())
    state = SourceState(source)
    result = await state.poll(now)
    await source.aclose()
    assert not result.problems, result.problems[:3]
    return list(state.states.values())


def _write(root: Path, objects: dict[str, bytes]) -> None:
    for key, data in objects.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _copy(task: TaskState, number: int, chance: random.Random) -> TaskState:
    """The task under another name, its samples under other ids."""
    log = f"{task.log[:26]}_{number}_{new_id(chance)}.eval"
    samples = {
        key: replace(sample, uuid=new_id(chance)) for key, sample in task.samples.items()
    }
    spec = replace(task.spec, task=f"{task.spec.task}_{number % 40}") if task.spec else None
    return replace(task, log=log, spec=spec, samples=samples)
