"""A week's report as a channel may have it, which has no groups: no names of what is restricted."""

from collections.abc import Callable

from msgspec.structs import replace

from watchdog.model.lost_time import LostTime
from watchdog.model.weekly import WeekIncident, WeeklyReport, WeekRecords


def for_a_channel(
    report: WeeklyReport, records: WeekRecords
) -> tuple[WeeklyReport, tuple[str, ...]]:
    """The report, and the secret models whose names may stand in it.

    What a route with `exclusive` keeps to some channels is counted, and not named.
    """
    restricted = {
        (one.kept.incident.id, one.kept.opening)
        for one in records.incidents
        if one.kept.incident.restricted_to
    }
    pages = tuple(p for p in report.unmarked_pages if (p.id, p.opening) not in restricted)
    of_incidents = (name for one in records.incidents for name in one.kept.incident.secret_models)
    of_lost = (name for row in records.lost for name in row.secret_models)
    secret = tuple(dict.fromkeys((*of_incidents, *of_lost)))
    return replace(report, unmarked_pages=pages), secret


def only(
    records: WeekRecords,
    incident: Callable[[WeekIncident], bool],
    lost: Callable[[LostTime], bool],
) -> tuple[WeekRecords, int]:
    """What somebody may see of records, and how many incidents they may not.

    Args:
        records: all.
        incident: whether one may be seen.
        lost: the same of what an eval set lost.
    """
    seen = tuple(one for one in records.incidents if incident(one))
    rows = tuple(row for row in records.lost if lost(row))
    return replace(records, incidents=seen, lost=rows), len(records.incidents) - len(seen)
