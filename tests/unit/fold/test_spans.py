"""Rows belong to spans: what one part of a sample does is no sign of another."""

from tests.builders.rows import ERROR_500, Rows, key
from watchdog.fold.lessons import Lessons
from watchdog.fold.rows import fold_rows
from watchdog.model.spans import SPANS_MAX
from watchdog.model.state import SampleState
from watchdog.model.verdict import Cause


def folded(rows: Rows, **options) -> SampleState:
    return fold_rows(SampleState(key()), rows.rows, Lessons(None), **options)


def span(rows: Rows, at: float, name: str, parent: str | None = None, kind: str = "agent") -> Rows:
    return rows.add(
        "span_begin", at, name=name, type=kind, span=name, span_id=name, parent_id=parent
    )


def end(rows: Rows, at: float, name: str) -> Rows:
    return rows.add("span_end", at, span=name, span_id=name)


def fail(rows: Rows, at: float, within: str) -> Rows:
    event = f"f{at}-{within}"
    rows.add("model", at, event, name=rows.model, pending=True, final=False, span_id=within)
    return rows.add("model", at, event, name=rows.model, error=ERROR_500, span_id=within)


def two_sides() -> Rows:
    rows = span(Rows(), 0, "solver", kind="solver")
    return span(span(rows, 1, "left", "solver"), 1, "right", "solver")


def test_a_success_beside_it_ends_no_streak():
    rows = two_sides()
    for at in range(10, 100, 10):
        fail(rows, at, "left")
        rows.ok(at + 5, 1, span_id="right")
    sample = folded(rows)
    assert [(streak.span, streak.count) for streak in sample.streaks] == [("left", 9)]
    assert sample.ok_total == 9


def test_a_success_within_it_does():
    rows = two_sides()
    fail(fail(rows, 10, "left"), 20, "left")
    assert folded(rows.ok(30, 1, span_id="left")).streaks == ()


def test_each_side_has_a_streak_of_its_own():
    rows = two_sides()
    for at in range(10, 60, 10):
        fail(rows, at, "left")
    fail(rows, 70, "right")
    assert [(streak.span, streak.count) for streak in folded(rows).streaks] == [
        ("left", 5),
        ("right", 1),
    ]


def test_failures_of_one_span_after_the_other_are_one_streak():
    """A solver that opens a span for each of its calls, and catches what they raise."""
    rows = span(Rows(), 0, "solver", kind="solver")
    for number in range(6):
        span(rows, 100 * number, f"try-{number}", "solver", "task")
        fail(rows, 100 * number + 5, f"try-{number}")
        end(rows, 100 * number + 10, f"try-{number}")
    (streak,) = folded(rows).streaks
    assert (streak.count, streak.span) == (6, "solver")


def test_after_a_span_with_failures_the_sample_waits_for_no_attempt():
    rows = span(span(Rows(), 0, "solver", kind="solver"), 1, "try", "solver", "task")
    fail(rows, 5, "try")
    sample = folded(end(rows, 10, "try"))
    assert sample.work_row(sample.streaks[0].span) > sample.streaks[0].row


def test_a_tool_knows_the_span_that_was_opened_for_it():
    rows = two_sides()
    rows.add("span_begin", 10, name="bash", type="tool", span="t1", span_id="t1", parent_id="left")
    rows.add("tool", 9, "c1", name="bash", pending=True, final=False, span_id="left")
    (call,) = folded(rows).open_calls
    assert (call.span, call.inner) == ("left", "t1")


def test_so_where_its_event_comes_first():
    rows = two_sides().add("tool", 9, "c1", name="bash", pending=True, final=False, span_id="left")
    rows.add("span_begin", 10, name="bash", type="tool", span="t1", span_id="t1", parent_id="left")
    assert folded(rows).open_calls[0].inner == "t1"


def test_life_within_a_span_is_that_of_the_spans_in_it_ended_ones_too():
    rows = two_sides()
    span(rows, 20, "inner", "left")
    rows.ok(30, 10, span_id="inner")
    sample = folded(rows)
    assert (sample.life_within("left"), sample.life_within("right")) == (40, 1)
    sample = folded(end(rows, 50, "inner"))
    assert sample.life_within("left") == 50


def test_calls_do_not_outlast_the_span_that_made_them():
    rows = two_sides().pending("model", 10, span_id="left")
    assert len(folded(rows).open_calls) == 1
    assert folded(end(rows, 20, "left")).open_calls == ()


def test_spans_are_bounded():
    rows = Rows()
    for number in range(SPANS_MAX + 50):
        span(rows, number, f"s{number}", f"s{number - 1}")
    assert len(folded(rows).spans) == SPANS_MAX


def test_a_span_within_itself_is_no_endless_loop():
    rows = span(span(Rows(), 0, "a", "b"), 0, "b", "a")
    sample = folded(fail(rows, 5, "a"))
    assert sample.life_within("a") == 5


def attempts(*ats: float, within: str = "solver") -> Rows:
    rows = span(Rows(), 0, "solver", kind="solver")
    for at in ats:
        rows.add("model", at, f"p{at}", name=rows.model, pending=True, final=False, span_id=within)
    return rows


def test_before_0_3_172_the_next_attempt_tells_that_one_failed():
    sample = folded(attempts(10, 20, 40, 80), silent_failures=True)
    (streak,) = sample.streaks
    assert (streak.count, streak.presumed, streak.cause) == (3, 3, Cause.UNEXPLAINED)
    assert [call.since for call in sample.open_calls] == [80]
    assert [outcome.at for outcome in sample.recent] == [10, 20, 40]


def test_since_then_it_is_a_call_of_its_own():
    sample = folded(attempts(10, 20, 40, 80))
    assert (sample.streaks, len(sample.open_calls)) == ((), 4)


def test_calls_made_at_once_are_no_attempts():
    assert folded(attempts(10, 10.5, 11), silent_failures=True).streaks == ()


def test_one_that_was_taken_for_failed_and_answers_was_none():
    rows = attempts(10, 20)
    rows.add("model", 10, "p10", name=rows.model, completed_at=25, span_id="solver")
    rows.add("model", 20, "p20", name=rows.model, completed_at=30, span_id="solver")
    sample = folded(rows, silent_failures=True)
    assert (sample.streaks, sample.fails, sample.ok_total) == ((), (), 2)
    assert [outcome.ok for outcome in sample.recent] == [True, True]
