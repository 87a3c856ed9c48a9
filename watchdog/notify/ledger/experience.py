"""What was learned of the fleet, kept beside the ledger: it outlives a restart.

State that can't be used (corrupt, of another version, out of bounds) is kept aside under another
name, and the service begins with the priors of day one.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from watchdog.model.learned import Learned, fault
from watchdog.notify.ledger.database import LedgerError, engine_of, url_of
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import learned_table

_CURRENT = "current"
_ASIDE = "unusable-"
_ASIDE_MAX = 3
"""So many unusable states are kept; the oldest go first."""

# learned before threads are there (`rows`)
_decode = msgspec.json.Decoder(Learned).decode


class Loaded(Struct, frozen=True):
    """What was kept, or day one's nothing with the reason."""

    learned: Learned = Learned()
    warning: str | None = None


def load(ledger: Ledger, now: float) -> Loaded:
    """What was learned of what this ledger is about; `now` in seconds since the epoch."""
    current = _named(ledger, _CURRENT)
    with ledger.transaction() as connection:
        record = connection.execute(select(learned_table.c.record).where(*current)).scalar()
        if record is None:
            return Loaded()
        try:
            return Loaded(_read(record, now))
        except ValueError as error:
            reason = " ".join(str(error).split())[:200]
            name = _set_aside(connection, ledger, now)
    return Loaded(
        warning=f"what was learned can't be used ({reason}): kept as {name} in the table "
        "`learned`; the priors of day one are used"
    )


def save(ledger: Ledger, learned: Learned, now: float) -> None:
    """Replace what was kept."""
    values = {"saved_at": now, "record": msgspec.json.encode(learned).decode()}
    with ledger.transaction() as connection:
        query = update(learned_table).where(*_named(ledger, _CURRENT)).values(values)
        if not connection.execute(query).rowcount:
            key = {"watch": ledger.watch, "name": _CURRENT}
            connection.execute(insert(learned_table).values(**key, **values))


def _read(record: str, now: float) -> Learned:
    learned = _decode(record)
    why = fault(learned)
    if why is not None:
        raise ValueError(why)
    # a clock that was set back must not keep the service from learning
    return learned if learned.until is None else replace(learned, until=min(learned.until, now))


def _named(ledger: Ledger, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return learned_table.c.watch == ledger.watch, learned_table.c.name == name


def _set_aside(connection: Connection, ledger: Ledger, now: float) -> str:
    name = f"{_ASIDE}{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S.%fZ}"
    connection.execute(update(learned_table).where(*_named(ledger, _CURRENT)).values(name=name))
    ours = learned_table.c.watch == ledger.watch
    aside = select(learned_table.c.name).where(ours, learned_table.c.name.startswith(_ASIDE))
    names = connection.execute(aside.order_by(learned_table.c.name.desc())).scalars().all()
    for old in names[_ASIDE_MAX:]:
        connection.execute(delete(learned_table).where(*_named(ledger, old)))
    return name


def peek(url: str, watch: str, now: float) -> Loaded | None:
    """What a service with this state has learned; None where it has kept nothing.

    Only reads: no file is made, none is set aside. What can't be read comes with a warning.
    """
    address = url_of(url)
    if address.get_backend_name() == "sqlite":
        if not (address.database and Path(address.database).is_file()):
            return None
        query = {"mode": "ro", "uri": "true"}
        address = address.set(database=f"file:{address.database}", query=query)
    ours = learned_table.c.watch == watch, learned_table.c.name == _CURRENT
    try:
        engine = engine_of(address)
        try:
            with engine.connect() as connection:
                record = connection.execute(select(learned_table.c.record).where(*ours)).scalar()
        finally:
            engine.dispose()
        return None if record is None else Loaded(_read(record, now))
    except (SQLAlchemyError, LedgerError, ValueError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return Loaded(warning=" ".join(str(cause).split())[:200])
