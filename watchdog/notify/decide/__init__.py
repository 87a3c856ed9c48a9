"""Whom to notify when: when an incident opens, how it goes on, and when it ends.

Pure: the snapshot, what the ledger remembers and `now` in, decisions with a named reason out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from watchdog.model.acts import Act, holding
from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Verdict, worst
from watchdog.notify.decide.acknowledged import fallen, has_news
from watchdog.notify.decide.announcements import PAGE, unannounced
from watchdog.notify.decide.continuity import Akin, continues, fingerprint, joined, meanings
from watchdog.notify.decide.ending import ending, is_unsure
from watchdog.notify.decide.opening import has_held, opening
from watchdog.notify.decide.records import (
    ENDING,
    GROUPED,
    HELD,
    NOTIFYING,
    Decision,
    Intervals,
    LedgerEntry,
    Reason,
)
from watchdog.notify.decide.renamed import renamed
from watchdog.notify.decide.sight import is_unlisted, may_be_unlisted, out_of_sight

__all__ = [
    "ENDING",
    "GROUPED",
    "HELD",
    "NOTIFYING",
    "Decision",
    "Intervals",
    "LedgerEntry",
    "Reason",
    "decide",
]

ESCALATES_AGAIN = 4 * 3600.0
"""Seconds until what went on for a while, and stands again, calls people once more."""
_INTERVALS = Intervals()


def decide(  # noqa: PLR0913, PLR0917 - what a decision depends on
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    first_poll_complete: bool,
    resolved: Collection[LedgerEntry] = (),
    intervals: Intervals = _INTERVALS,
) -> tuple[Decision, ...]:
    """One decision per incident that stands now, or is open in the ledger.

    Args:
        snapshot: what stands now.
        open_incidents: what the ledger holds as open, by id.
        now: seconds since the epoch.
        first_poll_complete: whether any source was listed once in full. What belongs to one that
            was not waits (`sight`), and nothing of the others.
        resolved: incidents that ended not long ago.
        intervals: how often people may be notified.
    """
    open_incidents = renamed(open_incidents, snapshot)
    return (
        *_standing(snapshot, open_incidents, now, first_poll_complete, intervals),
        *_new(snapshot, open_incidents, now, first_poll_complete, resolved, intervals),
        *_absent(snapshot, open_incidents, now, first_poll_complete, intervals),
    )


def _incidents(snapshot: Snapshot) -> Collection[IncidentReport]:
    return {incident.id: incident for incident in snapshot.report.incidents}.values()


def _standing(
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    """The open ones that stand, as they are now."""
    standing = Akin(_incidents(snapshot))
    for entry in open_incidents.values():
        parts = [p for p in standing.like(entry.incident) if continues(p, entry.incident)]
        if parts:
            incident = _as_it_is(entry, parts, snapshot, now, intervals)
            reason, fell = Reason.STILL_OPEN, None
            if listed and not is_unlisted(incident, snapshot):
                fell = fallen(entry, incident, now) if incident.muted_until is None else None
                reason = _going_on(entry, incident, snapshot, now, intervals, fell)
            ids = tuple(part.id for part in parts)
            yield Decision(reason, incident, now, entry, fell=fell, parts=ids)


def _as_it_is(
    entry: LedgerEntry,
    parts: Collection[IncidentReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> IncidentReport:
    """All its parts together; what became a page this moment is none before it has held."""
    hidden = out_of_sight(entry.incident, snapshot)
    unsure = {name for name in entry.incident.eval_sets if is_unsure(name, snapshot)}
    incident = joined(entry.incident, tuple(parts), unsure | hidden)
    is_new_page = incident.severity == "page" and entry.shown.severity != "page"
    if is_new_page and not has_held(incident, snapshot, now, intervals):
        return replace(incident, severity="warning")
    return incident


def _new(  # noqa: PLR0913, PLR0917
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    resolved: Collection[LedgerEntry],
    intervals: Intervals,
) -> Iterator[Decision]:
    """What nobody was notified of, or what was told to be over."""
    back: set[tuple[str, int]] = set()
    entries = (*open_incidents.values(), *resolved)
    recent = [entry for entry in entries if now - entry.opened_at < intervals.group_wait]
    known = Akin(entry.incident for entry in open_incidents.values())
    for incident in _incidents(snapshot):
        if any(continues(incident, earlier) for earlier in known.like(incident)):
            continue
        if not listed or is_unlisted(incident, snapshot):
            yield Decision(Reason.HOLD_UNTIL_LISTED, incident, now, parts=(incident.id,))
            continue
        end = next((entry for entry in resolved if _is_back(incident, entry, now, intervals)), None)
        if end is None or incident.muted_until is not None:
            reason = opening(incident, snapshot, now, intervals, recent)
            yield Decision(reason, incident, now, parts=(incident.id,))
        elif (end.incident.id, end.generation) not in back:
            back.add((end.incident.id, end.generation))
            whole = _as_it_is(end, [incident], snapshot, now, intervals)
            yield Decision(Reason.REOPEN, whole, now, end, parts=(incident.id,))


def _is_back(
    incident: IncidentReport, entry: LedgerEntry, now: float, intervals: Intervals
) -> bool:
    is_recent = entry.resolved_at is not None and now - entry.resolved_at < intervals.reopen
    return is_recent and continues(incident, entry.incident)


def _going_on(  # noqa: PLR0913, PLR0917
    entry: LedgerEntry,
    incident: IncidentReport,
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
    fell: Act | None,
) -> Reason:
    """Whether people are notified of an open incident, and why."""
    is_acknowledged = fell is None and holding(entry.acts, "acknowledgement", now) is not None
    first = _first(entry, incident, now, fell, is_acknowledged=is_acknowledged)
    if first is not None:
        return first
    silence = now - entry.announced_at
    if incident.id not in snapshot.testing:
        is_first_test = bool(meanings(incident)) and not meanings(entry.shown)
        due = silence >= intervals.group_interval or is_first_test
        if due and unannounced(incident, entry.announced):
            return Reason.UPDATE
        if (
            fingerprint(incident) != fingerprint(entry.shown)
            and now - entry.shown_at >= intervals.group_interval
        ):
            return Reason.EDIT
    is_due = incident.severity == "page" and 0 < intervals.repeat_interval <= silence
    if is_due and not is_acknowledged:
        return Reason.REMIND
    return Reason.STILL_OPEN


def _first(
    entry: LedgerEntry,
    incident: IncidentReport,
    now: float,
    fell: Act | None,
    *,
    is_acknowledged: bool,
) -> Reason | None:
    """What weighs more than news: that people asked for silence, a page, what they did."""
    if incident.muted_until is not None:
        return Reason.EDIT if has_news(entry, now) else Reason.STILL_OPEN
    if not is_acknowledged and _escalates(entry, incident, now):
        return Reason.ESCALATE
    if fell is not None:
        return Reason.WORSE
    return Reason.EDIT if has_news(entry, now) else None


def _escalates(entry: LedgerEntry, incident: IncidentReport, now: float) -> bool:
    """Whether a warning is a page now, and not one that comes and goes."""
    if incident.severity != "page" or entry.shown.severity == "page":
        return False
    return PAGE not in entry.announced or now - entry.announced_at >= ESCALATES_AGAIN


def _absent(
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    """The open ones that don't stand any more."""
    watched = snapshot.watched
    standing = Akin(snapshot.report.incidents)
    for entry in open_incidents.values():
        if any(continues(i, entry.incident) for i in standing.like(entry.incident)):
            continue
        eval_sets = [watched[name] for name in entry.incident.eval_sets if name in watched]
        reason = Reason.HOLD_UNTIL_LISTED
        if listed and not may_be_unlisted(entry.incident, snapshot):
            reason = ending(entry, eval_sets, snapshot, now, intervals)
        yield Decision(reason, entry.incident, now, entry, _worst(eval_sets))


def _worst(eval_sets: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [eval_set.verdict for eval_set in eval_sets]
    return worst(verdicts) if verdicts else None
