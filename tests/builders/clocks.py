"""Clocks of a test's own, for what is bounded in time."""

from collections.abc import Callable

import pytest

from watchdog.collect.inspect import task_reads
from watchdog.collect.inspect.task_log import TaskLog


def slow_reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """A clock for the reads of polls: each read of a log takes a second of it, all else nothing."""
    read, now = TaskLog.poll, 0.0

    async def read_slowly(*arguments) -> None:
        nonlocal now
        now += 1.0
        await read(*arguments)

    def clock() -> float:
        return now

    monkeypatch.setattr(TaskLog, "poll", read_slowly)
    monkeypatch.setattr(task_reads, "clock", clock)
    return clock
