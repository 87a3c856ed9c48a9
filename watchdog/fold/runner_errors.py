"""Handlers for what a runner says goes wrong: writes that fail, its last error, new attempts."""

from msgspec.structs import replace

from watchdog.fold.clock_lag import lag
from watchdog.fold.writes import tasks_of
from watchdog.model.facts import EvalSetRetryLogged, LogWriteFailed, RunnerErrorLogged
from watchdog.model.instants import latest
from watchdog.model.runner_words import PODS_MAX, WRITE_FAILURES_MAX, RunnerWords, WriteFailures
from watchdog.model.state import EvalSetState


def log_write_failed(state: EvalSetState, fact: LogWriteFailed) -> EvalSetState:
    """One more of a run of failures; what was stored since the last one ends that run."""
    name = fact.log or fact.task
    run = state.write_failures.get(name)
    if run is not None and not _is_later(fact.at, run.last_at):
        return state
    first = WriteFailures(fact.log, fact.task, fact.at, fact.at, 1, fact.error, fact.pod)
    if run is None or run.pod != fact.pod or _is_over(state, run):
        run = first
    else:
        run = replace(run, last_at=fact.at, count=run.count + 1, error=fact.error)
    rest = {key: other for key, other in state.write_failures.items() if key != name}
    kept = list({**rest, name: run}.items())[-WRITE_FAILURES_MAX:]
    return replace(state, write_failures=dict(kept))


def _is_later(at: float | None, last_at: float | None) -> bool:
    """Whether it isn't one that was read before."""
    return last_at is None or (at is not None and at > last_at)


def _is_over(state: EvalSetState, run: WriteFailures) -> bool:
    """Whether one of its logs was stored since its last failure."""
    tasks = [state.tasks[log] for log in tasks_of(state, run)[0]]
    return run.last_at is not None and any(
        task.stored_at is not None and task.stored_at > run.last_at + lag(task) for task in tasks
    )


def runner_error_logged(state: EvalSetState, fact: RunnerErrorLogged) -> EvalSetState:
    """The last error of a runner's pod."""
    words = state.runner_words.get(fact.pod, RunnerWords())
    if words.error_at is not None and (fact.at is None or fact.at < words.error_at):
        return state
    return with_words(state, fact.pod, replace(words, error=fact.text, error_at=fact.at))


def eval_set_retry_logged(state: EvalSetState, fact: EvalSetRetryLogged) -> EvalSetState:
    """All unfinished tasks begin anew."""
    words = state.runner_words.get(fact.pod, RunnerWords())
    if words.again_at is not None and (fact.at is None or fact.at <= words.again_at):
        return state
    return with_words(state, fact.pod, replace(words, again=words.again + 1, again_at=fact.at))


def log_read(state: EvalSetState, pod: str, last_line_at: float | None) -> EvalSetState:
    """How far a pod's log was read."""
    words = state.runner_words.get(pod, RunnerWords())
    at = latest(words.last_line_at, last_line_at)
    return with_words(state, pod, replace(words, last_line_at=at))


def with_words(state: EvalSetState, pod: str, words: RunnerWords) -> EvalSetState:
    """With these last words of a pod; those of the oldest pods are forgotten."""
    by_age = sorted(
        {**state.runner_words, pod: words}.items(), key=lambda item: item[1].last_line_at or 0.0
    )
    kept = [item for item in by_age[-PODS_MAX:] if item[0] != pod]
    return replace(state, runner_words=dict([*kept, (pod, words)]))
