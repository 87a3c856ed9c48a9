"""Decisions into the ledger, and from there to the channels.

A channel that is slow or broken delays nobody but itself: each has its own lock and its own rest,
and what it can't take now stays pending.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack

import structlog
from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.access import Needs
from watchdog.model.kept_incidents import OpenIncident
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.state import EvalSetState
from watchdog.notify import notice
from watchdog.notify.audience import Audience
from watchdog.notify.channel_state import ChannelState
from watchdog.notify.channels.channel import Channel, Outcome
from watchdog.notify.decide import (
    ENDING,
    GROUPED,
    HELD,
    NOTIFYING,
    Decision,
    Intervals,
    LedgerEntry,
    Reason,
    decide,
)
from watchdog.notify.decide.continuity import fingerprint
from watchdog.notify.discretion import Discreet, as_it_is
from watchdog.notify.ledger.ledger import KEEP_SECONDS, Ledger
from watchdog.notify.ledger.rows import Message, Thread
from watchdog.notify.ledger.worker import LedgerWorker, finished
from watchdog.notify.notice import Notice
from watchdog.notify.shadow import Shadow, told_in_shadow
from watchdog.notify.standing import standing_of

REFUSED_AGAIN = 3600.0
"""A refusal needs a person; look once an hour whether one came."""
REFUSED_TRIES = 24
LATELY = 300.0
"""Seconds in which a beginning or an end that was sent isn't sent again, whatever a ledger says:
the copy in memory that stands in for a database may be older than that."""
LATELY_MAX = 10_000
PUT_BACK = 1.0
"""A clock that is so many seconds behind where it was a moment ago was put back."""

log = structlog.get_logger(__name__)

_ABSENT = frozenset({Reason.KEEP_FIRING, Reason.HOLD_VANISHED, Reason.HOLD_ABSENT})
"""It isn't shown, and since when is remembered."""
_ONCE = frozenset({"opened", "resolved"})
"""Kinds of messages that an incident has once, each time it opens."""
_INTERVALS = Intervals()
_EVERYBODY = Audience()

OnNotification = Callable[[str, str], None]
_Key = tuple[str, str, tuple[str, int]]


class NewIncident(Struct, frozen=True):
    """An incident that opens, as it was written down."""

    thread: Thread
    notice: Notice
    channels: tuple[str, ...]
    is_late: bool = False
    """Whether it is open already, and these channels hear of it for the first time."""


def _as_it_is(notice: Notice) -> Notice:
    return notice


class Recipients(Struct, frozen=True):
    """Who is told of an incident."""

    channels: tuple[str, ...]
    marked: Callable[[Notice], Notice] = _as_it_is
    """What makes of a message what they are told."""


class Telling(Struct, frozen=True):
    """Who is told of what, when and how, where that becomes another."""

    intervals: Intervals
    audience: Audience
    discreet: Discreet
    channels: tuple[Channel, ...] | None = None
    """None where they stay as they are."""
    shadow: Shadow | None = None
    """Who would be told, where `channels` is the quiet channel alone."""


