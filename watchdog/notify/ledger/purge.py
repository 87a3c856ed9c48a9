"""Deletes what the ledger, and the checkpoints beside it, hold of one eval set.

Of all services that share the database: a person asks for it, and means all of it. A service that
still sees the eval set writes it down anew.
"""

import secrets
from collections.abc import Collection, Sequence
from glob import escape
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Table,
    delete,
    func,
    select,
    true,
    tuple_,
    update,
)

from watchdog.masking import Key
from watchdog.model.report import IncidentReport
from watchdog.notify.ledger.checkpoints import table as checkpoints
from watchdog.notify.ledger.kept_text import certain_part, fit, kept_name
from watchdog.notify.ledger.ledger import Ledger, drop_digests_of_nothing
from watchdog.notify.ledger.purged_events import (
    drop_untold,
    events_of,
    rewrite_events,
    rewrite_reasons,
)
from watchdog.notify.ledger.purged_records import is_alone, names_any, notice_without, without
from watchdog.notify.ledger.rows import decode_incident, encode, notice_of
from watchdog.notify.ledger.tables import (
    events,
    incidents,
    lost_time_table,
    messages,
    mutes_table,
    names_table,
)
from watchdog.notify.notice import Notice

KEY_BYTES = 32
FETCHED = 200
"""Rows that are held at once while incidents are gone through."""


class AmbiguousError(Exception):
    """Several sources have an eval set of this name; the text names them."""


class Wanted(Struct, frozen=True):
    """One eval set, as ledger and checkpoints know it."""

    ids: frozenset[str]
    """As a column keeps the id that incidents and mutes name it by (`kept_name`)."""
    places: frozenset[tuple[str, str]]
    """Its sources, with its name there: as checkpoints name it."""


class Purged(Struct, frozen=True):
    """How many records there were of what."""

    sources: tuple[str, ...] = ()
    incidents: int = 0
    """About it alone: they are deleted with their messages."""
    still_open: int = 0
    """Of these: nobody is told of their end any more."""
    joint: int = 0
    """About others too: its name, and what was told of its samples, are taken out."""
    messages: int = 0
    """Deleted."""
    rewritten: int = 0
    """Messages on joint incidents, and digests: they stay, without it."""
    mutes: int = 0
    names: int = 0
    lost_times: int = 0
    """Days on which it lost time, as the weekly report counts them."""
    checkpoints: int = 0
    checkpoint_bytes: int = 0

    @property
    def found(self) -> bool:
        """Whether anything was known of it."""
        return any(getattr(self, name) for name in self.__struct_fields__ if name != "sources")


def purge(
    ledger: Ledger, beside: Engine | None, eval_set: str, source: str | None, *, dry_run: bool
) -> Purged:
    """Delete all that is kept of an eval set, or with `dry_run` count it.

    Args:
        ledger: where incidents, messages, mutes and ids are.
        beside: the database of the checkpoints; None where there are none.
        eval_set: an id, or the name that a source has for it.
        source: the source whose eval set is meant; None for the only one.
        dry_run: change nothing.

    Raises:
        AmbiguousError: several sources have one of this name.
        SQLAlchemyError: it can't be done; the ledger is as it was, or without it, never between.
    """
    wanted = _wanted(ledger.engine, beside, eval_set, source)
    count, size = (0, 0) if beside is None else _of_checkpoints(beside, wanted, dry_run=dry_run)
    with ledger.engine.connect() as connection:
        _begin(connection)
        of_ledger = _of_ledger(connection, wanted, source)
        if not dry_run:
            connection.commit()
    if not dry_run:
        _empty_log(ledger.engine)
    return replace(
        of_ledger,
        sources=tuple(sorted({place for place, _ in wanted.places})),
        checkpoints=count,
        checkpoint_bytes=size,
    )


def _wanted(engine: Engine, beside: Engine | None, eval_set: str, source: str | None) -> Wanted:
    owners = _owners(engine, eval_set, source)
    ids = frozenset(row.id for row in owners)
    places = frozenset((row.source, row.name) for row in owners)
    if not owners:
        # one of a time before ids were kept, or whose id is another source's
        found = _sources(beside, eval_set, source)
        places = frozenset((place, eval_set) for place in found)
        is_its_id = source is None or (bool(found) and not _owners(engine, eval_set, None))
        ids = frozenset((kept_name(eval_set),)) if is_its_id else frozenset()
    sources = sorted({place for place, _ in places if place})
    if len(sources) > 1:
        raise AmbiguousError(", ".join(sources))
    return Wanted(ids, places)


def _owners(engine: Engine, eval_set: str, source: str | None) -> Sequence[Row[Any]]:
    """Who has this id; where nobody has it, or a source was named, whom a source calls so."""
    named = (names_table.c.id == eval_set) | (names_table.c.name == eval_set)
    query = select(names_table).where(named)
    if source is not None:
        query = query.where(names_table.c.source == source)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    kept = kept_name(eval_set)
    return [row for row in rows if row.id == kept and source is None] or rows


def _sources(beside: Engine | None, eval_set: str, source: str | None) -> list[str]:
    """The sources that have checkpoints of it."""
    if beside is None:
        return []
    query = select(checkpoints.c.source).where(checkpoints.c.eval_set == eval_set).distinct()
    with beside.connect() as connection:
        found = connection.execute(query).scalars().all()
    return [each for each in found if source is None or each == kept_name(source)]


