"""Whether people are notified of a new incident now, and what it waits for."""

from collections.abc import Collection

from watchdog.model.instants import from_timestamp as instant
from watchdog.model.probe import Meaning
from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.decide.continuity import JOINT_SCOPES
from watchdog.notify.decide.records import Intervals, LedgerEntry, Reason

BACK_GRACE = 300.0
"""Seconds after the attempt that is due until one that waits for it is told after all."""


def opening(
    incident: IncidentReport,
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
    recent: Collection[LedgerEntry],
) -> Reason:
    """`open`, or what it waits for.

    Args:
        incident: what stands.
        snapshot: all that stands.
        now: seconds since the epoch.
        intervals: how often people may be notified.
        recent: what opened within `intervals.group_wait`.
    """
    if incident.muted_until is not None:
        return Reason.MUTED
    if incident.id in snapshot.testing:
        return Reason.HOLD_TESTING
    if _is_passing(incident, now):
        return Reason.HOLD_RECOVERING
    if incident.severity == "page" and not has_held(incident, snapshot, now, intervals):
        return Reason.HOLD_FOR
    if incident.severity in intervals.quiet:
        return Reason.HOLD_QUIET
    return Reason.HOLD_STORM if _is_storm(incident, intervals, recent) else Reason.OPEN


def _is_storm(
    incident: IncidentReport, intervals: Intervals, recent: Collection[LedgerEntry]
) -> bool:
    """Whether so many opened a moment ago; no page waits because of warnings."""
    is_warning = incident.severity == "warning"
    rivals = [entry for entry in recent if is_warning or entry.shown.severity == "page"]
    return len(rivals) >= intervals.storm


def _is_passing(incident: IncidentReport, now: float) -> bool:
    """Whether its samples will find out by themselves soon that the API is back."""
    attempts = [instant(item.next_attempt_at) for item in incident.conclusions]
    is_back = all(item.meaning is Meaning.BACK for item in incident.conclusions)
    due = all(at is not None and now < at + BACK_GRACE for at in attempts)
    return bool(attempts) and is_back and due


def has_held(
    incident: IncidentReport, snapshot: Snapshot, now: float, intervals: Intervals
) -> bool:
    """Whether the verdict behind a page is more than a moment between two samples.

    Only running samples make a verdict. Where the last healthy one has just ended and the next is
    still being set up, the eval set is `stuck` by definition, and no more so a minute later. How
    long nothing has got done says it without any wait; so does that no sample is due any more, or
    that there is no runner to begin one.
    """
    if incident.scope in JOINT_SCOPES or incident.runner_died:
        return True
    own = (snapshot.watched.get(name) for name in incident.eval_sets)
    stuck = (item for item in own if item is not None and item.verdict is Verdict.STUCK)
    return all(_holds(eval_set, now, intervals) for eval_set in stuck)


def _holds(eval_set: EvalSetReport, now: float, intervals: Intervals) -> bool:
    unfinished = (task for task in eval_set.tasks if task.verdict is not Verdict.FINISHED)
    is_due = any(task.samples.queued for task in unfinished)
    progress = instant(eval_set.last_progress_at)
    return not is_due or progress is None or now - progress >= intervals.for_