class Deliverer:
    """Takes a finished snapshot, tells whom it concerns. Used from one event loop."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it joins
        self,
        ledger: Ledger,
        channels: Sequence[Channel],
        clock: Callable[[], float],
        on_notification: OnNotification = lambda _channel, _outcome: None,
        intervals: Intervals = _INTERVALS,
        audience: Audience = _EVERYBODY,
        ledger_worker: LedgerWorker | None = None,
        discreet: Discreet = as_it_is,
        kept_seconds: float = KEEP_SECONDS,
        shadow: Shadow | None = None,
    ) -> None:
        self.ledger_worker = ledger_worker or LedgerWorker(ledger, clock=clock)
        self._channel_states = tuple(ChannelState(channel) for channel in channels)
        self._clock = clock
        self._on_notification = on_notification
        self._intervals = intervals
        self.ledger_worker.ended_seconds = _may_reopen(intervals)
        self._audience = audience
        self._discreet = discreet
        self._kept_seconds = kept_seconds
        self._shadow = shadow
        self.standing: tuple[OpenIncident, ...] = ()
        """What is open, or stands and was not told, as the last decisions left it."""
        self.held: dict[str, str] = {}
        """Why incidents that stand were not told yet, by id."""
        self._grouped: frozenset[str] = frozenset()
        """Incidents that wait so that they are told together, by id."""
        self._unwritten: dict[tuple[_Key, float], Outcome] = {}
        """What was sent and could not be written, by what it was and when that was decided."""
        self._lately: dict[_Key, tuple[float, Outcome]] = {}
        """Beginnings and ends that were sent, and when: the oldest first."""
        self._flushed_at = clock()

    @property
    def failing(self) -> tuple[tuple[str, str], ...]:
        """Channels (and `ledger`) that don't work at present, each with the reason."""
        failures = [(state.channel.name, state.failure) for state in self._channel_states]
        failures.append(("ledger", self.ledger_worker.failure))
        return tuple((name, failure) for name, failure in failures if failure is not None)

    @property
    def refusing(self) -> tuple[str, ...]:
        """Channels (and `ledger`) that need a person."""
        names = [state.channel.name for state in self._channel_states if state.refuses]
        return (*names, "ledger") if self.ledger_worker.failure is not None else tuple(names)

    @property
    def unproven(self) -> tuple[tuple[str, str], ...]:
        """Channels of which nobody knows whether they take messages, each with the reason."""
        states = self._channel_states
        return tuple((s.channel.name, s.unproven) for s in states if s.unproven is not None)

    @property
    def tells(self) -> bool:
        """Whether there is any channel."""
        return bool(self._channel_states)

    @property
    def channels(self) -> tuple[str, ...]:
        """All of them."""
        return (*self._names, "ledger")

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(state.channel.name for state in self._channel_states)

    def restrictions(self, states: Iterable[EvalSetState]) -> dict[str, tuple[str, ...]]:
        """The channels that alone may hear of an eval set, by its id; only of the restricted."""
        return self._audience.restrictions(states)

    async def go_by(self, telling: Telling) -> None:
        """From now on tell so. What a former channel is sending is finished and written first.

        Where channels are others, what the former ones could not send is tried at once.
        """
        self._intervals, self._audience = telling.intervals, telling.audience
        self._discreet, self._shadow = telling.discreet, telling.shadow
        self.ledger_worker.ended_seconds = _may_reopen(telling.intervals)
        if telling.channels is None:
            return
        former = self._channel_states
        async with AsyncExitStack() as at_rest:
            for channel_state in former:
                await at_rest.enter_async_context(channel_state.lock)
            self._channel_states = tuple(ChannelState(channel) for channel in telling.channels)
            for channel_state in former:
                await channel_state.channel.aclose()
        await self.start()

    async def start(self) -> None:
        """Once per process: what an earlier one could not send is tried at once."""
        await self.ledger_worker.write(lambda ledger: ledger.restart())

    async def handle(self, snapshot: Snapshot, first_poll_complete: bool) -> tuple[Decision, ...]:
        """Decide, and write down what is to be told. What can't be written is decided anew."""

        def decide_and_record(
            ledger: Ledger,
        ) -> tuple[tuple[Decision, ...], tuple[OpenIncident, ...]]:
            now, open_incidents = self._clock(), ledger.open_incidents()
            quiet, storm = self._audience.quiet_at(now), self._audience.storm
            intervals = replace(self._intervals, quiet=quiet, storm=storm)
            resolved = ledger.resolved_since(now - _may_reopen(intervals))
            decisions = decide(
                snapshot, open_incidents, now, first_poll_complete, resolved, intervals
            )
            threads = self._record(ledger, decisions, snapshot)
            return decisions, standing_of(decisions, threads, ledger.untold_acts())

        decisions, standing = await self.ledger_worker.write(decide_and_record) or ((), None)
        self.standing = self.standing if standing is None else standing
        self._grouped = frozenset(item.incident.id for item in decisions if item.reason in GROUPED)
        new = (item for item in decisions if item.entry is None and item.reason in HELD)
        self.held = {item.incident.id: HELD[item.reason] for item in new}
        for decision in decisions:
            if decision.reason in NOTIFYING:
                log.info("decided", reason=decision.reason, incident=decision.incident.id)
        return decisions

    def _record(
        self, ledger: Ledger, decisions: Sequence[Decision], snapshot: Snapshot
    ) -> Mapping[str, int]:
        """Write all decisions down; what opens all at once becomes one message.

        How often each that opened has opened, by id.
        """
        new_incidents: list[NewIncident] = []
        late: list[NewIncident] = []
        for decision in decisions:
            recipients = self._recipients(decision.incident, snapshot)
            new_incident = record(ledger, decision, snapshot, recipients)
            if new_incident is not None:
                (late if new_incident.is_late else new_incidents).append(new_incident)
        for channel_state in self._channel_states:
            for group in self._groups(channel_state.channel, new_incidents, late):
                digest = notice.digest([item.notice for item in group])
                threads = [item.thread for item in group]
                ledger.group(threads, channel_state.channel.name, digest)
        return dict(item.thread for item in new_incidents)

    def _recipients(self, incident: IncidentReport, snapshot: Snapshot) -> Recipients:
        """Who is told of it; in the shadow the quiet channel alone, with who would have been."""
        shadow, report = self._shadow, snapshot.report
        if shadow is None:
            return Recipients(self._audience.channels(incident, report, self._names))
        would_tell = self._audience.channels(incident, report, shadow.names)
        return Recipients(
            told_in_shadow(shadow, incident), lambda told: shadow.marked(told, would_tell)
        )

    def _groups(
        self, channel: Channel, new: Sequence[NewIncident], late: Sequence[NewIncident]
    ) -> Iterator[list[NewIncident]]:
        """What a channel is told in one message each.

        A storm, what waited for its end, and what is open when the channel is told of anything for
        the first time: it was set up, or the shadow is over.
        """
        if not channel.digests:
            return
        if group := self._group(channel, new):
            yield group
        own = [item for item in late if channel.name in item.channels]
        if len(own) > 1:
            yield own

    def _group(self, channel: Channel, new_incidents: Sequence[NewIncident]) -> list[NewIncident]:
        """A storm, or what waited for its end."""
        own = [item for item in new_incidents if channel.name in item.channels]
        if len(own) > self._audience.storm:
            return own
        late = [item for item in own if item.thread[0] in self._grouped]
        return late if len(late) > 1 else []

    async def flush(self) -> None:
        """Send what is pending. A channel still at work on an earlier call is left alone.

        A caller that is cancelled doesn't cancel it: what was sent must also be written.
        """
        await finished(self._flush_all())

    async def _flush_all(self) -> None:
        await self._heed_clock()
        await asyncio.gather(*(self._flush(state) for state in self._channel_states))

    async def _heed_clock(self) -> None:
        """What waits until an instant must not wait longer because the clock was put back."""
        back, self._flushed_at = self._flushed_at - self._clock(), self._clock()
        if back < PUT_BACK:
            return
        log.warning("clock_put_back", seconds=round(back), effect="what waits is tried at once")
        for channel_state in self._channel_states:
            channel_state.rest_no_more()
        await self.start()

    async def check(self) -> None:
        """Ask the channels whether they would take messages: before a page is missed."""
        await asyncio.gather(*(state.check() for state in self._channel_states))

    async def prove(self) -> None:
        """Ask those of which nothing is known, without waiting for the next check."""
        states = self._channel_states
        await asyncio.gather(*(state.check() for state in states if state.unproven is not None))

    async def prune(self) -> None:
        """Forget what ended long ago."""
        now, kept = self._clock(), self._kept_seconds
        await self.ledger_worker.write(lambda ledger: ledger.prune(now, kept))

    async def aclose(self) -> None:
        """Release channels and ledger; what is being sent is finished and written first."""
        try:
            for channel_state in self._channel_states:
                async with channel_state.lock:
                    await channel_state.channel.aclose()
        finally:
            await self.ledger_worker.aclose()

    async def _flush(self, channel_state: ChannelState) -> None:
        if channel_state.lock.locked():
            return
        async with channel_state.lock:
            if channel_state not in self._channel_states:
                return  # another one took its place meanwhile
            if await self._round(channel_state):
                await self._round(channel_state)

    async def _round(self, channel_state: ChannelState) -> bool:
        """Send what may be sent; whether something else may have waited for just that."""
        name = channel_state.channel.name

        def read(ledger: Ledger) -> tuple[list[Message], set[Thread]]:
            return ledger.pending(name), ledger.unopened(name)

        messages, unopened = await self.ledger_worker.read(read) or ([], set())
        due = [message for message in messages if not _waits(message, unopened)]
        successes = [message for message in due if await self._deliver(channel_state, message)]
        return len(due) < len(messages) and any(_is_first(message) for message in successes)

    async def _deliver(self, channel_state: ChannelState, message: Message) -> bool:
        key = (channel_state.channel.name, message.notice.kind, message.thread)
        outcome = self._unwritten.get((key, message.notice.at)) or self._sent_lately(key)
        if outcome is None:
            now = self._clock()
            if (
                channel_state.rests_until > now
                or message.next_at > now
                or self._is_quiet(message, now)
            ):
                return False
            if not await self._claim(message):
                return False
            told = replace(message, notice=self._discreet(message.notice))
            outcome = await channel_state.send(told)
            self._note(channel_state, message, outcome)
            self._remember(key, outcome)
        await self._write(key, message, outcome)
        if outcome.result == "refused":
            await self._fall_back(channel_state.channel.name, message)
        return outcome.sent

    def _sent_lately(self, key: _Key) -> Outcome | None:
        at, outcome = self._lately.get(key, (0.0, None))
        return outcome if 0.0 <= self._clock() - at < LATELY else None

    def _remember(self, key: _Key, outcome: Outcome) -> None:
        channel, kind, thread = key
        if outcome.sent and kind in _ONCE:
            self._lately.pop(key, None)
            self._lately[key] = self._clock(), outcome
        if kind == "reopened":  # it may end once more
            self._lately.pop((channel, "resolved", thread), None)
        if len(self._lately) > LATELY_MAX:
            del self._lately[next(iter(self._lately))]

    async def _claim(self, message: Message) -> bool:
        """Whether it may be sent: that is written down before, where no other term has begun.

        While the database is away a leader sends from memory for as long as it holds its Lease.

        Raises:
            DeposedError: another leader's term has begun.
        """
        term = self.ledger_worker.term
        if term is None:
            return True
        claimed = await self._claimed(message)
        if not term.leads():  # it may have slept since: the database is asked once more
            claimed = claimed and await self._claimed(message)
            return claimed and self.ledger_worker.failure is None
        return claimed

    async def _claimed(self, message: Message) -> bool:
        now = self._clock()
        claimed = await self.ledger_worker.write(lambda ledger: ledger.claim(message, now))
        return claimed is not False

    def _is_quiet(self, message: Message, now: float) -> bool:
        return message.notice.incident.severity in self._audience.quiet_at(now)

    def _note(self, channel_state: ChannelState, message: Message, outcome: Outcome) -> None:
        channel_state.record(outcome, self._clock())
        self._on_notification(channel_state.channel.name, outcome.result)
        labels = {"channel": channel_state.channel.name, "incident": message.thread[0]}
        if outcome.sent:
            log.info("notification_sent", kind=message.notice.kind, **labels)
            for would_tell in message.notice.shadow or ():
                self._on_notification(would_tell, "shadow")
        else:
            log.warning("notification_failed", detail=outcome.detail, **labels)

    async def _write(self, key: _Key, message: Message, outcome: Outcome) -> None:
        """What was sent but can't be written is not sent again by this process."""
        now = self._clock()

        def write(ledger: Ledger) -> bool:
            record_outcome(ledger, message, outcome, now)
            return True

        success = await self.ledger_worker.write(write)
        mark = key, message.notice.at
        if outcome.sent and not success:
            self._unwritten[mark] = outcome
        else:
            self._unwritten.pop(mark, None)
        if len(self._unwritten) > LATELY_MAX:
            del self._unwritten[next(iter(self._unwritten))]

    async def _fall_back(self, channel: str, message: Message) -> None:
        """What a channel refuses goes to the fall-back, once."""
        fallback, now = self._audience.fallback, self._clock()
        if fallback is None or fallback not in self._names or fallback == channel:
            return
        count = await self.ledger_worker.write(
            lambda ledger: ledger.fall_back(message, fallback, now)
        )
        if count:
            log.warning("notification_diverted", refused_by=channel, to=fallback)


