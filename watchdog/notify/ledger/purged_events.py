"""What people did, and how incidents went on, without the names of eval sets that are purged."""

from collections.abc import Collection
from glob import escape
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from watchdog.masking import Key, Mask
from watchdog.notify.ledger.kept_text import certain_part
from watchdog.notify.ledger.tables import events, mutes_table


def events_of(incident: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Those of one opening."""
    return (
        events.c.watch == incident.watch,
        events.c.incident == incident.id,
        events.c.generation == incident.generation,
    )


def rewrite_events(
    connection: Connection, incident: Row[Any], ids: Collection[str], key: Key
) -> None:
    """Take the names out of what was done about a joint incident, and out of how it went on."""
    mask = Mask(key, ())
    mask.add_ids(key, {*ids, *map(escape, ids)})
    for row in connection.execute(select(events).where(*events_of(incident))).all():
        record = mask.record(msgspec.json.decode(row.record, type=dict[str, Any]))
        if isinstance(record.get("silenced"), list):
            record["silenced"] = [mask(name) for name in record["silenced"]]
        same = (*events_of(incident), events.c.place == row.place)
        text = msgspec.json.encode(record).decode()
        connection.execute(update(events).where(*same).values(record=text))


def rewrite_reasons(connection: Connection, ids: Collection[str], key: Key) -> None:
    """Take the names out of why others are muted: who silences a joint incident names any of it."""
    mask = Mask(key, ())
    mask.add_ids(key, {*ids, *map(escape, ids)})
    for row in connection.execute(select(mutes_table)).all():
        reason = mask(row.reason)
        if reason != row.reason:
            same = mutes_table.c.eval_set == row.eval_set
            connection.execute(update(mutes_table).where(same).values(reason=reason))


def drop_untold(connection: Connection, ids: Collection[str]) -> None:
    """Delete what was done about incidents that nobody was told of, and that name one of these."""
    needles = {msgspec.json.encode(certain_part(each)).decode()[1:-1] for each in ids}
    needles |= {msgspec.json.encode(certain_part(escape(each))).decode()[1:-1] for each in ids}
    untold = connection.execute(select(events).where(events.c.generation == 0)).all()
    for row in untold:
        if any(needle in row.record for needle in needles):
            keys = ("watch", "incident", "generation", "place")
            same = (events.c[name] == getattr(row, name) for name in keys)
            connection.execute(delete(events).where(*same))
