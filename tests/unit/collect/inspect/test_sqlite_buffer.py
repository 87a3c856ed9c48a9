"""Inspect's local sample buffer, in the states in which a writer may have left it."""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspect_ai.log._recorders.buffer.database import SampleBufferDatabase, sample_buffer_dbs

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.sqlite_buffer import BATCH_ROWS, SqliteBuffer, find
from watchdog.model.facts import Fact, ManifestRead, RowsLost, RowsRead, SampleKey
from watchdog.model.verdict import Problem

SCHEMA = SampleBufferDatabase.SCHEMA
SUMMARY = {"id": 7, "epoch": 1, "input": "?", "target": "!", "uuid": "u7"}
MODEL = {"event": "model", "timestamp": "2026-11-23T07:00:00Z", "model": "openai/gpt-4o"}
Files = dict[str, tuple[int, int]]


class Writer:
    """A runner, as far as SQLite sees it."""

    def __init__(self, path: Path, journal: str = "wal") -> None:
        self.connection = sqlite3.connect(path)
        self.connection.execute(f"PRAGMA journal_mode={journal}")
        self.connection.executescript(SCHEMA)

    def sample(self, sample_id: object, epoch: object, data: object) -> None:
        text = json.dumps(data) if isinstance(data, dict) else data
        insert = "INSERT INTO samples (id, epoch, data) VALUES (?, ?, ?)"
        self.connection.execute(insert, (sample_id, epoch, text))
        self.connection.commit()

    def event(self, data: object, sample_id: object = "7", epoch: object = 1) -> None:
        text = json.dumps(data) if isinstance(data, dict) else data
        insert = "INSERT INTO events (event_id, sample_id, sample_epoch, data) VALUES (?, ?, ?, ?)"
        self.connection.execute(insert, ("e", sample_id, epoch, text))
        self.connection.commit()


@contextmanager
def writing(path: Path, journal: str = "wal") -> Iterator[Writer]:
    writer = Writer(path, journal)
    with closing(writer.connection):
        writer.sample("7", 1, SUMMARY)
        yield writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder? with #odd %20 name"
    folder.mkdir()
    return folder / "x.eval.123.db"


def files(path: Path) -> Files:
    found = ((one.name, one.stat()) for one in path.parent.iterdir())
    return {name: (status.st_size, status.st_mtime_ns) for name, status in found}


def read(buffer: SqliteBuffer) -> tuple[list[Fact], tuple[Problem, ...]]:
    facts: list[Fact] = []
    problems = asyncio.run(buffer.read("es", "x.eval", facts.append))
    return facts, problems


def ids(facts: list[Fact]) -> list[int]:
    return [row.id for fact in facts if isinstance(fact, RowsRead) for row in fact.rows]


def abandon(path: Path, into: Path, *suffixes: str) -> Path:
    """Copy what a killed writer leaves behind."""
    into.mkdir()
    for suffix in ("", *suffixes):
        shutil.copyfile(f"{path}{suffix}", into / f"{path.name}{suffix}")
    return into / path.name


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_live_writer_is_followed_and_left_alone(path: Path, journal: str) -> None:
    with writing(path, journal) as writer:
        writer.event({**MODEL, "pending": True})
        buffer, before = SqliteBuffer(path), files(path)
        facts, problems = read(buffer)
        assert not problems
        assert files(path) == before
        manifest, rows = facts
        assert isinstance(manifest, ManifestRead)
        assert [sample.key for sample in manifest.samples] == [SampleKey("7", 1)]
        assert isinstance(rows, RowsRead)
        assert (rows.key, rows.rows[0].pending) == (SampleKey("7", 1), True)
        writer.event({**MODEL, "completed": "2026-11-23T07:01:00Z"})
        assert ids(read(buffer)[0]) == [2]
        assert ids(read(buffer)[0]) == []


@pytest.mark.parametrize("suffixes", [("-wal", "-shm"), ("-wal",)])
def test_a_killed_writers_last_rows_are_read(
    path: Path, tmp_path: Path, suffixes: tuple[str, ...]
) -> None:
    with writing(path) as writer:
        for _ in range(10):
            writer.event(MODEL)
        left = abandon(path, tmp_path / "left", *suffixes)
    before = files(left)
    facts, problems = read(SqliteBuffer(left))
    assert (ids(facts), problems) == (list(range(1, 11)), ())
    assert files(left) == before


def test_a_closed_database_is_read_without_a_trace(path: Path) -> None:
    with writing(path) as writer:
        writer.event(MODEL)
    assert list(files(path)) == [path.name]
    facts, problems = read(SqliteBuffer(path))
    assert (ids(facts), problems) == ([1], ())
    assert list(files(path)) == [path.name]


def test_an_orphan_too_large_to_copy_is_a_problem(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(path):
        left = abandon(path, tmp_path / "left", "-wal")
    monkeypatch.setattr(sqlite_buffer, "COPY_LIMIT", 1000)
    facts, problems = read(SqliteBuffer(left))
    assert not facts
    assert "larger than 1,000 bytes" in problems[0].text


def test_an_event_too_large_to_decode_is_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_buffer, "EVENT_LIMIT", 1000)
    with writing(path) as writer:
        writer.event({**MODEL, "input": "x" * 1000})
        writer.event(MODEL)
        facts, problems = read(SqliteBuffer(path))
    assert ids(facts) == [2]
    assert problems


def test_many_rows_come_in_batches_and_in_order(path: Path) -> None:
    with writing(path) as writer:
        for count in range(2 * BATCH_ROWS + 1):
            writer.event(MODEL, str(count % 2))
        facts, problems = read(SqliteBuffer(path))
    rows = [fact for fact in facts if isinstance(fact, RowsRead)]
    assert not problems
    assert len(rows) == 5
    for sample in ("0", "1"):
        own = [row.id for fact in rows if fact.key.id == sample for row in fact.rows]
        assert own == list(range(1 + int(sample), 2 * BATCH_ROWS + 2, 2))


