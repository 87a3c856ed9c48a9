"""Which tasks' logs a run of failed writes concerns. Pure."""

from watchdog.model.runner_words import WriteFailures
from watchdog.model.state import EvalSetState, TaskState


def tasks_of(state: EvalSetState, failures: WriteFailures) -> tuple[tuple[str, ...], bool]:
    """The logs that a run of failures concerns, and whether it names them.

    By the log's name, by the task id or the task's name in it, by the task that is named; where
    none of these is known, all that were started: the writer is one.
    """
    started = {log: task for log, task in state.tasks.items() if task.status in {None, "started"}}
    file = failures.log.rpartition("/")[2]
    if file in state.tasks:
        return (file,), True
    named = tuple(log for log, task in started.items() if _is_named(task, file, failures.task))
    return (named, True) if named else (tuple(started), False)


def _is_named(task: TaskState, file: str, name: str) -> bool:
    spec = task.spec
    if spec is None:
        return False
    stem = file.rpartition(".")[0].removesuffix("-recovered")
    short = spec.task.rpartition("/")[2]
    if spec.task_id and stem.endswith(f"_{spec.task_id}"):
        return True
    return bool(short) and (name in {spec.task, short} or stem.endswith(f"_{short}"))
