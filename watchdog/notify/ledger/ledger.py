"""The notification log: what people were told, and what they are still to be told.

It is a database, which outlives a restart. A message is written as `pending` before it is sent and
marked `sent` after the channel confirmed it. Whatever was pending when the process died is sent
again: a duplicate beats a miss.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    delete,
    event,
    func,
    insert,
    select,
    update,
)

from watchdog.model.access import Needs
from watchdog.model.acts import Act
from watchdog.model.kept_incidents import EVENT_KINDS, LifeEvent
from watchdog.model.report import IncidentReport
from watchdog.notify.decide import Decision, LedgerEntry
from watchdog.notify.decide.announcements import announced_with, announcements
from watchdog.notify.ledger import events
from watchdog.notify.ledger.rows import (
    FOLLOW_UPS,
    Message,
    State,
    Thread,
    encode,
    encode_announcements,
    entry_of,
    merged,
    message_of,
    notice_of,
)
from watchdog.notify.ledger.tables import (
    incidents,
    lost_time_table,
    messages,
    watched_time_table,
)
from watchdog.notify.ledger.term import Term
from watchdog.notify.notice import Kind, Notice, as_beginning

KEEP_SECONDS = 30 * 86_400.0
STRANGERS_SECONDS = 365 * 86_400.0
"""What other services wrote into the same database is theirs to forget; as long as any of them may
keep it, in case nobody watches those targets any more."""

_is_its_incident = (
    (incidents.c.watch == messages.c.watch)
    & (incidents.c.id == messages.c.incident)
    & (incidents.c.generation == messages.c.generation)
)
"""Joins a message with its incident."""


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
        self._numbers: Iterator[int] | None = None
        self._openings: Mapping[str, int] = {}
        self._digests: Mapping[str, int] = {}
        self.term: Term | None = None
        """Of a leader: what is written is written in its name, or not at all."""
        self.changes = 0
        """How often something was written: whoever keeps a copy sees that it is old."""
        event.listen(engine, "after_cursor_execute", self._count)

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    def number_from(
        self, first: int, openings: Mapping[str, int], digests: Mapping[str, int]
    ) -> None:
        """Go on with numbers of a database of which only the newest is here.

        Args:
            first: of a message; they are numbered by hand, not as a database does.
            openings: how often incidents have opened, by id.
            digests: the last digest's number, by channel.
        """
        self._numbers = count(first)
        self._openings, self._digests = openings, digests

    def _count(self, *executed: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        context = executed[4]
        self.changes += bool(context.isinsert or context.isupdate or context.isdelete)

    def close(self) -> None:
        """Release connections and files."""
        self._engine.dispose()

    @contextmanager
    def transaction(self, locked_seconds: float | None = None) -> Iterator[Connection]:
        """A connection; what is done with it holds together, or not at all.

        Args:
            locked_seconds: so long what another one has locked is waited for, else five seconds.

        Raises:
            DeposedError: another leader's term has begun.
        """
        with self._engine.connect() as connection:
            if locked_seconds is not None and connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA busy_timeout={round(locked_seconds * 1000)}")
                connection.rollback()
            with connection.begin():
                if locked_seconds is not None and connection.dialect.name == "postgresql":
                    bound = f"{round(locked_seconds * 1000)}ms"
                    connection.execute(select(func.set_config("lock_timeout", bound, True)))
                if self.term is not None:
                    self.term.check(connection)
                yield connection

    def open_incidents(self) -> dict[str, LedgerEntry]:
        """All incidents that have opened and not ended, by id."""
        query = select(incidents).where(self._ours, incidents.c.resolved_at.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(incidents.c.generation)).all()
            acts = events.held(connection, self.watch)
        return {row.id: entry_of(row, acts.get((row.id, row.generation), ())) for row in rows}

    def untold_acts(self) -> dict[str, tuple[Act, ...]]:
        """What people did about incidents that nobody was told of, by id."""
        with self._engine.connect() as connection:
            acts = events.held(connection, self.watch)
        return {name: each for (name, generation), each in acts.items() if not generation}

    def resolved_since(self, instant: float) -> tuple[LedgerEntry, ...]:
        """What ended after an instant, the newest of each id."""
        query = select(incidents).where(self._ours, incidents.c.resolved_at >= instant)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(incidents.c.generation)).all()
            newest = {row.id: row for row in rows}
            threads = [(row.id, row.generation) for row in newest.values()]
            kept = events.of_threads(connection, self.watch, threads)
        acts = {thread: events.acts_of(each) for thread, each in kept.items()}
        return tuple(entry_of(r, acts.get((r.id, r.generation), ())) for r in newest.values())

    def open(
        self,
        decision: Decision,
        notice: Notice,
        channels: Iterable[str],
        needs: Needs | None = None,
    ) -> Thread:
        """Remember an incident as open, and its message as pending for each channel.

        `needs` is what whoever looks at it needs.
        """
        with self.transaction() as connection:
            generation = self._next_generation(connection, decision.incident.id)
            connection.execute(
                insert(incidents).values(
                    watch=self.watch,
                    id=decision.incident.id,
                    generation=generation,
                    opened_at=decision.at,
                    record=encode(decision.incident),
                    told=encode(decision.incident),
                    told_at=decision.at,
                    said=encode_announcements(announcements(decision.incident)),
                    said_at=decision.at,
                    needs=_encoded(needs),
                )
            )
            self._add(connection, notice, generation, channels)
        return decision.incident.id, generation

    def update(
        self,
        entry: LedgerEntry,
        notice: Notice,
        needs: Needs | None = None,
        fell: Act | None = None,
        *,
        announced: bool | None = None,
    ) -> None:
        """Remember how an open incident is shown now, and the message for who knows of it.

        One that was told to be over is open again. `fell` is an acknowledgement that counts no
        more; `announced`, whether people know by now all that they are called for, by default
        where it isn't only edited.
        """
        values: dict[str, object] = {
            "record": encode(notice.incident),
            "told": encode(notice.incident),
            "told_at": notice.at,
            "away_since": None,
            "needs": _encoded(needs or entry.needs),
        }
        if notice.kind != "edited" if announced is None else announced:
            known = announced_with(notice.incident, entry.announced)
            values |= {"said": encode_announcements(known), "said_at": notice.at}
        if notice.kind == "reopened":
            values |= {"resolved_at": None, "reopened": entry.reopened + 1}
            values |= {"ending": None, "ended_as": None}
        with self.transaction() as connection:
            connection.execute(update(incidents).where(*self._same(entry)).values(values))
            thread = (entry.incident.id, entry.generation)
            if fell is not None:
                events.end(connection, self.watch, thread, fell)
            if notice.kind in EVENT_KINDS:
                event = LifeEvent(notice.kind, notice.at, "; ".join(notice.changes))
                events.add(connection, self.watch, thread, event)
            self._renew(connection, notice, entry)

    def resolve(self, entry: LedgerEntry, notice: Notice, ending: str = "") -> None:
        """Remember the end, and its message as pending for each channel that knows of it.

        `ending` is the reason that was decided by.
        """
        values = {"resolved_at": notice.at, "ending": ending, "ended_as": notice.verdict}
        with self.transaction() as connection:
            connection.execute(update(incidents).where(*self._same(entry)).values(values))
            self._renew(connection, notice, entry)

    def merge(
        self, entry: LedgerEntry, notice: Notice, into: LedgerEntry, ending: str = ""
    ) -> None:
        """Remember that one became part of another, with both; its message as at an end.

        `ending` is the reason that was decided by.
        """
        incident, thread = notice.incident, (into.incident.id, into.generation)
        values = {
            "record": encode(incident),
            "resolved_at": notice.at,
            "ending": ending,
            "ended_as": notice.verdict,
        }
        text = f"{incident.id} became part of it: {incident.summary}"
        with self.transaction() as connection:
            connection.execute(update(incidents).where(*self._same(entry)).values(values))
            events.add(connection, self.watch, thread, LifeEvent("merged", notice.at, text))
            self._renew(connection, notice, entry)

    def amend(
        self, entry: LedgerEntry, incident: IncidentReport, needs: Needs | None = None
    ) -> None:
        """Remember an open incident as it is now: other eval sets may have joined it."""
        values = {"record": encode(incident), "needs": _encoded(needs or entry.needs)}
        with self.transaction() as connection:
            connection.execute(update(incidents).where(*self._same(entry)).values(values))

    def mark_absent(self, entry: LedgerEntry, since: float | None) -> None:
        """Remember since when an open incident has not been seen; None when it is seen."""
        with self.transaction() as connection:
            query = update(incidents).where(*self._same(entry))
            connection.execute(query.values(away_since=since))

    def unnotified(self, entry: LedgerEntry, channels: Iterable[str]) -> list[str]:
        """The channels that never had a message of this incident: they were set up later."""
        with self._engine.connect() as connection:
            notified = self._notified(connection, entry)
        return [channel for channel in channels if channel not in notified]

    def group(self, threads: Iterable[Thread], channel: str, digest: Notice) -> None:
        """Let one message tell a channel of the beginning of all these incidents."""
        same = (self._our_messages, messages.c.channel == channel, messages.c.state == "pending")
        with self.transaction() as connection:
            name = self._add_digest(connection, channel, digest)
            for incident, generation in threads:
                thread = (messages.c.incident == incident, messages.c.generation == generation)
                query = update(messages).where(*same, *thread, messages.c.kind == "opened")
                connection.execute(query.values(digest=name))

    def fall_back(self, message: Message, channel: str, at: float) -> int:
        """Let a channel hear what another one refused; how many messages that makes.

        It hears of the beginning once, and then of all that follows; of what is restricted to
        others, nothing.
        """
        with self.transaction() as connection:
            rows = connection.execute(self._refused(message)).all()
            fresh = [row for row in rows if not self._has_message(connection, row, channel)]
            notices = [(row.generation, notice_of(row.record)) for row in fresh]
            public = [pair for pair in notices if not pair[1].incident.restricted_to]
            for generation, notice in public:
                is_end = notice.kind == "resolved"
                copy = notice if is_end else as_beginning(notice)
                self._add(connection, replace(copy, at=at), generation, [channel])
            return len(public)

    def enqueue(self, entry: LedgerEntry, notice: Notice, channels: Iterable[str]) -> None:
        """Write a message as pending for channels that were set up later."""
        with self.transaction() as connection:
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
        query = query.add_columns(first.c.handle.label("first_handle")).outerjoin(
            first,
            (first.c.watch == messages.c.watch)
            & (first.c.incident == messages.c.incident)
            & (first.c.generation == messages.c.generation)
            & (first.c.channel == messages.c.channel)
            & (first.c.kind == "opened"),
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(messages.c.attempts, messages.c.number)).all()
        return [message_of(row) for row in rows]

    def claim(self, message: Message, at: float) -> bool:
        """Say that it is being sent; False where that was not to be said any more.

        It stays pending, so that whoever comes after a leader that died sends it again.

        Raises:
            DeposedError: another leader's term has begun.
        """
        if self.term is None:
            return True
        same = (messages.c.number == message.number, messages.c.state == "pending")
        values = {"claimed_by": self.term.token, "claimed_at": at}
        with self.transaction() as connection:
            return connection.execute(update(messages).where(*same).values(values)).rowcount > 0

    def unopened(self, channel: str) -> set[Thread]:
        """The incidents of whose beginning a channel is still to be told."""
        query = select(messages.c.incident, messages.c.generation).where(
            self._our_messages,
            messages.c.channel == channel,
            messages.c.state == "pending",
            messages.c.kind == "opened",
        )
        with self._engine.connect() as connection:
            return {(row.incident, row.generation) for row in connection.execute(query)}

    def record_attempt(  # noqa: PLR0913, PLR0917 - what became of it
        self,
        message: Message,
        state: State,
        at: float,
        returned: str,
        next_at: float = 0.0,
        handle: str | None = None,
    ) -> None:
        """Remember what became of one attempt: sent, to be made again at `next_at`, or given up.

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
        with self.transaction() as connection:
            query = update(messages).where(messages.c.number == message.number)
            connection.execute(query.values(values))
            if message.notice.kind == "digest":
                shared = values if handle is None else {**values, "handle": handle}
                connection.execute(update(messages).where(*self._members(message)).values(shared))
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
        is_open = (
            select(incidents.c.id)
            .where(_is_its_incident, incidents.c.resolved_at.is_(None))
            .exists()
        )
        is_given_up = (messages.c.state == "failed") & is_open
        is_due = (messages.c.state == "pending") | is_given_up
        with self.transaction() as connection:
            alone = update(messages).where(self._our_messages, is_given_up)
            connection.execute(alone.values(digest=None))
            query = update(messages).where(self._our_messages, is_due)
            connection.execute(query.values(state="pending", attempts=0, next_at=0.0))

    def prune(self, now: float, keep: float = KEEP_SECONDS) -> int:
        """Forget what ended more than `keep` seconds ago; the number of incidents forgotten.

        Their messages go with them, and a digest with the last of those that it told.
        """
        ended_at = incidents.c.resolved_at
        is_old = (self._ours & (ended_at < now - keep)) | (ended_at < now - STRANGERS_SECONDS)
        of_old = select(incidents.c.id).where(_is_its_incident, is_old).exists()
        with self.transaction() as connection:
            connection.execute(delete(messages).where(of_old))
            drop_digests_of_nothing(connection, created_before=now - keep)
            forgotten = connection.execute(delete(incidents).where(is_old)).rowcount
            events.prune(connection, self.watch, now - keep, now - STRANGERS_SECONDS)
            _prune_days(connection, self.watch, now - keep, now - STRANGERS_SECONDS)
            return forgotten

    def _add_digest(self, connection: Connection, channel: str, digest: Notice) -> str:
        """Its name, which stands where those of others have an incident's id."""
        same = (self._our_messages, messages.c.channel == channel, messages.c.kind == "digest")
        query = select(func.max(messages.c.generation)).where(*same)
        newest = connection.execute(query).scalar() or 0
        generation = max(newest, self._digests.get(channel, 0)) + 1
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

    def _has_message(self, connection: Connection, row: Row[Any], channel: str) -> bool:
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
        return max(newest or 0, self._openings.get(incident, 0)) + 1

    def _of_incident(self, entry: LedgerEntry) -> tuple[ColumnElement[bool], ...]:
        """Its messages."""
        return (
            self._our_messages,
            messages.c.incident == entry.incident.id,
            messages.c.generation == entry.generation,
        )

    def _notified(self, connection: Connection, entry: LedgerEntry) -> set[str]:
        """The channels that have, or are to have, the message of its beginning."""
        query = select(messages.c.channel)
        first = query.where(*self._of_incident(entry), messages.c.kind == "opened")
        return set(connection.execute(first).scalars())

    def _renew(self, connection: Connection, notice: Notice, entry: LedgerEntry) -> None:
        """For each channel that knows of it, the newest message takes the place of those waiting.

        Who is still to hear of the beginning hears of it as it stands now.
        """
        for channel in sorted(self._notified(connection, entry)):
            same = (*self._of_incident(entry), messages.c.channel == channel)
            query = select(messages.c.kind, messages.c.record)
            rows = connection.execute(query.where(*same, messages.c.state == "pending"))
            records: dict[Kind, str] = {row.kind: row.record for row in rows}
            if "opened" in records and notice.kind != "resolved":
                opened = encode(replace(as_beginning(notice), opening=entry.generation))
                first = update(messages).where(*same, messages.c.kind == "opened")
                connection.execute(first.values(record=opened))
                continue
            connection.execute(delete(messages).where(*same, messages.c.kind.in_(FOLLOW_UPS)))
            overtaken = [notice_of(records[kind]) for kind in FOLLOW_UPS if kind in records]
            self._add(connection, merged(notice, overtaken), entry.generation, [channel])

    def _add(
        self, connection: Connection, notice: Notice, generation: int, channels: Iterable[str]
    ) -> None:
        for channel in channels:
            thread = {"incident": notice.incident.id, "generation": generation}
            self._insert(connection, notice, channel, thread)

    def _insert(
        self, connection: Connection, notice: Notice, channel: str, thread: Mapping[str, Any]
    ) -> None:
        values = {
            "watch": self.watch,
            "channel": channel,
            "kind": notice.kind,
            "state": "pending",
            "created_at": notice.at,
            "record": encode(replace(notice, opening=thread["generation"])),
            **thread,
        }
        if self._numbers is not None:
            values["number"] = next(self._numbers)
        connection.execute(insert(messages).values(values))


def _encoded(needs: Needs | None) -> str | None:
    return None if needs is None else encode(needs)


def _prune_days(connection: Connection, watch: str, before: float, strangers: float) -> None:
    """Forget what was lost and watched before; what others wrote, before `strangers`."""
    for table in (lost_time_table, watched_time_table):
        is_old = (table.c.watch == watch) & (table.c.until < before)
        connection.execute(delete(table).where(is_old | (table.c.until < strangers)))


def drop_digests_of_nothing(connection: Connection, created_before: float) -> int:
    """Delete the digests that were made before then and tell of no incident any more; how many."""
    told = messages.alias()
    still_told = select(told.c.number).where(
        told.c.watch == messages.c.watch,
        told.c.channel == messages.c.channel,
        told.c.digest == messages.c.digest,
        told.c.kind != "digest",
    )
    is_old = messages.c.created_at < created_before
    query = delete(messages).where(messages.c.kind == "digest", is_old, ~still_told.exists())
    return connection.execute(query).rowcount
