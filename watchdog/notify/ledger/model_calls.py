"""How calls of models went in the last day, kept beside what was learned: it outlives a restart."""

from sqlalchemy import ColumnElement, delete, insert, select

from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import learned_table

NAME = "model-calls"


def load(ledger: Ledger) -> str | None:
    """The text that was kept; None where none was."""
    with ledger.transaction() as connection:
        query = select(learned_table.c.record).where(*_ours(ledger))
        return connection.execute(query).scalar()


def save(ledger: Ledger, text: str, now: float) -> None:
    """Replace what was kept; `now` in seconds since the epoch."""
    with ledger.transaction() as connection:
        connection.execute(delete(learned_table).where(*_ours(ledger)))
        values = {"watch": ledger.watch, "name": NAME, "saved_at": now, "record": text}
        connection.execute(insert(learned_table).values(values))


def _ours(ledger: Ledger) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return learned_table.c.watch == ledger.watch, learned_table.c.name == NAME
