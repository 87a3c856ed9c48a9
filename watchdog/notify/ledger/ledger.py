"""What was told, and what is still to be told: a database that outlives a restart.

A message is written as `pending` before it is sent and marked `sent` after the channel confirmed
it. Whatever was pending when the process died is sent again: a duplicate beats a miss.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)

from watchdog.model.report import IncidentReport
from watchdog.notify.decide import Decision, LedgerEntry
from watchdog.notify.decide.continuity import heard_of, sayings
from watchdog.notify.ledger.tables import incidents, messages
from watchdog.notify.notice import MAX_CHANGES, Kind, Notice

KEEP_SECONDS = 30 * 86_400.0

_told_of = (
    (incidents.c.watch == messages.c.watch)
    & (incidents.c.id == messages.c.incident)
    & (incidents.c.generation == messages.c.generation)
)

State = Literal["pending", "sent", "failed"]

Thread = tuple[str, int]
"""Incident and generation."""

LATER: tuple[Kind, ...] = (
    "edited",
    "reminded",
    "updated",
    "reopened",
    "escalated",
    "resolved",
)
"""Messages that go on with an incident, by weight: of those that wait one is sent, which says all
that the others would have, as the heaviest of them."""


class Message(Struct, frozen=True):
    """A message on its way to one channel."""

    number: int
    thread: Thread
    """Incident and generation: its end is not told before its beginning."""
    notice: Notice
    attempts: int
    next_at: float
    handle: str | None = None
    """What the channel returned for the incident's first message."""


