"""Facts and states of many tasks in memory, from what real readers find in such buffers."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from tests.performance.load.buffers import Shape
from tests.performance.load.events import new_id
from tests.performance.load.fleets import Fleet, fleet
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.targets import open_target
from watchdog.config.s3 import S3
from watchdog.model.facts import Fact, Listing, SpecRead
from watchdog.model.state import EvalSetState
from watchdog.pipeline.folding import Folding

PATTERNS = 48


def facts(size: int, shape: Shape, now: float, patterns: int = PATTERNS) -> list[Fact]:
    """What a source says of so many tasks at `now`, in eval sets as the shape has it.

    So many patterns are read; the rest are the same facts of tasks of other names.
    """
    alone = dataclasses.replace(shape, tasks_per_set=1)
    originals = list(read(fleet(min(size, patterns), alone, now), now).values())
    chance = random.Random(1)  # noqa: S311
    made: list[Fact] = []
    for group, begin in enumerate(range(0, size, shape.tasks_per_set)):
        name = f"eval-{group:05d}"
        numbers = range(begin, min(size, begin + shape.tasks_per_set))
        logs = {n: f"2026-11-28T18-38-34+00-00_task-{n}_{new_id(chance)}.eval" for n in numbers}
        made.append(Listing(name, tuple(logs.values())))
        for number, log in logs.items():
            made += _renamed(originals[number % len(originals)], name, log, number)
    return made


def _renamed(found: list[Fact], eval_set_id: str, log: str, number: int) -> Iterator[Fact]:
    for fact in found:
        if isinstance(fact, SpecRead):
            spec = replace(fact.spec, task=f"task-{number}", task_id=log[-27:-5])
            yield replace(fact, eval_set_id=eval_set_id, log=log, spec=spec)
        else:
            yield replace(fact, eval_set_id=eval_set_id, log=log)  # type: ignore[call-arg]


def folded(found: list[Fact]) -> list[EvalSetState]:
    """The states that these facts amount to, as the service folds them."""

    async def fold_all() -> Folding:
        folding = Folding(lambda name: EvalSetState(name, source="store"))
        for fact in found:
            folding.take(fact)
        await folding.settle()
        return folding

    return list(asyncio.run(fold_all()).states.values())


def states(size: int, shape: Shape, now: float) -> list[EvalSetState]:
    """The states of so many tasks at `now`."""
    return folded(facts(size, shape, now))


def read(made: Fleet, now: float) -> dict[str, list[Fact]]:
    """What the service's own source reads of a fleet in a directory: by log, what it says of it."""
    with tempfile.TemporaryDirectory(prefix="watchdog-load-") as folder:
        for task in made.tasks:
            for key, data in task.objects().items():
                write(Path(folder), key, data, now)
        found = asyncio.run(_read(folder, now))
    by_log: dict[str, list[Fact]] = {}
    for fact in found:
        log = getattr(fact, "log", None)
        if log is not None:
            by_log.setdefault(log, []).append(fact)
    return by_log


async def _read(folder: str, now: float) -> list[Fact]:
    found: list[Fact] = []
    source, _ = open_target(folder, S3(), LogsOptions())
    result = await source.poll(now, found.append)
    await source.aclose()
    assert not result.problems, result.problems[:3]
    return found


def write(root: Path, key: str, data: bytes, now: float) -> None:
    """Write a file as an object that was stored at `now`."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (now, now))
