"""What the last judgment expects of each task, for whoever decides when it is read again."""

from watchdog.model.outlook import Outlook
from watchdog.model.report import Snapshot, TaskFigures

FEW = 3
"""So many samples may end within minutes of each other."""


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
    return Outlook(
        report.verdict,
        task.suspicion,
        # its figures stay the same while suspicion grows by time alone
        rising=task.rising,
        failing=task.fail_streak > 0,
        next_attempt_at=_next_attempt(task),
        ending=0 < len(report.running) <= FEW and not report.samples.queued,
        near_end=len(report.running) == 1 and not report.samples.queued,
    )


def _next_attempt(task: TaskFigures) -> float | None:
    """The first instant at which any of its samples tries again; None where one doesn't wait.

    A sample's estimate grows until its next attempt is due, and only while it waits for that.
    """
    if len(task.estimates) < len(task.report.running):
        return None
    return min((ramp.since + ramp.most for ramp in task.estimates), default=None)
