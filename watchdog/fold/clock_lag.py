"""How far a runner's clock is behind the store's. Pure."""

from watchdog.model.state import TaskState

LEAST = 120.0
"""Seconds; what is less is the sync's rhythm."""

MOST = 15 * 3600.0
"""Seconds; beyond every time zone it is no clock: the objects were copied later."""


def lag(task: TaskState) -> float:
    """Seconds that the runner's clock is behind the store's; negative where it is ahead."""
    clock_lag = task.clock_lag
    return clock_lag if clock_lag is not None and LEAST < abs(clock_lag) <= MOST else 0.0
