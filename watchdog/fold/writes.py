"""Which tasks' logs could not be written, and when something of them was last stored. Pure."""

from collections.abc import Collection

from watchdog.model.instants import latest
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


def newest_object(state: EvalSetState, logs: Collection[str]) -> float | None:
    """When anything of these logs was last stored."""
    return latest(*(state.tasks[log].stored_at for log in logs))
