"""Quiet hours, routes, storms and the fall-back, from decisions to what channels are told."""

from datetime import time

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import NOW, eval_set, finished, incident, quiet, snapshot
from tests.unit.notify.test_deliver import REFUSED, RETRY, SENT, Clock, Recorder, turn
from watchdog.model.verdict import Verdict
from watchdog.notify.audience import Audience, Hours, Route
from watchdog.notify.decide import Reason
from watchdog.notify.deliver import REFUSED_AGAIN, Deliverer
from watchdog.notify.ledger.database import memory_ledger

NIGHT = Hours(time(22), time(7))
HOUR = 3600.0
"""`NOW` is 08:00 UTC."""


class Listener(Recorder):
    """Keeps whole notices."""

    def __init__(self, *outcomes, name="slack", digests=True):
        super().__init__(*outcomes, name=name)
        self.digests = digests
        self.heard = []

    async def send(self, notice, thread=None):
        outcome = await super().send(notice, thread)
        if outcome.sent:
            self.heard.append((notice.kind, notice.incident.id))
        return outcome


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def build(clock):
    def made(*channels, **more):
        return Deliverer(memory_ledger(), channels, clock, audience=Audience(**more))

    return made


def stands(*ids, severity="page", over=()):
    sets = [eval_set(f"set-{each}") for each in ids]
    sets += [quiet(f"set-{each}", Verdict.FINISHED) for each in over]
    found = tuple(
        incident(id=each, eval_sets=(f"set-{each}",), subject=each, severity=severity)
        for each in ids
    )
    return snapshot(*sets, incidents=found)


# Quiet hours.


