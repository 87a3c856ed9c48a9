"""Whether what is not seen any more is over."""

from collections.abc import Sequence

from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import EvalSetReport, Snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.decide.continuity import settled
from watchdog.notify.decide.records import Intervals, LedgerEntry, Reason

LONGEST_ABSENCE = 4 * 3600.0
_ON_PURPOSE = frozenset({Verdict.FINISHED, Verdict.WAITING})


def unsure(snapshot: Snapshot) -> frozenset[str]:
    """Eval sets of which not everything could be read."""
    sets = snapshot.report.eval_sets
    unknown = {each.eval_set_id for each in sets if each.verdict is Verdict.UNKNOWN}
    return snapshot.undecided | unknown


def ending(
    entry: LedgerEntry,
    about: Sequence[EvalSetReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason:
    """`resolve`, `gone`, or what it waits for; `about` are its eval sets that are watched."""
    if any(each.eval_set_id in unsure(snapshot) for each in about):
        return Reason.HOLD_UNKNOWN
    if entry.incident.eval_sets and not about:
        return Reason.GONE
    running = any(each.verdict is not Verdict.FINISHED for each in about)
    if running and not _is_absent(entry, snapshot, now, intervals):
        return Reason.KEEP_FIRING
    if not all(_went_on(each, entry) for each in about):
        return Reason.HOLD_NO_PROGRESS
    degraded = any(each.verdict is Verdict.DEGRADED for each in about)
    if degraded and entry.incident.verdict is Verdict.DEGRADED:
        return Reason.HOLD_DEGRADED
    return Reason.RESOLVE


def _is_absent(entry: LedgerEntry, snapshot: Snapshot, now: float, intervals: Intervals) -> bool:
    away = now - (entry.away_since if entry.away_since is not None else now)
    if entry.incident.verdict is Verdict.DEGRADED and away < intervals.flapping:
        return False
    return settled(entry.incident, away, snapshot.troubled) and away >= _flapped(entry, intervals)


def _flapped(entry: LedgerEntry, intervals: Intervals) -> float:
    """How long one that came back before must be away now: damps what goes to and fro."""
    if not entry.reopened:
        return 0.0
    return float(min(LONGEST_ABSENCE, intervals.flapping * 2.0 ** min(entry.reopened - 1, 10)))


def _went_on(eval_set: EvalSetReport, entry: LedgerEntry) -> bool:
    """Whether it got something done since the incident began, or stands on purpose."""
    if eval_set.verdict in _ON_PURPOSE:
        return True
    since = instant(entry.incident.since)
    last = instant(eval_set.last_progress_at)
    return last is not None and last > (since if since is not None else entry.opened_at)
