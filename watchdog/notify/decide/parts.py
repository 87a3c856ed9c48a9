"""Which of the incidents that stand each open one is seen as. Pure.

One that stands belongs to one that is open, and to no other. So what widens until it takes in
another open incident ends that one: it became part of it.
"""

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from watchdog.model.report import IncidentReport, Snapshot
from watchdog.notify.decide.continuity import JOINT_SCOPES, Akin, continues
from watchdog.notify.decide.records import LedgerEntry
from watchdog.notify.decide.standstill import renames


class Shares(Struct, frozen=True):
    """What belongs to whom, by the ids of open incidents."""

    parts: Mapping[str, tuple[IncidentReport, ...]]
    """What each is seen as; only of those that are seen."""
    into: Mapping[str, str]
    """Of those that became part of another one, which."""
    known: frozenset[str]
    """Ids of all that stand and belong to an open one."""


class _Claims:
    """Who may be which; what is claimed by several goes to one of them."""

    def __init__(self) -> None:
        self.by_entry: dict[str, tuple[LedgerEntry, list[IncidentReport]]] = {}
        self.owners: dict[str, LedgerEntry] = {}

    def add(self, key: str, entry: LedgerEntry, incidents: list[IncidentReport]) -> None:
        """It may be all of these."""
        if not incidents:
            return
        self.by_entry[key] = entry, incidents
        for incident in incidents:
            owner = self.owners.get(incident.id)
            if owner is None or _rank(entry, incident) < _rank(owner, incident):
                self.owners[incident.id] = entry


def shared_out(
    entries: Mapping[str, LedgerEntry], standing: Collection[IncidentReport], snapshot: Snapshot
) -> Shares:
    """What stands, shared out to what is open.

    Args:
        entries: what is open, by id.
        standing: what stands, each id once.
        snapshot: all that stands.
    """
    all_of_them, claims = Akin(standing), _Claims()
    for key, entry in entries.items():
        akin = all_of_them.like(entry.incident)
        claims.add(key, entry, [i for i in akin if continues(i, entry.incident)])
    free = Akin(incident for incident in standing if incident.id not in claims.owners)
    for key, entry in entries.items():
        if key not in claims.by_entry:
            named = [i for i in free.like(entry.incident) if renames(i, entry, snapshot)]
            claims.add(key, entry, sorted(named, key=_gravity)[:1])
    return _shares(claims)


def _shares(claims: _Claims) -> Shares:
    parts: dict[str, tuple[IncidentReport, ...]] = {}
    into: dict[str, str] = {}
    for key, (entry, incidents) in claims.by_entry.items():
        own = tuple(i for i in incidents if claims.owners[i.id] is entry)
        if own:
            parts[key] = own
        else:
            into[key] = claims.owners[incidents[0].id].incident.id
    return Shares(parts, into, frozenset(claims.owners))


def _rank(entry: LedgerEntry, incident: IncidentReport) -> tuple[object, ...]:
    """The least has it: its own, or what people were called for; then the oldest."""
    is_other = entry.incident.id != incident.id
    is_warning = entry.shown.severity != "page"
    is_joint = incident.scope in JOINT_SCOPES
    first = (is_warning, is_other) if is_joint else (is_other, is_warning)
    return (*first, entry.opened_at, entry.incident.id)


def _gravity(incident: IncidentReport) -> tuple[object, ...]:
    return incident.severity != "page", -incident.stuck_samples, incident.since or "", incident.id


def unknown(standing: Iterable[IncidentReport], shares: Shares) -> list[IncidentReport]:
    """What stands and belongs to nothing that is open."""
    return [incident for incident in standing if incident.id not in shares.known]
