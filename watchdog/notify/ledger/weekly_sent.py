"""Up to when weekly reports were sent, kept beside the ledger: a restart sends none again."""

import msgspec
from msgspec import Struct
from sqlalchemy import delete, insert, select

from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import weekly_table


class WeeklySent(Struct, frozen=True):
    """Instants in seconds since the epoch."""

    since: float
    """From when on the schedule counts: what would have been due before was never asked for."""
    due: float | None = None
    """When the last one was due that was sent, or was given up; None where none was."""


# learned before threads are there (`rows`)
_decode = msgspec.json.Decoder(WeeklySent).decode


def load(ledger: Ledger, now: float) -> WeeklySent:
    """What this ledger keeps; where that is nothing, or can't be used, the schedule begins now."""
    query = select(weekly_table.c.record).where(weekly_table.c.watch == ledger.watch)
    with ledger.engine.connect() as connection:
        record = connection.execute(query).scalar()
    try:
        if record:
            return _decode(record)
    except msgspec.MsgspecError:
        pass
    begun = WeeklySent(now)
    save(ledger, begun)
    return begun


def save(ledger: Ledger, record: WeeklySent) -> None:
    """Replace what was kept."""
    with ledger.transaction() as connection:
        connection.execute(delete(weekly_table).where(weekly_table.c.watch == ledger.watch))
        text = msgspec.json.encode(record).decode()
        connection.execute(insert(weekly_table).values(watch=ledger.watch, record=text))
