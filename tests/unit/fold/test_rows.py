import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.rows import ERROR_500, LOG, MODEL, Rows, busy, facts, key, schedule, state
from watchdog.fold import fold
from watchdog.fold.lessons import Lessons
from watchdog.fold.rows import fold_rows
from watchdog.fold.turns import DEPTH_MAX
from watchdog.model.facts import ManifestRead, Row, RowsLost, RowsRead, SampleSummary
from watchdog.model.histogram import Histogram, add
from watchdog.model.state import PENDING_MAX, RECENT, EvalSetState, SampleState
from watchdog.model.verdict import Cause


def folded(rows: Rows) -> SampleState:
    return fold_rows(SampleState(key()), rows.rows, Lessons(None))


def taught(rows: Rows) -> tuple[SampleState, dict[str, Histogram]]:
    lessons = Lessons(None)
    sample = fold_rows(SampleState(key()), rows.rows, lessons)
    return sample, lessons.added_to({})


def test_outcomes_follow_the_rows_not_their_timestamps():
    """A success's timestamp is set back to before its failed attempts; its row comes last."""
    rows = Rows().fail(100).fail(105).fail(114)
    rows.add("model", 90, name=MODEL, completed_at=130)
    sample = folded(rows)
    assert [outcome.ok for outcome in sample.recent] == [False, False, False, True]
    assert sample.streak is None
    assert sample.last_success_at == 130
    assert sample.fail_total == 3


def test_an_interim_row_is_no_success():
    rows = Rows().add("model", 10, "a", name=MODEL, pending=True, final=False)
    rows.add("model", 10, "a", name=MODEL, final=False)
    sample = folded(rows)
    assert sample.ok_total == 0
    assert [call.since for call in sample.open_calls] == [10]


def test_an_answered_call_counts_once_and_its_end_comes_with_the_next_row():
    """Inspect writes the answer, and right after it the same event with `completed`."""
    rows = Rows().add("model", 10, "a", name=MODEL, pending=True, final=False)
    rows.add("model", 10, "a", name=MODEL).add("model", 8, "a", name=MODEL, completed_at=40)
    sample, durations = taught(rows)
    assert (sample.ok_total, sample.last_success_at, sample.recent[0].at) == (1, 40, 40)
    assert durations[f"model:{MODEL}"] == add(Histogram(), [30.0])


def test_a_final_row_that_comes_twice_counts_once():
    rows = Rows().ok(10)
    again = rows.rows[-1]
    rows.rows.append(replace(again, id=again.id + 1))
    assert folded(rows).ok_total == 1


@pytest.mark.parametrize("who", ["operator", "limit", "system"])
def test_cancelled_calls_are_no_failures(who):
    sample = folded(Rows().ok(1).fail(20, f"Cancelled by {who}"))
    assert sample.fail_total == 0
    assert sample.streak is None
    assert sample.open_calls == ()


def test_a_cached_answer_is_progress_but_no_outcome():
    rows = Rows().fail(5).add("model", 30, name=MODEL, completed_at=30, cached=True)
    sample = folded(rows)
    assert sample.ok_total == 0
    assert sample.last_success_at is None
    assert sample.last_progress_at == 30
    assert sample.streak is None


def test_the_streak_keeps_first_last_causes_and_text():
    rows = Rows().ok(0).fail(100).fail(110, "Error code: 429 - slow down").fail(130)
    streak = folded(rows).streak
    assert (streak.count, streak.first_at, streak.last_at) == (3, 100, 130)
    assert dict(streak.causes) == {Cause.API_SERVER_ERROR: 2, Cause.RATE_LIMITED: 1}
    assert streak.error == ERROR_500


def test_the_attempt_number_follows_the_back_off_and_a_new_call_begins_anew():
    times = schedule(0, 6)
    assert folded(Rows().fails(times)).streak.call_attempts == 6
    early = folded(Rows().fails([*times, times[-1] + 6])).streak
    assert (early.count, early.call_attempts) == (7, 1)


def test_a_log_line_is_no_progress_but_a_sign():
    sample = folded(Rows().ok(0).add("logger", 500))
    assert sample.last_progress_at == 10
    assert sample.last_event_at == 500


def test_completed_calls_teach_how_long_they_take_and_failed_ones_do_not():
    rows = Rows().ok(0, 30).ok(100, 300).fail(1000)
    _, durations = taught(rows)
    assert durations[f"model:{MODEL}"].total == 2
    assert 300 <= durations[f"model:{MODEL}"].largest(1) < 1.2 * 300


def test_scoring_and_a_person_are_seen_by_their_spans():
    rows = Rows().scorer(50).add("span_begin", 60, name="human_cli", type="agent", span="h")
    sample = folded(rows)
    assert sample.scorer_spans == ("s1",)
    assert sample.human_since == 60
    rows.add("span_end", 70, span="h").add("span_end", 80, span="s1")
    sample = folded(rows)
    assert sample.scorer_spans == ()
    assert sample.human_since is None


