"""What stuck eval sets lost, and how much was watched, kept day by day beside the ledger."""

from collections.abc import Iterable, Mapping
from math import inf

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table, delete, func, insert, select

from watchdog.model.lost_time import LostTime, WatchedTime
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.rows import encode
from watchdog.notify.ledger.tables import lost_time_table, watched_time_table

ROWS_MAX = 100_000
"""Rows of one week that are summed up, at most."""

# learned before threads are there (`rows`)
_decode_lost = msgspec.json.Decoder(LostTime).decode
_decode_watched = msgspec.json.Decoder(WatchedTime).decode


class Before(Struct, frozen=True):
    """What an earlier life of the service wrote down."""

    lost: tuple[LostTime, ...]
    watched: tuple[WatchedTime, ...]
    """Both of days that may go on."""
    until: Mapping[str, float]
    """Up to when the time of each eval set was counted."""


def load(ledger: Ledger, day: int) -> Before:
    """What a service goes on with on a day, by its beginning."""
    lost, watched = lost_time_table.c, watched_time_table.c
    latest = select(lost.eval_set, func.max(lost.until)).where(lost.watch == ledger.watch)
    with ledger.engine.connect() as connection:
        rows = lost_between(connection, ledger.watch, float(day), inf)
        query = select(watched.record).where(watched.watch == ledger.watch, watched.day >= day)
        days = tuple(map(_decode_watched, connection.execute(query).scalars()))
        until = {row[0]: row[1] for row in connection.execute(latest.group_by(lost.eval_set))}
    return Before(rows, days, until)


def save(ledger: Ledger, lost: Iterable[LostTime], watched: Iterable[WatchedTime]) -> None:
    """Write down what changed, in place of what was there."""
    with ledger.transaction() as connection:
        for row in lost:
            key = {"day": row.day, "eval_set": row.eval_set, "cause": row.cause}
            _put(connection, lost_time_table, {"watch": ledger.watch, **key}, row)
        for day in watched:
            _put(connection, watched_time_table, {"watch": ledger.watch, "day": day.day}, day)


def _put(
    connection: Connection,
    table: Table,
    key: Mapping[str, object],
    record: LostTime | WatchedTime,
) -> None:
    connection.execute(delete(table).where(*(table.c[name] == key[name] for name in key)))
    values = {**key, "until": record.until, "record": encode(record)}
    connection.execute(insert(table).values(values))


def lost_between(
    connection: Connection, watch: str, begin: float, end: float
) -> tuple[LostTime, ...]:
    """What was lost between two instants, days that are touched as a whole; at most `ROWS_MAX`."""
    columns = lost_time_table.c
    query = select(columns.record).where(columns.watch == watch, columns.until >= begin)
    if end < inf:
        query = query.where(columns.day < end)
    rows = connection.execute(query.order_by(columns.day, columns.eval_set).limit(ROWS_MAX))
    return tuple(map(_decode_lost, rows.scalars()))


def watched_between(
    connection: Connection, watch: str, begin: float, end: float
) -> tuple[WatchedTime, ...]:
    """How much was watched on days that lie between two instants, or touch them."""
    columns = watched_time_table.c
    query = select(columns.record).where(
        columns.watch == watch, columns.until >= begin, columns.day < end
    )
    return tuple(map(_decode_watched, connection.execute(query.order_by(columns.day)).scalars()))


def watched_since(connection: Connection, watch: str) -> float | None:
    """The first instant of which it is kept whether it was watched."""
    columns = watched_time_table.c
    query = select(columns.record).where(columns.watch == watch).order_by(columns.day).limit(1)
    record = connection.execute(query).scalar()
    return None if record is None else _decode_watched(record).since
