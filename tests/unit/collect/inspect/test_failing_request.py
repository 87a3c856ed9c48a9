"""The failing request of a sample: its shape exactly, its texts, and what can't be read."""

import asyncio
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recordings.unpack import unpack
from watchdog.collect.inspect.failing_request import RequestUnreadable, failing_request
from watchdog.collect.inspect.sample_parts import Parts, _take
from watchdog.collect.place import Place
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.facts import SampleKey

KEY = SampleKey("1", 1)
LOG = "x.eval"


def place(store: Path, log: str = LOG, *, sqlite: bool = False) -> Place:
    return Place(DirectoryStore(store), "", "set", log, 1 << 28, sqlite)


def read(store: Path, log: str = LOG, key: SampleKey = KEY, **more):
    return asyncio.run(failing_request(place(store, log), key, **more))


def model(row: int, **event):
    event = {"event": "model", "model": "openai/gpt-4o", "input": [], **event}
    return {"id": row, "event_id": f"e{row}", "sample_id": "1", "epoch": 1, "event": event}


def message(row: int, role: str, content, **more):
    data = json.dumps({"role": role, "content": content, **more})
    return {"id": row, "sample_id": "1", "epoch": 1, "msg_id": f"m{row}", "data": data}


def write(store: Path, *segments: dict, name: str = "1_1.json") -> None:
    folder = store / ".buffer" / "x"
    folder.mkdir(parents=True)
    (store / LOG).write_bytes(b"")
    references = []
    for number, found in enumerate(segments, 1):
        content = json.dumps({"events": [], **found}).encode()
        with zipfile.ZipFile(folder / f"segment.{number}.zip", "w") as archive:
            archive.writestr(name, content)
        references.append({"id": number})
    summary = {"id": "1", "epoch": 1}
    manifest = {"samples": [{"summary": summary, "segments": references}], "segments": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    bundle = unpack("one_sample_500", tmp_path_factory.mktemp("recorded"))[-1] / "store"
    log = next(bundle.glob("*.eval")).name
    return read(bundle, log, SampleKey("3", 1))


def test_a_recorded_request_is_what_its_script_sends(recorded):
    shape = recorded.shape
    roles = [each.role for each in shape.messages]
    assert roles == ["user", *["assistant", "tool"] * 4]
    assert [each.characters for each in shape.messages] == [73, *[42, 4] * 4]
    assert (shape.model, shape.tools) == ("scripted/gpt-4o", ("bash",))
    assert shape.estimated_by == "usage"
    assert recorded.error.startswith("Error code: 500")
    assert recorded.texts[0][1].startswith("Find out what the service on port 8080 does")


def test_pools_attachments_and_segments_are_put_together(tmp_path):
    digest = "0123456789abcdef0123456789abcdef"
    long = "a long text " * 50
    write(
        tmp_path,
        {
            "message_pool": [message(7, "system", "Be brief."), message(9, "user", "first")],
            "attachments": [{"id": 1, "hash": digest, "content": long}],
        },
        {
            "message_pool": [
                message(
                    12,
                    "user",
                    [{"type": "text", "text": f"attachment://{digest}"}, {"type": "image"}],
                ),
                message(
                    13,
                    "assistant",
                    "",
                    tool_calls=[
                        {"function": "bash", "arguments": {"cmd": f"attachment://{digest}"}}
                    ],
                ),
            ],
            "events": [model(1, input_refs=[[0, 2]], error="old", completed=None)],
        },
        {
            "events": [
                model(
                    2,
                    input_refs=[[0, 1], [2, 4]],
                    error="Error code: 400",
                    config={"max_tokens": 64},
                )
            ]
        },
    )
    found = read(tmp_path)
    system, user, assistant = found.shape.messages
    assert (system.role, system.characters) == ("system", 9)
    assert (user.characters, user.parts) == (len(long), ("image",))
    assert assistant.characters == len(json.dumps({"cmd": long}))
    assert found.shape.max_tokens == 64
    assert found.shape.estimated_by == "characters"
    assert found.shape.estimated_tokens == -(-found.shape.characters // 4)
    assert found.error == "Error code: 400"
    assert [role for role, _ in found.texts] == ["system", "user", "assistant"]


def test_tokens_are_scaled_from_what_the_provider_counted(tmp_path):
    write(
        tmp_path,
        {
            "message_pool": [message(1, "user", "x" * 100), message(2, "user", "y" * 300)],
            "events": [
                model(
                    1,
                    input_refs=[[0, 1]],
                    completed="2026-01-01T00:00:00+00:00",
                    output={"usage": {"input_tokens": 10, "input_tokens_cache_read": 40}},
                ),
                model(2, input_refs=[[0, 2]], error="Error code: 500"),
            ],
        },
    )
    shape = read(tmp_path).shape
    assert (shape.estimated_tokens, shape.estimated_by) == (200, "usage")


def test_a_call_that_never_returned_is_taken_where_none_failed(tmp_path):
    write(tmp_path, {"events": [model(1, input=[{"role": "user", "content": "hi"}], pending=True)]})
    found = read(tmp_path)
    assert (found.shape.messages[0].characters, found.error) == (2, "")


CASES = {
    "no such sample": ({"key": SampleKey("2", 1)}, "no longer in the buffer"),
    "too large": ({"max_bytes": 10}, "larger than is read"),
    "no buffer": ({"log": "other.eval"}, "manifest"),
}


@pytest.mark.parametrize(("how", "why"), CASES.values(), ids=CASES.keys())
def test_what_can_not_be_read_says_why(tmp_path, how, why):
    write(tmp_path, {"events": [model(1, error="x")]})
    with pytest.raises(RequestUnreadable, match=why):
        read(tmp_path, **how)


def test_without_a_failing_call_there_is_none(tmp_path):
    write(tmp_path, {"events": [model(1, completed="2026-01-01T00:00:00+00:00")]})
    with pytest.raises(RequestUnreadable, match="no call of this sample failed"):
        read(tmp_path)


def test_a_damaged_segment_is_no_crash(tmp_path):
    write(tmp_path, {"events": [model(1, error="x")]})
    (tmp_path / ".buffer" / "x" / "segment.1.zip").write_bytes(b"PK nothing")
    with pytest.raises(RequestUnreadable):
        read(tmp_path)


def test_inspect_s_own_database_is_read_too(tmp_path, monkeypatch):
    path = tmp_path / "x.eval.1.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            "CREATE TABLE events (id INTEGER, event_id TEXT, sample_id TEXT, sample_epoch INTEGER,"
            " data TEXT); CREATE TABLE message_pool (id INTEGER, sample_id TEXT, sample_epoch"
            " INTEGER, msg_id TEXT, data TEXT); CREATE TABLE attachments (id INTEGER, sample_id"
            " TEXT, sample_epoch INTEGER, hash TEXT, content TEXT);"
        )
        event = json.dumps(model(1, input_refs=[[0, 1]], error="Error code: 500")["event"])
        connection.execute("INSERT INTO events VALUES (1, 'e', '1', 1, ?)", (event,))
        data = message(1, "user", "hello")["data"]
        connection.execute("INSERT INTO message_pool VALUES (4, '1', 1, 'm', ?)", (data,))
    connection.close()
    monkeypatch.setattr("watchdog.collect.inspect.sqlite_buffer.find", lambda _log: path)
    (tmp_path / LOG).write_bytes(b"")
    found = asyncio.run(failing_request(place(tmp_path, sqlite=True), KEY))
    assert found.shape.messages[0].characters == 5


FIELDS = (
    *("event", "input", "input_refs", "tools", "config", "output", "usage", "error", "id"),
    *("content", "role", "tool_calls", "arguments", "type", "text", "pending", "data"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=4), st.lists(JSON, max_size=4), JSON)
def test_whatever_rows_say_there_is_a_shape_or_a_reason(events, messages, extra):
    from watchdog.collect.inspect import failing_request as module  # noqa: PLC0415

    parts = Parts()
    rows = [
        {"id": n, "event": {"event": "model", **(e if isinstance(e, dict) else {"input": e})}}
        for n, e in enumerate(events)
    ]
    pool = [{"id": n, "data": json.dumps(m)} for n, m in enumerate(messages)]
    _take(parts, {"events": rows, "message_pool": pool, "attachments": extra})
    for _, event in parts.calls:
        shape = module._shape(parts, event, [call for _, call in parts.calls])
        assert shape.estimated_tokens >= 0
        assert list(module.texts(parts, parts.messages(event))) is not None
