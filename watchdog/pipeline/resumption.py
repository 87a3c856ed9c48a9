"""What an earlier life of the service left of a source's eval sets, and what one life leaves.

A state and the reader's position belong together: rows would be lost, or folded twice, with any
other pair. So both come from one record, each once.
"""

from collections.abc import Mapping, Set
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.source import Resumed
from watchdog.model.cluster import Job
from watchdog.model.facts import (
    ClusterRead,
    EvalSetUnreadable,
    Fact,
    Listing,
    Located,
    RunnerLogRead,
    TaskBacklog,
    TaskRead,
    TaskUnreadable,
)
from watchdog.model.state import ClusterState, EvalSetState, Stops, TaskState

QUIET = (
    TaskRead,
    TaskUnreadable,
    TaskBacklog,
    EvalSetUnreadable,
    Listing,
    Located,
    RunnerLogRead,
    ClusterRead,
)
"""Facts that come with each poll, or each listing, and so with the first of the next life too."""


class Cut(NamedTuple):
    """An eval set between two polls."""

    state: EvalSetState
    position: EvalSetPosition
    retries: tuple[int, ...] = ()
    """How its count of retries grew (`model/retries.py`)."""


class Resumption:
    """The eval sets that one source may go on with."""

    def __init__(self, records: Mapping[str, Resumed] | None = None) -> None:
        self._records = dict(records or {})
        self._read_on: set[str] = set()
        self._begun: set[str] = set()

    @property
    def names(self) -> Set[str]:
        """Eval sets that were not met yet."""
        return self._records.keys()

    @property
    def running(self) -> Set[str]:
        """Those of them with a log that had no end."""
        return frozenset(
            name
            for name, record in self._records.items()
            if any(task.status in {None, "started"} for task in record.state.tasks.values())
        )

    def recall(self, eval_set_id: str) -> Resumed | None:
        """For its reader; None where nothing is left, or it was asked for before."""
        return self._take(eval_set_id, self._read_on)

    def begin(self, eval_set_id: str) -> EvalSetState | None:
        """Its first state; None where nothing is left, or it was asked for before."""
        resumed = self._take(eval_set_id, self._begun)
        return resumed.state if resumed is not None else None

    def forget(self, eval_set_id: str) -> None:
        """It is gone: if it comes again, it begins anew."""
        self._records.pop(eval_set_id, None)

    def keep(self, eval_set_ids: frozenset[str]) -> None:
        """Only these are there."""
        for name in self._records.keys() - eval_set_ids:
            self.forget(name)

    def _take(self, eval_set_id: str, done: set[str]) -> Resumed | None:
        resumed = self._records.get(eval_set_id)
        if resumed is None or eval_set_id in done:
            return None
        done.add(eval_set_id)
        if eval_set_id in self._read_on and eval_set_id in self._begun:
            del self._records[eval_set_id]
        return resumed


def kept(state: EvalSetState) -> EvalSetState:
    """What of a state is kept: without what its sources tell anew, and what the learner took."""
    return replace(
        state,
        tasks={log: _kept(task) for log, task in state.tasks.items()},
        interactions=None,
        stops=Stops(),
        model_groups=None,
        model_names=(),
        model_groups_readable=True,
    )


def _kept(task: TaskState) -> TaskState:
    return replace(
        task,
        durations={},
        passed=(),
        passed_total=0,
        former=(),
        former_begun_at=None,
        former_count=0,
        logs=1,
        earlier=(),
        writer=None,
    )


def resumed(state: EvalSetState, source: str, learned_until: float | None) -> EvalSetState:
    """A kept state in its next life; what ended before `learned_until` is learned already."""
    tasks = {log: replace(task, learn_since=learned_until) for log, task in state.tasks.items()}
    return replace(state, tasks=tasks, source=source, learn_since=learned_until)


def is_quiet(fact: Fact, before: EvalSetState, after: EvalSetState) -> bool:
    """Whether a fact leaves nothing that the first poll of a next life wouldn't tell too."""
    if isinstance(fact, ClusterRead):
        return _lasting(before.cluster) == _lasting(after.cluster)
    return isinstance(fact, QUIET)


_Lasting = tuple[object, object, Job | None, float | None, float | None, str, float | None]


def _lasting(cluster: ClusterState | None) -> _Lasting | None:
    """What is remembered of a cluster, without instants that go on with each look."""
    if cluster is None:
        return None
    return (
        cluster.deaths,
        cluster.replaced,
        cluster.job,
        cluster.job_gone_since,
        cluster.deleting_since,
        cluster.ended_unasked,
        cluster.runner_started_at,
    )
