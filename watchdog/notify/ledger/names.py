"""Whose each eval set's id is, kept beside the ledger: a restart must not give it to another."""

from collections.abc import Iterable, Mapping

from msgspec.structs import asdict
from sqlalchemy import delete, insert, select

from watchdog.model.eval_set_names import EvalSetName
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.tables import names_table


def load(ledger: Ledger) -> dict[str, EvalSetName]:
    """The owners of all ids of what this ledger is about."""
    query = select(names_table).where(names_table.c.watch == ledger.watch)
    with ledger.transaction() as connection:
        rows = connection.execute(query).all()
    return {row.id: EvalSetName(row.source, row.name, row.seen_at) for row in rows}


def known(ledger: Ledger) -> set[str]:
    """The ids that eval sets have, or had lately, whatever service watches them."""
    with ledger.engine.connect() as connection:
        return set(connection.execute(select(names_table.c.id).distinct()).scalars())


def save(ledger: Ledger, changed: Mapping[str, EvalSetName], removed: Iterable[str]) -> None:
    """Write down what is new or another's, and forget what is nobody's."""
    same_watch = names_table.c.watch == ledger.watch
    with ledger.transaction() as connection:
        for eval_set_id in (*removed, *changed):
            connection.execute(
                delete(names_table).where(same_watch, names_table.c.id == eval_set_id)
            )
        rows = [
            {"watch": ledger.watch, "id": eval_set_id, **asdict(owner)}
            for eval_set_id, owner in changed.items()
        ]
        if rows:
            connection.execute(insert(names_table), rows)
