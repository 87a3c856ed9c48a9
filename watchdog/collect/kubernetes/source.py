"""The source for a cluster: finds its eval sets, and joins each with its logs in the store.

The cluster's objects are listed and watched by the cache; a poll looks at what it holds now, polls
the store of each eval set, and reads on in the runners' logs. What the cluster says stays with its
age where the API server is away.

An eval set that left is looked at a last time. One whose runner died stays for `vanished_kept`: a
TTL and a janitor take its objects within two hours of a death that nobody may have heard of.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.faults import FAULT, Faults
from watchdog.collect.inspect.histories import read_histories
from watchdog.collect.inspect.logs import LogsSource
from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.inspect.turns import Late
from watchdog.collect.kubernetes.discovery import KINDS, Discovered, discover
from watchdog.collect.kubernetes.errors import ApiError, one_line
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.runner_logs import RunnerLogs
from watchdog.collect.kubernetes.unproven import SYSTEM, Unproven, cluster_uid
from watchdog.collect.kubernetes.watched_eval_set import WatchedEvalSet, in_turn
from watchdog.collect.place import Place
from watchdog.collect.source import NOBODY, Emit, Names, PodLog, PollResult, Recall
from watchdog.collect.work.gradual import gathered
from watchdog.collect.work.worker import worker
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.facts import ClusterRead, EvalSetUnreadable, Fact, SpecRead
from watchdog.model.verdict import Problem

MASS_LEAST = 4
"""So many eval sets that vanish at once, and most of those that are watched, are no deletion: a
label selector finds them no more, or a namespace was cleared."""
MASS_SECONDS = 900.0
"""After so many seconds it is believed all the same."""
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
        logs_until: float = float("inf"),
    ) -> None:
        """Args: logs_until: seconds of a poll after which no more runner's log is read."""
        self._cache = cache
        self._settings = settings
        self._open_logs = open_logs
        self._runner_logs = runner_logs
        self._slots = asyncio.Semaphore(concurrency)
        self._only = only
        self._sets: dict[str, WatchedEvalSet] = {}
        self._unproven = Unproven()
        self._cluster_uid = ""
        self._was_occupied = False
        self._began = 0.0
        self._recall: Recall = lambda _name: None
        self._running: Names = NOBODY
        self._logs_until = logs_until
        self._logs_late = 0
        self._faults = Faults(self.name)

    def position(self, eval_set_id: str) -> EvalSetPosition | None:
        """How far an eval set's logs, and its runners', were read."""
        eval_set = self._sets.get(eval_set_id)
        if eval_set is None:
            return None
        logs = eval_set.logs
        position = logs.position(eval_set_id) if logs is not None else EvalSetPosition()
        if position is None:
            return None
        return replace(position, runners=self._runner_logs.positions(eval_set.pods))

    def resume_from(self, recall: Recall, running: Names = NOBODY) -> None:
        """Ask for what is left of each eval set when the cluster first shows it."""
        self._recall, self._running = recall, running

    async def read_history(self, emit: Emit, until: float) -> None:
        """Read on in the long histories of all eval sets, until then (`time.monotonic`)."""
        sources = [one.logs for one in self._sets.values() if one.logs is not None]
        await read_histories([t for logs in sources for t in logs.all_tasks()], emit, until)

    async def aclose(self) -> None:
        """Stop watching."""
        await worker().release()
        await self._cache.aclose()

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """Where a log of an eval set is in the store."""
        eval_set = self._sets.get(eval_set_id)
        logs = eval_set.logs if eval_set is not None else None
        return logs.place_of(eval_set_id, log) if logs is not None else None

    async def runner_logs(self, eval_set_id: str, pods: Sequence[Pod]) -> tuple[PodLog, ...] | None:
        """The ends of the logs of an eval set's newest runners."""
        if eval_set_id not in self._sets:
            return None
        begun = [pod for pod in newest(tuple(pods)) if pod.phase not in {"", "Pending"}]
        return tuple([await self._runner_logs.end_of(pod) for pod in begun])

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """Look at the cluster, then at every eval set's logs."""
        state = self._of_same_cluster(await self._cache.state(now))
        # of a large cluster it takes most of a tenth of a second: a probe is answered meanwhile
        discovered = await asyncio.to_thread(self._discover, state)
        has_namespaces = any(True for _ in state.objects.namespaces)
        self._was_occupied |= bool(discovered.views) or has_namespaces
        views = self._meet(discovered, state, now)
        leaving = (
            self._leaving(discovered.views, now)
            if state.listed and not state.errors
            else frozenset()
        )
        await asyncio.sleep(0)
        self._began, self._logs_late = time.monotonic(), 0
        names = await in_turn(self._sets, now)
        await gathered(self._poll_apart(name, views, now, emit) for name in names)
        # what the store tells comes first: it decides verdicts, and logs only add to it
        runners = [name for name in self._log_order() if name in views]
        await gathered(self._poll_logs_apart(n, views[n], now, emit) for n in runners)
        self._runner_logs.forget(pod.uid for view in views.values() for pod in view.runners)
        await asyncio.sleep(0)
        result = self._result(state, discovered.not_watched, now)
        for name in leaving:
            del self._sets[name]
            self._unproven.forget(name)
        return result

    def _of_same_cluster(self, state: ClusterState) -> ClusterState:
        """Nothing where another cluster answers under the same address."""
        uid = cluster_uid(state.objects.namespaces)
        self._cluster_uid = self._cluster_uid or uid
        if not uid or uid == self._cluster_uid:
            return state
        text = (
            f"another cluster answers: its namespace {SYSTEM} has the UID {uid}, and had "
            f"{self._cluster_uid}; if it was made anew on purpose, restart the watchdog"
        )
        errors = (*state.errors, ApiError("other", 0, one_line(text)))
        return replace(state, listed=False, errors=errors, failures=(*state.failures, "other"))

    def _discover(self, state: ClusterState) -> Discovered:
        if not state.listed:
            return Discovered({})
        discovered = discover(state.objects, self._settings, state.confirmed_at)
        if not self._only:
            return discovered
        empty_view = _empty(state)
        views = {name: discovered.views.get(name, empty_view) for name in self._only}
        return replace(discovered, views=views)

    def _meet(
        self, discovered: Discovered, state: ClusterState, now: float
    ) -> dict[str, ClusterView]:
        """Watch the eval sets that appeared; what is seen of all that are watched, now."""
        views = dict(discovered.views)
        for name in views.keys() - self._sets.keys():
            self._sets[name] = self._begin(name)
        gone = self._sets.keys() - views.keys() if state.listed else set()
        doubted = self._doubted(gone, now)
        if state.listed and not state.errors:
            self._unproven.look(discovered.views, gone, state.objects, now)
        for name in gone - doubted - set(self._unproven.names()):
            departed = discovered.departed.get(name, ())
            views[name] = replace(_empty(state), departed=departed)
        for name, view in views.items():
            self._sets[name].job = view.job_after(self._sets[name].job)
        return views

    def _begin(self, name: str) -> WatchedEvalSet:
        eval_set, resumed = WatchedEvalSet(self._open_logs(name)), self._recall(name)
        if resumed is not None:
            self._runner_logs.resume(resumed.position.runners)
            specs = (task.spec for task in resumed.state.tasks.values())
            eval_set.tasks.update(spec.task for spec in specs if spec is not None)
            if eval_set.logs is not None:
                eval_set.logs.resume_from(lambda _name: resumed, self._running & {name})
        return eval_set

    def _doubted(self, gone: Set[str], now: float) -> set[str]:
        """Those whose absence isn't believed yet, as too many vanished at once."""
        watched = [name for name, eval_set in self._sets.items() if eval_set.seen]
        new = [name for name in gone if self._sets[name].seen]
        if len(new) >= MASS_LEAST and 2 * len(new) > len(watched):
            for name in new:
                self._sets[name].doubted_since = now
        for name in self._sets:
            self._sets[name].seen = name not in gone
        return {name for name in gone if self._is_doubted(name, now)}

    def _is_doubted(self, name: str, now: float) -> bool:
        since = self._sets[name].doubted_since
        return since is not None and now - since < MASS_SECONDS

    def _leaving(self, views: dict[str, ClusterView], now: float) -> frozenset[str]:
        """Those that left are looked at a last time, and those that died for longer."""
        finished = {name for name, view in views.items() if self._has_ended(name, view)}
        gone = self._sets.keys() - views.keys()
        for name, eval_set in self._sets.items():
            if name not in gone:
                eval_set.gone_since = eval_set.doubted_since = None
            elif eval_set.gone_since is None:
                eval_set.gone_since = now
        left = {
            name
            for name in gone
            if name not in self._unproven
            and not self._is_doubted(name, now)
            and not self._stays(name, now)
        }
        return frozenset(left | finished)

    def _stays(self, name: str, now: float) -> bool:
        """Whether its runner died, and its objects were taken away not long ago."""
        eval_set = self._sets[name]
        if eval_set.job is None or not eval_set.job.finished:
            return False
        if eval_set.logs is None or eval_set.logs.settled:
            return False
        gone_since = eval_set.gone_since if eval_set.gone_since is not None else now
        return now - gone_since < self._settings.vanished_kept

    def _has_ended(self, name: str, view: ClusterView) -> bool:
        """Nothing of it is left but its namespace, and its logs are all finished."""
        logs = self._sets[name].logs
        remains = view.jobs or view.runners or view.sandboxes
        return not remains and logs is not None and logs.settled

    async def _poll_apart(
        self, name: str, views: dict[str, ClusterView], now: float, emit: Emit
    ) -> None:
        """As `_poll_one`; a fault of the program in one eval set costs the others nothing."""
        eval_set = self._sets[name]
        try:
            await self._poll_one(name, views, now, emit)
        except Exception as error:  # noqa: BLE001
            eval_set.fault = self._faults.note(error)
            # what was late in an earlier poll is no longer counted: nothing of it was tried
            eval_set.result = replace(eval_set.result, unfinished=False, late=0, lag=0.0)
            emit(EvalSetUnreadable(name, now, eval_set.fault))
        else:
            eval_set.fault = ""

    async def _poll_logs_apart(self, name: str, view: ClusterView, now: float, emit: Emit) -> None:
        """As `_poll_runners`; likewise. What the store tells of it still counts."""
        try:
            await self._poll_runners(name, view, now, emit)
        except Exception as error:  # noqa: BLE001
            self._sets[name].fault = self._faults.note(error)

    async def _poll_one(
        self, name: str, views: dict[str, ClusterView], now: float, emit: Emit
    ) -> None:
        eval_set, view = self._sets[name], views.get(name)
        async with self._slots:
            if view is not None:
                emit(ClusterRead(name, view))
                eval_set.take(view)
            await self._poll_logs(eval_set, now, emit, self._began)

    @staticmethod
    async def _poll_logs(eval_set: WatchedEvalSet, now: float, emit: Emit, began: float) -> None:
        if eval_set.logs is None:
            return

        def note(fact: Fact) -> None:
            if isinstance(fact, SpecRead):
                eval_set.tasks.add(fact.spec.task)
            emit(fact)

        eval_set.logs.poll_began(began)
        eval_set.result = await eval_set.logs.poll(now, note)

    def _log_order(self) -> list[str]:
        """Eval sets as their runners' logs are read: those that were read the longest ago first."""
        return sorted(self._sets, key=lambda name: self._sets[name].logs_read_at)

    async def _poll_runners(self, name: str, view: ClusterView, now: float, emit: Emit) -> None:
        eval_set = self._sets[name]
        pods = newest(view.runners)
        eval_set.pods = tuple(pod.uid for pod in pods)
        urgent = eval_set.is_suspicious(now)
        readable = pods if self._settings.logs else ()
        due = [pod for pod in readable if self._runner_logs.is_due(pod, now, urgent=urgent)]
        if not due:
            eval_set.forget_problems(pods)
            return
        async with self._slots:
            if time.monotonic() - self._began >= self._logs_until:
                self._logs_late += 1
                return
            eval_set.logs_read_at = now
            for pod in due:
                await self._poll_runner(name, pod, now, emit, urgent=urgent)
        eval_set.forget_problems(pods)

    async def _poll_runner(
        self, name: str, pod: Pod, now: float, emit: Emit, *, urgent: bool
    ) -> None:
        eval_set, logs = self._sets[name], self._runner_logs
        eval_set.log_problems.pop(pod.uid, None)

        def note(fact: Fact) -> None:
            emit(fact)
            eval_set.heed(fact)

        try:
            await logs.poll(name, pod, eval_set.tasks, now, note, urgent=urgent)
        except ApiError as error:
            where = f"log of pod {pod.namespace}/{pod.name}"
            eval_set.log_problems[pod.uid] = Problem(where, f"{error.reason}: {error.text}")

    def _result(self, state: ClusterState, not_watched: int, now: float) -> PollResult:
        results = [eval_set.result for eval_set in self._sets.values()]
        problems = [Problem("kubernetes", f"{e.reason}: {e.text}") for e in state.errors]
        problems += state.problems
        doubted = [n for n, one in self._sets.items() if not one.seen and one.doubted_since]
        if doubted:
            problems.append(_mass(len(doubted), len(self._sets)))
        faulty = [name for name, eval_set in self._sets.items() if eval_set.fault]
        problems += [Problem(name, self._sets[name].fault) for name in faulty]
        for eval_set in self._sets.values():
            problems += (*eval_set.result.problems, *eval_set.log_problems.values())
        late = _late(results, sum(eval_set.log_count for eval_set in self._sets.values()))
        problems += self._late_problems(late, now)
        return PollResult(
            problems=tuple(problems),
            failures=(*state.failures, *(FAULT for _ in faulty)),
            complete=state.listed and not any(e.reason != "forbidden" for e in state.errors),
            silent=(*((self.name, e.text) for e in state.errors), *self._silent(results)),
            part_failures=tuple(
                ("store", reason) for result in results for reason in result.failures
            ),
            watched=frozenset(self._sets) if state.listed else None,
            occupied=state.listed and self._was_occupied,
            unfinished=any(result.unfinished for result in results),
            not_watched=not_watched,
            late=late.count,
            lag=late.seconds,
        )

    def _late_problems(self, late: Late, now: float) -> list[Problem]:
        """What this poll did not come to, and why."""
        problems = [Problem("kubernetes.store", late.text)] if late.count else []
        if self._logs_late:
            text = f"logs of {self._logs_late:,} runners are read later: buffers go first"
            problems.append(Problem("kubernetes", text))
        if seconds := self._runner_logs.paused(now):
            text = f"no runner's log is read for {seconds:.0f} s: the API server asks for a pause"
            problems.append(Problem("kubernetes", f"{text} (429)"))
        return problems

    @staticmethod
    def _silent(results: Iterable[PollResult]) -> tuple[tuple[str, str], ...]:
        """The store, where listings of it failed."""
        failures = [result for result in results if not result.complete]
        text = failures[0].problems[0].text if failures and failures[0].problems else "no answer"
        return (("store", text),) if failures else ()


def _late(results: Iterable[PollResult], total: int) -> Late:
    """What of all eval sets was due and not read."""
    lags = [(result.late, result.lag) for result in results]
    seconds = max((lag for _, lag in lags), default=0.0)
    return Late(sum(count for count, _ in lags), total, seconds)


def _mass(gone: int, total: int) -> Problem:
    text = (
        f"{gone} of {total} eval sets vanished at once: rather than that all were deleted, this "
        "looks like a label selector that finds them no more (kubernetes.app_names, "
        "kubernetes.label_prefix), or a cleared cluster"
    )
    return Problem("kubernetes", text)


def _empty(state: ClusterState) -> ClusterView:
    """Nothing is there, of the kinds that are known."""
    kinds = frozenset(kind for kind in KINDS if state.objects.knows(kind, ""))
    return ClusterView(state.confirmed_at, kinds)


def newest(runners: tuple[Pod, ...]) -> tuple[Pod, ...]:
    """The newest runner pods, the oldest of them first."""
    by_age = sorted(runners, key=lambda pod: pod.created_at or 0.0)
    return tuple(by_age[-RUNNERS_READ:])
