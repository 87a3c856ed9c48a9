"""What is told, and when: one message when an incident opens, one when it ends, none in between.

Pure: the snapshot, what the ledger remembers and `now` in, decisions with a named reason out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Cause, Incident, Verdict, worst


class Reason(StrEnum):
    """Why something is told, or not."""

    OPEN = "open"
    STILL_OPEN = "still_open"
    RESOLVE = "resolve"
    GONE = "gone"
    """It ends because none of its eval sets is watched any more."""
    MUTED = "muted"
    """People asked not to hear of it yet; when that ends and it still stands, it opens."""
    HOLD_UNTIL_LISTED = "hold_until_listed"
    """Not every source was listed once in full: wait, the next decision will tell."""
    HOLD_SETTLING = "hold_settling"
    """A model's trouble is over for a moment: it often comes back, in other eval sets."""
    HOLD_UNKNOWN = "hold_unknown"
    """It can't be seen any more, but for lack of data: unknown never resolves."""


ENDING = frozenset({Reason.RESOLVE, Reason.GONE})


JOINT_SCOPES = frozenset({"model", "provider", "cluster"})

SETTLES = 2100.0
"""Seconds; a sample notices that a model is back when its back-off ends, after half an hour."""

API_CAUSES = frozenset(
    {
        Cause.API_SERVER_ERROR,
        Cause.RATE_LIMITED,
        Cause.CLIENT_TIMEOUT,
        Cause.CONNECTION,
        Cause.AUTH,
        Cause.BAD_REQUEST,
        Cause.CONTEXT_LENGTH,
        Cause.UNEXPLAINED,
    }
)
"""In one outage of a model, one sample sees mostly 500s and another mostly time-outs."""


class LedgerEntry(Struct, frozen=True):
    """An incident that the ledger holds as open, as it was last seen."""

    incident: IncidentReport
    generation: int
    """How often this id has opened, from 1."""
    opened_at: float
    away_since: float | None = None
    """Since when it has not been seen."""


class Decision(Struct, frozen=True):
    """What to do about one incident, and why."""

    reason: Reason
    incident: IncidentReport
    at: float
    entry: LedgerEntry | None = None
    """What the ledger holds of it; None for one that opens."""
    ended_as: Verdict | None = None
    """On the end: the worst verdict of what the incident was about."""


def decide(
    snapshot: Snapshot,
    open_incidents: Mapping[str, LedgerEntry],
    now: float,
    first_poll_complete: bool,
) -> tuple[Decision, ...]:
    """One decision per incident, seen now or open in the ledger."""
    return (
        *_seen(snapshot, open_incidents, now, first_poll_complete),
        *_unseen(snapshot, open_incidents, now, first_poll_complete),
    )


def _seen(
    snapshot: Snapshot, known: Mapping[str, LedgerEntry], now: float, listed: bool
) -> Iterator[Decision]:
    """What stands: open ones as they are now, and those that are new."""
    incidents = {incident.id: incident for incident in snapshot.report.incidents}.values()
    for entry in known.values():
        parts = [incident for incident in incidents if continues(incident, entry.incident)]
        if parts:
            yield Decision(Reason.STILL_OPEN, _joined(entry.incident, parts), now, entry)
    for incident in incidents:
        if not any(continues(incident, entry.incident) for entry in known.values()):
            yield Decision(_opening(incident, listed), incident, now)


def continues(incident: IncidentReport | Incident, told: IncidentReport | Incident) -> bool:
    """Whether people were told of this already: it only became wider or narrower.

    What everybody on a model suffers takes in eval sets and leaves them as it goes on, and which of
    them is the oldest, whose name the id is made of, changes with that.
    """
    if incident.id == told.id:
        return True
    if not _akin(incident.cause, told.cause):
        return False
    if set(incident.models) & set(told.models):
        return True
    joint = incident.scope in JOINT_SCOPES or told.scope in JOINT_SCOPES
    return joint and bool(set(incident.eval_sets) & set(told.eval_sets))


def _akin(one: Cause, other: Cause) -> bool:
    return one is other or {one, other} <= API_CAUSES


def _joined(told: IncidentReport, parts: Sequence[IncidentReport]) -> IncidentReport:
    """An open incident as it stands now: under its old id, all its parts together."""
    first = next((part for part in parts if part.id == told.id), parts[0])
    eval_sets = tuple(dict.fromkeys(name for part in (first, *parts) for name in part.eval_sets))
    return replace(first, id=told.id, eval_sets=eval_sets)


def _opening(incident: IncidentReport, listed: bool) -> Reason:
    if not listed:
        return Reason.HOLD_UNTIL_LISTED
    return Reason.MUTED if incident.muted_until is not None else Reason.OPEN


def _unseen(
    snapshot: Snapshot, known: Mapping[str, LedgerEntry], now: float, listed: bool
) -> Iterator[Decision]:
    incidents = snapshot.report.incidents
    watched = {each.eval_set_id: each for each in snapshot.report.eval_sets}
    for entry in known.values():
        if any(continues(incident, entry.incident) for incident in incidents):
            continue
        about = [watched[name] for name in entry.incident.eval_sets if name in watched]
        reason = Reason.HOLD_UNTIL_LISTED
        if listed:
            reason = _end(entry, about, snapshot, now)
        yield Decision(reason, entry.incident, now, entry, _worst(about))


def _end(entry: LedgerEntry, about: list[EvalSetReport], snapshot: Snapshot, now: float) -> Reason:
    unsure = snapshot.undecided
    if any(each.verdict == Verdict.UNKNOWN or each.eval_set_id in unsure for each in about):
        return Reason.HOLD_UNKNOWN
    if entry.incident.eval_sets and not about:
        return Reason.GONE
    away = now - (entry.away_since if entry.away_since is not None else now)
    running = any(each.verdict is not Verdict.FINISHED for each in about)
    settling = running and not settled(entry.incident, away, snapshot.troubled)
    return Reason.HOLD_SETTLING if settling else Reason.RESOLVE


def settled(incident: IncidentReport | Incident, away: float, troubled: frozenset[str]) -> bool:
    """Whether what was not seen for `away` seconds is over: a model's trouble ends in stages."""
    models = set(incident.models)
    return not models or (away >= SETTLES and not models & troubled)


def _worst(about: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [each.verdict for each in about]
    return worst(verdicts) if verdicts else None
