"""When Inspect tries again, and when it gives up."""

from watchdog.fold.backoff import scheduled_wait
from watchdog.model.state import SampleState, Streak, TaskState

_ATTEMPTS_AHEAD = 10_000


def next_wait(sample: SampleState, streak: Streak | None = None) -> float | None:
    """Seconds from the last failed attempt to the next: announced by the runner, else scheduled.

    None where no attempt is due: no failure came last (the next attempt is under way, or the call
    was given up and the sample went on).

    Args:
        sample: what is remembered of it.
        streak: which of its streaks; by default the longest.
    """
    streak = streak or sample.streak
    if streak is None or sample.work_row(streak.span) > streak.row:
        return None
    announced = sample.announced_at
    if announced is not None and streak.last_at is not None and announced >= streak.last_at:
        return sample.announced_wait
    return scheduled_wait(streak.call_attempts)


def next_attempt_at(sample: SampleState) -> float | None:
    """When the next attempt is due, in seconds since the epoch; None where none is.

    What the runner announced counts from its announcement: of a failed attempt only the beginning
    is recorded, and it may have taken minutes.
    """
    wait, streak = next_wait(sample), sample.streak
    if wait is None or streak is None or streak.last_at is None:
        return None
    return _failed_at(sample, streak.last_at) + wait


def _failed_at(sample: SampleState, last_at: float) -> float:
    announced = sample.announced_at
    return announced if announced is not None and announced >= last_at else last_at


def gives_up(task: TaskState, streak: Streak, wait: float | None) -> tuple[float, str] | None:
    """When the eval's own limits end the retries, and which; None where nothing limits them.

    Source: `max_retries` and `timeout` of GenerateConfig; tenacity stops after the attempt that
    reaches one of them (inspect_ai/model/_retry.py).
    """
    spec = task.spec
    if spec is None or streak.last_at is None:
        return None
    ends = []
    if spec.max_retries is not None:
        attempts_left = max(0, spec.max_retries + 1 - streak.call_attempts)
        at = _instant_after(streak, attempts_left, wait)
        ends.append((at, f"max_retries is {spec.max_retries}"))
    if spec.retry_timeout is not None and streak.first_at is not None:
        ends.append((streak.first_at + spec.retry_timeout, "the call's timeout"))
    return min(ends, default=None)


def _instant_after(streak: Streak, attempts: int, wait: float | None) -> float:
    """When so many more attempts will have been made."""
    at = streak.last_at or 0.0
    for more in range(min(attempts, _ATTEMPTS_AHEAD)):
        first = more == 0 and wait is not None
        at += wait if first and wait is not None else scheduled_wait(streak.call_attempts + more)
    return at
