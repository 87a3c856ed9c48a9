"""What makes two calls the same, and what a model's answer without a call is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.collect.inspect.digests import BYTES_MAX, REFS_MAX, answer_kind, digest
from watchdog.collect.inspect.events import decode_row, loose_row

DONE = "2026-11-20T21:04:22.956065+00:00"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def tool(**fields) -> dict[str, object]:
    event = {"event": "tool", "function": "bash", "arguments": {"cmd": "ls"}, "result": "a b"}
    return {**event, "completed": DONE, **fields}


def model(content: object = "", stop: str = "stop", **fields) -> dict[str, object]:
    message = {"role": "assistant", "content": content}
    text = content if isinstance(content, str) else ""
    choices = [{"message": message, "stop_reason": stop}]
    output = {"choices": choices, "completion": text, "time": 12.5, **fields.pop("output", {})}
    return {"event": "model", "model": "x/y", "completed": DONE, "output": output, **fields}


def row(event: dict[str, object]):
    fast = decode_row(1, "e", json.dumps(event).encode())
    assert fast == loose_row(1, "e", event)
    return fast


def test_the_order_of_arguments_changes_nothing_and_everything_else_does():
    same = row(tool(arguments={"a": 1, "b": {"c": 2, "d": 3}})).digest
    assert row(tool(arguments={"b": {"d": 3, "c": 2}, "a": 1})).digest == same
    others = [
        tool(function="python", arguments={"a": 1, "b": {"c": 2, "d": 3}}),
        tool(arguments={"a": 1, "b": {"c": 2, "d": 4}}),
        tool(arguments={"a": 1, "b": {"c": 2, "d": 3}}, result="a b c"),
        tool(arguments={"a": 1, "b": {"c": 2, "d": 3}}, error={"type": "timeout", "message": "x"}),
        tool(arguments={"a": 1, "b": {"c": 2, "d": 3}}, result="attachment://0123"),
    ]
    assert len({row(other).digest for other in others} | {same}) == len(others) + 1


def test_only_what_has_ended_has_one():
    assert row(tool(completed=None, pending=True)).digest is None
    pending = model(pending=True, completed=None, output={"time": None})
    assert (row(pending).digest, row(pending).answer, row(pending).messages) == (None, None, 0)
    assert row(model(error="Error code: 500 - x")).digest is None


def test_an_answer_that_calls_tools_is_told_by_its_tools():
    calls = [{"id": "1", "function": "bash", "arguments": {}}]
    choices = [{"message": {"content": "", "tool_calls": calls}, "stop_reason": "tool_calls"}]
    event = model(output={"choices": choices})
    assert (row(event).digest, row(event).answer, row(event).calls) == (None, None, ("bash",))


def test_an_answer_is_the_same_where_what_it_answers_is_the_same():
    def said(text: str, *refs: tuple[int, int]) -> int | None:
        return row(model(text, input_refs=[list(pair) for pair in refs])).digest

    assert said("yes", (0, 3)) == said("yes", (2, 3)) != said("yes", (0, 4))
    assert said("yes", (0, 3)) != said("no", (0, 3))


def test_messages_within_the_event_are_told_by_what_they_say():
    """As Inspect wrote them before it had a pool; each has an id of its own."""

    def said(*texts: str) -> int | None:
        messages = [{"id": f"{n}-{t}", "role": "user", "content": t} for n, t in enumerate(texts)]
        return row(model("yes", input=messages)).digest

    assert said("go on") == said("first", "go on") != said("go on", "first")
    assert row(model("yes", input=["odd"])).digest == row(model("yes", input=[7])).digest


@pytest.mark.parametrize(
    ("refs", "messages", "echoes"),
    [
        ([], 0, False),
        ([[0, 5]], 5, False),
        ([[2, 3], [5, 6], [2, 3]], 3, True),
        ([[0, 2], [4, 9], [9, 10]], 8, False),
        ([[4, 9], [0, 5]], 10, True),
        ([[n, n + 1] for n in range(2 * REFS_MAX)], 2 * REFS_MAX, False),
    ],
)
def test_a_conversation_that_repeats_itself_holds_messages_twice(refs, messages, echoes):
    event = row(model("yes", input_refs=refs))
    assert (event.messages, event.echoes) == (messages, echoes)


@pytest.mark.parametrize(
    ("content", "stop", "kind"),
    [
        ("The answer is 42.", "stop", "plain"),
        ("", "stop", "empty"),
        (" \n", "stop", "empty"),
        ([], "stop", "empty"),
        ([{"type": "reasoning", "reasoning": "hm"}], "stop", "empty"),
        (
            [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": " "}],
            "stop",
            "empty",
        ),
        ([{"type": "text", "text": "hi"}], "stop", "plain"),
        ([{"type": "image", "image": "attachment://1"}], "stop", "plain"),
        ([{"type": "tool_use", "name": "web_search"}], "stop", "plain"),
        ("", "content_filter", "refused"),
        ("I can't", "content_filter", "refused"),
        ("It begins", "max_tokens", "cut_off"),
        ("", "model_length", "cut_off"),
        (7, "unknown", "empty"),
    ],
)
def test_what_an_answer_is(content, stop, kind):
    assert row(model(content, stop)).answer == kind


def test_an_answer_without_choices_is_empty():
    assert row(model(output={"choices": []})).answer == "empty"
    assert answer_kind(None, None, None) == "empty"


def test_what_is_long_counts_with_its_beginning_and_its_length():
    long = "x" * 10 * BYTES_MAX
    assert row(tool(result=long)).digest != row(tool(result=long + "x")).digest
    assert row(tool(arguments={"a": long})).digest != row(tool(arguments={"a": long + "x"})).digest
    assert 0 <= digest(long) < 1 << 64


def test_nothing_can_be_read_from_it():
    word = "platypus"
    assert word not in repr(row(tool(arguments={"query": word}, result=word)))
    assert word not in repr(row(model(word)))


@given(JSON, JSON)
def test_both_ways_to_read_an_event_say_the_same(arguments, result):
    event = json.loads(json.dumps(tool(arguments=arguments, result=result)))
    assert row(event).digest == row(event).digest


@pytest.mark.parametrize("odd", ['"\\ud800"', "NaN", "1e999", "123456789012345678901234567890"])
def test_json_that_is_not_strict_has_one_too(odd):
    text = json.dumps(tool(result=0)).replace('"result": 0', f'"result": {odd}')
    assert decode_row(1, "e", text.encode()).digest is not None