def test_the_guides_spellings_are_read(path: Path) -> None:
    with writing(path) as writer:
        writer.sample("8", 2, {"state": "running"})
        writer.sample("9", 1, {"state": "completed"})
        writer.event({**MODEL, "event": "model_output", "error": "Error code: 500"})
        facts, problems = read(SqliteBuffer(path))
    manifest, rows = facts
    assert not problems
    assert isinstance(manifest, ManifestRead)
    assert [(one.key.id, one.completed) for one in manifest.samples] == [
        ("7", False),
        ("8", False),
        ("9", True),
    ]
    assert isinstance(rows, RowsRead)
    assert (rows.rows[0].kind, rows.rows[0].error) == ("model", "Error code: 500")


def test_rows_that_make_no_sense_are_lost_but_told(path: Path) -> None:
    key = SampleKey("7", 1)
    with writing(path) as writer:
        writer.sample("8", 1, "{")
        writer.event("{")
        writer.event(MODEL)
        writer.event(MODEL, None)
        writer.event(MODEL, "7", "first")
        buffer = SqliteBuffer(path)
        facts, problems = read(buffer)
        assert facts[1:] == [RowsLost("es", "x.eval", key, newest=False), facts[2]]
        assert ids(facts) == [2]
        assert "4 rows can't be understood" in problems[0].text
        writer.event(b"\xff")
        assert read(buffer)[0][1:] == [RowsLost("es", "x.eval", key, newest=True)]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("DROP TABLE events", "no such table: events"),
        ("DROP TABLE samples", "no such table: samples"),
        ("ALTER TABLE events RENAME COLUMN data TO event", "no such column: data"),
    ],
)
def test_another_schema_is_a_problem(path: Path, change: str, text: str) -> None:
    with writing(path) as writer:
        writer.connection.execute(change)
        writer.connection.commit()
        problems = read(SqliteBuffer(path))[1]
    assert text in problems[0].text
    assert problems[0].where == str(path)


def test_ids_that_are_no_integers_do_not_go_round_in_circles(path: Path) -> None:
    with writing(path) as writer:
        writer.connection.execute("DROP TABLE events")
        writer.connection.execute(
            "CREATE TABLE events (id, event_id TEXT, sample_id TEXT, sample_epoch INT, data TEXT)"
        )
        for count in range(BATCH_ROWS + 1):
            row = (f"{count:04}", "e", "7", 1, json.dumps(MODEL))
            writer.connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
        writer.connection.commit()
        facts, problems = read(SqliteBuffer(path))
    assert not ids(facts)
    assert f"{BATCH_ROWS} rows" in problems[0].text


def test_a_vanished_database_is_a_problem_and_not_made_anew(path: Path) -> None:
    assert "No such file" in read(SqliteBuffer(path))[1][0].text
    assert not files(path)


def test_a_locked_database_is_a_problem_and_read_later(path: Path) -> None:
    buffer = SqliteBuffer(path)
    with writing(path, "delete") as writer:
        writer.connection.execute("BEGIN EXCLUSIVE")
        assert "locked" in read(buffer)[1][0].text
        writer.connection.rollback()
        assert not read(buffer)[1]


def test_a_directory_is_a_problem(tmp_path: Path) -> None:
    assert read(SqliteBuffer(tmp_path))[1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_damaged_database_is_never_an_exception(path: Path, data: st.DataObject) -> None:
    for one in path.parent.iterdir():
        one.unlink()
    with writing(path, data.draw(st.sampled_from(["wal", "delete"]))) as writer:
        writer.event(MODEL)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 40))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    facts, problems = read(SqliteBuffer(path))
    assert facts or problems


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(value=st.none() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary() | st.floats())
def test_a_column_of_any_type_is_never_an_exception(
    path: Path, value: str | bytes | float | None
) -> None:
    for one in path.parent.iterdir():
        one.unlink()
    text = value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
    with writing(path) as writer:
        for row in ((text, 1, SUMMARY), ("7", text, SUMMARY), ("8", 1, text)):
            writer.connection.execute("DELETE FROM samples")
            writer.sample(*row)
            writer.event(row[2], row[0], row[1])
        assert read(SqliteBuffer(path))[0]


@pytest.mark.parametrize("name", ["x.eval", "2026_a[1]*_é b.eval"])
def test_the_buffer_is_found_where_inspect_puts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "logs" / name
    assert find(log) is None
    database = SampleBufferDatabase(str(log))
    assert find(log) == find(Path("logs") / name) == database.db_path
    assert find(log.parent.joinpath("..", "link", name)) == database.db_path
    assert find(f"file://{log}") == database.db_path
    assert sample_buffer_dbs(str(log)) == [database.db_path]
    assert find(tmp_path / "logs" / "y.eval") is None
    database.cleanup()
    assert find(log) is None


def test_the_newest_of_several_processes_buffers_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "samplebuffer" / sqlite_buffer._log_dir_hash("s3://bucket/evals/es")
    folder.mkdir(parents=True)
    for pid, at in ((1, 300), (2, 200), (3, 100)):
        (folder / f"x.eval.{pid}.db").touch()
        os.utime(folder / f"x.eval.{pid}.db", (at, at))
    log = "s3://bucket/evals/es/x.eval"
    assert find(log, tmp_path) == folder / "x.eval.1.db"
    (folder / "x.eval.2.db-wal").touch()
    assert find(log, tmp_path) == folder / "x.eval.2.db"
