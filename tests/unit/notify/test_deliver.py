import asyncio

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import OperationalError

from tests.builders.snapshots import NOW, eval_set, finished, incident, quiet, snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.decide import Intervals, Reason
from watchdog.notify.deliver import REFUSED_AGAIN, REFUSED_TRIES, Deliverer
from watchdog.notify.ledger.database import memory_ledger, open_ledger
from watchdog.notify.ledger.ledger import Ledger

STUCK = snapshot(eval_set(), incidents=(incident(),))
WELL = snapshot(quiet(incident().eval_sets[0], Verdict.PROGRESSING))
SENT = Outcome("sent", "200 ok")
RETRY = Outcome("retry", "503 down")
REFUSED = Outcome("refused", "404 no_service")


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Recorder:
    """A channel that answers as told and keeps what it was given."""

    digests = True

    def __init__(self, *outcomes, name="slack"):
        self.name = name
        self.outcomes = list(outcomes)
        self.told = []
        self.threads = []
        self.notices = []
        self.checks = []

    async def check(self):
        return self.checks.pop(0) if self.checks else SENT

    async def send(self, notice, thread=None):
        outcome = self.outcomes.pop(0) if self.outcomes else SENT
        if isinstance(outcome, Exception):
            raise outcome
        self.told.append((notice.kind, outcome.result))
        self.threads.append(thread)
        self.notices.append(notice)
        return outcome

    async def aclose(self):
        pass

    @property
    def kinds(self):
        return [kind for kind, result in self.told if result == "sent"]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger():
    made = memory_ledger()
    yield made
    made.close()


@pytest.fixture
def deliverer(ledger, clock):
    counted = []

    def build(*channels):
        made = Deliverer(
            ledger,
            channels,
            clock,
            lambda *told: counted.append(told),
            Intervals(repeat_interval=0),
        )
        made.counted = counted
        return made

    return build


async def turn(deliverer, seen, listed=True):
    decisions = await deliverer.handle(seen, listed)
    await deliverer.flush()
    return [decision.reason for decision in decisions]


async def test_one_message_at_the_start_and_one_at_the_end(deliverer, clock):
    channel = Recorder()
    made = deliverer(channel)
    for seen in (STUCK, STUCK, WELL, WELL):
        await turn(made, seen)
    assert channel.kinds == ["opened", "resolved"]
    clock.now += 3600
    await turn(made, STUCK)
    assert channel.kinds == ["opened", "resolved", "opened"]
    assert made.counted == [("slack", "sent")] * 3


async def test_held_until_listed_and_then_told(deliverer):
    channel = Recorder()
    made = deliverer(channel)
    assert await turn(made, STUCK, listed=False) == [Reason.HOLD_UNTIL_LISTED]
    assert channel.kinds == []
    assert await turn(made, STUCK) == [Reason.OPEN]
    assert channel.kinds == ["opened"]


async def test_what_is_gone_ends(deliverer):
    channel = Recorder()
    made = deliverer(channel)
    await turn(made, STUCK)
    assert await turn(made, snapshot(finished())) == [Reason.GONE]
    assert channel.kinds == ["opened", "resolved"]


async def test_a_failing_channel_rests_and_delays_only_itself(deliverer, clock):
    slow, quick = Recorder(RETRY, RETRY), Recorder(name="pager")
    made = deliverer(slow, quick)
    await turn(made, STUCK)
    assert quick.kinds == ["opened"]
    assert made.failing == (("slack", "503 down"),)
    await turn(made, WELL)
    assert len(slow.told) == 1
    clock.now += 15
    await turn(made, WELL)
    clock.now += 15
    await turn(made, WELL)
    assert len(slow.told) == 2
    clock.now += 15
    await turn(made, WELL)
    assert slow.kinds == ["opened", "resolved"]
    assert made.failing == ()


async def test_the_wait_that_a_channel_asks_for_is_kept(deliverer, clock):
    channel = Recorder(Outcome("retry", "429", 300.0))
    made = deliverer(channel)
    await turn(made, STUCK)
    clock.now += 299
    await turn(made, STUCK)
    assert len(channel.told) == 1
    clock.now += 1
    await turn(made, STUCK)
    assert channel.kinds == ["opened"]


async def test_a_refusal_is_looked_at_once_an_hour_and_not_for_ever(deliverer, clock, ledger):
    channel = Recorder(*[REFUSED] * 100)
    made = deliverer(channel)
    for _ in range(REFUSED_TRIES + 5):
        await turn(made, STUCK)
        await turn(made, STUCK)
        clock.now += REFUSED_AGAIN
    assert len(channel.told) == REFUSED_TRIES
    assert made.failing == (("slack", "404 no_service"),)
    repaired = Recorder()
    again = Deliverer(ledger, (repaired,), clock)
    await again.start()
    await turn(again, STUCK)
    assert repaired.kinds == ["opened"]


