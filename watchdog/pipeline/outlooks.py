"""What the last judgment expects of each task, for whoever decides when it is read again."""

from collections.abc import Iterable

from watchdog.collect.rhythm import CALM
from watchdog.model.instants import from_timestamp
from watchdog.model.outlook import Outlook
from watchdog.model.report import RunningSample, Snapshot, TaskFigures


class Outlooks:
    """Of all tasks; made anew for those only of which something else is said than before."""

    def __init__(self) -> None:
        self._by_task: dict[tuple[str, str], tuple[TaskFigures, Outlook]] = {}

    def take(self, snapshot: Snapshot) -> None:
        """A judgment is finished. From any thread, one at a time."""
        before, outlooks = self._by_task, dict[tuple[str, str], tuple[TaskFigures, Outlook]]()
        for eval_set in snapshot.figures:
            for task in eval_set.tasks:
                key = (task.eval_set_id, task.report.log)
                known = before.get(key)
                is_same = known is not None and known[0] is task
                outlooks[key] = known if known and is_same else (task, outlook_of(task))
        self._by_task = outlooks

    def of(self, eval_set_id: str, log: str) -> Outlook | None:
        """What is expected of a task; None where it was not judged yet."""
        known = self._by_task.get((eval_set_id, log.rsplit("/", 1)[-1]))
        return known[1] if known is not None else None


def outlook_of(task: TaskFigures) -> Outlook:
    """What its figures say of the time to come."""
    report = task.report
    waits = task.fail_streak > 0 and report.verdict in CALM
    return Outlook(
        report.verdict,
        task.suspicion,
        # its figures stay the same while suspicion grows by time alone
        rising=task.rising,
        failing=task.fail_streak > 0,
        next_attempt_at=_next_attempt(report.running) if waits else None,
        near_end=len(report.running) == 1 and not report.samples.queued,
    )


def _next_attempt(samples: Iterable[RunningSample]) -> float | None:
    """The first instant at which any of them tries again; None where one of them does not wait."""
    instants: list[float] = []
    for sample in samples:
        last_event_at = from_timestamp(sample.last_event_at)
        if sample.wait_seconds is None or last_event_at is None:
            return None
        instants.append(last_event_at + sample.wait_seconds)
    return min(instants, default=None)
