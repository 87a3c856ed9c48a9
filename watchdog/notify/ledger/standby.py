"""The ledger in memory, for as long as its database fails.

Messages go on from a copy of what the database held: what is open, what is still to be told, and
what ended so lately that it may open again. Once the database takes writes again, the copy's rows
take the place of theirs. A process that dies meanwhile tells again what only memory knew: a
duplicate beats a miss.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
)

from watchdog.notify.ledger.database import memory_ledger, mend
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import events, incidents, messages

RESOLVED_MAX = 1000
"""Of what ended lately, the newest: what comes back is told in its thread."""
NUMBERS_APART = 2**20
"""Between the messages of the database and those that are written in memory: numbers of services
that share the database must not meet."""
LOCKED_SECONDS = 1
BATCH = 200

Rows = Sequence[Mapping[str, Any]]


class Copy(Struct, frozen=True):
    """What a ledger holds of its own, as rows."""

    incidents: Rows = ()
    messages: Rows = ()
    events: Rows = ()
    last_number: int = 0
    """Of any message in the database."""
    openings: Mapping[str, int] = {}
    """How often what ended before that has opened, by id: a next opening is another."""
    digests: Mapping[str, int] = {}
    """The last digest's number, by channel."""


def copy_of(ledger: Ledger, ended_since: float = 0.0) -> Copy:
    """What the ledger holds now: all but what ended before an instant.

    A copy costs memory and, at each change, CPU: neither may grow with what ended long ago.
    """
    ours = incidents.c.watch == ledger.watch
    ended_at = incidents.c.resolved_at
    ended = select(ended_at).where(ours, ended_at >= ended_since)
    with ledger.transaction() as connection:
        newest = ended.order_by(ended_at.desc()).limit(RESOLVED_MAX)
        since = min(connection.execute(newest).scalars(), default=ended_since)
        recent = and_(ours, or_(ended_at.is_(None), ended_at >= since))
        its_incident = and_(
            incidents.c.watch == messages.c.watch,
            incidents.c.id == messages.c.incident,
            incidents.c.generation == messages.c.generation,
            recent,
        )
        of_recent = select(incidents.c.id).where(its_incident).exists()
        about_recent = (
            select(incidents.c.id)
            .where(
                incidents.c.watch == events.c.watch,
                incidents.c.id == events.c.incident,
                incidents.c.generation == events.c.generation,
                recent,
            )
            .exists()
        )
        lately = or_(messages.c.state == "pending", messages.c.created_at >= since)
        digest = and_(messages.c.watch == ledger.watch, messages.c.kind == "digest")
        return Copy(
            _rows(connection, incidents, recent),
            _rows(connection, messages, or_(of_recent, and_(digest, lately))),
            _rows(connection, events, about_recent),
            connection.execute(select(func.max(messages.c.number))).scalar() or 0,
            _last_of(connection, incidents.c.id, incidents, and_(ours, ended_at < since)),
            _last_of(connection, messages.c.channel, messages, digest),
        )


def standby_of(copy: Copy, watch: str) -> Ledger:
    """A ledger in memory that goes on from a copy."""
    ledger = memory_ledger(watch)
    with ledger.transaction() as connection:
        _insert(connection, incidents, copy.incidents)
        _insert(connection, messages, copy.messages)
        _insert(connection, events, copy.events)
    ledger.number_from(copy.last_number + NUMBERS_APART, copy.openings, copy.digests)
    return ledger


def catch_up(ledger: Ledger, standby: Ledger, now: float) -> str | None:
    """Write down what only memory knows. A warning where the database had to be begun anew.

    Raises:
        SQLAlchemyError, OSError: the database can't be written yet; nothing of it is changed.
    """
    copy = copy_of(standby)
    warning = mend(ledger, now)
    with ledger.transaction(locked_seconds=LOCKED_SECONDS) as connection:
        for row in copy.incidents:
            same = (incidents.c[key] == row[key] for key in ("watch", "id", "generation"))
            connection.execute(delete(incidents).where(*same))
            its = {"watch": "watch", "incident": "id", "generation": "generation"}
            told = (messages.c[key] == row[name] for key, name in its.items())
            connection.execute(delete(messages).where(*told))
            about = (events.c[key] == row[name] for key, name in its.items())
            connection.execute(delete(events).where(*about))
        for row in copy.messages:
            if row["kind"] == "digest":
                connection.execute(delete(messages).where(messages.c.number == row["number"]))
        _insert(connection, incidents, copy.incidents)
        _insert(connection, messages, copy.messages)
        _insert(connection, events, copy.events)
        _number_on(connection)
    return warning


def _number_on(connection: Connection) -> None:
    """The next message comes after these: SQLite sees to it by itself."""
    if connection.dialect.name == "postgresql":
        counter = func.pg_get_serial_sequence(messages.name, messages.c.number.name)
        newest = select(func.max(messages.c.number)).scalar_subquery()
        following = func.greatest(func.nextval(counter), newest)
        connection.execute(select(func.setval(counter, following)))


def _last_of(
    connection: Connection, name: Column[Any], table: Table, condition: ColumnElement[bool]
) -> dict[str, int]:
    """The highest `generation` by `name`."""
    query = select(name, func.max(table.c.generation)).where(condition).group_by(name)
    return {key: int(last) for key, last in connection.execute(query)}


def _rows(connection: Connection, table: Table, condition: Any) -> Rows:  # noqa: ANN401
    rows = connection.execute(select(table).where(condition)).mappings().all()
    return [dict(row) for row in rows]


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    for first in range(0, len(rows), BATCH):
        connection.execute(insert(table), [dict(row) for row in rows[first : first + BATCH]])
