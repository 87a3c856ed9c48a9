"""The newest rows of one sample: from buffer, database or log, within bounds."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from tests.builders.logs import (
    LOG,
    MANIFEST,
    event,
    finished_log,
    manifest,
    rows,
    sample,
    segment_path,
    zipped,
)
from watchdog.collect.inspect import logged_sample, sample_rows, sqlite_buffer
from watchdog.collect.inspect.logged_sample import decode_logged
from watchdog.collect.inspect.sample_rows import RowsUnreadable, newest_rows
from watchdog.collect.place import Place
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.zip_members import CorruptZip
from watchdog.model.facts import SampleKey

KEY = SampleKey("1", 1)


def write(root, files):
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def read(root, key=KEY, *, sqlite=False, log=LOG):
    place = Place(DirectoryStore(root), "", "set", log, 1 << 27, sqlite)
    return asyncio.run(newest_rows(place, key))


def many(segments, each=10):
    """A buffer of so many segments, each with rows of the sample and of another one."""
    files = {
        segment_path(number): zipped(
            {
                "1_1.json": rows(*[event(error="x")] * each, first=1 + (number - 1) * each),
                "2_1.json": rows(event(error="y")),
            }
        )
        for number in range(1, segments + 1)
    }
    references = tuple((number, number * each) for number in range(1, segments + 1))
    return {**files, MANIFEST: manifest(sample(1, references), sample(2, references)), LOG: b""}


def test_all_rows_of_a_buffer_in_order(tmp_path):
    write(tmp_path, many(3))
    found = read(tmp_path)
    assert [row.id for row in found.rows] == list(range(1, 31))
    assert (found.source, found.earlier, found.lost) == ("buffer", False, ())
    assert {row.error for row in found.rows} == {"x"}


def test_of_many_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_rows, "LOOK_ROWS", sample_rows.LOOK_ROWS._replace(value=95))
    write(tmp_path, many(30))
    found = read(tmp_path)
    assert [row.id for row in found.rows] == list(range(206, 301))
    assert found.earlier


@pytest.mark.parametrize(("limit", "value"), [("LOOK_SEGMENTS", 8), ("LOOK_BYTES", 3000)])
def test_no_more_segments_than_are_read(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(sample_rows, limit, getattr(sample_rows, limit)._replace(value=value))
    write(tmp_path, many(30))
    found = read(tmp_path)
    assert [row.id for row in found.rows] == list(range(221, 301))
    assert found.earlier


def test_a_segment_that_is_damaged_or_gone_is_said_and_the_rest_is_there(tmp_path):
    write(tmp_path, many(4))
    (tmp_path / segment_path(2)).write_bytes(b"no zip")
    (tmp_path / segment_path(3)).unlink()
    found = read(tmp_path)
    assert [row.id for row in found.rows] == [*range(1, 11), *range(31, 41)]
    assert [text.partition(":")[0] for text in found.lost] == ["segment.3.zip", "segment.2.zip"]


def test_a_sample_that_has_ended_stands_in_its_log(tmp_path):
    events = [{**event(error="x"), "uuid": "a"}, {"event": []}, event("info", source="s")]
    content = {"id": 1, "epoch": 1, "events": events, "messages": [{"content": "secret"}]}
    log = {"header.json": b"{}", "samples/1_epoch_1.json": json.dumps(content).encode()}
    write(tmp_path, {LOG: zipped(log)})
    found = read(tmp_path)
    assert [(row.kind, row.event_id) for row in found.rows] == [("model", "a"), ("info", "u")]
    assert (found.source, found.earlier) == ("log", False)


def test_one_that_is_too_large_is_said(tmp_path, monkeypatch):
    limit = logged_sample.LOOK_BYTES._replace(value=50)
    monkeypatch.setattr(logged_sample, "LOOK_BYTES", limit)
    content = json.dumps({"events": [event()] * 50}).encode()
    write(tmp_path, {LOG: zipped({"header.json": b"{}", "samples/1_epoch_1.json": content})})
    with pytest.raises(RowsUnreadable, match=r"more than the 50 that are read.*Inspect's viewer"):
        read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"events": 5}', b'{"events": [', b"[" * 5000, b'{"events": [1]}']
)
def test_what_is_no_sample_is_refused(content):
    with pytest.raises(CorruptZip, match="no sample"):
        decode_logged(content)


def test_what_is_nowhere_is_said(tmp_path):
    with pytest.raises(RowsUnreadable, match="No such file"):
        read(tmp_path)
    write(tmp_path, {LOG: finished_log()})
    with pytest.raises(RowsUnreadable, match="neither in the buffer nor in the log"):
        read(tmp_path, SampleKey("nobody", 1))
    write(tmp_path, {"2026-11-23T15-44-37+00-00_mini_x.json": b"{}"})
    with pytest.raises(RowsUnreadable, match="neither in the buffer nor in the log"):
        read(tmp_path, log="2026-11-23T15-44-37+00-00_mini_x.json")


def test_a_manifest_that_is_none_is_said(tmp_path):
    write(tmp_path, {MANIFEST: b"{", LOG: b""})
    with pytest.raises(RowsUnreadable, match="not JSON"):
        read(tmp_path)


@pytest.fixture
def database(tmp_path, monkeypatch):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, event_id TEXT, sample_id TEXT,"
            " sample_epoch INTEGER, data TEXT)"
        )
        lines = [
            (n, f"e{n}", "1", 1, json.dumps(event(error=f"x{n}")) if n != 5 else "{")
            for n in range(1, 21)
        ]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", lines)
    connection.close()
    monkeypatch.setattr(sqlite_buffer, "find", lambda _log: path)
    write(tmp_path, {LOG: finished_log()})
    return tmp_path


def test_a_database_on_this_machine_is_read(database, monkeypatch):
    found = read(database, sqlite=True)
    assert [row.id for row in found.rows] == [n for n in range(1, 21) if n != 5]
    assert (found.earlier, found.lost) == (False, ("1 rows could not be understood",))
    monkeypatch.setattr(sample_rows, "LOOK_ROWS", sample_rows.LOOK_ROWS._replace(value=4))
    found = read(database, sqlite=True)
    assert ([row.id for row in found.rows], found.earlier) == ([17, 18, 19, 20], True)


def test_a_database_that_is_none_is_said(database):
    (database / "a.db").write_bytes(b"no database" * 100)
    with pytest.raises(RowsUnreadable, match="can't read the sample buffer"):
        read(database, sqlite=True)
