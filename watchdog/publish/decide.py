"""What is told, and when: one message when an incident opens, one when it ends, none in between.

Pure: the snapshot, what the ledger remembers and `now` in, decisions with a named reason out.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from watchdog.model.report import EvalSetReport, IncidentReport, Snapshot
from watchdog.model.verdict import Verdict, worst


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
    HOLD_UNKNOWN = "hold_unknown"
    """It can't be seen any more, but for lack of data: unknown never resolves."""


ENDING = frozenset({Reason.RESOLVE, Reason.GONE})


class LedgerEntry(Struct, frozen=True):
    """An incident that the ledger holds as open, as it was last seen."""

    incident: IncidentReport
    generation: int
    """How often this id has opened, from 1."""
    opened_at: float


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
    incidents = {incident.id: incident for incident in snapshot.report.incidents}
    for incident in incidents.values():
        entry = known.get(incident.id)
        if entry is not None:
            yield Decision(Reason.STILL_OPEN, incident, now, entry)
        else:
            yield Decision(_opening(incident, listed), incident, now)


def _opening(incident: IncidentReport, listed: bool) -> Reason:
    if not listed:
        return Reason.HOLD_UNTIL_LISTED
    return Reason.MUTED if incident.muted_until is not None else Reason.OPEN


def _unseen(
    snapshot: Snapshot, known: Mapping[str, LedgerEntry], now: float, listed: bool
) -> Iterator[Decision]:
    seen = {incident.id for incident in snapshot.report.incidents}
    watched = {each.eval_set_id: each for each in snapshot.report.eval_sets}
    for entry in known.values():
        if entry.incident.id in seen:
            continue
        about = [watched[name] for name in entry.incident.eval_sets if name in watched]
        reason = Reason.HOLD_UNTIL_LISTED
        if listed:
            reason = _end(entry.incident, about, snapshot.undecided)
        yield Decision(reason, entry.incident, now, entry, _worst(about))


def _end(incident: IncidentReport, about: list[EvalSetReport], undecided: frozenset[str]) -> Reason:
    if any(each.verdict == Verdict.UNKNOWN or each.eval_set_id in undecided for each in about):
        return Reason.HOLD_UNKNOWN
    if incident.eval_sets and not about:
        return Reason.GONE
    return Reason.RESOLVE


def _worst(about: Iterable[EvalSetReport]) -> Verdict | None:
    verdicts = [each.verdict for each in about]
    return worst(verdicts) if verdicts else None
