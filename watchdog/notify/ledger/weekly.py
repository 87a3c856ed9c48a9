"""What a week is summed up from, as the ledger has it: reads, and changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select, tuple_

from watchdog.model.kept_incidents import Told
from watchdog.model.shadow import SHADOW
from watchdog.model.weekly import Span, WeekIncident, WeekRecords
from watchdog.notify.channels.channel import NOTHING
from watchdog.notify.decide.announcements import PAGE, to_text
from watchdog.notify.ledger import events
from watchdog.notify.ledger.history import kept_of
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.lost_time import lost_between, watched_between, watched_since
from watchdog.notify.ledger.rows import Thread, decode_incident, notice_of
from watchdog.notify.ledger.tables import incidents, messages
from watchdog.notify.notice import Notice

INCIDENTS_MAX = 10_000
"""Of one week that are read."""
AT_ONCE = 200
"""Incidents whose messages are asked for at once."""


def week_records(ledger: Ledger, span: Span, kept_seconds: float | None = None) -> WeekRecords:
    """All that was open at any time of the week, what was lost in it, and what was watched.

    Args:
        ledger: where it is kept.
        span: the week.
        kept_seconds: how long what is over is kept; None where that is not known.
    """
    mine = incidents.c.watch == ledger.watch
    is_open_then = or_(incidents.c.resolved_at.is_(None), incidents.c.resolved_at >= span.begin)
    query = select(incidents).where(mine, is_open_then, incidents.c.opened_at < span.end)
    order = (incidents.c.opened_at.desc(), incidents.c.id)
    with ledger.engine.connect() as connection:
        rows = connection.execute(query.order_by(*order).limit(INCIDENTS_MAX + 1)).all()
        return WeekRecords(
            incidents=tuple(_week_incidents(connection, ledger.watch, rows[:INCIDENTS_MAX])),
            lost=lost_between(connection, ledger.watch, span.begin, span.end),
            watched=watched_between(connection, ledger.watch, span.begin, span.end),
            watched_since=watched_since(connection, ledger.watch),
            cut=len(rows) > INCIDENTS_MAX,
            kept_seconds=kept_seconds,
        )


def _week_incidents(
    connection: Connection, watch: str, rows: Sequence[Row[Any]]
) -> Iterator[WeekIncident]:
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        threads = [(row.id, row.generation) for row in some]
        acts = events.of_threads(connection, watch, threads)
        told = _messages(connection, watch, threads)
        for row in some:
            thread = (row.id, row.generation)
            yield _week_incident(row, acts.get(thread, ()), told.get(thread, ()))


def _messages(
    connection: Connection, watch: str, threads: Iterable[Thread]
) -> Mapping[Thread, Sequence[Row[Any]]]:
    """The messages of some incidents, the oldest first."""
    place = tuple_(messages.c.incident, messages.c.generation)
    query = select(messages).where(messages.c.watch == watch, place.in_(list(threads)))
    found: dict[Thread, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(messages.c.number)):
        found[row.incident, row.generation].append(row)
    return found


def _week_incident(
    row: Row[Any], acts: tuple[Row[Any], ...], told: Sequence[Row[Any]]
) -> WeekIncident:
    incident = decode_incident(row.record)
    heard = tuple(_told(one) for one in told if (one.returned or "") != NOTHING)
    kept = kept_of(row, incident, acts, told=heard)
    beginnings = [(one, notice_of(one.record)) for one in told if one.kind == "opened"]
    ending, ended_as = _ending(row, told)
    since = min((notice.since for _, notice in beginnings), default=row.opened_at)
    return WeekIncident(
        kept=kept,
        began_at=since,
        is_page=incident.severity == "page" or f'"{to_text(PAGE)}"' in (row.said or ""),
        ending=ending,
        ended_as=ended_as,
        would_tell=_would_tell(beginnings),
    )


def _would_tell(beginnings: Iterable[tuple[Row[Any], Notice]]) -> tuple[str, ...]:
    return next((n.shadow or () for row, n in beginnings if row.channel == SHADOW), ())


def _ending(row: Row[Any], told: Sequence[Row[Any]]) -> tuple[str, str]:
    """Why it ended, and as what; of what an earlier version wrote, as its last message has it."""
    if row.resolved_at is None:
        return "", ""
    if row.ending is not None:
        return row.ending, row.ended_as or ""
    end = next((notice_of(one.record) for one in told if one.kind == "resolved"), None)
    if end is None:
        return "", ""
    if end.part_of:
        return "merged", ""
    reason = "gone" if end.gone else "resumed" if end.resumed else "resolve"
    return reason, end.verdict or ""


def _told(row: Row[Any]) -> Told:
    return Told(row.channel, row.kind, row.created_at, row.sent_at, row.state)