def _may_reopen(intervals: Intervals) -> float:
    """Seconds for which it matters that an incident has ended."""
    return max(intervals.reopen, intervals.group_wait)


def _waits(message: Message, unopened: Collection[Thread]) -> bool:
    """How an incident goes on is not told before its beginning."""
    return not _is_first(message) and message.thread in unopened


def _is_first(message: Message) -> bool:
    return message.notice.kind in {"opened", "digest"}


def record(
    ledger: Ledger, decision: Decision, snapshot: Snapshot, recipients: Recipients
) -> NewIncident | None:
    """Write a decision and its messages into the ledger.

    What opens is handed back, and what some channels hear of for the first time.
    """
    if decision.reason is Reason.OPEN:
        opened = recipients.marked(notice.opened(decision, snapshot))
        thread = ledger.open(decision, opened, recipients.channels, _needs(decision, snapshot))
        return NewIncident(thread, opened, recipients.channels)
    if decision.entry is not None:
        return _record_entry(ledger, decision.entry, decision, snapshot, recipients)
    return None


def _record_entry(
    ledger: Ledger,
    entry: LedgerEntry,
    decision: Decision,
    snapshot: Snapshot,
    recipients: Recipients,
) -> NewIncident | None:
    """How an incident that the ledger holds goes on."""
    if decision.reason in notice.KINDS:
        needs = _needs(decision, snapshot)
        told = notice.standing(decision, snapshot)
        # nobody is called for what they were shown before
        is_news = told.kind != "updated" or bool(told.changes)
        shown = recipients.marked(told if is_news else replace(told, kind="edited"))
        ledger.update(entry, shown, needs, decision.fell, announced=told.kind != "edited")
    elif decision.into is not None:
        told = recipients.marked(notice.resolved(decision, entry))
        ledger.merge(entry, told, decision.into, decision.reason)
    elif decision.reason in ENDING:
        told = recipients.marked(notice.resolved(decision, entry))
        ledger.resolve(entry, told, decision.reason)
    elif decision.reason in _ABSENT:
        if entry.absent_since is None:
            ledger.mark_absent(entry, decision.at)
    elif decision.reason is Reason.STILL_OPEN:
        if entry.absent_since is not None:
            ledger.mark_absent(entry, None)
        if _ledger_fingerprint(entry.incident) != _ledger_fingerprint(decision.incident):
            ledger.amend(entry, decision.incident, _needs(decision, snapshot))
        return _told_late(ledger, entry, decision, snapshot, recipients)
    return None


