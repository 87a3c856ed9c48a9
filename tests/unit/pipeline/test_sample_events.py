"""What a sample did, from its rows: calls with their ends, waits, and nothing that was said."""

import pytest

from tests.builders.rows import ERROR_500, MODEL, Rows
from watchdog.model.facts import Row
from watchdog.model.instants import timestamp
from watchdog.model.verdict import Cause
from watchdog.pipeline.sample_events import sample_events


def told(rows, now=1000.0, *, running=True):
    return sample_events(rows.rows if isinstance(rows, Rows) else rows, now, running=running)


def test_a_call_is_one_event_from_when_it_was_sent_to_its_end():
    (event,) = told(Rows().ok(100, 30))
    assert (event.kind, event.name, event.outcome) == ("model", MODEL, "ok")
    assert (event.at, event.ended_at, event.seconds) == (timestamp(100), timestamp(130), 30)


def test_a_success_that_is_set_back_begins_when_it_was_sent():
    """Its final row names the moment when the whole call was asked for, hours before."""
    rows = [
        Row(1, "a", "model", 50.0, error=ERROR_500, name=MODEL),
        Row(2, "b", "model", 900.0, pending=True, final=False, name=MODEL),
        Row(3, "b", "model", 10.0, completed_at=930.0, name=MODEL),
    ]
    failed, wait, answered = told(rows)
    assert (failed.outcome, failed.cause, failed.error) == (
        "failed",
        Cause.API_SERVER_ERROR,
        ERROR_500,
    )
    assert (wait.kind, wait.at, wait.ended_at, wait.seconds) == (
        "wait",
        timestamp(50),
        timestamp(900),
        850,
    )
    assert (answered.at, answered.seconds) == (timestamp(900), 30)


def test_the_last_failed_attempt_of_a_running_sample_waits_for_the_next():
    rows = [Row(1, "a", "model", 400.0, error=ERROR_500, name=MODEL)]
    assert [event.kind for event in told(rows, running=False)] == ["model"]
    *_, wait = told(rows)
    assert (wait.kind, wait.outcome, wait.seconds, wait.ended_at) == ("wait", "pending", 600, None)


def test_another_agents_call_ends_no_wait():
    rows = [
        Row(1, "a", "model", 100.0, error=ERROR_500, name=MODEL, span_id="one"),
        Row(2, "b", "model", 200.0, completed_at=210.0, name=MODEL, span_id="two"),
        Row(3, "c", "model", 300.0, error=ERROR_500, name=MODEL, span_id="one"),
    ]
    waits = [event for event in told(rows) if event.kind == "wait"]
    assert [wait.seconds for wait in waits] == [200, 700]


@pytest.mark.parametrize("kind", ["model", "tool"])
def test_a_pending_call_has_lasted_until_now(kind):
    (event,) = told([Row(1, "a", kind, 400.0, pending=True, final=False, name="x", timeout=90.0)])
    assert (event.outcome, event.seconds, event.detail) == ("pending", 600, "time-out 90 s")


def test_a_tools_error_is_its_kind_and_not_what_it_printed():
    rows = [
        Row(1, "a", "tool", 1.0, completed_at=2.0, name="bash", error="timeout: secret words"),
        Row(2, "b", "tool", 1.0, completed_at=2.0, name="bash", error="all that it: printed"),
        Row(3, "c", "tool", 1.0, completed_at=2.0, name="bash", error="printed"),
    ]
    assert [event.error for event in told(rows)] == ["timeout", "error", "error"]


def test_a_cancelled_call_is_no_failure():
    (event,) = told([Row(1, "a", "model", 1.0, error="Cancelled by operator", name=MODEL)])
    assert (event.outcome, event.error, event.cause) == ("cancelled", "", None)


def test_a_span_has_its_end_and_a_tools_span_is_its_call():
    rows = [
        Row(1, "a", "span_begin", 1.0, name="react", span="s", type="agent"),
        Row(2, "b", "span_begin", 2.0, name="bash", span="t", type="tool"),
        Row(3, "c", "span_end", 3.0, span="t"),
        Row(4, "d", "span_end", 5.0, span="s"),
        Row(5, "e", "span_begin", 6.0, name="scorers", span="u", type="scorers"),
    ]
    ended, going_on = told(rows)
    assert (ended.kind, ended.name, ended.seconds, ended.outcome) == ("span", "react", 4, "")
    assert (going_on.detail, going_on.outcome) == ("scorers", "pending")


def test_what_says_nothing_to_people_is_left_out():
    assert told(Rows().add("logger", 1).add("state", 2).add("store", 3).add("whatever", 4)) == ()


def test_what_happened_beside_calls_is_named():
    rows = Rows().add("sample_init", 1).add("approval", 2, type="approve").add("sample_limit", 3)
    assert [(event.kind, event.name) for event in told(rows)] == [
        ("other", "begun"),
        ("approval", "approve"),
        ("limit", "a limit was reached"),
    ]


def test_of_an_instant_that_is_not_known_nothing_is_counted():
    (event, _) = told([Row(1, "a", "model", None, error="Connection error.", name=MODEL)])
    assert (event.at, event.seconds) == (None, None)
