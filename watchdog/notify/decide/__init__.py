"""What is told, and when: when an incident opens, when it becomes another, and when it ends.

Pure: the snapshot, what the ledger remembers and `now` in, decisions with a named reason out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Verdict, worst
from watchdog.notify.decide.continuity import PAGE, continues, fingerprint, joined, meanings, news
from watchdog.notify.decide.ending import ending, unsure
from watchdog.notify.decide.opening import has_held, opening
from watchdog.notify.decide.records import (
    ENDING,
    GATHERED,
    HELD,
    TELLING,
    Decision,
    Intervals,
    LedgerEntry,
    Reason,
)

__all__ = [
    "ENDING",
    "GATHERED",
    "HELD",
    "TELLING",
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
    closed: Collection[LedgerEntry] = (),
    intervals: Intervals = _INTERVALS,
) -> tuple[Decision, ...]:
    """One decision per incident, seen now or open in the ledger.

    Args:
        snapshot: what stands now.
        open_incidents: what the ledger holds as open, by id.
        now: seconds since the epoch.
        first_poll_complete: whether every source was listed once in full.
        closed: incidents that ended not long ago.
        intervals: how often an incident may be told of.
    """
    return (
        *_standing(snapshot, open_incidents, now, first_poll_complete, intervals),
        *_new(snapshot, open_incidents, now, first_poll_complete, closed, intervals),
        *_unseen(snapshot, open_incidents, now, first_poll_complete, intervals),
    )


def _incidents(snapshot: Snapshot) -> Collection[IncidentReport]:
    return {incident.id: incident for incident in snapshot.report.incidents}.values()


def _standing(
    snapshot: Snapshot,
    known: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    """The open ones that stand, as they are now."""
    for entry in known.values():
        parts = [each for each in _incidents(snapshot) if continues(each, entry.incident)]
        if parts:
            now_seen = _as_it_is(entry, parts, snapshot, now, intervals)
            reason = Reason.STILL_OPEN
            if listed:
                reason = _going_on(entry, now_seen, snapshot, now, intervals)
            yield Decision(reason, now_seen, now, entry)


def _as_it_is(
    entry: LedgerEntry,
    parts: Collection[IncidentReport],
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> IncidentReport:
    """All its parts together; what became a page this moment is none before it has held."""
    found = joined(entry.incident, tuple(parts), unsure(snapshot))
    new = found.severity == "page" and entry.shown.severity != "page"
    if new and not has_held(found, snapshot, now, intervals):
        return replace(found, severity="warning")
    return found


def _new(  # noqa: PLR0913, PLR0917
    snapshot: Snapshot,
    known: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    closed: Collection[LedgerEntry],
    intervals: Intervals,
) -> Iterator[Decision]:
    """What nobody was told of, or was told to be over."""
    back: set[tuple[str, int]] = set()
    lately = [e for e in (*known.values(), *closed) if now - e.opened_at < intervals.group_wait]
    for incident in _incidents(snapshot):
        if any(continues(incident, entry.incident) for entry in known.values()):
            continue
        if not listed:
            yield Decision(Reason.HOLD_UNTIL_LISTED, incident, now)
            continue
        ended = next((e for e in closed if _is_back(incident, e, now, intervals)), None)
        if ended is None or incident.muted_until is not None:
            yield Decision(opening(incident, snapshot, now, intervals, lately), incident, now)
        elif (ended.incident.id, ended.generation) not in back:
            back.add((ended.incident.id, ended.generation))
            found = _as_it_is(ended, [incident], snapshot, now, intervals)
            yield Decision(Reason.REOPEN, found, now, ended)


def _is_back(
    incident: IncidentReport, ended: LedgerEntry, now: float, intervals: Intervals
) -> bool:
    lately = ended.resolved_at is not None and now - ended.resolved_at < intervals.reopen
    return lately and continues(incident, ended.incident)


def _going_on(
    entry: LedgerEntry,
    incident: IncidentReport,
    snapshot: Snapshot,
    now: float,
    intervals: Intervals,
) -> Reason:
    """What to tell of an open incident."""
    if incident.muted_until is not None:
        return Reason.STILL_OPEN
    if _escalates(entry, incident, now):
        return Reason.ESCALATE
    silent = now - entry.heard_at
    if incident.id not in snapshot.testing:
        first_tested = bool(meanings(incident)) and not meanings(entry.shown)
        if news(incident, entry.heard) and (silent >= intervals.group_interval or first_tested):
            return Reason.UPDATE
        if (
            fingerprint(incident) != fingerprint(entry.shown)
            and now - entry.shown_at >= intervals.group_interval
        ):
            return Reason.EDIT
    if incident.severity == "page" and 0 < intervals.repeat_interval <= silent:
        return Reason.REMIND
    return Reason.STILL_OPEN


def _escalates(entry: LedgerEntry, incident: IncidentReport, now: float) -> bool:
    """Whether a warning is a page now, and not one that comes and goes."""
    if incident.severity != "page" or entry.shown.severity == "page":
        return False
    return PAGE not in entry.heard or now - entry.heard_at >= ESCALATES_AGAIN


def _unseen(
    snapshot: Snapshot,
    known: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    incidents = snapshot.report.incidents
    watched = {each.eval_set_id: each for each in snapshot.report.eval_sets}
    for entry in known.values():
        if any(continues(incident, entry.incident) for incident in incidents):
            continue
        about = [watched[name] for name in entry.incident.eval_sets if name in watched]
        reason = Reason.HOLD_UNTIL_LISTED
        if listed:
            reason = ending(entry, about, snapshot, now, intervals)
        yield Decision(reason, entry.incident, now, entry, _worst(about))


def _worst(about: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [each.verdict for each in about]
    return worst(verdicts) if verdicts else None
