"""Decisions into the ledger, and from there to the channels.

A channel that is slow or broken delays nobody but itself: each has its own lock and its own rest,
and what it can't take now stays pending.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.state import EvalSetState
from watchdog.notify import notice
from watchdog.notify.audience import Audience
from watchdog.notify.channel_state import ChannelState
from watchdog.notify.channels.channel import Channel, Outcome
from watchdog.notify.decide import (
    ENDING,
    GATHERED,
    HELD,
    TELLING,
    Decision,
    Intervals,
    Reason,
    decide,
)
from watchdog.notify.decide.continuity import fingerprint
from watchdog.notify.ledger.ledger import Ledger, Message, Thread
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.notify.notice import Notice

REFUSED_AGAIN = 3600.0
"""A refusal needs a person; look once an hour whether one came."""
REFUSED_TRIES = 24

log = structlog.get_logger(__name__)

_INTERVALS = Intervals()
_EVERYBODY = Audience()

OnNotification = Callable[[str, str], None]
_Key = tuple[str, str, tuple[str, int]]


class Begun(Struct, frozen=True):
    """An incident that opens, as it was written down."""

    thread: Thread
    notice: Notice
    channels: tuple[str, ...]


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
    ) -> None:
        self.ledger_worker = LedgerWorker(ledger)
        self._channel_states = tuple(ChannelState(channel) for channel in channels)
        self._clock = clock
        self._on_notification = on_notification
        self._intervals = intervals
        self._audience = audience
        self.held: dict[str, str] = {}
        """Why incidents that stand were not told yet, by id."""
        self._waited: frozenset[str] = frozenset()
        self._unwritten: dict[_Key, Outcome] = {}

    @property
    def failing(self) -> tuple[tuple[str, str], ...]:
        """Channels (and `ledger`) that don't work at present, each with the reason."""
        failures = [
            (channel_state.channel.name, channel_state.failure)
            for channel_state in self._channel_states
        ]
        failures.append(("ledger", self.ledger_worker.failure))
        return tuple((name, failure) for name, failure in failures if failure is not None)

    @property
    def refusing(self) -> tuple[str, ...]:
        """Channels (and `ledger`) that need a person."""
        names = [
            channel_state.channel.name
            for channel_state in self._channel_states
            if channel_state.refuses
        ]
        return (*names, "ledger") if self.ledger_worker.failure is not None else tuple(names)

    @property
    def tells(self) -> bool:
        """Whether there is any channel."""
        return bool(self._channel_states)

    @property
    def channels(self) -> tuple[str, ...]:
        """All of them."""
        return (*(channel_state.channel.name for channel_state in self._channel_states), "ledger")

    def circles(self, states: Iterable[EvalSetState]) -> dict[str, str]:
        """The channels that alone may hear of an eval set, by its id."""
        return self._audience.circles(states)

    async def start(self) -> None:
        """Once per process: what an earlier one could not send is tried at once."""
        await self.ledger_worker.write(lambda ledger: ledger.restart())

    async def handle(self, snapshot: Snapshot, first_poll_complete: bool) -> tuple[Decision, ...]:
        """Decide, and write down what is to be told. What can't be written is decided anew."""

        def decide_and_record(ledger: Ledger) -> tuple[Decision, ...]:
            now, known = self._clock(), ledger.open_incidents()
            closed = ledger.closed_since(
                now - max(self._intervals.reopen, self._intervals.group_wait)
            )
            quiet, storm = self._audience.silent(now), self._audience.storm
            intervals = replace(self._intervals, quiet=quiet, storm=storm)
            decisions = decide(snapshot, known, now, first_poll_complete, closed, intervals)
            self._record(ledger, decisions, snapshot)
            return decisions

        decisions = await self.ledger_worker.write(decide_and_record) or ()
        self._waited = frozenset(each.incident.id for each in decisions if each.reason in GATHERED)
        new = (each for each in decisions if each.entry is None and each.reason in HELD)
        self.held = {each.incident.id: HELD[each.reason] for each in new}
        for decision in decisions:
            if decision.reason in TELLING:
                log.info("decided", reason=decision.reason, incident=decision.incident.id)
        return decisions

    def _record(self, ledger: Ledger, decisions: Sequence[Decision], snapshot: Snapshot) -> None:
        """Write all decisions down; what opens all at once becomes one message."""
        every = [channel_state.channel.name for channel_state in self._channel_states]
        begun: list[Begun] = []
        for decision in decisions:
            told = self._audience.channels(decision.incident, snapshot.report, every)
            opened = record(ledger, decision, snapshot, told)
            if opened is not None:
                begun.append(opened)
        for channel_state in self._channel_states:
            if together := self._together(channel_state, begun):
                digest = notice.digest([each.notice for each in together])
                threads = [each.thread for each in together]
                ledger.gather(threads, channel_state.channel.name, digest)

    def _together(self, channel_state: ChannelState, begun: Sequence[Begun]) -> list[Begun]:
        """What a channel is told in one message: a storm, or what waited for its end."""
        if not channel_state.channel.digests:
            return []
        own = [each for each in begun if channel_state.channel.name in each.channels]
        if len(own) > self._audience.storm:
            return own
        waited = [each for each in own if each.thread[0] in self._waited]
        return waited if len(waited) > 1 else []

    async def flush(self) -> None:
        """Send what is pending. A channel still at work on an earlier call is left alone.

        A caller that is cancelled doesn't cancel it: what was sent must also be written.
        """
        await asyncio.shield(
            asyncio.gather(*(self._flush(channel_state) for channel_state in self._channel_states))
        )

    async def check(self) -> None:
        """Ask the channels whether they would take messages: before a page is missed."""
        await asyncio.gather(*(channel_state.check() for channel_state in self._channel_states))

    async def prune(self) -> None:
        """Forget what ended long ago."""
        await self.ledger_worker.write(lambda ledger: ledger.prune(self._clock()))

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
            if await self._round(channel_state):
                await self._round(channel_state)

    async def _round(self, channel_state: ChannelState) -> bool:
        """Send what may be sent; whether something else may have waited for just that."""
        name = channel_state.channel.name

        def read(ledger: Ledger) -> tuple[list[Message], set[Thread]]:
            return ledger.pending(name), ledger.unbegun(name)

        messages, unbegun = await self.ledger_worker.read(read) or ([], set())
        free = [each for each in messages if not _waits(each, unbegun)]
        told = [each for each in free if await self._deliver(channel_state, each)]
        return len(free) < len(messages) and any(_begins(each) for each in told)

    async def _deliver(self, channel_state: ChannelState, message: Message) -> bool:
        key = (channel_state.channel.name, message.notice.kind, message.thread)
        outcome = self._unwritten.get(key)
        if outcome is None:
            now = self._clock()
            if (
                channel_state.rests_until > now
                or message.next_at > now
                or self._quiet(message, now)
            ):
                return False
            outcome = await channel_state.send(message)
            self._note(channel_state, message, outcome)
        await self._write(key, message, outcome)
        if outcome.result == "refused":
            await self._divert(channel_state, message)
        return outcome.sent

    def _quiet(self, message: Message, now: float) -> bool:
        return message.notice.incident.severity in self._audience.silent(now)

    def _note(self, channel_state: ChannelState, message: Message, outcome: Outcome) -> None:
        channel_state.learn(outcome, self._clock())
        self._on_notification(channel_state.channel.name, outcome.result)
        about = {"channel": channel_state.channel.name, "incident": message.thread[0]}
        if outcome.sent:
            log.info("notification_sent", kind=message.notice.kind, **about)
        else:
            log.warning("notification_failed", detail=outcome.detail, **about)

    async def _write(self, key: _Key, message: Message, outcome: Outcome) -> None:
        """What was sent but can't be written is not sent again by this process."""
        now = self._clock()

        def write(ledger: Ledger) -> bool:
            settle(ledger, message, outcome, now)
            return True

        written = await self.ledger_worker.write(write)
        if outcome.sent and not written:
            self._unwritten[key] = outcome
        else:
            self._unwritten.pop(key, None)

    async def _divert(self, channel_state: ChannelState, message: Message) -> None:
        """What a channel refuses goes to the fall-back, once."""
        channel, now = self._audience.fallback, self._clock()
        there = channel in {each.channel.name for each in self._channel_states}
        if channel is None or not there or channel == channel_state.channel.name:
            return
        diverted = await self.ledger_worker.write(
            lambda ledger: ledger.divert(message, channel, now)
        )
        if diverted:
            log.warning("notification_diverted", refused_by=channel_state.channel.name, to=channel)


