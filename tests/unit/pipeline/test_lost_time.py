"""What stuck eval sets lose is counted once, whatever polls and restarts lie between."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import NOW, eval_set, partially_stuck, quiet
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.instants import timestamp
from watchdog.model.verdict import Verdict
from watchdog.pipeline.lost_time import LONGEST, LostTimes, WatchedTimes
from watchdog.pipeline.weekly.weeks import day_of

HOUR = 3600.0
DAY = 86_400.0
NAME = "set"
GPU = (("cpu", 2.0), ("nvidia.com/gpu", 4.0))


def day(at):
    return day_of(at, "UTC")


def stuck(since, **changes):
    return eval_set(NAME, stuck_since=timestamp(since), submitter="ann", team="red", **changes)


def view(*sandboxes, runners=(), known=("pods",)):
    return ClusterView(NOW, frozenset(known), runners=runners, sandboxes=sandboxes)


def pod(name="box", requests=GPU, **changes):
    return Pod("ns", name, name, "Running", node="n", requests=requests, **changes)


def total(rows):
    return sum(row.seconds for row in rows)


def test_the_time_before_it_was_found_out_counts_from_when_it_was_stuck():
    times = LostTimes(day)
    times.take([stuck(NOW - 2 * DAY)], {}, NOW)
    rows = times.changed
    assert total(rows) == 2 * DAY
    assert [row.day for row in rows] == [day(NOW - n * DAY)[0] for n in (2, 1, 0)]
    assert {(row.owner, row.team, row.cause) for row in rows} == {
        ("ann", "red", "api_server_error")
    }


def test_each_poll_counts_what_is_new_and_its_end_counts_nothing():
    times = LostTimes(day)
    for at in (NOW, NOW, NOW + 60, NOW + 90):
        times.take([stuck(NOW - HOUR)], {}, at)
    times.take([quiet(NAME, Verdict.PROGRESSING)], {}, NOW + 120)
    assert total(times.changed) == HOUR + 90


def test_an_ancient_one_counts_from_a_bound_on():
    times = LostTimes(day)
    times.take([stuck(NOW - 3 * LONGEST)], {}, NOW)
    assert total(times.changed) == LONGEST


def test_a_restart_goes_on_where_it_was_written_down():
    first = LostTimes(day)
    first.take([stuck(NOW - HOUR)], {}, NOW)
    written = first.changed
    first.take([stuck(NOW - HOUR)], {}, NOW + 60)  # lost with the process
    until = {row.eval_set: row.until for row in written}
    second = LostTimes(day, written, until)
    second.take([stuck(NOW - HOUR)], {}, NOW + 600)
    assert total(second.changed) == HOUR + 600


def test_what_was_written_down_is_written_once_and_days_that_are_over_go():
    times = LostTimes(day)
    times.take([stuck(NOW - 2 * DAY)], {}, NOW)
    times.saved(times.changed, NOW)
    assert times.changed == ()
    times.take([stuck(NOW - 2 * DAY)], {}, NOW + 60)
    assert [row.day for row in times.changed] == [day(NOW)[0]]


def test_in_part_is_counted_apart():
    times = LostTimes(day)
    some = replace(partially_stuck(), stuck_since=timestamp(NOW - HOUR))
    times.take([some], {}, NOW)
    (row,) = times.changed
    assert (row.seconds, row.partial) == (0, HOUR)


def test_pods_hold_what_they_request_from_when_their_node_took_them():
    times = LostTimes(day)
    late = pod("late", created_at=NOW - HOUR / 2)
    gone = replace(pod("gone"), phase="Succeeded")
    waiting = replace(pod("waiting"), node="")
    shown = view(pod(), late, gone, waiting, runners=(pod("runner", (("cpu", 1.0),)),))
    times.take([stuck(NOW - HOUR)], {NAME: shown}, NOW)
    held = times.changed[0].held
    assert (held.known, held.unknown, held.unread) == (HOUR, 0, 0)
    assert (held.sandboxes, held.runners) == (1.5 * HOUR, HOUR)
    assert dict(held.requests) == {"cpu": 4 * HOUR, "nvidia.com/gpu": 6 * HOUR}


def test_pods_that_are_not_known_hold_an_unknown_amount():
    times = LostTimes(day)
    views = {NAME: view(known=("jobs",)), "other": view(pod(requests=None))}
    sets = [stuck(NOW - HOUR), replace(stuck(NOW - HOUR), eval_set_id="other")]
    times.take([*sets, replace(sets[0], eval_set_id="third")], views, NOW)
    held = {row.eval_set: row.held for row in times.changed}
    assert (held[NAME].known, held[NAME].unknown) == (0, HOUR)
    assert (held["third"].known, held["third"].unknown) == (0, HOUR)
    assert (held["other"].unread, held["other"].sandboxes) == (HOUR, HOUR)


def test_of_one_that_is_stuck_in_part_the_stuck_samples_hold():
    times = LostTimes(day)
    some = replace(partially_stuck(), stuck_since=timestamp(NOW - HOUR))
    theirs = pod("theirs", sample_id="HumanEval_7")
    others = pod("others", sample_id="HumanEval_9")
    times.take([some], {some.eval_set_id: view(theirs, others, runners=(pod("r"),))}, NOW)
    held = times.changed[0].held
    assert (held.sandboxes, held.runners) == (HOUR, 0)


@given(st.lists(st.floats(1, 3 * DAY), min_size=1, max_size=30), st.sets(st.integers(0, 29)))
def test_whatever_the_polls_and_restarts_it_is_how_long_it_was_stuck(steps, restarts):
    times, now, since = LostTimes(day), NOW, NOW - HOUR
    rows = {}
    for number, step in enumerate(steps):
        now += step
        times.take([stuck(since)], {}, now)
        rows |= {row.key: row for row in times.changed}
        times.saved(times.changed, now)
        if number in restarts:
            until = max(row.until for row in rows.values())
            kept = [row for row in rows.values() if row.day >= day(now)[0]]
            times = LostTimes(day, kept, {NAME: until})
    assert abs(total(rows.values()) - (now - since)) < 1e-2


def test_what_is_watched_lies_between_looks_at_which_all_answered():
    times = WatchedTimes(day)

    def look(at, *, complete=True, well=True):
        times.take(NOW + at, complete=complete, well=well, max_age=90.0)

    look(0)
    look(30)
    look(60, complete=False, well=False)
    look(90)
    look(120)
    look(1000)
    (row,) = times.changed
    assert (row.seconds, row.polls, row.incomplete) == (60, 6, 1)


def test_what_is_watched_over_midnight_is_two_days():
    times = WatchedTimes(day)
    midnight = float(day(NOW)[1])
    times.take(midnight - 20, complete=True, well=True, max_age=90.0)
    times.take(midnight + 10, complete=True, well=True, max_age=90.0)
    assert [row.seconds for row in times.changed] == [20, 10]
