"""Rows that no runner should write: nothing breaks, nothing healthy is called stuck by them."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.rows import ERROR_500, LOG, MODEL, SET, Rows, busy, facts, key, schedule, state
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    InteractionsRead,
    ManifestRead,
    Row,
    RowsRead,
    SampleSummary,
    StopsRead,
)
from watchdog.model.learned import fault
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.pipeline.learner import Learner

HOUR = 3600.0
LIMITS = Thresholds()

INSTANTS = st.none() | st.floats(-1e12, 1e12) | st.integers(0, 100_000).map(float)
NOW = st.floats(0, 1e11)
ROWS = st.builds(
    Row,
    id=st.integers(0, 30),
    event_id=st.sampled_from(["a", "b", "c", "d"]),
    kind=st.sampled_from(
        ["model", "tool", "sandbox", "input", "span_begin", "span_end", "approval", "odd"]
    ),
    at=INSTANTS,
    completed_at=INSTANTS,
    pending=st.booleans(),
    final=st.booleans(),
    name=st.sampled_from([MODEL, "bash", "ask_user", ""]),
    calls=st.sampled_from([(), ("bash",), ("", "bash")]),
    error=st.none() | st.just(ERROR_500) | st.text(max_size=20),
    timeout=st.none() | st.floats(-10, 1e9),
    type=st.none() | st.just("scorers"),
)


def judged(known, now):
    return judge([known], now, LIMITS, 1e18, explaining=True)[0]


BESIDE = st.builds(
    InteractionsRead, st.just(SET), st.none() | st.integers(0, 10**30), INSTANTS
) | st.builds(StopsRead, st.just(SET), INSTANTS, st.lists(st.tuples(st.just("u1"), NOW)).map(tuple))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(ROWS, max_size=12), max_size=4), st.lists(BESIDE, max_size=3), NOW)
def test_whatever_rows_say_there_is_a_verdict(batches, beside, now):
    known = state(facts({"1": Rows(), "2": Rows().ok(10)}, read_at=0))
    for fact in beside:
        known = fold(known, fact)
    learner = Learner(limits=LIMITS)
    for batch in batches:
        known = fold(known, RowsRead(SET, LOG, key("1"), tuple(batch)))
        learner.take([known], now)
    eval_set = judged(known, now)
    correlate((eval_set,), now)
    assert fault(learner.learned) is None
    for sample in eval_set.tasks[0].samples:
        assert sample.suspicion >= 0
        assert all(weighing.expected_per_week >= 0 for _, weighing in sample.weighings)


def test_rows_that_come_twice_count_once():
    rows = busy(600).fails(schedule(600, 6))
    once = state(facts({"1": rows}, read_at=900))
    twice = fold(once, RowsRead(SET, LOG, key("1"), tuple(rows.rows)))
    assert twice == once


def test_a_hole_in_the_rows_is_no_failure():
    rows = busy(1200)
    kept = [row for row in rows.rows if row.id % 3]
    known = state(facts({"1": Rows()}, read_at=1200))
    known = fold(known, RowsRead(SET, LOG, key("1"), tuple(kept)))
    assert judged(known, 1230).verdict in {Verdict.PROGRESSING, Verdict.STARTING}


def test_times_that_run_backwards_prove_nothing():
    """Forty failures, each an hour before the one before it: no time has passed."""
    rows = Rows().ok(0).fails([100_000.0 - HOUR * number for number in range(20)])
    sample = judged(state(facts({"1": rows}, read_at=100_100)), 100_100).tasks[0].samples[0]
    assert sample.verdict is not Verdict.STUCK


def test_a_manifest_older_than_the_last_one_loses_nothing():
    rows = busy(600).fails(schedule(600, 10))
    known = state(facts({"1": rows, "2": busy(600)}, read_at=2400))
    before = judged(known, 2400)
    older = ManifestRead(SET, LOG, (SampleSummary(key("1"), uuid="u1", started_at=0.0),))
    newer = ManifestRead(
        SET, LOG, tuple(SampleSummary(key(n), uuid=f"u{n}", started_at=0.0) for n in "12")
    )
    known = fold(fold(known, older), newer)
    after = judged(known, 2400)
    assert (after.verdict, after.since) == (before.verdict, before.since)


def test_rows_of_the_future_are_no_progress_for_ever():
    """A clock that once jumped a year ahead must not keep a stuck sample from being found."""
    rows = Rows().ok(0).add("info", 365 * 24 * HOUR)
    for row in Rows().fails(schedule(600, 14)).rows:
        rows.rows.append(replace(row, id=row.id + 10, event_id=f"x{row.event_id}"))
    known = state(facts({"1": rows, "2": busy(12_000)}, read_at=12_000))
    names = [s.key.id for s in judged(known, 12_000).tasks[0].stuck()]
    assert names == ["1"]
