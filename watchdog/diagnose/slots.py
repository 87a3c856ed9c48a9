"""Who holds a model's connections, over all tasks of a process.

Inspect has one pool of connections for each model of a process (`Model._connection_concurrency`,
inspect_ai/model/_model.py): all tasks of a run share it, and so do calls of a role and of a grader.
A call holds its connection through all its retries. An adaptive pool grows and shrinks within
bounds, and shrinks for refusals only.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from watchdog.model.facts import Connections, SampleKey
from watchdog.model.state import SampleState, TaskState
from watchdog.model.verdict import Cause

_DEFAULT = Connections()

Place = tuple[str, SampleKey]
"""A log's name and a sample in it."""


class Pool(Struct):
    """The connections of one model in one process."""

    bounds: Connections
    held: dict[Place, int] = {}
    """How many calls each sample has under way."""
    refused: bool = False
    """Whether anything was refused for its rate: then an adaptive pool may have shrunk."""
    total: int = 0

    @property
    def fewest(self) -> int:
        """The least that it may have now."""
        return self.bounds.least if self.refused else self.bounds.start


class Slots:
    """The pools of an eval set's processes."""

    def __init__(self, tasks: Iterable[TaskState]) -> None:
        self._pools: dict[tuple[str, str], Pool] = {}
        self._samples: dict[str, int] = {}
        self._sandboxes: dict[str, int] = {}
        for task in tasks:
            if task.status == "started":
                self._add(task)

    def _add(self, task: TaskState) -> None:
        run, refused = run_of(task), Cause.RATE_LIMITED in dict(task.calls_failed)
        self._samples[run] = self._samples.get(run, 0) + len(task.samples)
        if task.spec is not None and task.spec.has_sandbox:
            self._sandboxes[run] = self._sandboxes.get(run, 0) + len(task.samples)
        for model in _models(task):
            pool = self._pool(run, model, task)
            pool.refused |= refused
        for key, sample in task.samples.items():
            refused = Cause.RATE_LIMITED in dict(sample.fails)
            for model in _calls(task, sample):
                pool = self._pool(run, model, task)
                pool.held[task.log, key] = pool.held.get((task.log, key), 0) + 1
                pool.total += 1
                pool.refused |= refused

    def _pool(self, run: str, model: str, task: TaskState) -> Pool:
        bounds, pool = _bounds(task, model), self._pools.get((run, model))
        if pool is None:
            pool = self._pools[run, model] = Pool(bounds, {})
        elif bounds.start < pool.bounds.start:
            pool.bounds = bounds
        return pool

    def competitors(self, task: TaskState) -> int:
        """Running samples of the task's process, over all its tasks."""
        return self._samples.get(run_of(task), 0)

    def free_sandboxes(self, task: TaskState) -> int | None:
        """How many more sandboxes the task's process may have; None where nothing bounds them."""
        spec = task.spec
        if spec is None or not spec.has_sandbox or spec.max_sandboxes is None:
            return None
        return max(0, spec.max_sandboxes - self._sandboxes.get(run_of(task), 0))

    def may_wait(self, task: TaskState, sample: SampleState) -> bool:
        """Whether others hold so many connections that its next call may have to wait for one."""
        return any(held >= pool.fewest for pool, held in self._wanted(task, sample))

    def holders(self, task: TaskState, sample: SampleState) -> tuple[list[Place], bool]:
        """Those for whom it may have to wait, and whether they hold all that there can be."""
        place = (task.log, sample.key)
        for pool, held in self._wanted(task, sample):
            if held >= pool.fewest:
                others = [other for other in pool.held if other != place]
                return others, held >= pool.bounds.most
        return [], False

    def _wanted(self, task: TaskState, sample: SampleState) -> Iterator[tuple[Pool, int]]:
        """The pools that it may ask, each with how many connections others hold of it."""
        run, place = run_of(task), (task.log, sample.key)
        models = {*_models(task), *sample.recent.models}
        for model in sorted(models):
            pool = self._pools.get((run, model))
            if pool is not None:
                yield pool, pool.total - pool.held.get(place, 0)


def run_of(task: TaskState) -> str:
    """The run that wrote a log: one process. Empty where the log names none."""
    return (task.spec.run_id if task.spec else None) or ""


def _models(task: TaskState) -> tuple[str, ...]:
    if task.spec is None:
        return ()
    return (task.spec.model, *(role.model for role in task.spec.roles))


def _bounds(task: TaskState, model: str) -> Connections:
    if task.spec is None:
        return _DEFAULT
    own = next((role.connections for role in task.spec.roles if role.model == model), None)
    return own or task.spec.connections


def _calls(task: TaskState, sample: SampleState) -> Iterator[str]:
    """The models of its calls under way: open, or between two attempts.

    A sample that can't be read may have one too.
    """
    if (sample.lost or sample.holed) and task.spec is not None:
        yield task.spec.model
    open_calls = [call for call in sample.open_calls if call.kind == "model"]
    yield from (call.name for call in open_calls)
    asking = {(call.span or "", call.name) for call in open_calls}
    for streak in sample.streaks:
        if (streak.span, streak.model) not in asking:
            yield streak.model
