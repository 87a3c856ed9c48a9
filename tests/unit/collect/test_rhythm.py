"""When a task is read again, and a folder listed."""

from hypothesis import given
from hypothesis import strategies as st

from watchdog.collect.rhythm import (
    NEAR,
    Pulse,
    Why,
    is_due,
    listing_seconds,
    place_of,
    rhythm,
    spread,
)
from watchdog.model.outlook import Outlook
from watchdog.model.report import Ramp
from watchdog.model.verdict import Verdict

NOW, BASE, SLOWEST = 100_000.0, 30.0, 240.0
CALM = Outlook(Verdict.PROGRESSING)


def pulse(silence: float = 7200.0) -> Pulse:
    return Pulse(NOW - BASE, NOW - silence, interval=SLOWEST)


def rising(at: float, to: float) -> Outlook:
    """An hour of growth by time alone to a suspicion that is reached at an instant."""
    return Outlook(Verdict.PROGRESSING, rising=(Ramp(0.0, at - 3600.0, rate=to / 3600.0),))


def told(outlook: Outlook | None, silence: float = 7200.0):
    own = rhythm(pulse(silence), outlook, NOW, BASE, SLOWEST)
    return own.seconds, own.why


def test_a_task_that_wrote_nothing_is_read_after_half_of_that_time():
    assert told(CALM, 40) == (BASE, Why.CHANGING)
    assert told(CALM, 200) == (100.0, Why.QUIET)
    assert told(CALM, 7200) == (SLOWEST, Why.QUIET)
    assert told(Outlook(Verdict.WAITING), 7200) == (SLOWEST, Why.QUIET)


def test_what_may_turn_is_read_at_each_poll():
    assert told(None) == (BASE, Why.UNJUDGED)
    assert told(Outlook(Verdict.PROGRESSING, NEAR)) == (BASE, Why.NEAR)
    assert told(rising(at=NOW + 2 * BASE, to=NEAR)) == (BASE, Why.NEAR)
    assert told(rising(at=NOW + 3 * BASE, to=NEAR)) != (BASE, Why.NEAR)
    assert told(Outlook(Verdict.PROGRESSING, failing=True)) == (BASE, Why.FAILING)
    assert told(Outlook(Verdict.PROGRESSING, near_end=True)) == (BASE, Why.NEAR_END)
    for verdict in set(Verdict) - {Verdict.PROGRESSING, Verdict.WAITING}:
        why = Why.UNKNOWN if verdict is Verdict.UNKNOWN else Why.VERDICT
        assert told(Outlook(verdict)) == (BASE, why)


def test_one_whose_last_samples_run_is_read_at_each_second_poll():
    assert told(Outlook(Verdict.PROGRESSING, ending=True)) == (2 * BASE, Why.ENDING)
    assert told(Outlook(Verdict.PROGRESSING, ending=True, failing=True)) == (BASE, Why.FAILING)
    assert told(Outlook(Verdict.PROGRESSING, ending=True, near_end=True)) == (BASE, Why.NEAR_END)


def test_one_that_could_not_be_read_is_tried_at_each_poll():
    own = rhythm(Pulse(changed_at=NOW - 7200), CALM, NOW, BASE, SLOWEST)
    assert (own.seconds, own.why) == (BASE, Why.UNREAD)


def test_a_back_off_is_waited_for_and_no_longer():
    def after(seconds: float):
        return told(Outlook(Verdict.PROGRESSING, 0.1, (), True, NOW + seconds))

    assert after(100) == (100.0, Why.BACK_OFF)
    assert after(1800) == (SLOWEST, Why.BACK_OFF)
    assert after(-1) == (BASE, Why.FAILING)


def test_a_stuck_task_is_read_at_each_poll_or_each_second_while_all_its_samples_wait():
    def stuck(seconds: float | None, **more):
        due = None if seconds is None else NOW + seconds
        return told(Outlook(Verdict.STUCK, 1.5, (), True, due, **more))

    assert stuck(None) == (BASE, Why.VERDICT)
    assert stuck(2 * BASE) == (BASE, Why.VERDICT)
    assert stuck(1800) == (2 * BASE, Why.RESTS)
    assert stuck(1800, near_end=True) == (BASE, Why.NEAR_END)


