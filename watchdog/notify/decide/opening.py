"""Whether what nobody was told of is told now, and what it waits for."""

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
    lately: Collection[LedgerEntry],
) -> Reason:
    """`open`, or what it waits for.

    Args:
        incident: what stands.
        snapshot: all that stands.
        now: seconds since the epoch.
        intervals: how often something may be told.
        lately: what opened within `intervals.group_wait`.
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
    return Reason.HOLD_STORM if _is_storm(incident, intervals, lately) else Reason.OPEN


def _is_storm(
    incident: IncidentReport, intervals: Intervals, lately: Collection[LedgerEntry]
) -> bool:
    """Whether so much was told a moment ago; no page waits because of warnings."""
    told = [e for e in lately if incident.severity == "warning" or e.shown.severity == "page"]
    return len(told) >= intervals.storm


def _is_passing(incident: IncidentReport, now: float) -> bool:
    """Whether its samples will find out by themselves soon that the API is back."""
    due = [instant(each.next_attempt_at) for each in incident.conclusions]
    back = all(each.meaning is Meaning.BACK for each in incident.conclusions)
    return bool(due) and back and all(at is not None and now < at + BACK_GRACE for at in due)


def has_held(
    incident: IncidentReport, snapshot: Snapshot, now: float, intervals: Intervals
) -> bool:
    """Whether the verdict behind a page is more than a moment between two samples.

    Only running samples make a verdict. Where the last healthy one has just ended and the next is
    still being set up, the eval set is `stuck` by definition, and no more so a minute later. How
    long nothing has got done says it without any wait; so does that no sample is due any more.
    """
    if incident.scope in JOINT_SCOPES:
        return True
    about = (each for each in snapshot.report.eval_sets if each.eval_set_id in incident.eval_sets)
    return all(_holds(each, now, intervals) for each in about if each.verdict is Verdict.STUCK)


def _holds(eval_set: EvalSetReport, now: float, intervals: Intervals) -> bool:
    due = any(t.samples.queued for t in eval_set.tasks if t.verdict is not Verdict.FINISHED)
    last = instant(eval_set.last_progress_at)
    return not due or last is None or now - last >= intervals.for_
