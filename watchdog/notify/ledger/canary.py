"""When the canary was last sent, kept beside the ledger: a restart must not send it again."""

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select

from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import canary_table


class CanaryRecord(Struct, frozen=True):
    """What became of it; instants in seconds since the epoch."""

    tried_at: float | None = None
    """None: never."""
    delivered_at: float | None = None
    """When the last one that arrived began."""
    delay: float = 0.0
    """Seconds that that one took."""
    fault: str = ""
    """Why the last one did not arrive; empty where it did."""


# learned before threads are there (`rows`)
_decode = msgspec.json.Decoder(CanaryRecord).decode


def load(ledger: Ledger) -> CanaryRecord:
    """What this ledger keeps; what can't be used counts as nothing: it is sent once more."""
    with ledger.transaction() as connection:
        return _read(connection, ledger.watch)


def save(ledger: Ledger, record: CanaryRecord) -> None:
    """Replace what was kept."""
    with ledger.transaction() as connection:
        _write(connection, ledger.watch, record)


def save_by_hand(ledger: Ledger, at: float, delay: float) -> None:
    """Note one that a person sent and that arrived.

    What was wrong with the last one is over with it; the service's own rhythm stays as it was.
    """
    with ledger.transaction() as connection:
        record = _read(connection, ledger.watch)
        arrived = replace(record, delivered_at=at, delay=delay, fault="")
        _write(connection, ledger.watch, arrived)


def _read(connection: Connection, watch: str) -> CanaryRecord:
    query = select(canary_table.c.record).where(canary_table.c.watch == watch)
    record = connection.execute(query).scalar()
    try:
        return _decode(record) if record else CanaryRecord()
    except msgspec.MsgspecError:
        return CanaryRecord()


def _write(connection: Connection, watch: str, record: CanaryRecord) -> None:
    connection.execute(delete(canary_table).where(canary_table.c.watch == watch))
    text = msgspec.json.encode(record).decode()
    connection.execute(insert(canary_table).values(watch=watch, record=text))
