"""Quiet hours, routes, storms and the fall-back, from decisions to what channels are told."""

from datetime import time

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import NOW, eval_set, finished, incident, quiet, snapshot
from tests.doubles.channel import REFUSED, RETRY, SENT, Clock, Listener, Recorder, turn
from watchdog.model.verdict import Verdict
from watchdog.notify.audience import Audience, Hours, Route
from watchdog.notify.decide import Reason
from watchdog.notify.deliver import REFUSED_AGAIN, Deliverer
from watchdog.notify.ledger.database import memory_ledger

NIGHT = Hours(time(22), time(7))
HOUR = 3600.0
"""`NOW` is 08:00 UTC."""


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def build(clock):
    def build(*channels, **more):
        return Deliverer(memory_ledger(), channels, clock, audience=Audience(**more))

    return build


def stands(*ids, severity="page", over=()):
    eval_sets = [eval_set(f"set-{name}") for name in ids]
    eval_sets += [quiet(f"set-{name}", Verdict.FINISHED) for name in over]
    incidents = tuple(
        incident(id=name, eval_sets=(f"set-{name}",), subject=name, severity=severity)
        for name in ids
    )
    return snapshot(*eval_sets, incidents=incidents)


# Quiet hours.


async def test_a_warning_of_the_night_is_told_in_the_morning(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    assert await turn(deliverer, stands("a", severity="warning")) == [Reason.HOLD_QUIET]
    assert channel.messages == []
    clock.now = NOW - HOUR
    assert await turn(deliverer, stands("a", severity="warning")) == [Reason.OPEN]
    assert channel.messages == [("opened", "a")]


async def test_why_nobody_hears_of_it_yet_is_kept_for_the_page(build, clock):
    deliverer = build(Listener(), quiet=NIGHT)
    assert deliverer.held == {}
    clock.now = NOW - 5 * HOUR
    await turn(deliverer, stands("a", severity="warning"))
    assert deliverer.held == {"a": "these are quiet hours"}
    clock.now = NOW
    await turn(deliverer, stands("a", severity="warning"))
    assert deliverer.held == {}
    await deliverer.handle(stands("a", severity="warning"), False)
    assert deliverer.held == {}


async def test_several_of_the_night_are_one_digest(build, clock):
    channel, program = Listener(), Listener(name="webhook", digests=False)
    deliverer = build(channel, program, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    await turn(deliverer, stands("a", "b", severity="warning"))
    clock.now = NOW
    await turn(deliverer, stands("a", "b", "c", severity="warning"))
    assert sorted(channel.messages) == [("digest", "a"), ("opened", "c")]
    assert sorted(program.messages) == [("opened", "a"), ("opened", "b"), ("opened", "c")]


async def test_what_is_over_by_the_morning_is_never_told(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    await turn(deliverer, stands("a", severity="warning"))
    clock.now = NOW
    await turn(deliverer, stands(over="a"))
    assert channel.messages == []


async def test_a_page_never_waits(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT)
    clock.now = NOW - 5 * HOUR
    assert await turn(deliverer, stands("a")) == [Reason.OPEN]
    assert channel.messages == [("opened", "a")]


async def test_pages_wait_where_it_is_asked_for(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT, waiting=frozenset({"page", "warning"}))
    clock.now = NOW - 5 * HOUR
    assert await turn(deliverer, stands("a")) == [Reason.HOLD_QUIET]
    assert channel.messages == []


async def test_a_warning_that_becomes_a_page_at_night_is_told_then(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT)
    clock.now = NOW - 11 * HOUR
    await turn(deliverer, stands("a", severity="warning"))
    clock.now = NOW - 5 * HOUR
    await turn(deliverer, stands("a"))
    assert channel.messages == [("opened", "a"), ("escalated", "a")]


async def test_the_end_of_a_warning_wakes_nobody(build, clock):
    channel = Listener()
    deliverer = build(channel, quiet=NIGHT)
    clock.now = NOW - 11 * HOUR
    await turn(deliverer, stands("a", severity="warning"))
    clock.now = NOW - 5 * HOUR
    assert await turn(deliverer, stands(over="a")) == [Reason.RESOLVE]
    assert channel.messages == [("opened", "a")]
    clock.now = NOW
    await deliverer.flush()
    assert channel.messages == [("opened", "a"), ("resolved", "a")]


# Routes.


async def test_an_escalation_reaches_who_hears_only_of_pages(build, clock):
    slack, pager = Listener(), Listener(name="pager", digests=False)
    routes = (Route(("slack",)), Route(("pager",), severity="page"))
    deliverer = build(slack, pager, routes=routes)
    await turn(deliverer, stands("a", severity="warning"))
    assert pager.messages == []
    for _ in range(2):
        clock.now += 60
        await turn(deliverer, stands("a"))
    assert slack.messages == [("opened", "a"), ("escalated", "a")]
    assert pager.messages == [("opened", "a")]
    clock.now += 60
    await turn(deliverer, stands(over="a"))
    assert pager.messages[-1] == slack.messages[-1] == ("resolved", "a")


# A storm.

MANY = "abcdefghijkl"


async def test_a_storm_is_one_message_for_people_and_each_for_programs(build):
    slack, program = Listener(), Listener(name="webhook", digests=False)
    deliverer = build(slack, program)
    await turn(deliverer, stands(*MANY))
    await turn(deliverer, stands(*MANY))
    assert slack.messages == [("digest", "a")]
    assert len(program.messages) == len(MANY)
    await turn(deliverer, stands(*MANY[1:], over="a"))
    assert slack.messages[1:] == [("resolved", "a")]


async def test_as_many_as_are_allowed_are_told_each(build):
    slack = Listener()
    await turn(build(slack), stands(*MANY[:10]))
    assert len(slack.messages) == 10


async def test_what_trickles_in_during_a_storm_is_grouped(build, clock):
    slack = Listener()
    deliverer = build(slack)
    await turn(deliverer, stands(*MANY))
    for end in (13, 14, 15):
        clock.now += 30
        await turn(deliverer, stands(*(MANY + "mno")[:end]))
    assert slack.messages == [("digest", "a")]
    clock.now += 300
    await turn(deliverer, stands(*MANY, *"mno"))
    assert slack.messages == [("digest", "a"), ("digest", "m")]


async def test_the_end_waits_for_the_digest(build, clock):
    slack = Listener(RETRY)
    deliverer = build(slack)
    await turn(deliverer, stands(*MANY))
    clock.now += 1
    await turn(deliverer, stands(*MANY[1:], over="a"))
    assert slack.messages == []
    clock.now += 60
    await turn(deliverer, stands(*MANY[1:], over="a"))
    assert slack.messages == [("digest", "a"), ("resolved", "a")]


async def test_a_digest_that_was_given_up_is_told_one_by_one_after_a_restart(clock):
    ledger = memory_ledger()
    broken = Listener(*[REFUSED] * 100)
    deliverer = Deliverer(ledger, (broken,), clock)
    for _ in range(30):
        await turn(deliverer, stands(*MANY))
        clock.now += REFUSED_AGAIN
    repaired = Listener()
    again = Deliverer(ledger, (repaired,), clock)
    await again.start()
    await turn(again, stands(*MANY))
    assert sorted(name for kind, name in repaired.messages if kind == "opened") == list(MANY)


async def test_a_killed_digest_is_sent_again(clock):
    ledger = memory_ledger()
    await turn(Deliverer(ledger, (Listener(RETRY),), clock), stands(*MANY))
    slack = Listener()
    again = Deliverer(ledger, (slack,), clock)
    await again.start()
    await again.flush()
    assert slack.messages == [("digest", "a")]


# The fall-back.


async def test_what_one_refuses_the_fall_back_is_told_and_how_it_goes_on(build):
    slack, spare = Listener(*[REFUSED] * 9), Listener(name="webhook")
    deliverer = build(slack, spare, fallback="webhook")
    for _ in range(3):
        await turn(deliverer, stands("a"))
    assert (slack.messages, spare.messages) == ([], [("opened", "a")])
    assert deliverer.failing == (("slack", "404 no_service"),)
    await turn(deliverer, stands(over="a"))
    assert spare.messages == [("opened", "a"), ("resolved", "a")]


async def test_the_fall_back_hears_of_nothing_that_works(build):
    slack, spare = Listener(), Listener(name="webhook")
    deliverer = build(slack, spare, fallback="webhook")
    await turn(deliverer, stands("a"))
    await turn(deliverer, stands(over="a"))
    assert spare.messages == []


async def test_an_end_that_is_refused_is_told_by_the_fall_back(build):
    slack, spare = Listener(SENT, REFUSED), Listener(name="webhook")
    deliverer = build(slack, spare, fallback="webhook")
    await turn(deliverer, stands("a"))
    await turn(deliverer, stands(over="a"))
    await deliverer.flush()
    assert spare.messages == [("resolved", "a")]


async def test_a_storm_that_is_refused_reaches_the_fall_back_whole(build):
    slack, spare = Listener(REFUSED), Listener(name="webhook")
    deliverer = build(slack, spare, fallback="webhook")
    await turn(deliverer, stands(*MANY))
    await deliverer.flush()
    assert sorted(name for _, name in spare.messages) == list(MANY)


async def test_what_may_pass_stays_where_it_is(build):
    slack, spare = Listener(RETRY), Listener(name="webhook")
    await turn(build(slack, spare, fallback="webhook"), stands("a"))
    assert spare.messages == []


async def test_a_fall_back_that_refuses_is_the_end_of_it(build):
    slack, spare = Listener(*[REFUSED] * 9), Listener(*[REFUSED] * 9, name="webhook")
    deliverer = build(slack, spare, fallback="webhook")
    await turn(deliverer, stands("a"))
    await turn(deliverer, stands("a"))
    assert [name for name, _ in deliverer.failing] == ["slack", "webhook"]


# What is told later finds its thread.


async def test_an_end_that_waited_for_the_beginning_has_its_handle(build, clock):
    threads = []

    class Threaded(Recorder):
        async def send(self, notice, thread=None):
            threads.append((notice.kind, thread))
            outcome = await super().send(notice, thread)
            return replace(outcome, thread="t1") if outcome.sent else outcome

    deliverer = build(Threaded(RETRY))
    await turn(deliverer, stands("a"))
    await turn(deliverer, stands(over="a"))
    clock.now += 60
    await deliverer.flush()
    assert threads == [("opened", None), ("opened", None), ("resolved", "t1")]


async def test_eval_sets_that_can_t_be_read_have_not_recovered(build):
    both = snapshot(
        eval_set("a"), eval_set("b"), incidents=(incident(eval_sets=("a", "b"), scope="model"),)
    )
    deliverer = build(Listener())
    await turn(deliverer, both)
    narrow = incident(eval_sets=("a",), scope="sample")
    unread = snapshot(eval_set("a"), quiet("b", Verdict.UNKNOWN), incidents=(narrow,))
    (decision,) = await deliverer.handle(unread, True)
    assert decision.reason is Reason.STILL_OPEN
    assert decision.incident.eval_sets == ("a", "b")
    assert decision.incident.recovered == ()
    well = snapshot(eval_set("a"), finished(), quiet("b", Verdict.FINISHED), incidents=(narrow,))
    (decision,) = await deliverer.handle(well, True)
    assert decision.incident.recovered == ("b",)


async def test_what_is_restricted_is_told_nobody_else_whatever_happens(build, clock):
    """Refused for good, edited, without the annotation for a while, and over."""
    private, common = Listener(REFUSED, REFUSED, REFUSED, name="private"), Listener(name="common")
    deliverer = build(private, common, fallback="common")

    def view(restriction):
        page = incident(id="a", eval_sets=("set-a",), severity="page", restriction=restriction)
        return snapshot(eval_set("set-a"), incidents=(page,))

    for restriction in ("private", "", "private"):
        await turn(deliverer, view(restriction))
        clock.now += REFUSED_AGAIN
    await turn(deliverer, snapshot(quiet("set-a", Verdict.FINISHED)))
    clock.now += REFUSED_AGAIN
    await turn(deliverer, snapshot(quiet("set-a", Verdict.FINISHED)))
    assert private.messages == [("opened", "a"), ("resolved", "a")]
    assert common.messages == []
    await deliverer.aclose()