class Ledger:
    """The database behind `decide` and `deliver`. Each method is one transaction.

    `watch` names what is watched: who shares the database but watches something else must not
    take these incidents for ended.
    """

    def __init__(self, engine: Engine, watch: str = "") -> None:
        self._engine = engine
        self.watch = watch
        self._ours = incidents.c.watch == watch
        self._our_messages = messages.c.watch == watch

    def close(self) -> None:
        """Release connections and files."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection; what is done with it holds together, or not at all."""
        with self._engine.begin() as connection:
            yield connection

    def open_incidents(self) -> dict[str, LedgerEntry]:
        """All incidents that were told of and have not ended, by id."""
        query = select(incidents).where(self._ours, incidents.c.resolved_at.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(incidents.c.generation)).all()
        return {row.id: _entry(row) for row in rows}

    def closed_since(self, instant: float) -> tuple[LedgerEntry, ...]:
        """What ended after an instant, the newest of each id."""
        query = select(incidents).where(self._ours, incidents.c.resolved_at >= instant)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(incidents.c.generation)).all()
        return tuple({row.id: _entry(row) for row in rows}.values())

    def open(self, decision: Decision, notice: Notice, channels: Iterable[str]) -> Thread:
        """Remember an incident as open, and its message as pending for each channel."""
        with self._engine.begin() as connection:
            generation = self._next_generation(connection, decision.incident.id)
            connection.execute(
                insert(incidents).values(
                    watch=self.watch,
                    id=decision.incident.id,
                    generation=generation,
                    opened_at=decision.at,
                    record=_encode(decision.incident),
                    told=_encode(decision.incident),
                    told_at=decision.at,
                    said=_listed(sayings(decision.incident)),
                    said_at=decision.at,
                )
            )
            self._add(connection, notice, generation, channels)
        return decision.incident.id, generation

    def update(self, entry: LedgerEntry, notice: Notice) -> None:
        """Remember what is told of an open incident now, and the message for who knows of it.

        One that was told to be over is open again.
        """
        values: dict[str, object] = {
            "record": _encode(notice.incident),
            "told": _encode(notice.incident),
            "told_at": notice.at,
            "away_since": None,
        }
        if notice.kind != "edited":
            said = heard_of(notice.incident, entry.heard)
            values |= {"said": _listed(said), "said_at": notice.at}
        if notice.kind == "reopened":
            values |= {"resolved_at": None, "reopened": entry.reopened + 1}
        with self._engine.begin() as connection:
            connection.execute(update(incidents).where(*self._same(entry)).values(values))
            told = self._channels(connection, entry, "opened")
            self._renew(connection, notice, entry, sorted(told))

    def resolve(self, entry: LedgerEntry, notice: Notice) -> None:
        """Remember the end, and its message as pending for each channel that was told of it."""
        with self._engine.begin() as connection:
            connection.execute(
                update(incidents).where(*self._same(entry)).values(resolved_at=notice.at)
            )
            told = self._channels(connection, entry, "opened")
            self._renew(connection, notice, entry, sorted(told))

    def amend(self, entry: LedgerEntry, incident: IncidentReport) -> None:
        """Remember an open incident as it is now: other eval sets may have joined it."""
        with self._engine.begin() as connection:
            connection.execute(
                update(incidents).where(*self._same(entry)).values(record=_encode(incident))
            )

    def away(self, entry: LedgerEntry, since: float | None) -> None:
        """Remember since when an open incident has not been seen; None when it is seen."""
        with self._engine.begin() as connection:
            query = update(incidents).where(*self._same(entry))
            connection.execute(query.values(away_since=since))

    def untold(self, entry: LedgerEntry, channels: Iterable[str]) -> list[str]:
        """The channels that never had a message of this incident: they were set up later."""
        with self._engine.connect() as connection:
            told = self._channels(connection, entry, "opened")
        return [channel for channel in channels if channel not in told]

    def gather(self, threads: Iterable[Thread], channel: str, digest: Notice) -> None:
        """Let one message tell a channel of the beginning of all these incidents."""
        same = (self._our_messages, messages.c.channel == channel, messages.c.state == "pending")
        with self._engine.begin() as connection:
            name = self._add_digest(connection, channel, digest)
            for incident, generation in threads:
                begun = (messages.c.incident == incident, messages.c.generation == generation)
                query = update(messages).where(*same, *begun, messages.c.kind == "opened")
                connection.execute(query.values(digest=name))

    def divert(self, message: Message, channel: str, at: float) -> int:
        """Let a channel hear what another one refused; how many messages that makes.

        It hears of the beginning once, and then of all that follows; of a closed circle's, nothing.
        """
        with self._engine.begin() as connection:
            rows = connection.execute(self._refused(message)).all()
            unknown = [row for row in rows if not self._told_of(connection, row, channel)]
            refused = [(row, msgspec.json.decode(row.record, type=Notice)) for row in unknown]
            open_to_all = [pair for pair in refused if not pair[1].incident.circle]
            for row, notice in open_to_all:
                over = notice.kind == "resolved"
                told = notice if over else replace(notice, kind="opened", changes=())
                self._add(connection, replace(told, at=at), row.generation, [channel])
            return len(open_to_all)

    def tell(self, entry: LedgerEntry, notice: Notice, channels: Iterable[str]) -> None:
        """Write a message as pending for channels that were set up later."""
        with self._engine.begin() as connection:
            self._add(connection, notice, entry.generation, channels)

    def pending(self, channel: str) -> list[Message]:
        """What is still to be sent to a channel: the least tried first, then the oldest."""
        query = select(messages).where(
            self._our_messages,
            messages.c.channel == channel,
            messages.c.state == "pending",
            messages.c.digest.is_(None) | (messages.c.kind == "digest"),
        )
        first = messages.alias()
        query = query.add_columns(first.c.handle.label("begun")).outerjoin(
            first,
            (first.c.watch == messages.c.watch)
            & (first.c.incident == messages.c.incident)
            & (first.c.generation == messages.c.generation)
            & (first.c.channel == messages.c.channel)
            & (first.c.kind == "opened"),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(messages.c.attempts, messages.c.number)).all()
        return [_message(row) for row in rows]

    def unbegun(self, channel: str) -> set[Thread]:
        """The incidents of whose beginning a channel is still to be told."""
        query = select(messages.c.incident, messages.c.generation).where(
            self._our_messages,
            messages.c.channel == channel,
            messages.c.state == "pending",
            messages.c.kind == "opened",
        )
        with self._engine.connect() as connection:
            return {(row.incident, row.generation) for row in connection.execute(query)}

    def settle(  # noqa: PLR0913, PLR0917 - what became of it
        self,
        message: Message,
        state: State,
        at: float,
        returned: str,
        next_at: float = 0.0,
        handle: str | None = None,
    ) -> None:
        """Remember what became of one try: sent, to be tried again at `next_at`, or given up.

        A handle that the channel returned is kept with the incident's first message there.
        """
        values = {
            "state": state,
            "attempts": message.attempts + 1,
            "next_at": next_at,
            "returned": returned[:500],
        }
        if state == "sent":
            values["sent_at"] = at
        with self._engine.begin() as connection:
            query = update(messages).where(messages.c.number == message.number)
            connection.execute(query.values(values))
            if message.notice.kind == "digest":
                told = values if handle is None else {**values, "handle": handle}
                connection.execute(update(messages).where(*self._members(message)).values(told))
            elif handle is not None:
                self._keep_handle(connection, message.number, handle)

    @staticmethod
    def _keep_handle(connection: Connection, number: int, handle: str) -> None:
        row = connection.execute(select(messages).where(messages.c.number == number)).one_or_none()
        if row is None:
            return
        names = ("watch", "incident", "generation", "channel")
        same = [messages.c[name] == getattr(row, name) for name in names]
        first = update(messages).where(*same, messages.c.kind == "opened")
        connection.execute(first.values(handle=handle))

    def restart(self) -> None:
        """A new process tries at once what the last one had put off, or given up for ones open.

        What a digest that was given up should have told is told one by one.
        """
        still_open = select(incidents.c.id).where(_told_of, incidents.c.resolved_at.is_(None))
        given_up = (messages.c.state == "failed") & still_open.exists()
        waiting = (messages.c.state == "pending") | given_up
        with self._engine.begin() as connection:
            alone = update(messages).where(self._our_messages, given_up)
            connection.execute(alone.values(digest=None))
            query = update(messages).where(self._our_messages, waiting)
            connection.execute(query.values(state="pending", attempts=0, next_at=0.0))

    def prune(self, now: float, keep: float = KEEP_SECONDS) -> int:
        """Forget what ended more than `keep` seconds ago; the number of incidents forgotten."""
        old = incidents.c.resolved_at < now - keep
        told = select(incidents.c.id).where(_told_of, old).exists()
        digest = (messages.c.kind == "digest") & (messages.c.created_at < now - 2 * keep)
        with self._engine.begin() as connection:
            connection.execute(delete(messages).where(told | digest))
            return connection.execute(delete(incidents).where(old)).rowcount

    def _add_digest(self, connection: Connection, channel: str, digest: Notice) -> str:
        """Its name, which stands where those of others have an incident's id."""
        same = (self._our_messages, messages.c.channel == channel, messages.c.kind == "digest")
        query = select(func.max(messages.c.generation)).where(*same)
        generation = (connection.execute(query).scalar() or 0) + 1
        name = f"digest-{generation}"
        values = {"incident": name, "generation": generation, "digest": name}
        self._insert(connection, digest, channel, values)
        return name

    def _members(self, message: Message) -> tuple[ColumnElement[bool], ...]:
        """The beginnings that a digest tells."""
        own = select(messages.c.channel).where(messages.c.number == message.number)
        return (
            self._our_messages,
            messages.c.digest == message.thread[0],
            messages.c.kind == "opened",
            messages.c.channel == own.scalar_subquery(),
        )

    def _refused(self, message: Message) -> Select[Any]:
        if message.notice.kind == "digest":
            return select(messages).where(*self._members(message))
        return select(messages).where(messages.c.number == message.number)

    def _told_of(self, connection: Connection, row: Row[Any], channel: str) -> bool:
        """Whether a channel has, or is to have, a message on the same incident."""
        query = select(messages.c.number).where(
            self._our_messages,
            messages.c.incident == row.incident,
            messages.c.generation == row.generation,
            messages.c.channel == channel,
        )
        return connection.execute(query.limit(1)).scalar() is not None

    def _same(self, entry: LedgerEntry) -> tuple[ColumnElement[bool], ...]:
        same = incidents.c.generation == entry.generation
        return (self._ours, incidents.c.id == entry.incident.id, same)

    def _next_generation(self, connection: Connection, incident: str) -> int:
        query = select(func.max(incidents.c.generation))
        newest = connection.execute(query.where(self._ours, incidents.c.id == incident)).scalar()
        return (newest or 0) + 1

    def _channels(self, connection: Connection, entry: LedgerEntry, kind: Kind) -> set[str]:
        query = select(messages.c.channel).where(
            self._our_messages,
            messages.c.incident == entry.incident.id,
            messages.c.generation == entry.generation,
            messages.c.kind == kind,
        )
        return set(connection.execute(query).scalars())

    def _renew(
        self, connection: Connection, notice: Notice, entry: LedgerEntry, channels: Iterable[str]
    ) -> None:
        """The newest message of its kind takes the place of an older one, and of what it overtook.

        Who has not even heard of the beginning is told of it as it stands now.
        """
        for channel in channels:
            same = (
                self._our_messages,
                messages.c.incident == entry.incident.id,
                messages.c.generation == entry.generation,
                messages.c.channel == channel,
            )
            query = select(messages.c.kind, messages.c.record).where(
                *same, messages.c.state == "pending"
            )
            waiting = {row.kind: row.record for row in connection.execute(query)}
            if "opened" in waiting and notice.kind != "resolved":
                fresh = replace(notice, kind="opened", changes=())
                begun = (*same, messages.c.kind == "opened")
                connection.execute(update(messages).where(*begun).values(record=_encode(fresh)))
                continue
            connection.execute(delete(messages).where(*same, messages.c.kind.in_(LATER)))
            overtaken = [waiting[kind] for kind in LATER if kind in waiting]
            self._add(connection, _gathered(notice, overtaken), entry.generation, [channel])

    def _add(
        self, connection: Connection, notice: Notice, generation: int, channels: Iterable[str]
    ) -> None:
        for channel in channels:
            about = {"incident": notice.incident.id, "generation": generation}
            self._insert(connection, notice, channel, about)

    def _insert(
        self, connection: Connection, notice: Notice, channel: str, about: Mapping[str, object]
    ) -> None:
        values = {
            "watch": self.watch,
            "channel": channel,
            "kind": notice.kind,
            "state": "pending",
            "created_at": notice.at,
            "record": _encode(notice),
            **about,
        }
        connection.execute(insert(messages).values(values))


