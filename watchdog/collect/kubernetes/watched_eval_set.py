"""An eval set of the cluster that is watched: its logs, and what was last seen of it."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from watchdog.collect.inspect.logs import LogsSource
from watchdog.collect.source import PollResult
from watchdog.collect.work.jobs import batched
from watchdog.model.cluster import ClusterView, Job, Pod
from watchdog.model.facts import (
    EvalSetRetryLogged,
    Fact,
    LogWriteFailed,
    RetryLogged,
    RunnerErrorLogged,
    SampleDeathLogged,
    TaskProgressLogged,
)
from watchdog.model.verdict import Problem

LOOKED_AT = 100
"""Eval sets that are looked at in one turn of the loop."""


class WatchedEvalSet:
    """An eval set that is watched."""

    def __init__(self, logs: LogsSource | None) -> None:
        self.logs = logs
        self.tasks: set[str] = set()
        self.pods: tuple[str, ...] = ()
        """UIDs of the runners whose logs are read."""
        self.result = PollResult()
        self.fault = ""
        """What went wrong in this program when it was polled last; empty for nothing."""
        self.log_problems: dict[str, Problem] = {}
        """By the pod's uid."""
        self.logs_read_at = float("-inf")
        """When its runners' logs were read last."""
        self._shape: object = None
        self.job: Job | None = None
        """Its newest Job, as it was last seen."""
        self.gone_since: float | None = None
        """When it was first seen to be gone from the cluster."""
        self.seen = False
        """Whether the last look showed something of it."""
        self.doubted_since: float | None = None
        """Since when it is gone together with so many others that this isn't believed."""

    @property
    def log_count(self) -> int:
        """Logs that are followed."""
        return self.logs.count if self.logs is not None else 0

    @property
    def late_since(self) -> float | None:
        """Since when a log of it waits that the last poll did not come to; None for no such log."""
        return self.logs.late_since if self.logs is not None else None

    @property
    def turn(self) -> tuple[float, float]:
        """Who waits longest is read first, then who took the least CPU in the last poll."""
        since = self.late_since
        spent = self.logs.spent if self.logs is not None else 0.0
        return since if since is not None else float("inf"), spent

    def take(self, view: ClusterView) -> None:
        """What the cluster shows now: where a pod or the Job changed, the logs may have too."""
        shape = shape_of(view)
        if self.logs is not None and shape != self._shape and self._shape is not None:
            self.logs.wake()
        self._shape = shape

    def heed(self, fact: Fact) -> None:
        """A runner's log told something: what it is about is read with the next poll."""
        if self.logs is None:
            return
        if isinstance(fact, TaskProgressLogged | RetryLogged | SampleDeathLogged):
            self.logs.wake(fact.task)
        elif isinstance(fact, LogWriteFailed | RunnerErrorLogged | EvalSetRetryLogged):
            self.logs.wake()

    def is_suspicious(self, now: float) -> bool:
        """Whether a verdict in it may turn."""
        return self.logs is not None and self.logs.is_suspicious(now)

    def is_urgent(self, now: float) -> bool:
        """Whether it goes before others where a poll doesn't come to all."""
        return self.logs is not None and self.logs.is_urgent(now)

    def forget_problems(self, pods: Iterable[Pod]) -> None:
        """Only these pods' logs are read."""
        uids = {pod.uid for pod in pods}
        self.log_problems = {uid: one for uid, one in self.log_problems.items() if uid in uids}


async def in_turn(eval_sets: Mapping[str, WatchedEvalSet], now: float) -> list[str]:
    """The order in which eval sets are read in one poll, which may end before all are.

    While a poll comes to all of them, the lightest go first. Where it does not, every other one is
    of those that look suspicious, and nobody waits for ever.
    """
    names = sorted(eval_sets, key=lambda name: eval_sets[name].turn)
    if all(one.late_since is None for one in eval_sets.values()):
        return names
    parts: tuple[list[str], list[str]] = [], []
    for some in batched(names, LOOKED_AT):
        for name in some:
            parts[not eval_sets[name].is_urgent(now)].append(name)
        await asyncio.sleep(0)
    return [name for pair in zip_longest(*parts) for name in pair if name is not None]


def shape_of(view: ClusterView) -> object:
    """What of a view tells that its logs may have changed: its runners and its Jobs."""
    runners = ((p.uid, p.phase, sum(c.restarts for c in p.containers)) for p in view.runners)
    return frozenset(runners), frozenset((job.uid, job.finished) for job in view.jobs)