def test_one_that_is_about_to_be_stuck_is_read_at_each_poll_though_it_waits():
    outlook = Outlook(Verdict.PROGRESSING, 0.9, (), True, NOW + 1800)
    assert told(outlook) == (BASE, Why.NEAR)


def polls(one: Pulse, seconds: float) -> int:
    """How many polls after the last read it is read again."""
    assert one.read_at is not None
    now, count = one.read_at, 0
    while True:
        now, count = now + BASE, count + 1
        if is_due(one, seconds, now, BASE):
            return count


def test_the_poll_is_the_last_one_that_is_not_too_late():
    assert polls(Pulse(NOW, NOW, interval=BASE), BASE) == 1
    assert polls(Pulse(NOW, NOW, interval=60.0), 60.0) == 2
    assert polls(Pulse(NOW, NOW, interval=80.0), 80.0) == 2
    assert polls(Pulse(NOW, NOW, interval=SLOWEST), SLOWEST) == 8


@given(st.floats(0, 1000), st.floats(BASE, SLOWEST), st.floats(BASE, SLOWEST), st.floats(-3, 3))
def test_no_poll_keeps_a_promise_late(read_at, promised, wanted, jitter):
    """A quarter of an interval is what a poll itself may be late by."""
    one = Pulse(read_at, read_at, interval=promised)
    at = read_at + polls(one, wanted) * BASE
    assert at <= read_at + max(BASE, min(promised, wanted)) + BASE / 4
    assert is_due(one, BASE, read_at + BASE + jitter, BASE)


def test_news_from_elsewhere_hasten_it_and_for_a_while():
    one = pulse()
    assert not is_due(one, SLOWEST, NOW, BASE)
    one.wake(NOW)
    assert is_due(one, SLOWEST, NOW, BASE)
    one.woken = False
    one.note(NOW, None)
    assert rhythm(one, CALM, NOW + 60, BASE, SLOWEST).seconds == BASE


def test_a_change_that_is_seen_counts_from_then_whatever_the_stores_clock():
    one = Pulse()
    one.note(NOW, NOW - 5000)
    assert one.changed_at == NOW - 5000
    one.note(NOW + 30, NOW - 4000)
    assert one.changed_at == NOW + 30
    one.note(NOW + 60, NOW - 4000)
    assert one.changed_at == NOW + 30
    other = Pulse()
    other.note(NOW, NOW + 5000)
    assert other.changed_at == NOW


def test_a_clock_that_was_set_back_does_not_keep_it_from_being_read():
    assert is_due(pulse(), SLOWEST, NOW - 10_000, BASE)


def test_tasks_of_one_rhythm_do_not_fall_due_at_once():
    places = [place_of(f"set-{n}/log.eval") for n in range(1000)]
    first = [
        polls(Pulse(NOW, NOW, interval=SLOWEST), spread(SLOWEST, p, BASE, first=True))
        for p in places
    ]
    assert all(90 < first.count(n) < 200 for n in range(2, 8)), first
    later = {polls(Pulse(NOW, NOW, interval=SLOWEST), spread(SLOWEST, p, BASE)) for p in places}
    assert later == {7, 8}
    assert spread(BASE, 1.0, BASE) == BASE


def test_a_folder_is_listed_less_often_the_longer_no_log_was_begun_in_it():
    def seconds(began: float, *, running: bool) -> float:
        return listing_seconds(NOW - began, NOW, 120.0, running=running)

    assert seconds(60, running=True) == 120.0
    assert seconds(1200, running=True) == 300.0
    assert seconds(90_000, running=True) == 480.0
    assert seconds(90_000, running=False) == 960.0
    assert listing_seconds(None, NOW, 120.0, running=False) == 120.0