async def test_a_warning_of_the_night_is_told_in_the_morning(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    assert await turn(made, stands("a", severity="warning")) == [Reason.HOLD_QUIET]
    assert channel.heard == []
    clock.now = NOW - HOUR
    assert await turn(made, stands("a", severity="warning")) == [Reason.OPEN]
    assert channel.heard == [("opened", "a")]


async def test_why_nobody_hears_of_it_yet_is_kept_for_the_page(build, clock):
    made = build(Listener(), quiet=NIGHT)
    assert made.held == {}
    clock.now = NOW - 5 * HOUR
    await turn(made, stands("a", severity="warning"))
    assert made.held == {"a": "these are quiet hours"}
    clock.now = NOW
    await turn(made, stands("a", severity="warning"))
    assert made.held == {}
    await made.handle(stands("a", severity="warning"), False)
    assert made.held == {}


async def test_several_of_the_night_are_one_digest(build, clock):
    channel, program = Listener(), Listener(name="webhook", digests=False)
    made = build(channel, program, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    await turn(made, stands("a", "b", severity="warning"))
    clock.now = NOW
    await turn(made, stands("a", "b", "c", severity="warning"))
    assert sorted(channel.heard) == [("digest", "a"), ("opened", "c")]
    assert sorted(program.heard) == [("opened", "a"), ("opened", "b"), ("opened", "c")]


async def test_what_is_over_by_the_morning_is_never_told(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    await turn(made, stands("a", severity="warning"))
    clock.now = NOW
    await turn(made, stands(over="a"))
    assert channel.heard == []


async def test_a_page_never_waits(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    assert await turn(made, stands("a")) == [Reason.OPEN]
    assert channel.heard == [("opened", "a")]


async def test_pages_wait_where_it_is_asked_for(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT, waiting=frozenset({"page", "warning"}))
    clock.now = NOW - 5 * HOUR
    assert await turn(made, stands("a")) == [Reason.HOLD_QUIET]
    assert channel.heard == []


async def test_a_warning_that_becomes_a_page_at_night_is_told_then(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT)
    clock.now = NOW - 11 * HOUR
    await turn(made, stands("a", severity="warning"))
    clock.now = NOW - 5 * HOUR
    await turn(made, stands("a"))
    assert channel.heard == [("opened", "a"), ("escalated", "a")]


async def test_the_end_of_a_warning_wakes_nobody(build, clock):
    channel = Listener()
    made = build(channel, quiet=NIGHT)
    clock.now = NOW - 11 * HOUR
    await turn(made, stands("a", severity="warning"))
    clock.now = NOW - 5 * HOUR
    assert await turn(made, stands(over="a")) == [Reason.RESOLVE]
    assert channel.heard == [("opened", "a")]
    clock.now = NOW
    await made.flush()
    assert channel.heard == [("opened", "a"), ("resolved", "a")]


# Routes.


async def test_an_escalation_reaches_who_hears_only_of_pages(build, clock):
    slack, pager = Listener(), Listener(name="pager", digests=False)
    routes = (Route(("slack",)), Route(("pager",), severity="page"))
    made = build(slack, pager, routes=routes)
    await turn(made, stands("a", severity="warning"))
    assert pager.heard == []
    for _ in range(2):
        clock.now += 60
        await turn(made, stands("a"))
    assert slack.heard == [("opened", "a"), ("escalated", "a")]
    assert pager.heard == [("opened", "a")]
    clock.now += 60
    await turn(made, stands(over="a"))
    assert pager.heard[-1] == slack.heard[-1] == ("resolved", "a")


# A storm.

MANY = "abcdefghijkl"


async def test_a_storm_is_one_message_for_people_and_each_for_programs(build):
    slack, program = Listener(), Listener(name="webhook", digests=False)
    made = build(slack, program)
    await turn(made, stands(*MANY))
    await turn(made, stands(*MANY))
    assert slack.heard == [("digest", "a")]
    assert len(program.heard) == len(MANY)
    await turn(made, stands(*MANY[1:], over="a"))
    assert slack.heard[1:] == [("resolved", "a")]


async def test_as_many_as_are_allowed_are_told_each(build):
    slack = Listener()
    await turn(build(slack), stands(*MANY[:10]))
    assert len(slack.heard) == 10


async def test_what_trickles_in_during_a_storm_is_gathered(build, clock):
    slack = Listener()
    made = build(slack)
    await turn(made, stands(*MANY))
    for end in (13, 14, 15):
        clock.now += 30
        await turn(made, stands(*(MANY + "mno")[:end]))
    assert slack.heard == [("digest", "a")]
    clock.now += 300
    await turn(made, stands(*MANY, *"mno"))
    assert slack.heard == [("digest", "a"), ("digest", "m")]


async def test_the_end_waits_for_the_digest(build, clock):
    slack = Listener(RETRY)
    made = build(slack)
    await turn(made, stands(*MANY))
    clock.now += 1
    await turn(made, stands(*MANY[1:], over="a"))
    assert slack.heard == []
    clock.now += 60
    await turn(made, stands(*MANY[1:], over="a"))
    assert slack.heard == [("digest", "a"), ("resolved", "a")]


async def test_a_digest_that_was_given_up_is_told_one_by_one_after_a_restart(clock):
    ledger = memory_ledger()
    broken = Listener(*[REFUSED] * 100)
    made = Deliverer(ledger, (broken,), clock)
    for _ in range(30):
        await turn(made, stands(*MANY))
        clock.now += REFUSED_AGAIN
    repaired = Listener()
    again = Deliverer(ledger, (repaired,), clock)
    await again.start()
    await turn(again, stands(*MANY))
    assert sorted(each for kind, each in repaired.heard if kind == "opened") == list(MANY)


async def test_a_killed_digest_is_sent_again(clock):
    ledger = memory_ledger()
    await turn(Deliverer(ledger, (Listener(RETRY),), clock), stands(*MANY))
    slack = Listener()
    again = Deliverer(ledger, (slack,), clock)
    await again.start()
    await again.flush()
    assert slack.heard == [("digest", "a")]


# The fall-back.


async def test_what_one_refuses_the_fall_back_is_told_and_how_it_goes_on(build):
    slack, spare = Listener(*[REFUSED] * 9), Listener(name="webhook")
    made = build(slack, spare, fallback="webhook")
    for _ in range(3):
        await turn(made, stands("a"))
    assert (slack.heard, spare.heard) == ([], [("opened", "a")])
    assert made.failing == (("slack", "404 no_service"),)
    await turn(made, stands(over="a"))
    assert spare.heard == [("opened", "a"), ("resolved", "a")]


async def test_the_fall_back_hears_of_nothing_that_works(build):
    slack, spare = Listener(), Listener(name="webhook")
    made = build(slack, spare, fallback="webhook")
    await turn(made, stands("a"))
    await turn(made, stands(over="a"))
    assert spare.heard == []


async def test_an_end_that_is_refused_is_told_by_the_fall_back(build):
    slack, spare = Listener(SENT, REFUSED), Listener(name="webhook")
    made = build(slack, spare, fallback="webhook")
    await turn(made, stands("a"))
    await turn(made, stands(over="a"))
    await made.flush()
    assert spare.heard == [("resolved", "a")]


async def test_a_storm_that_is_refused_reaches_the_fall_back_whole(build):
    slack, spare = Listener(REFUSED), Listener(name="webhook")
    made = build(slack, spare, fallback="webhook")
    await turn(made, stands(*MANY))
    await made.flush()
    assert sorted(each for _, each in spare.heard) == list(MANY)


async def test_what_may_pass_stays_where_it_is(build):
    slack, spare = Listener(RETRY), Listener(name="webhook")
    await turn(build(slack, spare, fallback="webhook"), stands("a"))
    assert spare.heard == []


async def test_a_fall_back_that_refuses_is_the_end_of_it(build):
    slack, spare = Listener(*[REFUSED] * 9), Listener(*[REFUSED] * 9, name="webhook")
    made = build(slack, spare, fallback="webhook")
    await turn(made, stands("a"))
    await turn(made, stands("a"))
    assert [name for name, _ in made.failing] == ["slack", "webhook"]


# What is told later finds its thread.


async def test_an_end_that_waited_for_the_beginning_has_its_handle(build, clock):
    threads = []

    class Threaded(Recorder):
        async def send(self, notice, thread=None):
            threads.append((notice.kind, thread))
            outcome = await super().send(notice, thread)
            return replace(outcome, thread="t1") if outcome.sent else outcome

    made = build(Threaded(RETRY))
    await turn(made, stands("a"))
    await turn(made, stands(over="a"))
    clock.now += 60
    await made.flush()
    assert threads == [("opened", None), ("opened", None), ("resolved", "t1")]


async def test_eval_sets_that_can_t_be_read_have_not_recovered(build):
    both = snapshot(
        eval_set("a"), eval_set("b"), incidents=(incident(eval_sets=("a", "b"), scope="model"),)
    )
    made = build(Listener())
    await turn(made, both)
    narrow = incident(eval_sets=("a",), scope="sample")
    unread = snapshot(eval_set("a"), quiet("b", Verdict.UNKNOWN), incidents=(narrow,))
    (decision,) = await made.handle(unread, True)
    assert decision.reason is Reason.STILL_OPEN
    assert decision.incident.eval_sets == ("a", "b")
    assert decision.incident.recovered == ()
    well = snapshot(eval_set("a"), finished(), quiet("b", Verdict.FINISHED), incidents=(narrow,))
    (decision,) = await made.handle(well, True)
    assert decision.incident.recovered == ("b",)


async def test_what_a_circle_may_hear_is_told_nobody_else_whatever_happens(build, clock):
    """Refused for good, edited, without the annotation for a while, and over."""
    private, common = Listener(REFUSED, REFUSED, REFUSED, name="private"), Listener(name="common")
    made = build(private, common, fallback="common")

    def seen(circle):
        found = incident(id="a", eval_sets=("set-a",), severity="page", circle=circle)
        return snapshot(eval_set("set-a"), incidents=(found,))

    for circle in ("private", "", "private"):
        await turn(made, seen(circle))
        clock.now += REFUSED_AGAIN
    await turn(made, snapshot(quiet("set-a", Verdict.FINISHED)))
    clock.now += REFUSED_AGAIN
    await turn(made, snapshot(quiet("set-a", Verdict.FINISHED)))
    assert private.heard == [("opened", "a"), ("resolved", "a")]
    assert common.heard == []
    await made.aclose()
