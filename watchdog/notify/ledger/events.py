"""What people did about incidents, and how these went on: written down beside them.

What `incidents` and `messages` keep is not written here again: when one opened and ended, and who
was told what. Of messages that follow each other only the last of a kind is kept there, so that an
incident was updated, escalated, reminded of or reopened stands here, each time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from watchdog.model.acts import ACT_KINDS, Act
from watchdog.model.kept_incidents import EVENT_KINDS, LifeEvent
from watchdog.notify.ledger.rows import Thread, encode
from watchdog.notify.ledger.tables import events, incidents

# learned before threads are there (`rows`)
_decode_act = msgspec.json.Decoder(Act).decode
_decode_event = msgspec.json.Decoder(LifeEvent).decode

EVENTS_MAX = 200
"""Of one opening; the oldest go first."""
TEXT_MAX = 1000
HELD_MAX = 10_000
"""Acts that count at one time."""


def add(connection: Connection, watch: str, thread: Thread, event: Act | LifeEvent) -> int:
    """Write one down, and forget what is beyond the bound; its place."""
    its = of_thread(watch, thread)
    last = connection.execute(select(func.max(events.c.place)).where(*its)).scalar() or 0
    values = {"watch": watch, "incident": thread[0], "generation": thread[1]}
    row = {**values, "place": last + 1, "kind": event.kind, "at": event.at}
    if isinstance(event, LifeEvent):
        event = replace(event, text=event.text[:TEXT_MAX])
    connection.execute(insert(events).values(**row, record=encode(event)))
    is_over = events.c.ended_at.is_not(None) | events.c.kind.in_(EVENT_KINDS)
    old = events.c.place <= last + 1 - EVENTS_MAX
    connection.execute(delete(events).where(*its, old, is_over))
    return last + 1


def end(connection: Connection, watch: str, thread: Thread, act: Act) -> None:
    """Write down that an act has ended, as it says of itself."""
    query = update(events).where(*of_thread(watch, thread), events.c.place == act.place)
    connection.execute(query.values(record=encode(act), ended_at=act.ended_at))


def held(connection: Connection, watch: str) -> Mapping[Thread, tuple[Act, ...]]:
    """What people did about incidents that are open, or that nobody was told of, and that counts.

    Its time may have passed a moment ago: it must be said that it is over.
    """
    is_open = (
        select(incidents.c.id)
        .where(
            incidents.c.watch == events.c.watch,
            incidents.c.id == events.c.incident,
            incidents.c.generation == events.c.generation,
            incidents.c.resolved_at.is_(None),
        )
        .exists()
    )
    query = select(events).where(
        events.c.watch == watch, is_open | (events.c.generation == 0), events.c.kind.in_(ACT_KINDS)
    )
    order = (events.c.at.desc(), events.c.place.desc())
    rows = connection.execute(query.order_by(*order).limit(HELD_MAX)).all()
    acts: dict[Thread, list[Act]] = defaultdict(list)
    for row in reversed(rows):
        acts[row.incident, row.generation].append(act_of(row))
    return {thread: tuple(each) for thread, each in acts.items()}


def of_threads(
    connection: Connection, watch: str, threads: Iterable[Thread]
) -> Mapping[Thread, tuple[Row[Any], ...]]:
    """All that is kept of some incidents, the oldest first."""
    wanted = set(threads)
    query = select(events).where(
        events.c.watch == watch, events.c.incident.in_({name for name, _ in wanted})
    )
    rows: dict[Thread, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(events.c.at, events.c.place)):
        if (row.incident, row.generation) in wanted:
            rows[row.incident, row.generation].append(row)
    return {thread: tuple(each) for thread, each in rows.items()}


def judgements(connection: Connection, watch: str, since: float) -> list[tuple[Thread, Act]]:
    """All judgements of pages that were made since."""
    query = select(events).where(
        events.c.watch == watch, events.c.kind == "judgement", events.c.at >= since
    )
    rows = connection.execute(query.order_by(events.c.at).limit(HELD_MAX)).all()
    return [((row.incident, row.generation), act_of(row)) for row in rows]


def acts_of(rows: Iterable[Row[Any]]) -> tuple[Act, ...]:
    """What people did."""
    return tuple(act_of(row) for row in rows if row.kind in ACT_KINDS)


def life_of(rows: Iterable[Row[Any]]) -> tuple[LifeEvent, ...]:
    """How it went on."""
    texts = (row.record for row in rows if row.kind in EVENT_KINDS)
    return tuple(map(_decode_event, texts))


def act_of(row: Row[Any]) -> Act:
    """An act, with its place."""
    return replace(_decode_act(row.record), place=row.place)


def of_thread(watch: str, thread: Thread) -> tuple[ColumnElement[bool], ...]:
    """Those of one opening."""
    return (
        events.c.watch == watch,
        events.c.incident == thread[0],
        events.c.generation == thread[1],
    )


def prune(connection: Connection, watch: str, before: float, strangers: float) -> None:
    """Forget what is of no incident that is kept; of those that nobody was told of, what is old.

    Args:
        connection: in a transaction.
        watch: whose it is.
        before: what was done before is old.
        strangers: the same for what others wrote.
    """
    its = select(incidents.c.id).where(
        incidents.c.watch == events.c.watch,
        incidents.c.id == events.c.incident,
        incidents.c.generation == events.c.generation,
    )
    is_ours = events.c.watch == watch
    is_old = (is_ours & (events.c.at < before)) | (events.c.at < strangers)
    is_left = (events.c.generation > 0) | is_old
    connection.execute(delete(events).where(is_left, ~its.exists()))