_EVENTS = st.lists(
    st.builds(
        Row,
        id=st.just(0),
        event_id=st.sampled_from(["a", "b", "c", "d"]),
        kind=st.sampled_from(
            [
                *("model", "tool", "sandbox", "input", "span_begin", "span_end", "info", "logger"),
                *("approval", "new"),
            ]
        ),
        calls=st.sampled_from([(), ("bash",), ("bash", "helper", "bash")]),
        at=st.none() | st.floats(0, 1e9),
        completed_at=st.none() | st.floats(0, 1e9),
        pending=st.booleans(),
        final=st.booleans(),
        name=st.sampled_from(["m", "human_cli", "x"]),
        error=st.none()
        | st.sampled_from([ERROR_500, "", "Cancelled by limit", "Connection error."]),
        span=st.none() | st.sampled_from(["s", "t"]),
        type=st.none() | st.sampled_from(["scorers", "human_agent", "solver", "escalate"]),
    ),
    max_size=300,
)


@given(_EVENTS, st.integers(0, 300), st.integers(0, 300))
def test_reading_twice_or_in_pieces_changes_nothing(events, cut, again):
    rows = [replace(row, id=number + 1) for number, row in enumerate(events)]
    at_once, in_parts = Lessons(None), Lessons(None)
    whole = fold_rows(SampleState(key()), rows, at_once)
    part = fold_rows(SampleState(key()), rows[:cut], in_parts)
    part = fold_rows(part, rows[max(0, cut - again) :], in_parts)
    assert part == whole
    assert in_parts.added_to({}) == at_once.added_to({})
    assert in_parts.passed == at_once.passed
    nothing = Lessons(None)
    assert fold_rows(whole, rows, nothing) == whole
    assert not nothing


@given(_EVENTS)
def test_memory_is_bounded_and_totals_agree(events):
    rows = [replace(row, id=number + 1) for number, row in enumerate(events)]
    sample = fold_rows(SampleState(key()), rows, Lessons(None))
    assert len(sample.recent) <= RECENT
    assert len(sample.open_calls) <= PENDING_MAX
    assert len(sample.turns) <= DEPTH_MAX
    ended = [r for r in rows if r.kind == "model" and not r.pending and r.final]
    assert sample.ok_total + sample.fail_total <= len(ended)
    if sample.streak:
        assert sample.streak.count <= sample.fail_total


def test_many_open_calls_are_bounded():
    rows = Rows()
    for number in range(2 * PENDING_MAX):
        rows.pending("tool", float(number))
    assert len(folded(rows).open_calls) == PENDING_MAX


def test_facts_folded_twice_change_nothing():
    batch = facts({"1": Rows().ok(0).fail(50), "2": Rows().ok(3)}, read_at=60)
    once = state(batch)
    assert state(batch, batch) == once


def test_a_sample_that_starts_again_begins_anew():
    before = state(facts({"1": Rows().ok(0).fails(schedule(20, 5))}, read_at=300))
    anew = SampleSummary(key(), uuid="other", started_at=400.0)
    after = fold(before, ManifestRead(before.eval_set_id, LOG, (anew,)))
    assert after.tasks[LOG].samples[key()].streak is None


def test_a_manifest_older_than_the_log_does_not_bring_a_sample_back():
    running = facts({"1": Rows().ok(0)}, read_at=60)
    done = SampleSummary(key(), uuid="u1", started_at=0.0, completed_at=50.0, completed=True)
    task = state(running, facts({"1": Rows()}, read_at=90, ended=(done,))).tasks[LOG]
    assert (task.samples, task.ended_counts) == ({}, {"completed": 1})
    assert task.calls_ok == 1


def test_a_sample_that_erred_and_runs_again_is_no_errored_one():
    failed = SampleSummary(key(), uuid="first", completed_at=5.0, completed=True, error="boom")
    task = state(facts({"1": Rows()}, read_at=9, ended=(failed,))).tasks[LOG]
    assert list(task.samples) == [key()]
    assert (task.ended, task.ended_counts, task.errored, task.errored_causes) == ({}, {}, (), ())


def test_a_hole_in_the_rows_ends_the_streak_and_the_open_calls():
    rows = Rows().fails(schedule(0, 9)).pending("model", 4000)
    before = state(facts({"1": rows}, read_at=5000))
    after = fold(before, RowsLost(before.eval_set_id, LOG, key(), newest=False))
    sample = after.tasks[LOG].samples[key()]
    assert (sample.streak, sample.open_calls) == (None, ())


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize(
    ("row", "lost", "holed"),
    [
        (Row(999, "z", "logger", 6000.0), True, True),
        (Row(999, "z", "model", 6000.0, name="m", error="Error code: 500"), False, True),
        (Row(999, "z", "model", 6000.0, name="m", pending=True, final=False), False, True),
        (Row(999, "z", "model", 6000.0, name="m", completed_at=6010.0), False, False),
        (Row(999, "z", "tool", 6000.0, name="bash", completed_at=6010.0), False, False),
    ],
)
def test_only_what_comes_after_a_hole_tells_what_a_sample_is_at(newest, row, lost, holed):
    """A log line tells nothing, a failure or a call that begins no more than itself."""
    before = state(facts({"1": busy(600)}, read_at=5000))
    after = fold(before, RowsLost(before.eval_set_id, LOG, key(), newest=newest))
    sample = after.tasks[LOG].samples[key()]
    assert (sample.lost, sample.holed) == (True, True)
    after = fold(after, RowsRead(before.eval_set_id, LOG, key(), (row,)))
    sample = after.tasks[LOG].samples[key()]
    assert (sample.lost, sample.holed) == (lost, holed)


def test_rows_of_a_sample_that_does_not_run_are_ignored():
    empty = EvalSetState("set-1")
    after = fold(empty, RowsRead("set-1", LOG, key(), (Row(1, "a", "info", 1.0),)))
    assert after.tasks[LOG].samples == {}
