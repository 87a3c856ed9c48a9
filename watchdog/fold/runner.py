"""Handlers for the runner's log: announced waits, its own retry counter, sandbox restarts."""

from collections.abc import Callable

from msgspec.structs import replace

from watchdog.fold.drafts import logs_named, with_sample, with_tasks
from watchdog.fold.runner_errors import log_read
from watchdog.fold.sample_errors import cause_of_end, kind_of
from watchdog.model.facts import (
    RetryLogged,
    RunnerLogRead,
    SampleDeathLogged,
    SampleKey,
    SampleSummary,
    SandboxRestartLogged,
    TaskProgressLogged,
    ThroughputLogged,
)
from watchdog.model.instants import earliest, latest
from watchdog.model.state import (
    DEATHS_MAX,
    RESTARTS_MAX,
    THROUGHPUT_MAX,
    Death,
    EvalSetState,
    SampleState,
    TaskState,
)


def retry_logged(state: EvalSetState, fact: RetryLogged) -> EvalSetState:
    """The wait that was announced to a sample. Its failure is counted from the buffer, not here."""
    if fact.key is None:
        return state
    return _with_sample(state, fact.task, fact.key, lambda sample: _announced(sample, fact))


def task_progress_logged(state: EvalSetState, fact: TaskProgressLogged) -> EvalSetState:
    """The runner's own HTTP-retries counter, as last seen, and which attempt of the task it is."""
    state = _tried(state, fact)
    if fact.http_retries is None:
        return state
    logs = logs_named(state, fact.task)
    tasks = {log: _counted(state.tasks[log], fact, fact.http_retries) for log in logs}
    return with_tasks(state, tasks)


def sandbox_restart_logged(state: EvalSetState, fact: SandboxRestartLogged) -> EvalSetState:
    """Informational: Inspect retries the sample by itself."""
    entry = (fact.at, fact.text)
    if entry not in state.restarts:
        state = replace(state, restarts=(*state.restarts, entry)[-RESTARTS_MAX:])
    if fact.key is None:
        return state
    return _with_sample(state, fact.task, fact.key, lambda sample: _restarted(sample, fact))


def sample_death_logged(state: EvalSetState, fact: SampleDeathLogged) -> EvalSetState:
    """A sample ended in an error and begins anew in place: no summary tells of that end."""
    log = _dying_log(state, fact.task)
    if log is None:
        return state
    task = state.tasks[log]
    summary = SampleSummary(fact.key, error=fact.error)
    death = Death(fact.key, fact.at, cause_of_end(summary), kind_of(fact.error), fact.error)
    if death in task.deaths:
        return state
    task = replace(task, deaths=(*task.deaths, death)[-DEATHS_MAX:])
    return with_tasks(state, {log: task})


def _dying_log(state: EvalSetState, task_name: str | None) -> str | None:
    """Whose sample died: the first that runs of that name; the only one where none is named."""
    named = logs_named(state, task_name) if task_name is not None else list(state.tasks)
    running = [log for log in named if state.tasks[log].status == "started"]
    return running[0] if running and (task_name is not None or len(running) == 1) else None


def throughput_logged(state: EvalSetState, fact: ThroughputLogged) -> EvalSetState:
    """The last rates of a model in the runner's process."""
    last = state.throughput.get(fact.model)
    if last is not None and (fact.at or 0.0) < (last.at or 0.0):
        return state
    rest = {model: rate for model, rate in state.throughput.items() if model != fact.model}
    rates = list({**rest, fact.model: fact}.items())[-THROUGHPUT_MAX:]
    return replace(state, throughput=dict(rates))


def runner_log_read(state: EvalSetState, fact: RunnerLogRead) -> EvalSetState:
    """How far the log was read, and how long it was ever silent."""
    state = _habit(state, fact)
    return log_read(state, fact.pod, fact.last_line_at) if fact.pod else state


def _habit(state: EvalSetState, fact: RunnerLogRead) -> EvalSetState:
    at, before = fact.last_line_at, state.last_log_line_at
    if at is None:
        return state
    first_at = at - fact.seconds
    silence = max(fact.longest_silence, first_at - (before if before is not None else first_at))
    return replace(
        state,
        last_log_line_at=latest(before, at),
        log_lines_since=earliest(state.log_lines_since, first_at),
        log_longest_silence=max(state.log_longest_silence, silence),
    )


def _tried(state: EvalSetState, fact: TaskProgressLogged) -> EvalSetState:
    if fact.retry is None:
        return state
    named = ((log, state.tasks[log]) for log in logs_named(state, fact.task))
    tasks = {
        log: replace(task, retry=max(task.retry or fact.retry, fact.retry))
        for log, task in named
        if task.retry != fact.retry and _began_before(task, fact.at)
    }
    return with_tasks(state, tasks) if tasks else state


def _began_before(task: TaskState, at: float | None) -> bool:
    """Whether a log was begun when a line was written: lines of earlier attempts are older."""
    created_at = task.spec.created_at if task.spec else None
    return at is None or created_at is None or created_at <= at


def _announced(sample: SampleState, fact: RetryLogged) -> SampleState:
    if sample.announced_at is not None and (fact.at is None or fact.at < sample.announced_at):
        return sample
    return replace(
        sample,
        announced_wait=fact.wait,
        announced_at=fact.at,
        announced_attempt=fact.attempt,
        announced_error=fact.error,
    )


def _restarted(sample: SampleState, fact: SandboxRestartLogged) -> SampleState:
    if fact.at is not None and fact.at == sample.restarted_at:
        return sample
    return replace(sample, restarts=sample.restarts + 1, restarted_at=fact.at)


def _counted(task: TaskState, fact: TaskProgressLogged, retries: int) -> TaskState:
    if task.http_retries_at is not None and fact.at is not None and fact.at < task.http_retries_at:
        return task
    before = task.http_retries_before
    if task.http_retries is not None and retries > task.http_retries:
        before = task.http_retries, task.http_retries_at
    return replace(task, http_retries=retries, http_retries_at=fact.at, http_retries_before=before)


def _with_sample(
    state: EvalSetState,
    task_name: str | None,
    key: SampleKey,
    change: Callable[[SampleState], SampleState],
) -> EvalSetState:
    for log in logs_named(state, task_name):
        sample = state.tasks[log].samples.get(key)
        if sample is not None:
            return with_sample(state, log, change(sample))
    return state
