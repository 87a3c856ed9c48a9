"""How often a task was tried. Inspect tries one that failed anew, in a new log of the same task id.

`retry_attempts` stands in no log: only the runner's lines say how many there may be. With
`retry_immediate` (the default since about 0.3.205) a task is tried `retry_attempts` times after the
first time; before that the whole eval set was, and its log counted nothing.
"""

from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.texts import clean
from watchdog.model.verdict import Evidence


def attempts(state: EvalSetState, task: TaskState) -> int:
    """How often a task was tried, with this time: by its logs, and by what its runner said."""
    created_at = task.spec.created_at if task.spec else None
    passes = [
        words.again + 1
        for words in state.runner_words.values()
        if words.again_at is not None and (created_at is None or words.again_at <= created_at)
    ]
    return max(task.attempts, *passes, 1)


def attempt_words(state: EvalSetState, task: TaskState) -> str:
    """`attempt 8 of 11`, or `attempt 8` where nobody says how many there may be.

    Empty for the first attempt, and where none before it failed: a runner that was started anew
    begins a new log too.
    """
    number = attempts(state, task)
    if number < 2 or not has_failed(task):
        return ""
    limit = task.retry[1] + 1 if task.retry is not None else None
    if limit is None or task.retry is None:
        return f"attempt {number}"
    of_runner = task.retry[0] + 1
    own = f"attempt {of_runner} of {limit}"
    return own if number <= of_runner else f"attempt {number}, {own} since its runner's start"


def has_failed(task: TaskState) -> bool:
    """Whether an attempt before this one ended in an error."""
    return task.retry is not None or any(item.status == "error" for item in task.earlier)


def attempt_evidence(state: EvalSetState, task: TaskState) -> tuple[Evidence, ...]:
    """Which attempt it is, and what the last one failed of."""
    words = attempt_words(state, task)
    if not words:
        return ()
    errors = [item.error for item in task.earlier if item.status == "error" and item.error]
    last = f"; the last one failed: {clean(errors[-1], 300)}" if errors else ""
    return (Evidence("attempts", f"this is {words} of the task{last}"),)
