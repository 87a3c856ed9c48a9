"""What is told, and when: when an incident opens, when it becomes another, and when it ends.

Pure: the snapshot, what the ledger remembers and `now` in, decisions with a named reason out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from watchdog.model.instants import from_timestamp as instant
from watchdog.model.probe import Meaning
from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Severity, Verdict, worst
from watchdog.publish.continuity import (
    PAGE,
    continues,
    essence,
    joined,
    meanings,
    news,
    sayings,
    settled,
)


class Reason(StrEnum):
    """Why something is told, or not."""

    OPEN = "open"
    STILL_OPEN = "still_open"
    """Nothing new that anybody must hear."""
    UPDATE = "update"
    """It reaches further than one eval set now, or what it comes from is known better."""
    EDIT = "edit"
    """Who is in it changed: the message is brought up to date in place, and nobody is called."""
    ESCALATE = "escalate"
    """What was a warning is a page now."""
    REMIND = "remind"
    """Nobody heard of it for long, and it still stands."""
    REOPEN = "reopen"
    """It is back shortly after it was told to be over: the same incident, not another."""
    RESOLVE = "resolve"
    GONE = "gone"
    """It ends because none of its eval sets is watched any more."""
    MUTED = "muted"
    """People asked not to hear of it yet; when that ends and it still stands, it opens."""
    HOLD_UNTIL_LISTED = "hold_until_listed"
    """Not every source was listed once in full: wait, the next decision will tell."""
    HOLD_TESTING = "hold_testing"
    """Its first direct API tests are under way, and soon say whose fault it is."""
    HOLD_BACK = "hold_back"
    """The API works again and its samples try again by themselves soon: nothing to do."""
    HOLD_QUIET = "hold_quiet"
    """These are quiet hours, and it can wait until they are over."""
    HOLD_SETTLING = "hold_settling"
    """It is over for a moment: it often comes back, a model's trouble in other eval sets."""
    HOLD_UNKNOWN = "hold_unknown"
    """It can't be seen any more, but for lack of data: unknown never resolves."""


ENDING = frozenset({Reason.RESOLVE, Reason.GONE})
TELLING = frozenset(
    {Reason.OPEN, Reason.UPDATE, Reason.EDIT, Reason.ESCALATE, Reason.REMIND, Reason.REOPEN}
    | ENDING
)
"""What becomes a message."""


class Pace(Struct, frozen=True):
    """How often an incident may be told of. All in seconds."""

    update: float = 300.0
    """Least between two updates; what changes back within it is never told."""
    remind: float = 86_400.0
    """Until a page that still stands is told again; 0 for never."""
    reopen: float = 1800.0
    """What comes back so soon after its end is the same incident."""
    flapping: float = 900.0
    """How long one that came back must be away to be over; twice as long each time."""
    quiet: frozenset[Severity] = frozenset()
    """What waits at present: these are quiet hours."""


BACK_GRACE = 300.0
"""Seconds after the attempt that is due until one that waits for it is told after all."""
LONGEST_AWAY = 4 * 3600.0
ESCALATES_AGAIN = 4 * 3600.0
"""Seconds until what went on for a while, and stands again, calls people once more."""
_PACE = Pace()


class LedgerEntry(Struct, frozen=True):
    """An incident that the ledger holds as open, as it was last seen."""

    incident: IncidentReport
    generation: int
    """How often this id has opened, from 1."""
    opened_at: float
    away_since: float | None = None
    """Since when it has not been seen."""
    told: IncidentReport | None = None
    """As the message shows it; None where an earlier version of the ledger didn't keep it."""
    told_at: float | None = None
    """When the message was last written or edited."""
    said: frozenset[str] | None = None
    """All that people were called for (`continuity.sayings`); None as with `told`."""
    said_at: float | None = None
    resolved_at: float | None = None
    """When it was told to be over; None while it is open."""
    reopened: int = 0
    """How often it came back shortly after its end."""

    @property
    def shown(self) -> IncidentReport:
        """What people see of it."""
        return self.told or self.incident

    @property
    def shown_at(self) -> float:
        """Since when they see that."""
        return self.told_at if self.told_at is not None else self.opened_at

    @property
    def heard(self) -> frozenset[str]:
        """What they were called for."""
        return self.said if self.said is not None else sayings(self.shown)

    @property
    def heard_at(self) -> float:
        """When they last heard of it."""
        return self.said_at if self.said_at is not None else self.shown_at


