"""The long histories of a store's logs: read on behind the polls, the shortest first."""

import asyncio
import time
from collections.abc import Iterable, Iterator

from watchdog.collect.inspect.task_log import TaskLog
from watchdog.collect.source import Emit
from watchdog.model.verdict import Problem

AT_ONCE = 4
"""Logs whose histories are read side by side, so that the loop has something to do meanwhile."""


async def read_histories(tasks: Iterable[TaskLog], emit: Emit, until: float) -> None:
    """Read on until then (`time.monotonic`), or until none is left or none can be read.

    The shortest first: what is whole sooner helps sooner, and who has too much waits.
    """
    waiting = sorted(((_left(task), n, task) for n, task in enumerate(with_history(tasks))))
    turns = iter(waiting)

    async def read_on() -> None:
        for _, _, task in turns:
            if time.monotonic() >= until:
                return
            await task.read_history(emit, until)

    await asyncio.gather(*(read_on() for _ in range(AT_ONCE)))


def with_history(tasks: Iterable[TaskLog]) -> Iterator[TaskLog]:
    """Those whose older rows aren't all read."""
    return (task for task in tasks if task.history is not None)


def problems(tasks: Iterable[TaskLog], target: str) -> Iterator[Problem]:
    """That verdicts rest on a part of what there is, and on how much."""
    parts = [task.history for task in tasks if task.history is not None]
    if not parts:
        return
    read, total = map(sum, zip(*parts, strict=True))
    logs = "a log" if len(parts) == 1 else f"{len(parts):,} logs"
    yield Problem(
        target,
        f"the history of {logs} is still being read: {100 * read // max(1, total)} % of {total:,} "
        "segments; until then verdicts rest on the newest events, and totals are too low",
    )


def _left(task: TaskLog) -> int:
    read, total = task.history or (0, 0)
    return total - read
