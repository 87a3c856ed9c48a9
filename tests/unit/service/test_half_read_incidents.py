"""What people hear of a first start whose newest events are read before the older ones."""

from tests.builders.long_history import LongHistory
from tests.doubles.channel import Clock, Recorder, turn
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.thresholds import Thresholds
from watchdog.notify.decide import Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import memory_ledger
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import SourceState, known_states
from watchdog.service.guarded import GuardedSource

HOUR = 3600.0
EVENTS = 1500


class Service:
    """A first start over one eval set: it reads, learns, judges and tells."""

    def __init__(self, folder, history: LongHistory) -> None:
        self.folder, self.history = folder, history
        options = LogsOptions(listing_interval=0.0, newest_first=True, sqlite=False)
        store = LogsSource(DirectoryStore(folder), options)
        self.source = SourceState(GuardedSource(store), label="store")
        self.clock, self.channel, self.learner = Clock(), Recorder(), Learner()
        self.deliverer = Deliverer(memory_ledger(), (self.channel,), self.clock)

    async def poll(self, now: float):
        self.clock.now = now
        self.history.write(self.folder / "set")
        await self.source.poll(now)
        states = known_states([self.source])
        self.learner.take(states, now)
        self.snapshot = evaluate(states, (), now, Thresholds(), 1e9, learned=self.learner.learned)
        return await turn(self.deliverer, self.snapshot)

    async def read_all(self) -> None:
        while any(t.history is not None for t in self.source.states["set"].tasks.values()):
            await self.source.read_history(0.05)

    @property
    def causes(self):
        return [str(incident.cause) for incident in self.snapshot.report.incidents]


async def test_a_cause_that_the_older_events_tell_is_told_in_place(tmp_path):
    """A call is open and all else is silent: the older events say that it is the runner."""
    history = LongHistory(3, EVENTS)
    history.ask(0, history.ended_at + 10)
    for sample in (1, 2):
        history.answer(sample, history.ended_at + 60)
    service, now = Service(tmp_path, history), history.ended_at + 6 * 24 * HOUR
    assert await service.poll(now) == [Reason.OPEN]
    assert service.causes == ["hung_model_call"]
    await service.read_all()
    assert await service.poll(now + 30) == [Reason.EDIT]
    assert service.causes == ["runner_frozen"]
    assert await service.poll(now + 400) == [Reason.STILL_OPEN]
    assert service.channel.kinds == ["opened", "edited"]
    opened, edited = service.channel.notices
    assert opened.incident.id == edited.incident.id
    assert edited.changes[-1] == "Now the cause is: runner is frozen"


async def test_older_events_end_nothing(tmp_path):
    """Calls take two hours here, say the older events; others go on, and that one is open still."""
    history = LongHistory(3, EVENTS, every=3 * HOUR)
    asked_at = history.ended_at + 10
    history.ask(0, asked_at)
    for number in range(1, 13):
        for sample in (1, 2):
            history.answer(sample, asked_at + 600 * number + sample)
    service, now = Service(tmp_path, history), asked_at + 2 * HOUR + 30
    assert await service.poll(now) == [Reason.OPEN]
    assert service.causes == ["hung_model_call"]
    await service.read_all()
    assert await service.poll(now + 30) == [Reason.HOLD_HALF_READ]
    assert service.causes == []
    history.answer(1, now + 60)
    assert await service.poll(now + 90) == [Reason.HOLD_HALF_READ]
    history.answer(0, now + 120)
    assert await service.poll(now + 150) == [Reason.RESOLVE]
    assert service.channel.kinds == ["opened", "resolved"]
