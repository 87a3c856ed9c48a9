"""A target that can't be opened yet: tried again at each poll, while the others are watched."""

import asyncio
from collections.abc import Callable, Sequence

from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.place import Place
from watchdog.collect.source import (
    NOBODY,
    Emit,
    Names,
    PodLog,
    PollResult,
    Recall,
    Source,
    position_of,
    read_history,
    resume_from,
    runner_logs,
)
from watchdog.collect.targets import TargetError
from watchdog.model.cluster import Pod
from watchdog.model.verdict import Problem

REASON = "unopened"
"""The reason of such a failure: a metric's label."""

Open = Callable[[], Source]
"""Opens the target. Raises: TargetError: it isn't there, or there are no credentials for it."""


class UnopenedSource:
    """Implements `Source` over one that is opened as soon as it can be."""

    def __init__(self, name: str, open_it: Open) -> None:
        self.name = name
        self._open = open_it
        self._source: Source | None = None
        self._recall: Recall = lambda _name: None
        self._running: Names = NOBODY

    def open(self) -> TargetError | None:
        """Open it where it can be; why it can't."""
        try:
            if self._source is None:
                self._source = self._open()
                resume_from(self._source, self._recall, self._running)
        except TargetError as error:
            return error
        return None

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """As the source's, once there is one."""
        error = None if self._source is not None else await asyncio.to_thread(self.open)
        if error is not None or self._source is None:
            problem = Problem(self.name, str(error))
            return PollResult((problem,), (REASON,), complete=False, listed=False)
        return await self._source.poll(now, emit)

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """As the source's."""
        return self._source.place_of(eval_set_id, log) if self._source is not None else None

    async def runner_logs(self, eval_set_id: str, pods: Sequence[Pod]) -> tuple[PodLog, ...] | None:
        """As the source's."""
        if self._source is None:
            return None
        return await runner_logs(self._source, eval_set_id, pods)

    def position(self, eval_set_id: str) -> EvalSetPosition | None:
        """As the source's."""
        return position_of(self._source, eval_set_id) if self._source is not None else None

    def resume_from(self, recall: Recall, running: Names = NOBODY) -> None:
        """As the source's, now or once there is one."""
        self._recall, self._running = recall, running
        if self._source is not None:
            resume_from(self._source, recall, running)

    async def read_history(self, emit: Emit, until: float) -> None:
        """As the source's."""
        if self._source is not None:
            await read_history(self._source, emit, until)

    async def aclose(self) -> None:
        """As the source's."""
        if self._source is not None:
            await self._source.aclose()
