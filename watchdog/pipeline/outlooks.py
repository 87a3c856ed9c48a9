"""What the last judgment expects of each task, for whoever decides when it is read again."""

from watchdog.collect.rhythm import CALM
from watchdog.model.outlook import Outlook
from watchdog.model.report import Snapshot, TaskFigures
from watchdog.part_cache import PartCache

FEW = 3
"""So many samples may end within minutes of each other."""


class Outlooks:
    """Of all tasks; made anew for those only of which something else is said than before."""

    def __init__(self) -> None:
        self._made = PartCache(outlook_of)
        self._by_name: dict[tuple[str, str], Outlook] = {}

    def take(self, snapshot: Snapshot) -> None:
        """A judgment is finished. From any thread, one at a time."""
        tasks = [(one.report, task) for one in snapshot.figures for task in one.tasks]
        made = self._made.all_of(task for _, task in tasks)
        by_name: dict[tuple[str, str], Outlook] = {}
        for (report, task), outlook in zip(tasks, made, strict=True):
            place = (report.name or report.eval_set_id, task.report.log)
            other = by_name.get(place)
            by_name[place] = outlook if other is None else either(other, outlook)
        self._by_name = by_name

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
