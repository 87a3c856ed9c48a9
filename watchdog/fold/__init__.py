"""fold(state, fact) -> state: pure, one handler per kind of fact, bounded memory per sample.

Reading something again, or twice, changes nothing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from watchdog.fold import cluster, history, runner, runner_errors, tasks
from watchdog.fold.drafts import with_tasks
from watchdog.model.facts import (
    AttemptsRead,
    ClusterRead,
    EndedRead,
    EvalSetRetryLogged,
    EvalSetUnreadable,
    Fact,
    FormerEndsRead,
    HistoryBegun,
    HistoryRead,
    InteractionsRead,
    Listing,
    Located,
    LogWriteFailed,
    ManifestRead,
    ModelAccessRead,
    OwnNameRead,
    RetryLogged,
    RowsLost,
    RowsRead,
    RunnerErrorLogged,
    RunnerLogRead,
    RunnerLogSampled,
    SampleDeathLogged,
    SandboxRestartLogged,
    SpecRead,
    StopsRead,
    TaskBacklog,
    TaskProgressLogged,
    TaskRead,
    TaskUnreadable,
    ThroughputLogged,
    WriterRead,
)
from watchdog.model.state import EvalSetState, Interactions, Stops, TaskState

_TASK_HANDLERS: dict[type, Callable[[TaskState, Any], TaskState]] = {
    AttemptsRead: tasks.attempts_read,
    EndedRead: tasks.ended_read,
    FormerEndsRead: tasks.former_ends_read,
    HistoryBegun: history.history_begun,
    HistoryRead: history.history_read,
    WriterRead: tasks.writer_read,
    TaskRead: tasks.task_read,
    TaskUnreadable: tasks.task_unreadable,
    TaskBacklog: tasks.task_backlog,
}


OF_ONE_LOG = (*_TASK_HANDLERS, SpecRead, ManifestRead)
"""Facts that change nothing beyond one log, and its eval set's own fields."""


def fold(state: EvalSetState, fact: Fact) -> EvalSetState:
    """The eval set's state after one more fact; a draft (`fold/drafts.py`) is changed itself."""
    if isinstance(fact, RowsRead | RowsLost):
        return fold_rows_of(state, fact.log, (fact,))
    on_task = _TASK_HANDLERS.get(type(fact))
    if isinstance(fact, SpecRead):
        return cluster.started(_on_task(state, fact.log, tasks.spec_read, fact), fact.log)
    if isinstance(fact, ManifestRead):
        hindered_at = state.cluster.hindered_at if state.cluster is not None else None
        return _on_task(
            state, fact.log, partial(tasks.manifest_read, hindered_at=hindered_at), fact
        )
    if on_task is not None:
        return _on_task(state, fact.log, on_task, fact)  # type: ignore[union-attr]
    return _EVAL_SET_HANDLERS[type(fact)](state, fact)


def fold_rows_of(
    state: EvalSetState, log: str, facts: Sequence[RowsRead | RowsLost]
) -> EvalSetState:
    """The eval set's state after several facts about the rows of one log."""
    return with_tasks(state, {log: tasks.rows_taken(_task(state, log), facts)})


def _on_task(
    state: EvalSetState, log: str, handler: Callable[[TaskState, Any], TaskState], fact: Fact
) -> EvalSetState:
    return with_tasks(state, {log: handler(_task(state, log), fact)})


def _task(state: EvalSetState, log: str) -> TaskState:
    return state.tasks.get(log) or TaskState(log=log, learn_since=state.learn_since)


def _listing(state: EvalSetState, fact: Listing) -> EvalSetState:
    """The logs that count; what is gone or superseded is forgotten."""
    tasks = {log: _task(state, log) for log in fact.logs}
    return replace(state, tasks=tasks, listed=True, unreadable=None, unreadable_since=None)


def _located(state: EvalSetState, fact: Located) -> EvalSetState:
    return replace(state, address=fact.address, logs_at=fact.logs_at, local=fact.local)


def _unreadable(state: EvalSetState, fact: EvalSetUnreadable) -> EvalSetState:
    since = state.unreadable_since if state.unreadable_since is not None else fact.at
    return replace(state, unreadable=fact.text, unreadable_since=since)


def _interactions_read(state: EvalSetState, fact: InteractionsRead) -> EvalSetState:
    """How many wait for a person; where the file is gone, nobody says."""
    counted = None if fact.count is None else Interactions(fact.count, fact.at)
    return replace(state, interactions=counted)


def _model_access_read(state: EvalSetState, fact: ModelAccessRead) -> EvalSetState:
    """A file that can't be read for now takes nothing back."""
    if not fact.readable:
        return replace(state, model_groups_readable=state.model_groups is not None)
    return replace(
        state, model_groups=fact.groups, model_names=fact.models, model_groups_readable=True
    )


def _own_name_read(state: EvalSetState, fact: OwnNameRead) -> EvalSetState:
    return replace(state, inspect_id=fact.name)


def _stops_read(state: EvalSetState, fact: StopsRead) -> EvalSetState:
    """What is asked for now; a marker that is gone was removed by the next runner."""
    return replace(state, stops=Stops(fact.all_at, dict(fact.samples)))


_EVAL_SET_HANDLERS: dict[type, Callable[[EvalSetState, Any], EvalSetState]] = {
    Listing: _listing,
    Located: _located,
    EvalSetUnreadable: _unreadable,
    RetryLogged: runner.retry_logged,
    TaskProgressLogged: runner.task_progress_logged,
    ThroughputLogged: runner.throughput_logged,
    SampleDeathLogged: runner.sample_death_logged,
    SandboxRestartLogged: runner.sandbox_restart_logged,
    RunnerLogRead: runner.runner_log_read,
    LogWriteFailed: runner_errors.log_write_failed,
    RunnerErrorLogged: runner_errors.runner_error_logged,
    EvalSetRetryLogged: runner_errors.eval_set_retry_logged,
    InteractionsRead: _interactions_read,
    ModelAccessRead: _model_access_read,
    OwnNameRead: _own_name_read,
    StopsRead: _stops_read,
    RunnerLogSampled: cluster.runner_log_sampled,
    ClusterRead: cluster.cluster_read,
}
