"""Whether what is not seen any more is over."""

from collections.abc import Sequence

from watchdog.model.causes import RUNNER_DEATHS
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import EvalSetReport, Snapshot
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Verdict
from watchdog.notify.decide.continuity import has_stopped_firing
from watchdog.notify.decide.half_read import is_half_known, went_on
from watchdog.notify.decide.records import Intervals, LedgerEntry, Reason
from watchdog.notify.decide.sight import is_muted, out_of_sight

LONGEST_ABSENCE = 4 * 3600.0
_ON_PURPOSE = frozenset({Verdict.FINISHED, Verdict.WAITING})


def is_unsure(eval_set_id: str, snapshot: Snapshot) -> bool:
    """Whether not everything of an eval set that is watched could be read."""
    eval_set = snapshot.watched.get(eval_set_id)
    is_unknown = eval_set is not None and eval_set.verdict is Verdict.UNKNOWN
    return is_unknown or eval_set_id in snapshot.undecided


def ending(
    entry: LedgerEntry,
    eval_sets: Sequence[EvalSetReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason:
    """`resolve`, `gone`, or what it waits for; `eval_sets` are those of it that are watched."""
    if any(is_unsure(item.eval_set_id, snapshot) for item in eval_sets):
        return Reason.HOLD_UNKNOWN
    return (
        _if_vanished(entry, eval_sets, snapshot, now, intervals)
        or _if_resumed(entry, eval_sets)
        or _if_watched(entry, eval_sets, snapshot, now, intervals)
    )


def _if_vanished(
    entry: LedgerEntry,
    eval_sets: Sequence[EvalSetReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason | None:
    if _has_vanished(entry, eval_sets):
        is_over = _is_acknowledged(entry, snapshot) or _absence(entry, now) >= intervals.vanished
        return Reason.GONE if is_over else Reason.HOLD_VANISHED
    if out_of_sight(entry.incident, snapshot) and _absence(entry, now) < intervals.vanished:
        return Reason.HOLD_ABSENT
    return Reason.GONE if entry.incident.eval_sets and not eval_sets else None


def _if_resumed(entry: LedgerEntry, eval_sets: Sequence[EvalSetReport]) -> Reason | None:
    is_resumed = bool(eval_sets) and all(_is_resumed(item, entry) for item in eval_sets)
    return Reason.RESUMED if is_resumed else None


def _if_watched(
    entry: LedgerEntry,
    eval_sets: Sequence[EvalSetReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason:
    running = any(item.verdict is not Verdict.FINISHED for item in eval_sets)
    if running and not _is_absent(entry, snapshot, now, intervals):
        return Reason.KEEP_FIRING
    if not all(_went_on(item, entry) for item in eval_sets):
        return Reason.HOLD_NO_PROGRESS
    if is_half_known(entry, snapshot) and not went_on(entry, _running(eval_sets), now):
        return Reason.HOLD_HALF_READ
    degraded = any(item.verdict is Verdict.DEGRADED for item in eval_sets)
    if degraded and entry.incident.verdict is Verdict.DEGRADED:
        return Reason.HOLD_DEGRADED
    return Reason.RESOLVE


def _running(eval_sets: Sequence[EvalSetReport]) -> Sequence[EvalSetReport]:
    return [item for item in eval_sets if item.verdict not in _ON_PURPOSE]


def _has_vanished(entry: LedgerEntry, eval_sets: Sequence[EvalSetReport]) -> bool:
    """Whether what broke in a cluster is not there any more, which mends nothing.

    A runner that died is taken away by a TTL, and its namespaces by a janitor, within two hours.
    Only of one that was stuck for another cause is its deletion the remedy, where that was seen:
    after a restart what died may only be seen to be gone.
    """
    incident = entry.incident
    if not incident.in_cluster or incident.verdict not in STUCK_VERDICTS:
        return False
    if incident.eval_sets and not eval_sets:
        return True
    return bool(eval_sets) and all(
        _is_taken_away(item) and (incident.runner_died or item.deleted_at is None)
        for item in eval_sets
    )


def _is_taken_away(eval_set: EvalSetReport) -> bool:
    """Whether it is called finished only because it was deleted."""
    is_deleted = any(item.kind == "deletion" for item in eval_set.evidence)
    return eval_set.verdict is Verdict.FINISHED and is_deleted


def _is_acknowledged(entry: LedgerEntry, snapshot: Snapshot) -> bool:
    """Whether people asked to hear nothing more of it."""
    return all(is_muted(name, snapshot) for name in entry.incident.eval_sets)


def _is_resumed(eval_set: EvalSetReport, entry: LedgerEntry) -> bool:
    """Whether a runner that was made since works on it."""
    since = instant(entry.incident.since)
    started_at = instant(eval_set.runner_started_at)
    began_at = since if since is not None else entry.opened_at
    is_over = eval_set.verdict in {Verdict.FINISHED, Verdict.UNKNOWN}
    return started_at is not None and started_at > began_at and not is_over


def _absence(entry: LedgerEntry, now: float) -> float:
    """Seconds since it was last seen."""
    return now - entry.absent_since if entry.absent_since is not None else 0.0


def _is_absent(entry: LedgerEntry, snapshot: Snapshot, now: float, intervals: Intervals) -> bool:
    """Whether it has been absent for long enough to be over."""
    absent_for = _absence(entry, now)
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
    if entry.incident.cause is Cause.LOG_WRITE_FAILED:
        # absent, and its verdict known again: something was written since, or its runner died
        return eval_set.verdict not in STUCK_VERDICTS or eval_set.cause not in RUNNER_DEATHS
    since = instant(entry.incident.since)
    progress = instant(eval_set.last_progress_at)
    return progress is not None and progress > (since if since is not None else entry.opened_at)
