"""What the last judgment expects of each task, for whoever decides when it is read again."""

from watchdog.collect.rhythm import CALM
from watchdog.model.outlook import Outlook
from watchdog.model.report import Snapshot, TaskFigures

_Key = tuple[str, str, str]
"""Source, eval set and log."""
_Made = tuple[TaskFigures, Outlook]

FEW = 3
"""So many samples may end within minutes of each other."""


class Outlooks:
    """Of all tasks; made anew for those only of which something else is said than before."""

    def __init__(self) -> None:
        self._by_task: dict[_Key, _Made] = {}
        self._by_name: dict[tuple[str, str], Outlook] = {}

    def take(self, snapshot: Snapshot) -> None:
        """A judgment is finished. From any thread, one at a time."""
        before, outlooks = self._by_task, dict[_Key, _Made]()
        by_name: dict[tuple[str, str], Outlook] = {}
        for eval_set in snapshot.figures:
            report = eval_set.report
            for task in eval_set.tasks:
                key = (report.source, report.eval_set_id, task.report.log)
                known = before.get(key)
                is_same = known is not None and known[0] is task
                made = known if known and is_same else (task, outlook_of(task))
                outlooks[key] = made
                place = (report.name or report.eval_set_id, task.report.log)
                other = by_name.get(place)
                by_name[place] = made[1] if other is None else either(other, made[1])
        self._by_task, self._by_name = outlooks, by_name

    def of(self, eval_set_id: str, log: str) -> Outlook | None:
        """What is expected of a task; None where it was not judged yet.

        Args:
            eval_set_id: what its source calls the eval set. Where several sources have one of that
                name with such a log, what is expected of either.
            log: its log.
        """
        return self._by_name.get((eval_set_id, log.rsplit("/", 1)[-1]))


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


def either(one: Outlook, other: Outlook) -> Outlook:
    """What is expected where it is one of two tasks: whatever is read sooner for it."""
    attempts = (one.next_attempt_at, other.next_attempt_at)
    return Outlook(
        one.verdict if one.verdict not in CALM else other.verdict,
        max(one.suspicion, other.suspicion),
        rising=(*one.rising, *other.rising),
        failing=one.failing or other.failing,
        next_attempt_at=None if None in attempts else min(at for at in attempts if at is not None),
        ending=one.ending or other.ending,
        near_end=one.near_end or other.near_end,
    )


def _next_attempt(task: TaskFigures) -> float | None:
    """The first instant at which any of its samples tries again; None where one doesn't wait.

    A sample's estimate grows until its next attempt is due, and only while it waits for that.
    """
    if len(task.estimates) < len(task.report.running):
        return None
    return min((ramp.since + ramp.most for ramp in task.estimates), default=None)
