"""The source for a cluster: finds its eval sets, and joins each with its logs in the store.

The cluster's objects are listed and watched by the cache; a poll looks at what it holds now, polls
the store of each eval set, and reads on in the runners' logs. What the cluster says stays with its
age where the API server is away.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct

from watchdog.collect.inspect.logs import LogsSource
from watchdog.collect.kubernetes.discovery import KINDS, Objects, discover
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.runner_logs import RunnerLogs
from watchdog.collect.place import Place
from watchdog.collect.source import Emit, PollResult
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.facts import ClusterRead, Fact, SpecRead
from watchdog.model.verdict import Problem

RUNNERS_READ = 2
"""Of an eval set's runner pods the newest so many have their logs read: the one at work and the
one that it replaced."""


class ClusterState(Struct, frozen=True):
    """What the cache holds now."""

    objects: Objects
    confirmed_at: float
    """When pods and jobs were last known to be current."""
    listed: bool
    """Whether pods and jobs were listed in full at least once."""
    errors: tuple[ApiError, ...] = ()
    problems: tuple[Problem, ...] = ()
    failures: tuple[str, ...] = ()


class Cache(Protocol):
    """Lists and watches the cluster."""

    async def state(self, now: float) -> ClusterState:
        """What it holds; the first call waits for the first listing, within bounded time."""
        ...

    async def aclose(self) -> None:
        """Stop watching."""
        ...


OpenLogs = Callable[[str], LogsSource | None]
"""The logs of an eval set in the store; None where no store is configured."""


class _EvalSet:
    """An eval set that is watched."""

    def __init__(self, logs: LogsSource | None) -> None:
        self.logs = logs
        self.tasks: set[str] = set()
        self.result = PollResult()
        self.log_problems: tuple[Problem, ...] = ()


class ClusterSource:
    """Implements `Source` over a cluster and a store."""

    name = "kubernetes"

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it joins
        self,
        cache: Cache,
        settings: Kubernetes,
        open_logs: OpenLogs,
        runner_logs: RunnerLogs,
        concurrency: int = 16,
        only: frozenset[str] = frozenset(),
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._open_logs = open_logs
        self._runner_logs = runner_logs
        self._slots = asyncio.Semaphore(concurrency)
        self._only = only
        self._sets: dict[str, _EvalSet] = {}

    async def aclose(self) -> None:
        """Stop watching."""
        await self._cache.aclose()

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """Where a log of an eval set is in the store."""
        eval_set = self._sets.get(eval_set_id)
        logs = eval_set.logs if eval_set is not None else None
        return logs.place_of(eval_set_id, log) if logs is not None else None

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """Look at the cluster, then at every eval set's logs."""
        state = await self._cache.state(now)
        views = self._discover(state)
        self._meet(views)
        leaving = self._leaving(views) if state.listed and not state.errors else frozenset()
        await asyncio.gather(*(self._poll_one(name, views, now, emit) for name in self._sets))
        self._runner_logs.forget(pod.uid for view in views.values() for pod in view.runners)
        result = self._result(state)
        for name in leaving:
            del self._sets[name]
        return result

    def _discover(self, state: ClusterState) -> dict[str, ClusterView]:
        if not state.listed:
            return {}
        views = discover(state.objects, self._settings, state.confirmed_at)
        if not self._only:
            return views
        kinds = frozenset(kind for kind in KINDS if state.objects.knows(kind, ""))
        empty_view = ClusterView(state.confirmed_at, kinds)
        return {name: views.get(name, empty_view) for name in self._only}

    def _meet(self, views: dict[str, ClusterView]) -> None:
        """Watch the eval sets that appeared."""
        for name in views.keys() - self._sets.keys():
            self._sets[name] = _EvalSet(self._open_logs(name))

    def _leaving(self, views: dict[str, ClusterView]) -> frozenset[str]:
        """Those that left are looked at a last time."""
        finished = {name for name, view in views.items() if self._has_ended(name, view)}
        return frozenset((self._sets.keys() - views.keys()) | finished)

    def _has_ended(self, name: str, view: ClusterView) -> bool:
        """Nothing of it is left but its namespace, and its logs are all finished."""
        logs = self._sets[name].logs
        remains = view.jobs or view.runners or view.sandboxes
        return not remains and logs is not None and logs.settled

    async def _poll_one(
        self, name: str, views: dict[str, ClusterView], now: float, emit: Emit
    ) -> None:
        eval_set, view = self._sets[name], views.get(name)
        async with self._slots:
            if view is not None:
                emit(ClusterRead(name, view))
            await self._poll_logs(eval_set, now, emit)
            if view is not None:
                await self._poll_runners(name, eval_set, view, now, emit)

    @staticmethod
    async def _poll_logs(eval_set: _EvalSet, now: float, emit: Emit) -> None:
        if eval_set.logs is None:
            return

        def note(fact: Fact) -> None:
            if isinstance(fact, SpecRead):
                eval_set.tasks.add(fact.spec.task)
            emit(fact)

        eval_set.result = await eval_set.logs.poll(now, note)

    async def _poll_runners(
        self, name: str, eval_set: _EvalSet, view: ClusterView, now: float, emit: Emit
    ) -> None:
        problems = []
        for pod in newest(view.runners):
            try:
                await self._runner_logs.poll(name, pod, eval_set.tasks, now, emit)
            except ApiError as error:
                where = f"log of pod {pod.namespace}/{pod.name}"
                problems.append(Problem(where, f"{error.reason}: {error.text}"))
        eval_set.log_problems = tuple(problems)

    def _result(self, state: ClusterState) -> PollResult:
        results = [eval_set.result for eval_set in self._sets.values()]
        problems = [Problem("kubernetes", f"{e.reason}: {e.text}") for e in state.errors]
        problems += state.problems
        for eval_set in self._sets.values():
            problems += (*eval_set.result.problems, *eval_set.log_problems)
        return PollResult(
            problems=tuple(problems),
            failures=state.failures,
            complete=state.listed and not any(e.reason != "forbidden" for e in state.errors),
            silent=(*((self.name, e.text) for e in state.errors), *self._silent(results)),
            part_failures=tuple(
                ("store", reason) for result in results for reason in result.failures
            ),
            watched=frozenset(self._sets) if state.listed else None,
        )

    @staticmethod
    def _silent(results: Iterable[PollResult]) -> tuple[tuple[str, str], ...]:
        """The store, where listings of it failed."""
        failures = [result for result in results if not result.complete]
        text = failures[0].problems[0].text if failures and failures[0].problems else "no answer"
        return (("store", text),) if failures else ()


def newest(runners: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """The newest runner pods, the oldest of them first."""
    by_age = sorted(runners, key=lambda pod: pod.created_at or 0.0)
    return tuple(by_age[-RUNNERS_READ:])