class Decision(Struct, frozen=True):
    """What to do about one incident, and why."""

    reason: Reason
    incident: IncidentReport
    at: float
    entry: LedgerEntry | None = None
    """What the ledger holds of it; None for one that opens."""
    ended_as: Verdict | None = None
    """On the end: the worst verdict of what the incident was about."""


def decide(  # noqa: PLR0913, PLR0917 - what a decision depends on
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    first_poll_complete: bool,
    closed: Collection[LedgerEntry] = (),
    pace: Pace = _PACE,
) -> tuple[Decision, ...]:
    """One decision per incident, seen now or open in the ledger.

    Args:
        snapshot: what stands now.
        open_incidents: what the ledger holds as open, by id.
        now: seconds since the epoch.
        first_poll_complete: whether every source was listed once in full.
        closed: incidents that ended not long ago.
        pace: how often an incident may be told of.
    """
    return (
        *_standing(snapshot, open_incidents, now, first_poll_complete, pace),
        *_new(snapshot, open_incidents, now, first_poll_complete, closed, pace),
        *_unseen(snapshot, open_incidents, now, first_poll_complete, pace),
    )


def unsure(snapshot: Snapshot) -> frozenset[str]:
    """Eval sets of which not everything could be read."""
    sets = snapshot.report.eval_sets
    unknown = {each.eval_set_id for each in sets if each.verdict is Verdict.UNKNOWN}
    return snapshot.undecided | unknown


def _incidents(snapshot: Snapshot) -> Collection[IncidentReport]:
    return {incident.id: incident for incident in snapshot.report.incidents}.values()


def _standing(
    snapshot: Snapshot, known: Mapping[str, LedgerEntry], now: float, listed: bool, pace: Pace
) -> Iterator[Decision]:
    """The open ones that stand, as they are now."""
    for entry in known.values():
        parts = [each for each in _incidents(snapshot) if continues(each, entry.incident)]
        if parts:
            now_seen = joined(entry.incident, parts, unsure(snapshot))
            reason = Reason.STILL_OPEN
            if listed:
                reason = _going_on(entry, now_seen, snapshot, now, pace)
            yield Decision(reason, now_seen, now, entry)


def _new(  # noqa: PLR0913, PLR0917
    snapshot: Snapshot,
    known: Mapping[str, LedgerEntry],
    now: float,
    listed: bool,
    closed: Collection[LedgerEntry],
    pace: Pace,
) -> Iterator[Decision]:
    """What nobody was told of, or was told to be over."""
    back: set[tuple[str, int]] = set()
    for incident in _incidents(snapshot):
        if any(continues(incident, entry.incident) for entry in known.values()):
            continue
        reason = _opening(incident, snapshot, now, listed, pace.quiet)
        ended = next((e for e in closed if _is_back(incident, e, now, pace)), None)
        if ended is None or reason in {Reason.HOLD_UNTIL_LISTED, Reason.MUTED}:
            yield Decision(reason, incident, now)
        elif (ended.incident.id, ended.generation) not in back:
            back.add((ended.incident.id, ended.generation))
            yield Decision(
                Reason.REOPEN, joined(ended.incident, [incident], unsure(snapshot)), now, ended
            )


def _is_back(incident: IncidentReport, ended: LedgerEntry, now: float, pace: Pace) -> bool:
    lately = ended.resolved_at is not None and now - ended.resolved_at < pace.reopen
    return lately and continues(incident, ended.incident)