async def test_a_refused_message_holds_up_its_own_end_only(deliverer):
    channel = Recorder(REFUSED)
    made = deliverer(channel)
    other = incident(id="other", eval_sets=("b",))
    both = snapshot(eval_set(), eval_set("b"), incidents=(incident(), other))
    await turn(made, both)
    await turn(made, snapshot(quiet(incident().eval_sets[0], Verdict.FINISHED), finished()))
    assert channel.kinds == ["opened", "resolved"]


async def test_a_flaw_in_a_channel_stops_nobody(deliverer):
    flawed, sound = Recorder(RuntimeError("geheim")), Recorder(name="pager")
    made = deliverer(flawed, sound)
    await turn(made, STUCK)
    assert sound.kinds == ["opened"]
    assert made.failing == (("slack", "flaw in the channel (RuntimeError)"),)


async def test_a_channel_at_work_is_left_alone(deliverer):
    entered, leave = asyncio.Event(), asyncio.Event()

    class Slow(Recorder):
        async def send(self, notice, thread=None):
            entered.set()
            await leave.wait()
            return await super().send(notice, thread)

    slow, quick = Slow(), Recorder(name="pager")
    made = deliverer(slow, quick)
    await made.handle(STUCK, True)
    first = asyncio.create_task(made.flush())
    await entered.wait()
    async with made._channel_states[1].lock:
        pass
    await turn(made, WELL)
    assert quick.kinds == ["opened", "resolved"]
    leave.set()
    await first
    await made.flush()
    assert slow.kinds == ["opened", "resolved"]


async def test_a_channel_set_up_later_hears_of_what_is_open(ledger, clock):
    await turn(Deliverer(ledger, (), clock), STUCK)
    channel = Recorder()
    await turn(Deliverer(ledger, (channel,), clock), STUCK)
    assert channel.kinds == ["opened"]


async def test_the_ledger_follows_an_incident_that_spreads(deliverer, ledger):
    made = deliverer(Recorder())
    await turn(made, STUCK)
    spread = incident(eval_sets=(*incident().eval_sets, "b"))
    await turn(made, snapshot(eval_set(), eval_set("b"), incidents=(spread,)))
    assert ledger.open_incidents()[spread.id].incident.eval_sets == spread.eval_sets
    unknown = snapshot(
        quiet(incident().eval_sets[0], Verdict.FINISHED), quiet("b", Verdict.UNKNOWN)
    )
    assert await turn(made, unknown) == [Reason.HOLD_UNKNOWN]


# What happens when the process or the database dies at a bad moment.


class Killed(BaseException):
    """The process dies here."""


async def test_killed_between_sending_and_writing_is_a_duplicate_never_a_miss(
    tmp_path, clock, monkeypatch
):
    channel = Recorder()
    first = open_ledger(tmp_path / "state", NOW).ledger

    def die(*_args, **_more):
        raise Killed

    monkeypatch.setattr(first, "settle", die)
    with pytest.raises(Killed):
        await turn(Deliverer(first, (channel,), clock), STUCK)
    first.close()
    second = Deliverer(open_ledger(tmp_path / "state", NOW).ledger, (channel,), clock)
    await second.start()
    assert await turn(second, STUCK) == [Reason.STILL_OPEN]
    assert await turn(second, STUCK) == [Reason.STILL_OPEN]
    assert channel.kinds == ["opened", "opened"]
    await second.aclose()


async def test_killed_before_sending_is_sent_after_the_restart(tmp_path, clock):
    channel = Recorder(RETRY)
    first = Deliverer(open_ledger(tmp_path / "state", NOW).ledger, (channel,), clock)
    await turn(first, STUCK)
    await first.aclose()
    second = Deliverer(open_ledger(tmp_path / "state", NOW).ledger, (channel,), clock)
    await second.start()
    await second.flush()
    assert channel.kinds == ["opened"]
    await turn(second, WELL)
    assert channel.kinds == ["opened", "resolved"]
    await second.aclose()


def broken(*_args, **_more):
    raise OperationalError("INSERT …", {}, Exception("database or disk is full"))


async def test_what_was_sent_and_cannot_be_written_is_not_sent_again(
    deliverer, ledger, monkeypatch
):
    channel = Recorder()
    made = deliverer(channel)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "settle", broken)
        await turn(made, STUCK)
        await turn(made, STUCK)
        assert made.failing == (("ledger", "database fails (OperationalError)"),)
    await turn(made, STUCK)
    assert channel.kinds == ["opened"]
    assert ledger.pending("slack") == []
    assert made.failing == ()


async def test_a_full_disk_does_not_silence_the_pager(deliverer, monkeypatch):
    channel = Recorder()
    made = deliverer(channel)
    monkeypatch.setattr(Ledger, "open_incidents", broken)
    for _ in range(3):
        assert await turn(made, STUCK) == []
    monkeypatch.undo()
    assert await turn(made, STUCK) == [Reason.OPEN]
    assert channel.kinds == ["opened"]
    assert made.failing == (("ledger", "database failed: memory only until the next start"),)
    await made.aclose()


