"""Whether what is not seen any more is over."""

from collections.abc import Sequence

from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import EvalSetReport, Snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.decide.continuity import has_stopped_firing
from watchdog.notify.decide.records import Intervals, LedgerEntry, Reason

LONGEST_ABSENCE = 4 * 3600.0
_ON_PURPOSE = frozenset({Verdict.FINISHED, Verdict.WAITING})


def unsure(snapshot: Snapshot) -> frozenset[str]:
    """Eval sets of which not everything could be read."""
    eval_sets = snapshot.report.eval_sets
    unknown = {item.eval_set_id for item in eval_sets if item.verdict is Verdict.UNKNOWN}
    return snapshot.undecided | unknown


def ending(
    entry: LedgerEntry,
    eval_sets: Sequence[EvalSetReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason:
    """`resolve`, `gone`, or what it waits for; `eval_sets` are those of it that are watched."""
    if any(item.eval_set_id in unsure(snapshot) for item in eval_sets):
        return Reason.HOLD_UNKNOWN
    if entry.incident.eval_sets and not eval_sets:
        return Reason.GONE
    running = any(item.verdict is not Verdict.FINISHED for item in eval_sets)
    if running and not _is_absent(entry, snapshot, now, intervals):
        return Reason.KEEP_FIRING
    if not all(_went_on(item, entry) for item in eval_sets):
        return Reason.HOLD_NO_PROGRESS
    degraded = any(item.verdict is Verdict.DEGRADED for item in eval_sets)
    if degraded and entry.incident.verdict is Verdict.DEGRADED:
        return Reason.HOLD_DEGRADED
    return Reason.RESOLVE


def _is_absent(entry: LedgerEntry, snapshot: Snapshot, now: float, intervals: Intervals) -> bool:
    """Whether it has been absent for long enough to be over."""
    absent_for = now - entry.absent_since if entry.absent_since is not None else 0.0
    if entry.incident.verdict is Verdict.DEGRADED and absent_for < intervals.flapping:
        return False
    return absent_for >= _flapping_absence(entry, intervals) and has_stopped_firing(
        entry.incident, absent_for, snapshot.troubled
    )


def _flapping_absence(entry: LedgerEntry, intervals: Intervals) -> float:
    """How long one that came back before must be absent now: damps what goes to and fro."""
    if not entry.reopened:
        return 0.0
    return float(min(LONGEST_ABSENCE, intervals.flapping * 2.0 ** min(entry.reopened - 1, 10)))


def _went_on(eval_set: EvalSetReport, entry: LedgerEntry) -> bool:
    """Whether it got something done since the incident began, or stands on purpose."""
    if eval_set.verdict in _ON_PURPOSE:
        return True
    since = instant(entry.incident.since)
    progress = instant(eval_set.last_progress_at)
    return progress is not None and progress > (since if since is not None else entry.opened_at)
