"""A running log whose buffer is Inspect's database, and what many segments cost."""

import os
from typing import ClassVar

import pytest
from msgspec.structs import replace

from tests.builders.logs import (
    LOG,
    MANIFEST,
    event,
    finished_log,
    manifest,
    rows,
    running_log,
    running_store,
    sample,
    segment_path,
    zipped,
)
from watchdog.collect.inspect import local_database, sqlite_buffer
from watchdog.collect.inspect.task_log import TaskLog
from watchdog.collect.place import Place
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.facts import (
    ManifestRead,
    RowsRead,
    SampleKey,
    TaskRead,
    WriterProcess,
    WriterRead,
)
from watchdog.model.verdict import Problem


class Database:
    """Stands for the database's reader."""

    lists = True
    problems: tuple[Problem, ...] = ()
    opened: ClassVar[list["Database"]] = []
    writer: ClassVar[WriterProcess | None] = None

    def __init__(self, path) -> None:
        self.path = path
        self.opened.append(self)

    @property
    def failed(self):
        return not self.lists

    async def read(self, eval_set_id, log, emit):
        if self.lists:
            emit(ManifestRead(eval_set_id, log, ()))
            emit(RowsRead(eval_set_id, log, SampleKey("1", 1), ()))
        return self.problems


@pytest.fixture
def database(monkeypatch, tmp_path):
    monkeypatch.setattr(Database, "opened", [])
    monkeypatch.setattr(sqlite_buffer, "SqliteBuffer", Database)
    monkeypatch.setattr(sqlite_buffer, "find", lambda log: tmp_path / f"{log.name}.1.db")
    monkeypatch.setattr(local_database, "writer_of", lambda _database, _log: Database.writer)
    return Database


def task(tmp_path, *, sqlite=True):
    return TaskLog(Place(DirectoryStore(tmp_path), "", "set", LOG, 10_000_000, sqlite))


async def kinds(log):
    facts = []
    outcome = await log.poll(1000.0, facts.append)
    return [type(fact).__name__ for fact in facts], outcome


async def test_the_database_is_read_where_no_buffer_is(tmp_path, database):
    (tmp_path / LOG).write_bytes(running_log())
    log = task(tmp_path)
    assert (await kinds(log))[0] == ["SpecRead", "ManifestRead", "RowsRead", "TaskRead"]
    assert (await kinds(log))[0] == ["ManifestRead", "RowsRead", "TaskRead"]
    assert [one.path for one in database.opened] == [tmp_path / f"{LOG}.1.db"]


async def test_an_unreadable_database_is_an_unreadable_task(tmp_path, database, monkeypatch):
    (tmp_path / LOG).write_bytes(running_log())
    monkeypatch.setattr(database, "lists", False)
    monkeypatch.setattr(database, "problems", (Problem("x.db", "locked"),))
    found, outcome = await kinds(task(tmp_path))
    assert found == ["SpecRead", "TaskUnreadable"]
    assert outcome.failures == ("unavailable",)
    assert Problem("x.db", "locked") in outcome.problems


@pytest.mark.parametrize("case", ["bundle", "finished", "buffer"])
async def test_the_database_is_left_alone(tmp_path, database, case):
    files = running_store() if case == "buffer" else {LOG: running_log()}
    files |= {LOG: finished_log()} if case == "finished" else {}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found, _ = await kinds(task(tmp_path, sqlite=case != "bundle"))
    assert found[-1] == "TaskRead"
    assert database.opened == []


GONE = WriterProcess(4711, gone=True, last_written_at=900.0)
ALIVE = WriterProcess(4711, gone=False, last_written_at=900.0)


async def test_the_process_that_writes_is_told_once(tmp_path, database, monkeypatch):
    (tmp_path / LOG).write_bytes(running_log())
    log = task(tmp_path)
    told = []
    later = replace(ALIVE, last_written_at=960.0)
    for writer in (None, ALIVE, later, None, GONE, GONE):
        monkeypatch.setattr(database, "writer", writer)
        facts = []
        await log.poll(1000.0, facts.append)
        told.append([fact.writer for fact in facts if isinstance(fact, WriterRead)])
    assert told == [[], [ALIVE], [], [None], [GONE], []]


async def test_the_process_is_looked_for_beside_a_shared_buffer_too(
    tmp_path, database, monkeypatch
):
    for name, data in running_store().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(database, "writer", GONE)
    facts = []
    await task(tmp_path).poll(1000.0, facts.append)
    assert [fact for fact in facts if isinstance(fact, WriterRead)] == [
        WriterRead("set", LOG, GONE)
    ]
    assert database.opened == []


async def test_a_process_that_finished_its_log_and_ended_is_none_that_is_gone(
    tmp_path, database, monkeypatch
):
    """The log is read once more before its process is called dead."""
    for name, data in running_store().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    log = task(tmp_path)
    await kinds(log)
    (tmp_path / LOG).write_bytes(finished_log())
    monkeypatch.setattr(database, "writer", GONE)
    found, _ = await kinds(log)
    assert "WriterRead" not in found
    assert log.finished


async def test_segments_are_read_in_order(tmp_path):
    count = 40
    (tmp_path / MANIFEST).parent.mkdir(parents=True)
    (tmp_path / LOG).write_bytes(running_log())
    references = tuple((number, number) for number in range(1, count + 1))
    (tmp_path / MANIFEST).write_bytes(manifest(sample(1, tuple(reversed(references)))))
    for number in range(1, count + 1):
        member = rows(event(pending=True), first=number)
        (tmp_path / segment_path(number)).write_bytes(zipped({"1_1.json": member}))
    facts = []
    outcome = await task(tmp_path).poll(1000.0, facts.append)
    found = [row.id for fact in facts if isinstance(fact, RowsRead) for row in fact.rows]
    assert found == list(range(1, count + 1))
    assert outcome.problems == ()


async def test_a_task_s_newest_object_is_its_log_its_manifest_or_a_segment(tmp_path):
    for path, data in running_store().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
        os.utime(tmp_path / path, (100.0, 100.0))
    assert await stored_at(tmp_path) == 100.0
    for at, path in enumerate((segment_path(1), MANIFEST, LOG), start=200):
        os.utime(tmp_path / path, (at, at))
        assert await stored_at(tmp_path) == at


async def stored_at(folder):
    facts = []
    await task(folder).poll(1000.0, facts.append)
    (read,) = [fact for fact in facts if isinstance(fact, TaskRead)]
    return read.stored_at
