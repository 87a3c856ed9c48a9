"""Incidents as the ledger keeps them, for whoever asks what was: reads, and changes nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from watchdog.model.kept_incidents import IncidentQuery, KeptIncident, Told
from watchdog.model.report import IncidentReport
from watchdog.notify.ledger import events
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.rows import decode_incident, needs_of
from watchdog.notify.ledger.tables import incidents, messages

FETCHED = 200
"""Rows that are held at once."""
SCANNED = 10_000
"""Rows that are looked at for one answer, at most."""
TOLD_MAX = 200
"""Messages of one incident that are named."""


def past(ledger: Ledger, query: IncidentQuery) -> tuple[KeptIncident, ...]:
    """Those that are over and fit, the latest end first; at most `query.limit`."""
    with ledger.engine.connect() as connection:
        wanted = _past(ledger, query).limit(SCANNED)
        with connection.execute(wanted, execution_options={"yield_per": FETCHED}) as rows:
            found = list(_fitting(rows, query))
        threads = [(row.id, row.generation) for row, _ in found]
        kept = events.of_threads(connection, ledger.watch, threads) if threads else {}
    return tuple(
        kept_of(row, incident, kept.get((row.id, row.generation), ())) for row, incident in found
    )


def one(ledger: Ledger, incident_id: str, opening: int | None = None) -> KeptIncident | None:
    """One opening of an incident, the last unless another is named; with all that is kept of it."""
    same = (incidents.c.watch == ledger.watch, incidents.c.id == incident_id)
    query = select(incidents).where(*same).order_by(incidents.c.generation.desc())
    if opening is not None:
        query = query.where(incidents.c.generation == opening)
    with ledger.engine.connect() as connection:
        row = connection.execute(query.limit(1)).one_or_none()
        if row is None:
            return None
        newest = select(func.max(incidents.c.generation)).where(*same)
        openings = connection.execute(newest).scalar() or row.generation
        thread = (row.id, row.generation)
        rows = events.of_threads(connection, ledger.watch, [thread]).get(thread, ())
        told = tuple(_told(connection, row))
    incident = decode_incident(row.record)
    return kept_of(row, incident, rows, told=told, openings=openings)


def _past(ledger: Ledger, query: IncidentQuery) -> Select[Any]:
    ended_at, name, number = incidents.c.resolved_at, incidents.c.id, incidents.c.generation
    wanted = select(incidents).where(incidents.c.watch == ledger.watch, ended_at.is_not(None))
    if query.ended_after is not None:
        wanted = wanted.where(ended_at >= query.ended_after)
    if query.before is not None:
        at, last, opening = query.before
        later = or_(name > last, and_(name == last, number < opening))
        wanted = wanted.where(or_(ended_at < at, and_(ended_at == at, later)))
    return wanted.order_by(ended_at.desc(), name, number.desc())


def _fitting(
    rows: Iterable[Row[Any]], query: IncidentQuery
) -> Iterator[tuple[Row[Any], IncidentReport]]:
    left = query.limit
    for row in rows:
        incident = decode_incident(row.record)
        if query.lets_through(incident):
            yield row, incident
            left -= 1
        if left <= 0:
            return


def kept_of(
    row: Row[Any],
    incident: IncidentReport,
    rows: tuple[Row[Any], ...],
    *,
    told: tuple[Told, ...] = (),
    openings: int = 0,
) -> KeptIncident:
    """An incident as its rows keep it; `rows` are what people did, and how it went on."""
    return KeptIncident(
        incident=incident,
        opening=row.generation,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        absent_since=row.away_since,
        reopened=row.reopened or 0,
        needs=needs_of(row.needs),
        acts=events.acts_of(rows),
        events=events.life_of(rows),
        told=told,
        openings=openings,
    )


def _told(connection: Connection, row: Row[Any]) -> Iterator[Told]:
    """Who was told what, the oldest first; what one digest told of its beginning is so too."""
    query = select(messages).where(
        messages.c.watch == row.watch,
        messages.c.incident == row.id,
        messages.c.generation == row.generation,
    )
    for one in connection.execute(query.order_by(messages.c.number).limit(TOLD_MAX)):
        yield Told(one.channel, one.kind, one.created_at, one.sent_at, one.state)