def _of_checkpoints(engine: Engine, wanted: Wanted, *, dry_run: bool) -> tuple[int, int]:
    """How many there were, and their bytes: of all versions, those kept aside too."""
    place = tuple_(checkpoints.c.source, checkpoints.c.eval_set)
    its = place.in_(sorted(wanted.places))
    length = func.length(checkpoints.c.state) + func.length(checkpoints.c.position)
    with engine.connect() as connection:
        _begin(connection)
        query = select(func.count(), func.coalesce(func.sum(length), 0))
        number, size = connection.execute(query.where(its)).one()
        if not dry_run:
            connection.execute(delete(checkpoints).where(its))
            connection.commit()
    if not dry_run:
        _empty_log(engine)
    return int(number), int(size)


def _of_ledger(connection: Connection, wanted: Wanted, source: str | None) -> Purged:
    """In one transaction, which a dry run doesn't commit."""
    key = secrets.token_bytes(KEY_BYTES)  # nobody has it afterwards
    alone, joint = _incidents(connection, wanted, source)
    deleted = 0
    for row in alone:
        deleted += _delete(connection, messages, *_messages_of(row))
        _delete(connection, events, *events_of(row))
        connection.execute(delete(incidents).where(*_same(row)))
    rewritten = sum(_rewrite(connection, row, wanted, key) for row in joint)
    rewritten += _rewrite_digests(connection, wanted, key)
    drop_untold(connection, wanted.ids)
    rewrite_reasons(connection, wanted.ids, key)
    deleted += drop_digests_of_nothing(connection, created_before=float("inf")) if alone else 0
    return Purged(
        incidents=len(alone),
        still_open=sum(row.resolved_at is None for row in alone),
        joint=len(joint),
        messages=deleted,
        rewritten=rewritten,
        mutes=_delete(
            connection,
            mutes_table,
            mutes_table.c.eval_set.in_({*wanted.ids, *map(escape, wanted.ids)}),
        ),
        names=_delete(
            connection,
            names_table,
            names_table.c.id.in_(wanted.ids),
            true() if source is None else names_table.c.source == source,
        ),
        lost_times=_delete(connection, lost_time_table, lost_time_table.c.eval_set.in_(wanted.ids)),
    )


def _incidents(
    connection: Connection, wanted: Wanted, source: str | None
) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """About it alone, and about others too."""
    alone, joint = [], []
    # of this statement alone: on a server what comes after it would be read by a cursor too
    rows = connection.execute(select(incidents), execution_options={"yield_per": FETCHED})
    for row in rows:
        if not _may_name(wanted.ids, row.record, row.told):
            continue
        records = _records(row)
        elsewhere = source is not None and not any(_is_of(record, source) for record in records)
        if elsewhere or not any(names_any(record, wanted.ids) for record in records):
            continue
        if all(is_alone(record, wanted.ids) for record in records):
            alone.append(row)
        else:
            joint.append(row)
    return alone, joint


def _is_of(record: IncidentReport, source: str) -> bool:
    """Whether it may be of a source: what earlier versions wrote down names none."""
    return not record.sources or fit(source) in map(fit, record.sources)


def _may_name(ids: Collection[str], *texts: str | None) -> bool:
    """Whether an id stands in one of the records: most are about others, and aren't decoded."""
    needles = [msgspec.json.encode(certain_part(name)).decode()[1:-1] for name in ids]
    return any(needle in text for text in texts if text for needle in needles)


def _records(row: Row[Any]) -> list[IncidentReport]:
    """As it is, and as it was told."""
    texts = filter(None, (row.record, row.told))
    return [decode_incident(text) for text in texts]


def _rewrite(connection: Connection, row: Row[Any], wanted: Wanted, key: Key) -> int:
    """Take it out of a joint incident; how many of its messages were rewritten."""
    record, *told = (encode(without(each, wanted.ids, key)) for each in _records(row))
    values = {"record": record, **({"told": told[0]} if told else {})}
    connection.execute(update(incidents).where(*_same(row)).values(values))
    rewrite_events(connection, row, wanted.ids, key)
    of_it = connection.execute(select(messages).where(*_messages_of(row))).all()
    for message in of_it:
        _replace(connection, message, notice_without(notice_of(message.record), wanted.ids, key))
    return len(of_it)


def _rewrite_digests(connection: Connection, wanted: Wanted, key: Key) -> int:
    digests = connection.execute(select(messages).where(messages.c.kind == "digest")).all()
    number = 0
    for row in digests:
        notice = notice_of(row.record)
        if any(names_any(each, wanted.ids) for each in (notice.incident, *notice.members)):
            _replace(connection, row, notice_without(notice, wanted.ids, key))
            number += 1
    return number


def _replace(connection: Connection, row: Row[Any], notice: Notice) -> None:
    query = update(messages).where(messages.c.number == row.number)
    connection.execute(query.values(record=encode(notice)))


def _same(row: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    keys = ("watch", "id", "generation")
    return tuple(incidents.c[key] == getattr(row, key) for key in keys)


def _messages_of(row: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    return (
        messages.c.watch == row.watch,
        messages.c.incident == row.id,
        messages.c.generation == row.generation,
    )


def _delete(connection: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(*where)).rowcount


def _begin(connection: Connection) -> None:
    """Alone with SQLite's file, which gets zeros where what is deleted stood."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _empty_log(engine: Engine) -> None:
    """SQLite's write-ahead log holds former pages until it is taken over and emptied."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
