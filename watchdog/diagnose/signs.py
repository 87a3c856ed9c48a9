"""Signs of life of a runner, as its logs show them."""

from collections.abc import Iterable

from watchdog.model.instants import latest
from watchdog.model.state import TaskState

MARGIN = 5.0
"""Seconds by which the clocks of runner and store may differ: a sync is further from the next."""


def last_life(tasks: Iterable[TaskState], log_line_at: float | None) -> float | None:
    """The newest sign of life in these logs, and in the runner's own."""
    instants = [log_line_at]
    for task in tasks:
        instants += [task.last_ended_at, task.last_start_at]
        instants += [task.spec.created_at if task.spec else None]
        instants += [sample.last_event_at for sample in task.samples.values()]
    return latest(*instants)


def last_stored(now: float, tasks: Iterable[TaskState]) -> float | None:
    """When anything of these logs was last stored, by the objects' times and by what they hold.

    Times to come are those of a copy.
    """
    logs = tuple(tasks)
    objects = (task.stored_at for task in logs if (task.stored_at or 0.0) <= now + MARGIN)
    return latest(*objects, last_life(logs, None))