async def test_pruning_goes_through_the_ledger(deliverer, clock, ledger):
    made = deliverer(Recorder())
    await turn(made, STUCK)
    await turn(made, WELL)
    clock.now += 40 * 86_400
    await made.prune()
    await turn(made, STUCK)
    assert ledger.open_incidents()[incident().id].generation == 1


WIDER = snapshot(eval_set(), incidents=(replace(incident(), eval_sets=("a", "b", "c")),))
HANDLED = Outcome("sent", "ok", thread='{"ts": "1"}')


async def test_what_goes_on_is_told_with_what_the_channel_returned(deliverer, clock):
    channel = Recorder(HANDLED)
    made = deliverer(channel)
    await turn(made, STUCK)
    clock.now += 300
    await turn(made, WIDER)
    clock.now += 300
    await turn(made, snapshot(*(quiet(name, Verdict.PROGRESSING) for name in "abc")))
    assert channel.kinds == ["opened", "edited", "resolved"]
    assert channel.threads == [None, '{"ts": "1"}', '{"ts": "1"}']
    assert channel.notices[1].changes == (
        "a, b, c joined",
        f"{incident().eval_sets[0]} recovered: 3 of 4 eval sets still stuck",
    )


async def test_a_handle_that_is_returned_later_takes_the_place_of_the_first(deliverer, clock):
    anew = Outcome("sent", "posted anew", thread='{"ts": "2"}')
    channel = Recorder(HANDLED, anew)
    made = deliverer(channel)
    for seen in (STUCK, WIDER, STUCK):
        await turn(made, seen)
        clock.now += 300
    assert channel.threads == [None, '{"ts": "1"}', '{"ts": "2"}']


async def test_one_that_was_never_sent_is_told_as_it_is_when_it_can_be(deliverer, clock):
    channel = Recorder(RETRY)
    made = deliverer(channel)
    await turn(made, STUCK)
    clock.now += 300
    await turn(made, WIDER)
    assert channel.told == [("opened", "retry"), ("opened", "sent")]
    assert channel.notices[-1].incident.eval_sets == ("a", "b", "c")


async def test_only_the_newest_of_what_waits_is_told(deliverer, clock, ledger):
    channel = Recorder(HANDLED, RETRY, RETRY)
    made = deliverer(channel)
    for seen in (STUCK, WIDER, STUCK):
        await made.handle(seen, True)
        await made.flush()
        clock.now += 300
    await turn(made, WELL)
    clock.now += 3600
    await made.flush()
    assert channel.kinds == ["opened", "resolved"]
    assert ledger.pending("slack") == []


async def test_what_comes_back_goes_on_in_its_thread(deliverer, clock, ledger):
    channel = Recorder(HANDLED)
    made = deliverer(channel)
    for seen in (STUCK, WELL, STUCK):
        await turn(made, seen)
        clock.now += 60
    assert channel.kinds == ["opened", "resolved", "reopened"]
    assert channel.threads[-1] == '{"ts": "1"}'
    (entry,) = ledger.open_incidents().values()
    assert (entry.generation, entry.reopened) == (1, 1)
    for _ in range(14):
        await turn(made, WELL)
        clock.now += 60
    assert channel.kinds[-1] == "reopened"
    await turn(made, WELL)
    clock.now += 60
    await turn(made, WELL)
    assert channel.kinds == ["opened", "resolved", "reopened", "resolved"]


# What refuses is named before there is something to tell.


async def test_a_channel_that_refuses_is_named_before_a_page_is_missed(ledger, clock):
    channel = Recorder()
    made = Deliverer(ledger, [channel], clock)
    channel.checks = [REFUSED, RETRY, SENT]
    for refusing in ((("slack", REFUSED.detail),), (("slack", REFUSED.detail),), ()):
        await made.check()
        assert made.failing == refusing
        assert made.refusing == tuple(name for name, _ in refusing)
    assert channel.told == []


async def test_a_check_that_passes_says_nothing_of_a_message_that_was_refused(ledger, clock):
    channel = Recorder(REFUSED)
    made = Deliverer(ledger, [channel], clock)
    await turn(made, STUCK)
    await made.check()
    assert made.refusing == ("slack",)


async def test_a_check_ends_only_what_a_check_found(ledger, clock):
    """The channel is gone; meanwhile the token is revoked, and made anew."""
    gone, revoked = Outcome("refused", "channel_not_found"), Outcome("refused", "token_revoked")
    channel = Recorder(gone)
    made = Deliverer(ledger, [channel], clock)
    await turn(made, STUCK)
    channel.checks = [revoked, SENT]
    for _ in range(2):
        await made.check()
        assert made.failing == (("slack", "channel_not_found"),)
        assert made.refusing == ("slack",)
    clock.now += REFUSED_AGAIN
    await made.flush()
    assert (made.failing, made.refusing) == ((), ())


async def test_a_flaw_in_a_check_is_a_refusal(ledger, clock):
    class Flawed(Recorder):
        async def check(self):
            raise ZeroDivisionError

    made = Deliverer(ledger, [Flawed()], clock)
    await made.check()
    assert made.failing == (("slack", "flaw in the channel (ZeroDivisionError)"),)