def _going_on(
    entry: LedgerEntry, incident: IncidentReport, snapshot: Snapshot, now: float, pace: Pace
) -> Reason:
    """What to tell of an open incident."""
    if incident.muted_until is not None:
        return Reason.STILL_OPEN
    if _escalates(entry, incident, now):
        return Reason.ESCALATE
    silent = now - entry.heard_at
    if incident.id not in snapshot.testing:
        first_tested = bool(meanings(incident)) and not meanings(entry.shown)
        if news(incident, entry.heard) and (silent >= pace.update or first_tested):
            return Reason.UPDATE
        if essence(incident) != essence(entry.shown) and now - entry.shown_at >= pace.update:
            return Reason.EDIT
    if incident.severity == "page" and 0 < pace.remind <= silent:
        return Reason.REMIND
    return Reason.STILL_OPEN


def _escalates(entry: LedgerEntry, incident: IncidentReport, now: float) -> bool:
    """Whether a warning is a page now, and not one that comes and goes."""
    if incident.severity != "page" or entry.shown.severity == "page":
        return False
    return PAGE not in entry.heard or now - entry.heard_at >= ESCALATES_AGAIN


def _opening(
    incident: IncidentReport,
    snapshot: Snapshot,
    now: float,
    listed: bool,
    quiet: frozenset[Severity],
) -> Reason:
    if not listed:
        return Reason.HOLD_UNTIL_LISTED
    if incident.muted_until is not None:
        return Reason.MUTED
    if incident.id in snapshot.testing:
        return Reason.HOLD_TESTING
    if _is_passing(incident, now):
        return Reason.HOLD_BACK
    return Reason.HOLD_QUIET if incident.severity in quiet else Reason.OPEN


def _is_passing(incident: IncidentReport, now: float) -> bool:
    """Whether its samples will find out by themselves soon that the API is back."""
    due = [instant(each.next_attempt_at) for each in incident.conclusions]
    back = all(each.meaning is Meaning.BACK for each in incident.conclusions)
    return bool(due) and back and all(at is not None and now < at + BACK_GRACE for at in due)


def _unseen(
    snapshot: Snapshot, known: Mapping[str, LedgerEntry], now: float, listed: bool, pace: Pace
) -> Iterator[Decision]:
    incidents = snapshot.report.incidents
    watched = {each.eval_set_id: each for each in snapshot.report.eval_sets}
    for entry in known.values():
        if any(continues(incident, entry.incident) for incident in incidents):
            continue
        about = [watched[name] for name in entry.incident.eval_sets if name in watched]
        reason = Reason.HOLD_UNTIL_LISTED
        if listed:
            reason = _end(entry, about, snapshot, now, pace)
        yield Decision(reason, entry.incident, now, entry, _worst(about))


def _end(
    entry: LedgerEntry, about: list[EvalSetReport], snapshot: Snapshot, now: float, pace: Pace
) -> Reason:
    if any(each.eval_set_id in unsure(snapshot) for each in about):
        return Reason.HOLD_UNKNOWN
    if entry.incident.eval_sets and not about:
        return Reason.GONE
    away = now - (entry.away_since if entry.away_since is not None else now)
    running = any(each.verdict is not Verdict.FINISHED for each in about)
    over = settled(entry.incident, away, snapshot.troubled) and away >= _flapped(entry, pace)
    return Reason.HOLD_SETTLING if running and not over else Reason.RESOLVE


def _flapped(entry: LedgerEntry, pace: Pace) -> float:
    """How long one that came back before must be away now: damps what goes to and fro."""
    if not entry.reopened:
        return 0.0
    return float(min(LONGEST_AWAY, pace.flapping * 2.0 ** min(entry.reopened - 1, 10)))


def _worst(about: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [each.verdict for each in about]
    return worst(verdicts) if verdicts else None
