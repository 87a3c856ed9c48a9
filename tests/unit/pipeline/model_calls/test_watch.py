"""What is counted of models' calls, from poll to poll and over restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.rows import LOG, MODEL, SET, Rows, facts, key, state
from watchdog.diagnose.fleet_parts import Part
from watchdog.fold import fold
from watchdog.model.facts import RowsRead
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import call_name
from watchdog.model.model_calls import FleetCalls
from watchdog.model.state import EvalSetState, History
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.model_calls.kept import decoded, encoded
from watchdog.pipeline.model_calls.watch import MODELS_MAX, ModelWatch

HOUR = 3600.0
NOW = 100 * HOUR


def watched(*states: EvalSetState, now: float = NOW, watch: ModelWatch | None = None):
    """A learner that has taken these, and its watch."""
    watch = watch or ModelWatch()
    learner = Learner(watch=watch)
    learner.take(states, now)
    return learner, watch


def counted(watch: ModelWatch, now: float = NOW, model: str = MODEL) -> list[tuple[int, int]]:
    """Well and failed of 5 min, 1 h and 24 h."""
    figures = next(one for one in watch.figures(now).models if one.model == model)
    return [(count.ok, count.failed) for count in figures.counts]


def one(rows: Rows, name: str = "1") -> EvalSetState:
    return state(facts({name: rows}, read_at=NOW, created=NOW - 30 * HOUR))


def more(known: EvalSetState, rows: Rows, begin: int, name: str = "1") -> EvalSetState:
    return fold(known, RowsRead(SET, LOG, key(name), tuple(rows.rows[begin:])))


def test_what_samples_remember_counts_by_when_it_was():
    rows = Rows().ok(NOW - 30 * HOUR).ok(NOW - 2 * HOUR).fail(NOW - 1800).fail(NOW - 90)
    _, watch = watched(one(rows))
    assert counted(watch) == [(0, 1), (0, 2), (1, 2)]


def test_each_outcome_counts_once_and_at_the_poll_after_it():
    rows = Rows().ok(NOW - 100)
    known = one(rows)
    learner, watch = watched(known)
    learner.take([known], NOW + 30)
    assert counted(watch, NOW + 30)[0] == (1, 0)
    begin = len(rows.rows)
    known = more(known, rows.fail(NOW + 35).ok(NOW + 40), begin)
    learner.take([known], NOW + 60)
    assert counted(watch, NOW + 60)[0] == (2, 1)
    assert counted(watch, NOW + 2 * HOUR) == [(0, 0), (0, 0), (2, 1)]
    assert counted(watch, NOW + 30 * HOUR)[2] == (0, 0)


def test_what_is_forgotten_is_not_taken_back():
    rows = Rows()
    for n in range(40):
        rows.ok(NOW - 200 + n, 1)
    known = one(rows)
    learner, watch = watched(known)
    begin = len(rows.rows)
    for n in range(40):
        rows.ok(NOW + n / 2, 0.2)
    learner.take([more(known, rows, begin)], NOW + 30)
    assert counted(watch, NOW + 30)[0] == (80, 0)


def test_calls_in_back_off_and_samples_are_those_of_now():
    rows = Rows().ok(NOW - 500).fails([NOW - 400, NOW - 300])
    known = one(rows)
    learner, watch = watched(known)
    assert [(m.samples, m.in_back_off) for m in watch.figures(NOW).models] == [(1, 1)]
    begin = len(rows.rows)
    learner.take([more(known, rows.ok(NOW), begin)], NOW + 30)
    assert [(m.samples, m.in_back_off) for m in watch.figures(NOW).models] == [(1, 0)]
    learner.take([], NOW + 60)
    assert [(m.samples, m.in_back_off) for m in watch.figures(NOW).models] == [(0, 0)]


def test_of_a_log_that_comes_later_only_what_is_new_counts():
    learner, watch = watched(one(Rows().ok(NOW - 60)))
    other = replace(one(Rows().ok(NOW - HOUR).ok(NOW + 30)), eval_set_id="set-2")
    learner.take([one(Rows().ok(NOW - 60)), other], NOW + 60)
    assert counted(watch, NOW + 60)[1] == (2, 0)


def test_a_restart_goes_on_and_counts_nothing_twice():
    rows = Rows().ok(NOW - 100).fail(NOW - 50)
    known = one(rows)
    _, watch = watched(known)
    again = decoded(encoded(watch), NOW + 600)
    begin = len(rows.rows)
    _, again = watched(more(known, rows.ok(NOW + 400), begin), now=NOW + 600, watch=again)
    assert counted(again, NOW + 600) == [(1, 0), (2, 1), (2, 1)]
    count = again.figures(NOW + 600).models[0].counts[1]
    assert count.watched == 120, "of the ten minutes between nobody watched"


def test_since_when_it_is_watched():
    learner, watch = watched(one(Rows().ok(NOW - 100)))
    for minute in range(1, 41):
        learner.take([one(Rows().ok(NOW - 100))], NOW + 60 * minute)
    figures = watch.figures(NOW + 2400)
    assert figures.since == NOW
    assert [count.watched for count in figures.models[0].counts] == [300, 2460, 2460]
    assert watch.figures(NOW + 30 * HOUR).since is None


def test_a_flaw_while_learning_counts_nothing_twice():
    known = one(Rows().ok(NOW - 100))
    learner, watch = watched(known)
    broken = replace(known, tasks=None, eval_set_id="broken")
    try:
        learner.take([known, broken], NOW + 30)
    except (AttributeError, TypeError):
        pass
    else:
        raise AssertionError("it was to fail")
    learner.take([known], NOW + 60)
    assert counted(watch, NOW + 60)[1] == (1, 0)
    assert [m.samples for m in watch.figures(NOW).models] == [1]


def test_how_long_answers_took():
    rows = Rows()
    for n in range(19):
        rows.ok(NOW - 900 + 10 * n, 2)
    begun = state(facts({"1": rows.ok(NOW - 500, 300)}, read_at=NOW, created=NOW - 950))
    _, watch = watched(begun)
    hour, day = watch.figures(NOW).models[0].latency
    assert (hour.calls, day.calls) == (20, 20)
    assert 2 <= hour.p50 <= 2.4
    assert 2 <= hour.p95 <= 300 * 1.2
    assert [took.calls for took in watch.figures(NOW + 30 * HOUR).models[0].latency] == [0, 0]


def test_of_a_log_that_was_begun_days_ago_nobody_knows_when_its_calls_were():
    _, watch = watched(one(Rows().ok(NOW - 900, 2)))
    assert [took.calls for took in watch.figures(NOW).models[0].latency] == [0, 0]


@pytest.mark.parametrize("behind", [{"history": History()}, {"backlog": "a tenth of it"}])
def test_what_is_read_behind_the_newest_took_place_long_ago(behind):
    rows = Rows().ok(NOW - 25 * HOUR, 2)
    known = one(rows)
    (log, task), *_ = known.tasks.items()
    learner, watch = watched(replace(known, tasks={log: replace(task, **behind)}))
    counts = []
    for number, at in enumerate((NOW - 20 * HOUR, NOW + 70, NOW + 130)):
        begin = len(rows.rows)
        # it has caught up with the second
        task = replace(task, **behind) if number == 0 else replace(task, history=None, backlog=None)
        known = more(replace(known, tasks={log: task}), rows.ok(at, 2), begin)
        task = known.tasks[log]
        learner.take([known], NOW + 60 * (number + 1))
        counts.append(watch.figures(NOW + 200).models[0].latency[0].calls)
    assert counts == [0, 0, 1]


def test_models_are_bounded_and_what_has_no_room_is_counted():
    watch = ModelWatch()
    watch.begin(NOW)
    for n in range(MODELS_MAX + 5):
        watch.part(f"m/{n}", Part(ok=[NOW - 10], samples=1), 1)
    watch.part("x" * 1000, Part(ok=[NOW - 10], samples=1), 1)
    watch.took(call_name("model", "y" * 1000), add(Histogram(), (1.0,)), None)
    watch.end()
    figures = watch.figures(NOW)
    assert (len(figures.models), figures.left_out) == (MODELS_MAX, 7)
    for n in range(MODELS_MAX):
        watch.part(f"m/{n}", Part(samples=1), -1)
    watch.begin(NOW + 25 * HOUR)
    watch.end()
    assert not watch.figures(NOW + 25 * HOUR).models


def test_a_clock_that_is_ahead_counts_now():
    _, watch = watched(one(Rows().ok(NOW + 5000)))
    assert counted(watch)[0] == (1, 0)


def test_nothing_is_known_before_the_first_poll():
    assert ModelWatch().figures(NOW) == FleetCalls()


@given(
    st.lists(st.tuples(st.floats(0, 30 * HOUR), st.booleans(), st.sampled_from("ab")), max_size=60),
    st.floats(0, 40 * HOUR),
)
def test_what_is_kept_says_the_same(calls, later):
    watch = ModelWatch()
    watch.begin(NOW)
    for at, well, name in calls:
        instants = [NOW - at]
        part = Part(ok=instants) if well else Part(failed=instants)
        watch.part(name, part, 1)
        watch.took(call_name("model", name), add(Histogram(), (at / 100,)), NOW - at)
    watch.end()
    again = decoded(encoded(watch), NOW + later)
    assert again.figures(NOW + later) == watch.figures(NOW + later)
