"""What `watchdog status` shows: the fleet, one eval set, or all in full."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from watchdog.model.report import IncidentReport, Report
from watchdog.model.verdict import Verdict, worst
from watchdog.surfaces.fleet.listing import gravity
from watchdog.surfaces.fleet.records import EvalSetDetail, EvalSetList, EvalSetRow

SHOWN = 5
"""Kinds of incidents that are told in brief."""


class Care(Struct, frozen=True):
    """Who looks after what."""

    owners: Mapping[str, str] = {}
    """Of each eval set: who started it, else its team."""
    acts: Mapping[str, str] = {}
    """What people did about an incident, by its id: `acknowledged by ann`."""


class FleetView(Struct, frozen=True):
    """The fleet that filters let through, and the open incidents that it is in."""

    fleet: EvalSetList
    incidents: tuple[IncidentReport, ...]
    acts: Mapping[str, str] = {}
    """What people did about incidents, by id; nothing where nobody keeps that."""

    @property
    def care(self) -> Care:
        """Who looks after what."""
        return Care(owners_of(self.fleet.eval_sets), self.acts)


def owners_of(rows: Iterable[EvalSetRow]) -> dict[str, str]:
    """Who looks after each eval set."""
    return {row.eval_set_id: row.owner or row.team for row in rows}


def by_kind(incidents: Iterable[IncidentReport]) -> list[list[IncidentReport]]:
    """Those of one severity, scope and cause together; the worst kind first, and in each."""
    kinds: dict[tuple[str, str, str], list[IncidentReport]] = {}
    for incident in sorted(incidents, key=gravity):
        kinds.setdefault((incident.severity, incident.scope, incident.cause), []).append(incident)
    return list(kinds.values())


Status = FleetView | EvalSetDetail | Report


def verdict_of(status: Status) -> Verdict:
    """The worst of what is shown."""
    if isinstance(status, Report):
        return status.verdict
    if isinstance(status, EvalSetDetail):
        return status.row.verdict
    fleet = status.fleet
    if fleet.matching == fleet.total:
        return fleet.verdict
    return worst((row.verdict for row in fleet.eval_sets), Verdict.FINISHED)