def _waits(message: Message, unbegun: Collection[Thread]) -> bool:
    """How an incident goes on is not told before its beginning."""
    return not _begins(message) and message.thread in unbegun


def _begins(message: Message) -> bool:
    return message.notice.kind in {"opened", "digest"}


def record(
    ledger: Ledger, decision: Decision, snapshot: Snapshot, channels: tuple[str, ...]
) -> Begun | None:
    """Write a decision and its messages into the ledger; what opens is handed back."""
    if decision.reason is Reason.OPEN:
        opened = notice.opened(decision, snapshot)
        return Begun(ledger.open(decision, opened, channels), opened, channels)
    _record_known(ledger, decision, snapshot, channels)
    return None


def _record_known(
    ledger: Ledger, decision: Decision, snapshot: Snapshot, channels: tuple[str, ...]
) -> None:
    entry = decision.entry
    if entry is not None and decision.reason in notice.KINDS:
        ledger.update(entry, notice.standing(decision, snapshot))
    elif entry is not None and decision.reason in ENDING:
        ledger.resolve(entry, notice.resolved(decision, entry))
    elif entry is not None and decision.reason is Reason.KEEP_FIRING:
        if entry.away_since is None:
            ledger.away(entry, decision.at)
    elif entry is not None and decision.reason is Reason.STILL_OPEN:
        if entry.away_since is not None:
            ledger.away(entry, None)
        if _fingerprint(entry.incident) != _fingerprint(decision.incident):
            ledger.amend(entry, decision.incident)
        if untold := ledger.untold(entry, channels):
            ledger.tell(entry, notice.opened(decision, snapshot), untold)


def settle(ledger: Ledger, message: Message, outcome: Outcome, now: float) -> None:
    """Write what became of one try."""
    if outcome.sent:
        ledger.settle(message, "sent", now, outcome.detail, handle=outcome.thread)
    elif outcome.result == "retry":
        ledger.settle(message, "pending", now, outcome.detail)
    elif message.attempts + 1 >= REFUSED_TRIES:
        ledger.settle(message, "failed", now, outcome.detail)
    else:
        ledger.settle(message, "pending", now, outcome.detail, next_at=now + REFUSED_AGAIN)


def _fingerprint(incident: IncidentReport) -> tuple[object, ...]:
    return (fingerprint(incident), incident.models, incident.recovered, incident.severity)
