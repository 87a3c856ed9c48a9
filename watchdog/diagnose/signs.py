"""Signs of life of a runner, as its logs show them."""

from collections.abc import Iterable

from watchdog.model.instants import latest
from watchdog.model.state import TaskState


def last_life(tasks: Iterable[TaskState], log_line_at: float | None) -> float | None:
    """The newest sign of life in these logs, and in the runner's own."""
    instants = [log_line_at]
    for task in tasks:
        instants += [task.last_ended_at, task.last_start_at]
        instants += [task.spec.created_at if task.spec else None]
        instants += [sample.last_event_at for sample in task.samples.values()]
    return latest(*instants)