def _gathered(notice: Notice, overtaken: Iterable[str]) -> Notice:
    """A message that also says what those should have said that it takes the place of."""
    earlier = [msgspec.json.decode(record, type=Notice) for record in overtaken]
    if notice.kind == "resolved" or not earlier:
        return notice
    going_on = [each for each in earlier if each.kind != "resolved"]
    kind = max([notice.kind, *(each.kind for each in going_on)], key=LATER.index)
    said = dict.fromkeys(text for each in (*going_on, notice) for text in each.changes)
    return replace(notice, kind=kind, changes=tuple(said)[:MAX_CHANGES])


def _listed(said: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(said)).decode()


def _entry(row: Row[Any]) -> LedgerEntry:
    incident = msgspec.json.decode(row.record, type=IncidentReport)
    told = msgspec.json.decode(row.told, type=IncidentReport) if row.told else None
    said = msgspec.json.decode(row.said, type=frozenset[str]) if row.said else None
    return LedgerEntry(
        incident=incident,
        generation=row.generation,
        opened_at=row.opened_at,
        away_since=row.away_since,
        told=told,
        told_at=row.told_at,
        said=said,
        said_at=row.said_at,
        resolved_at=row.resolved_at,
        reopened=row.reopened or 0,
    )


def _message(row: Row[Any]) -> Message:
    notice = msgspec.json.decode(row.record, type=Notice)
    thread = (row.incident, row.generation)
    return Message(row.number, thread, notice, row.attempts, row.next_at, row.begun)


def _encode(record: Struct) -> str:
    return msgspec.json.encode(record).decode()