def _told_late(
    ledger: Ledger,
    entry: LedgerEntry,
    decision: Decision,
    snapshot: Snapshot,
    recipients: Recipients,
) -> NewIncident | None:
    """Tell those who never heard of it; what is muted is told when that ends and it still stands.

    They were set up later, or the shadow is over.
    """
    late = () if decision.incident.muted_until else ledger.unnotified(entry, recipients.channels)
    if not late:
        return None
    opened = recipients.marked(notice.opened(decision, snapshot))
    ledger.enqueue(entry, opened, late)
    thread = (entry.incident.id, entry.generation)
    return NewIncident(thread, opened, tuple(late), is_late=True)


def _needs(decision: Decision, snapshot: Snapshot) -> Needs:
    """What whoever looks needs: also what those needed that were in it before."""
    before = decision.entry.needs if decision.entry is not None else None
    watched = (snapshot.watched.get(name) for name in decision.incident.eval_sets)
    return (before or Needs()).more(one.model_groups for one in watched if one is not None)


def record_outcome(ledger: Ledger, message: Message, outcome: Outcome, now: float) -> None:
    """Write what became of one attempt."""
    if outcome.sent:
        ledger.record_attempt(message, "sent", now, outcome.detail, handle=outcome.thread)
    elif outcome.result == "retry":
        ledger.record_attempt(message, "pending", now, outcome.detail)
    elif message.attempts + 1 >= REFUSED_TRIES:
        ledger.record_attempt(message, "failed", now, outcome.detail)
    else:
        again = now + REFUSED_AGAIN
        ledger.record_attempt(message, "pending", now, outcome.detail, next_at=again)


def _ledger_fingerprint(incident: IncidentReport) -> tuple[object, ...]:
    """What the ledger must remember when it changes."""
    figures = (incident.models, incident.recovered, incident.severity, incident.sources)
    return (fingerprint(incident), *figures, incident.half_read)
