"""Events become rows: the same by the fast way and by the slow one, whatever a log says."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.logs import AT, event, rows
from watchdog.collect.inspect.events import KNOWN_KINDS, decode_row, error_class, loose_row
from watchdog.collect.inspect.segments import CorruptMember, decode_member
from watchdog.collect.values import instant
from watchdog.model.facts import CALLS_MAX

SECONDS = 1795448681.0
TRACEBACK = """Traceback (most recent call last):
  File "/x/_model.py", line 1631, in generate
    result = await self.api.generate(
             ^^^^^^^^^^^^^^^^^^^^^^^^
  File "/x/scen.py", line 48, in generate
    raise openai.InternalServerError("x")
openai.InternalServerError: Error code: 500 - {'error': 'x'}
and: a second line of the message
"""
PLACEHOLDER = {"choices": [{"message": {"content": ""}, "stop_reason": "stop"}], "completion": ""}


def both(one):
    """The row by the fast way, which must be that of the slow way."""
    fast = decode_row(7, "e7", json.dumps(one).encode())
    assert fast == loose_row(7, "e7", one)
    return fast


def test_a_failed_attempt():
    row = both(event(error="Error code: 500", traceback=TRACEBACK, output=PLACEHOLDER))
    assert (row.kind, row.name, row.error) == ("model", "openai/gpt-4o", "Error code: 500")
    assert row.error_class == "openai.InternalServerError"
    assert row.final
    assert row.at == SECONDS


def test_a_pending_call():
    row = both(event(pending=True, output=PLACEHOLDER))
    assert row.pending
    assert not row.final


def test_an_answer_without_an_end_ended_by_what_it_took():
    """Inspect before 0.3.172 sets `completed` after it has written the row for the last time."""
    row = both(event(output=PLACEHOLDER | {"completion": "x", "time": 12.5}, span_id="s1"))
    assert (row.final, row.completed_at, row.span_id) == (True, SECONDS + 12.5, "s1")
    assert both(event(output=PLACEHOLDER | {"time": 0})).completed_at is None
    assert both(event(pending=True, output=PLACEHOLDER | {"time": 9})).completed_at is None
    assert both(event(error="x", output=PLACEHOLDER | {"time": 9})).completed_at is None


def test_a_span_names_what_it_lies_within():
    begin = both(event("span_begin", id="t", span_id="t", parent_id="s", name="bash", type="tool"))
    assert (begin.span, begin.span_id, begin.parent_id) == ("t", "t", "s")
    end = both(event("span_end", id="t", span_id="t"))
    assert (end.span, end.span_id, end.parent_id) == ("t", "t", None)
    assert len(both(event("tool", function="bash", span_id="x" * 9000)).span_id) < 100


def test_an_answer_names_the_tools_that_it_calls():
    calls = [{"id": "c1", "function": "bash", "arguments": {"cmd": "ls"}}, {"function": "python"}]
    choice = {"message": {"content": "x", "tool_calls": calls}, "stop_reason": "tool_calls"}
    row = both(event(completed=AT, output={"choices": [choice], "completion": "x"}))
    assert row.calls == ("bash", "python")


@pytest.mark.parametrize("calls", [None, 3, "bash", {}, [1, None], [{"function": 7}], [{}] * 900])
def test_calls_of_any_shape(calls):
    choice = {"message": {"content": "x", "tool_calls": calls}, "stop_reason": "tool_calls"}
    row = both(event(completed=AT, output={"choices": [choice], "completion": "x"}))
    assert len(row.calls) <= CALLS_MAX
    assert row.final


def test_an_approval_says_what_was_decided():
    row = both(event("approval", approver="human", decision="reject"))
    assert (row.kind, row.type, row.final) == ("approval", "reject", True)


def test_the_interim_row_is_not_final():
    assert not both(event(output=PLACEHOLDER)).final


@pytest.mark.parametrize(
    "told",
    [
        {"time": 0.0},
        {"usage": {"input_tokens": 1}},
        {"completion": "x"},
        {"choices": [{"stop_reason": "tool_calls"}]},
    ],
)
def test_an_answer_without_its_end_is_final(told):
    row = both(event(output=PLACEHOLDER | told))
    assert row.final
    assert row.completed_at is None


def test_a_success():
    row = both(event(completed=AT, output=PLACEHOLDER, role="grader", cache="read"))
    assert row.final
    assert row.completed_at == SECONDS
    assert row.role == "grader"
    assert row.cached


def test_the_old_spelling():
    assert both(event("model_output", model="m")).kind == "model"


@pytest.mark.parametrize(
    ("config", "timeout"),
    [
        ({"timeout": 60}, 60),
        ({"timeout": 60, "attempt_timeout": 5.5}, 5.5),
        ({"timeout": 0}, None),
        ({}, None),
    ],
)
def test_a_model_calls_limit(config, timeout):
    assert both(event(config=config)).timeout == timeout


@pytest.mark.parametrize(
    ("batch", "told"), [(True, True), (10, True), ({"size": 1}, True), (0, False)]
)
def test_a_batch(batch, told):
    assert both(event(config={"batch": batch})).batch is told


@pytest.mark.parametrize(
    ("arguments", "timeout"),
    [
        ({"cmd": "x", "timeout": 12}, 12),
        ({"timeout_seconds": "90.5"}, 90.5),
        ({"timeout": "soon", "max_time": 7}, 7),
        ({"timeout": True}, None),
        ({"timeout": -1}, None),
        ({"timeout": "inf"}, None),
        ({"timeout": [1]}, None),
        ({}, None),
    ],
)
def test_a_tools_limit(arguments, timeout):
    row = both(event("tool", function="bash", arguments=arguments, pending=True))
    assert (row.name, row.timeout, row.final, row.pending) == ("bash", timeout, False, True)


def test_a_tools_error():
    row = both(event("tool", function="bash", error={"type": "timeout", "message": "took long"}))
    assert row.error == "timeout: took long"
    assert row.final


def test_a_command_in_a_sandbox():
    row = both(event("sandbox", action="exec", options={"timeout": 30, "env": {}}, completed=AT))
    assert (row.name, row.timeout, row.final) == ("exec", 30, True)
    assert not both(event("sandbox", action="exec")).final


def test_spans():
    begin = both(event("span_begin", id="s1", name="scorers", type="scorers", parent_id=None))
    assert (begin.span, begin.name, begin.type) == ("s1", "scorers", "scorers")
    assert both(event("span_end", id="s1")).span == "s1"


def test_information():
    assert both(event("info", source="human_agent", data={"x": 1})).type == "human_agent"


def test_input():
    row = both(event("input", input="hello", pending=True))
    assert row.pending
    assert not row.final


@pytest.mark.parametrize("kind", sorted(KNOWN_KINDS))
def test_every_known_kind_keeps_its_name(kind):
    assert both(event(kind)).kind == kind


def test_an_unknown_kind_is_kept():
    assert both(event("teleport\n" + "x" * 100)).kind.startswith("teleport " + "x" * 30)


@pytest.mark.parametrize("one", [[], 5, {}, {"event": None}, {"event": " \n"}, {"event": {}}])
def test_no_event(one):
    with pytest.raises(ValueError, match="event"):
        decode_row(1, "e", json.dumps(one).encode())


def test_wrong_types_count_as_absent():
    odd = event(model=5, error=500, role=["x"], config=[], output="x", timestamp=7, completed={})
    row = both(odd)
    assert (row.name, row.error, row.role, row.at) == ("5", "500", None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T15:44:41+00:00", SECONDS),
        ("2026-11-23T16:44:41.000000+01:00", SECONDS),
        ("2026-11-23T15:44:41Z", SECONDS),
        ("2026-11-23T15:44:41", SECONDS),
        ("2026-13-45T99:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_instants(text, expected):
    assert instant(text) == expected


def test_an_impossible_time_keeps_the_row():
    row = both(event(timestamp="never", completed="0000"))
    assert (row.at, row.completed_at, row.final) == (None, None, True)


@pytest.mark.parametrize(
    ("traceback", "name"),
    [
        (TRACEBACK, "openai.InternalServerError"),
        ("TimeoutError", "TimeoutError"),
        ("httpx.ReadTimeout:", "httpx.ReadTimeout"),
        ("  indented: x", None),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
def test_error_class(traceback, name):
    assert error_class(traceback) == name


def test_hostile_text_is_bounded_and_encodable():
    row = decode_row(1, "e", json.dumps(event(error="\ud800" + "x" * 100_000)).encode())
    assert row.error.encode()
    assert len(row.error) <= 4000


def test_a_member():
    found = decode_member(rows(event("span_begin", id="s"), event(pending=True), first=5))
    assert [(row.id, row.event_id, row.kind) for row in found.rows] == [
        (5, "e5", "span_begin"),
        (6, "e6", "model"),
    ]
    assert found.bad == ()


def test_rows_are_put_in_order():
    data = json.loads(rows(event(), event(), event()))
    data["events"].reverse()
    assert [row.id for row in decode_member(json.dumps(data).encode()).rows] == [1, 2, 3]


def test_one_bad_row_costs_only_itself():
    data = json.loads(rows(event(), event(), event()))
    data["events"][1]["event"] = ["?"]
    data["events"].append("no row")
    found = decode_member(json.dumps(data).encode())
    assert [row.id for row in found.rows] == [1, 3]
    assert len(found.bad) == 2


def test_numbers_and_text_in_each_others_place():
    data = json.loads(rows(event()))
    data["events"][0] |= {"id": "4", "event_id": 17}
    (row,) = decode_member(json.dumps(data).encode()).rows
    assert (row.id, row.event_id) == (4, "17")


def test_not_a_number_in_an_event():
    (row,) = decode_member(rows(event(working_start=float("nan")))).rows
    assert row.kind == "model"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"events": 5}', b"\xff", b"[" * 100_000])
def test_no_member(data):
    with pytest.raises(CorruptMember):
        decode_member(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *("event", "timestamp", "pending", "completed", "error", "traceback", "cache"),
            *("config", "output", "model", "role", "function", "arguments", "action", "options"),
            *("id", "name", "type", "source", "span_id", "parent_id"),
        ]
    ),
    JSON | st.sampled_from(sorted(KNOWN_KINDS)) | st.just({"timeout": 10**400}),
)


@given(FIELDS, st.sampled_from([*sorted(KNOWN_KINDS), None]))
def test_any_event_is_a_row_or_a_value_error(fields, kind):
    fields = fields | ({"event": kind} if kind else {})
    try:
        row = decode_row(1, "e", json.dumps(fields).encode())
    except ValueError:
        return
    assert 0 < len(row.kind) <= 64
    assert row.timeout is None or row.timeout > 0


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_member_or_corrupt(data):
    with contextlib.suppress(CorruptMember):
        decode_member(data)


@given(st.lists(FIELDS | JSON, max_size=4))
def test_any_events_are_rows_or_bad(events):
    data = json.dumps(
        {"events": [{"id": n, "event_id": "e", "event": e} for n, e in enumerate(events)]}
    )
    found = decode_member(data.encode())
    assert len(found.rows) + len(found.bad) == len(events)
