"""The open incidents that a fleet is in, by a service: of each kind the worst in full."""

from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import quote

from watchdog.client.connection import Connection
from watchdog.client.errors import NotFoundError
from watchdog.model.report import IncidentReport
from watchdog.surfaces.fleet.listing import LIMIT_MAX
from watchdog.surfaces.fleet.view import SHOWN, by_kind
from watchdog.surfaces.incidents.records import IncidentDetail, IncidentList, IncidentRow

MOST = 2000
"""Open incidents of one answer."""
_API = "/api/v1/incidents"


class Open(NamedTuple):
    """Open incidents."""

    incidents: tuple[IncidentReport, ...]
    acts: dict[str, str]
    """What people did about them, by id."""


async def open_incidents(connection: Connection, ids: Collection[str]) -> Open:
    """Those of some ids.

    Raises:
        UsageError: they can't be read.
    """
    rows = [row for row in await _rows(connection) if row.id in ids] if ids else []
    reports = [_brief(row) for row in rows]
    in_full = {
        alike[0].id: await _in_full(connection, alike[0]) for alike in by_kind(reports)[:SHOWN]
    }
    acts = {row.id: text for row in rows if (text := _acts(row))}
    return Open(tuple(in_full.get(one.id, one) for one in reports), acts)


async def _rows(connection: Connection) -> list[IncidentRow]:
    rows: list[IncidentRow] = []
    cursor: str | None = None
    while len(rows) < MOST:
        more = [("cursor", cursor)] if cursor is not None else []
        query = [("state", "open"), ("limit", str(LIMIT_MAX)), *more]
        page = await connection.get(_API, IncidentList, query)
        rows += page.incidents
        cursor = page.next
        if cursor is None:
            break
    return rows


async def _in_full(connection: Connection, incident: IncidentReport) -> IncidentReport:
    """With what to do; as it is known where it has just ended."""
    try:
        path = f"{_API}/{quote(incident.id, safe='')}"
        return (await connection.get(path, IncidentDetail)).incident
    except NotFoundError:
        return incident


def _brief(row: IncidentRow) -> IncidentReport:
    return IncidentReport(
        id=row.id,
        scope=row.scope,
        subject=row.subject,
        cause=row.cause,
        since=row.since,
        eval_sets=row.eval_sets,
        summary=row.summary,
        severity=row.severity,
        verdict=row.verdict,
        muted_until=row.silence.until if row.silence is not None else None,
    )


def _acts(row: IncidentRow) -> str:
    if row.acknowledgement is not None:
        return f"acknowledged by {row.acknowledgement.by}"
    return f"silenced by {row.silence.by}" if row.silence is not None else ""
