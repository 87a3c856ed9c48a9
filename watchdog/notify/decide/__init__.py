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
from watchdog.notify.decide.continuity import continues, fingerprint, joined, meanings
from watchdog.notify.decide.ending import ending, is_unsure
from watchdog.notify.decide.half_read import is_better_known, is_known_better
from watchdog.notify.decide.opening import has_held, opening
from watchdog.notify.decide.parts import Shares, shared_out, unknown
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
    shares = shared_out(open_incidents, _incidents(snapshot), snapshot)
    return (
        *_standing(snapshot, open_incidents, shares, now, first_poll_complete, intervals),
        *_merged(snapshot, open_incidents, shares, now, first_poll_complete),
        *_new(snapshot, open_incidents, shares, now, first_poll_complete, resolved, intervals),
        *_absent(snapshot, open_incidents, shares, now, first_poll_complete, intervals),
    )


def _incidents(snapshot: Snapshot) -> Collection[IncidentReport]:
    return {incident.id: incident for incident in snapshot.report.incidents}.values()


def _standing(  # noqa: PLR0913, PLR0917
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    shares: Shares,
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    """The open ones that stand, as they are now."""
    for key, parts in shares.parts.items():
        entry, ids = open_incidents[key], tuple(part.id for part in parts)
        if is_better_known(entry, parts, snapshot):
            yield Decision(Reason.HOLD_HALF_READ, entry.incident, now, entry, parts=ids)
            continue
        incident = _as_it_is(entry, parts, snapshot, now, intervals)
        reason, fell = Reason.STILL_OPEN, None
        if listed and not is_unlisted(incident, snapshot):
            fell = fallen(entry, incident, now) if incident.muted_until is None else None
            reason = _going_on(entry, incident, snapshot, now, intervals, fell)
        yield Decision(reason, incident, now, entry, fell=fell, parts=ids)


def _merged(
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    shares: Shares,
    now: float,
    listed: bool,
) -> Iterator[Decision]:
    """The open ones that another one has taken in."""
    for key, name in shares.into.items():
        entry, into = open_incidents[key], open_incidents[name]
        incident = replace(entry.incident, part_of=into.incident.id)
        if listed and not is_unlisted(incident, snapshot):
            eval_sets = _watched(entry, snapshot)
            yield Decision(Reason.MERGED, incident, now, entry, _worst(eval_sets), into=into)
        else:
            yield Decision(Reason.HOLD_UNTIL_LISTED, entry.incident, now, entry)


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
    shares: Shares,
    now: float,
    listed: bool,
    resolved: Collection[LedgerEntry],
    intervals: Intervals,
) -> Iterator[Decision]:
    """What nobody was notified of, or what was told to be over."""
    back: set[tuple[str, int]] = set()
    entries = (*open_incidents.values(), *resolved)
    recent = [entry for entry in entries if now - entry.opened_at < intervals.group_wait]
    for incident in unknown(_incidents(snapshot), shares):
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
    is_another_s = bool(entry.incident.part_of)
    return is_recent and not is_another_s and continues(incident, entry.incident)


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
        if _is_edited(entry, incident, now, intervals):
            return Reason.EDIT
    is_due = incident.severity == "page" and 0 < intervals.repeat_interval <= silence
    if is_due and not is_acknowledged:
        return Reason.REMIND
    return Reason.STILL_OPEN


def _is_edited(
    entry: LedgerEntry, incident: IncidentReport, now: float, intervals: Intervals
) -> bool:
    """Whether its message shows what isn't so; what older events belie is put right at once."""
    if is_known_better(entry.shown, incident):
        return True
    was_early = entry.shown.reading and not incident.reading
    is_other = was_early or fingerprint(incident) != fingerprint(entry.shown)
    return is_other and now - entry.shown_at >= intervals.group_interval


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


def _absent(  # noqa: PLR0913, PLR0917
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    shares: Shares,
    now: float,
    listed: bool,
    intervals: Intervals,
) -> Iterator[Decision]:
    """The open ones that don't stand any more."""
    for key, entry in open_incidents.items():
        if key in shares.parts or key in shares.into:
            continue
        eval_sets = _watched(entry, snapshot)
        reason = Reason.HOLD_UNTIL_LISTED
        if listed and not may_be_unlisted(entry.incident, snapshot):
            reason = ending(entry, eval_sets, snapshot, now, intervals)
        yield Decision(reason, entry.incident, now, entry, _worst(eval_sets))


def _watched(entry: LedgerEntry, snapshot: Snapshot) -> list[EvalSetReport]:
    watched = snapshot.watched
    return [watched[name] for name in entry.incident.eval_sets if name in watched]


def _worst(eval_sets: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [eval_set.verdict for eval_set in eval_sets]
    return worst(verdicts) if verdicts else None
