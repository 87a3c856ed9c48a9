"""The service's checkpoints: what a restart reads, and what it does where they can't be used."""

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
import structlog
from sqlalchemy import make_url

from tests.builders.logs import (
    LOG,
    MANIFEST,
    event,
    finished_log,
    manifest,
    rows,
    running_store,
    segment_path,
    zipped,
)
from tests.builders.logs import sample as entry
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.config.settings import Settings
from watchdog.model.retries import BUCKET
from watchdog.service import build as built
from watchdog.service import checkpoint_records
from watchdog.service.build import build
from watchdog.service.checkpoints import Checkpoints
from watchdog.surfaces.metrics import SelfMetrics
from watchdog.surfaces.web.health import ready

NOW = 1_763_912_681.0


class Counted(DirectoryStore):
    """A directory that notes what is read of it in full."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.read: list[str] = []

    async def get(self, path, limit, if_none_match=None):
        got = await super().get(path, limit, if_none_match)
        if hasattr(got, "data"):
            self.read.append(path.rpartition("/")[2])
        return got

    async def get_tail(self, path, length, if_none_match=None):
        got = await super().get_tail(path, length, if_none_match)
        if hasattr(got, "data"):
            self.read.append(path.rpartition("/")[2])
        return got


class World:
    """Two eval sets, and one life of the service after the other."""

    def __init__(self, folder) -> None:
        self.logs = folder / "logs"
        self.state = folder / "state.sqlite3"
        self.file = folder / "state.checkpoints.sqlite3"
        self.now = NOW
        for name in ("one", "two"):
            for path, data in running_store().items():
                self.put(name, path, data)

    def put(self, name, path, data) -> None:
        target = self.logs / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def begin(self, **build_options):
        self.store = Counted(self.logs)
        settings = Settings(logs=(str(self.logs),), state=str(self.state))
        source = LogsSource(self.store, LogsOptions(sqlite=False, listing_interval=0.0))
        return build(settings, [source], lambda: self.now, **build_options)

    def grow(self, name) -> None:
        self.put(name, segment_path(3), zipped({"1_1.json": rows(event(error="x"), first=4)}))
        self.put(name, MANIFEST, manifest(entry(1, ((1, 2), (2, 3), (3, 4)))))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def said():
    with structlog.testing.capture_logs() as lines:
        yield lines


def fails(snapshot, eval_set="one") -> int:
    (found,) = [one for one in snapshot.report.eval_sets if one.eval_set_id == eval_set]
    return found.tasks[0].running[0].retries


def segments(store: Counted) -> list[str]:
    return sorted(name for name in store.read if name.startswith("segment"))


async def a_life(world, **build_options):
    app = world.begin(**build_options)
    await app.tick()
    await app.save()
    return app


async def test_how_retries_grew_goes_on_after_a_restart(world):
    first = world.begin()
    await first.tick()
    world.now += 2 * BUCKET
    world.grow("one")
    await first.tick()
    (before,) = [h for h in first.snapshot.retries.values() if h.last_hour]
    await first.save()
    world.now += BUCKET
    snapshot = await world.begin().tick()
    assert snapshot.retries["one"].growth == (*before.growth, 0)
    assert snapshot.retries["one"].last_hour == 1
    assert snapshot.retries["two"].last_hour == 0


async def test_a_restart_reads_what_is_new(world, said):
    first = await a_life(world)
    world.grow("two")
    world.now += 60.0
    app = world.begin()
    snapshot = await app.tick()
    assert sorted(world.store.read) == ["manifest.json", "segment.3.zip"]
    assert (fails(snapshot), fails(snapshot, "two")) == (1, 2)
    (line,) = [line for line in said if line["event"] == "resumed"]
    assert (line["eval_sets"], line["saved_seconds_ago"]) == (2, 60)
    await first.aclose()
    await app.aclose()


async def test_in_postgresql_it_does_the_same(world, said, postgresql):
    world.state = postgresql.add_database()
    await (await a_life(world)).aclose()
    world.grow("two")
    world.now += 60.0
    app = world.begin()
    snapshot = await app.tick()
    assert sorted(world.store.read) == ["manifest.json", "segment.3.zip"]
    assert (fails(snapshot), fails(snapshot, "two")) == (1, 2)
    await app.aclose()
    assert not [line for line in said if line["log_level"] in {"warning", "error"}]


async def test_once_a_server_is_back_all_is_written(world, said, postgresql):
    world.state = postgresql.add_database()
    postgresql.stop()
    try:
        app = await a_life(world)
    finally:
        postgresql.start()
    await app.save()  # the first round to meet it makes the table …
    await app.tick()
    await app.save()  # … and the next one finds all to be written
    await app.aclose()
    assert len([line for line in said if line["event"] == "checkpoints_failed"]) == 1
    assert len([line for line in said if line["event"] == "checkpoints_kept_again"]) == 1
    names = postgresql.ask("SELECT eval_set FROM checkpoints", make_url(world.state).database)
    assert {name for (name,) in names} == {"one", "two"}


async def test_names_that_no_index_of_postgresql_takes_are_refused(world, said):
    app = world.begin()
    await app.tick()
    checkpoints = app._checkpoints
    (cut, *_) = checkpoints._pending.values()
    checkpoints._pending["\U0001f600" * 400, "\U0001f600" * 128] = cut
    await app.save()
    (line,) = [line for line in said if line["event"] == "checkpoint_refused"]
    assert line["reason"] == "ValueError: names of more than 2000 bytes"
    assert saved(world).keys() == {"one", "two"}
    await app.aclose()


async def test_what_changed_is_written_and_nothing_else(world):
    app = await a_life(world)
    before = saved(world)
    world.now += 60.0
    await app.tick()
    await app.save()
    assert saved(world) == before
    world.grow("two")
    world.now += 60.0
    await app.tick()
    await app.save()
    assert saved(world) == {"one": NOW, "two": NOW + 120.0}
    world.put("two", LOG, finished_log())
    await app.tick()
    shutil.rmtree(world.logs / "two")
    for _ in range(4):
        world.now += 600.0
        await app.tick()
    await app.save()
    assert saved(world).keys() == {"one"}
    await app.aclose()


async def test_who_writes_holds_no_poll():
    began, gate = threading.Event(), threading.Event()

    class SlowStore:
        def prune(self, _now):
            began.set()
            gate.wait(60)

    checkpoints = Checkpoints(SlowStore(), [], lambda: NOW, SelfMetrics())
    await checkpoints.load()
    writing = asyncio.create_task(checkpoints.prune())
    try:
        assert await asyncio.to_thread(began.wait, 10)
        async with asyncio.timeout(10):
            await checkpoints.load()
    finally:
        gate.set()
        await writing


async def test_one_that_changes_all_the_time_is_not_written_for_ever_before_the_others(world):
    app = world.begin()
    await app.tick()
    checkpoints, loop = app._checkpoints, asyncio.get_running_loop()
    write = checkpoints._store.write

    def write_slowly(rows, gone) -> None:
        for row in rows:
            world.grow(row.eval_set)
        world.now += 60.0
        asyncio.run_coroutine_threadsafe(app.tick(), loop).result(60)
        write(rows, gone)

    checkpoints._store.write = write_slowly
    written = []
    for _ in range(2):
        await checkpoints.save(cpu_seconds=0.0)
        written.append(saved(world))
    assert [len(names) for names in written] == [1, 2]
    await app.aclose()


def saved(world):
    with closing(sqlite3.connect(world.file)) as connection, connection:
        return dict(connection.execute("SELECT eval_set, saved_at FROM checkpoints"))


async def test_the_last_poll_is_written_at_the_end(world):
    app = world.begin()
    await app.tick()
    await app.aclose()
    assert saved(world).keys() == {"one", "two"}


async def test_a_damaged_one_is_kept_aside_and_read_anew(world, said):
    await (await a_life(world)).aclose()
    with closing(sqlite3.connect(world.file)) as connection, connection:
        connection.execute("UPDATE checkpoints SET state = x'00' WHERE eval_set = 'one'")
    app = world.begin()
    snapshot = await app.tick()
    assert segments(world.store) == ["segment.1.zip", "segment.2.zip"]
    assert (fails(snapshot), fails(snapshot, "two")) == (1, 1)
    assert any("1 damaged: kept aside" in str(line.get("detail")) for line in said)
    assert not any("another version" in str(line.get("detail")) for line in said)
    await app.aclose()


def verdicts(snapshot) -> dict[str, str]:
    return {one.eval_set_id: str(one.verdict) for one in snapshot.report.eval_sets}


async def lives_on(world, polls=4):
    """Some polls of the next life, over ten minutes."""
    app = world.begin()
    for _ in range(polls):
        world.now += 150.0
        snapshot = await app.tick()
    await app.save()
    await app.aclose()
    return snapshot


@pytest.mark.parametrize("what", ["emptied", "strangers"])
async def test_a_restart_misses_what_lay_there(world, what):
    await (await a_life(world)).aclose()
    away = world.logs.rename(world.logs.with_name("away"))
    world.logs.mkdir()
    if what == "strangers":
        (world.logs / "lost+found").mkdir()
    snapshot = await lives_on(world)
    assert verdicts(snapshot) == {"one": "unknown", "two": "unknown"}
    (source,) = snapshot.report.sources
    assert not source.shows_absence
    assert any("before, 2 eval sets lay there" in p.text for p in snapshot.report.problems)
    assert saved(world).keys() == {"one", "two"}
    shutil.rmtree(world.logs)
    away.rename(world.logs)
    snapshot = await lives_on(world, polls=1)
    assert (fails(snapshot), fails(snapshot, "two")) == (1, 1)
    assert segments(world.store) == [], "it goes on from where it was"


async def test_what_was_removed_beside_others_is_gone_after_a_restart_too(world):
    await (await a_life(world)).aclose()
    shutil.rmtree(world.logs / "two")
    assert verdicts(await lives_on(world)).keys() == {"one"}
    assert saved(world).keys() == {"one"}


async def test_what_had_ended_is_missed_by_nobody(world):
    for name in ("one", "two"):
        world.put(name, LOG, finished_log())
    await (await a_life(world)).aclose()
    shutil.rmtree(world.logs)
    world.logs.mkdir()
    snapshot = await lives_on(world)
    assert verdicts(snapshot) == {}
    assert saved(world) == {}


async def test_another_one_in_its_place_shows_that_it_is_gone(world):
    await (await a_life(world)).aclose()
    shutil.rmtree(world.logs)
    for path, data in running_store().items():
        world.put("three", path, data)
    assert verdicts(await lives_on(world)).keys() == {"three"}


HALVED = {
    "state": "UPDATE checkpoints SET state = substr(state, 1, 20)",
    "position": "UPDATE checkpoints SET position = substr(position, 1, 20)",
}


@pytest.mark.parametrize("part", HALVED)
async def test_half_of_one_is_none(world, part):
    await (await a_life(world)).aclose()
    with closing(sqlite3.connect(world.file)) as connection, connection:
        connection.execute(HALVED[part])
    app = world.begin()
    await app.tick()
    assert len(segments(world.store)) == 4
    await app.aclose()


async def test_a_damaged_file_is_kept_aside_and_everything_read_anew(world, said):
    await (await a_life(world)).aclose()
    world.file.write_bytes(b"no database")
    app = world.begin()
    await app.tick()
    assert len(segments(world.store)) == 4
    assert any("the checkpoints are damaged" in str(line.get("detail")) for line in said)
    await app.aclose()
    assert saved(world).keys() == {"one", "two"}


async def test_a_file_that_is_damaged_or_removed_meanwhile_is_written_anew(world):
    app = await a_life(world)
    for spoil in (lambda: world.file.write_bytes(b"no database" * 999), world.file.unlink):
        spoil()
        for _ in range(2):
            world.grow("one")
            world.now += 60.0
            await app.tick()
            await app.save()
        assert saved(world).keys() == {"one", "two"}
    await app.aclose()


async def test_another_version_is_left_alone_and_read_anew(world, said, monkeypatch):
    await (await a_life(world)).aclose()
    monkeypatch.setattr(built, "version", lambda: "99")
    app = world.begin()
    await app.tick()
    assert len(segments(world.store)) == 4
    assert any("all 2 are of another version" in str(line.get("detail")) for line in said)
    await app.aclose()
    monkeypatch.undo()
    app = world.begin()
    await app.tick()
    assert segments(world.store) == []
    await app.aclose()


async def test_without_the_experience_that_goes_with_them_all_is_read_anew(world):
    """Else nothing of what was read before would ever be learned."""
    await (await a_life(world)).aclose()
    with closing(sqlite3.connect(world.state)) as connection, connection:
        connection.execute("DELETE FROM learned")
    app = world.begin()
    await app.tick()
    assert len(segments(world.store)) == 4
    await app.aclose()


async def test_a_store_that_does_not_answer_at_the_start_costs_nothing(world):
    await (await a_life(world)).aclose()
    before = saved(world)
    away = world.logs.with_name("away")
    world.logs.rename(away)
    world.now += 60.0
    app = world.begin()
    for _ in range(3):
        await app.tick()
    await app.save()
    assert saved(world) == before
    away.rename(world.logs)
    world.now += 60.0
    snapshot = await app.tick()
    assert segments(world.store) == []
    assert fails(snapshot) == 1
    await app.aclose()


async def test_who_does_not_hold_the_role_writes_nothing(world):
    app = await a_life(world, alone=False)
    assert saved(world) == {}
    await app.aclose()
    assert saved(world) == {}


async def test_without_a_place_for_the_ledger_there_are_none(world, said):
    world.state = "sqlite://"
    app = await a_life(world)
    assert not world.file.exists()
    assert any("every start reads everything anew" in str(line.get("detail")) for line in said)
    await app.aclose()


async def test_what_is_learned_is_learned_once(world):
    call = {"uuid": "m", "output": {"choices": [{"stop_reason": "stop"}]}}
    at, done = "2026-11-23T15:44:41+00:00", "2026-11-23T15:54:41+00:00"
    calls = (
        rows(event(timestamp=at, pending=True, **call), event(timestamp=at, completed=done, **call))
        .replace(b'"e1"', b'"e"')
        .replace(b'"e2"', b'"e"')
    )
    world.put("one", segment_path(1), zipped({"1_1.json": calls}))
    app = await a_life(world)
    learned = app.learner.learned.durations
    assert learned
    await app.aclose()
    world.now += 60.0
    again = world.begin()
    await again.tick()
    assert again.learner.learned.durations == learned
    await again.aclose()


def test_the_version_changes_with_the_records(monkeypatch):
    before = checkpoint_records.version()
    checkpoint_records.version.cache_clear()
    monkeypatch.setattr(checkpoint_records, "EvalSetPosition", int)
    assert checkpoint_records.version() != before
    monkeypatch.undo()
    checkpoint_records.version.cache_clear()
    assert checkpoint_records.version() == before


async def test_a_row_that_became_text_is_set_aside_and_not_printed(world, said):
    app = await a_life(world)
    await app.aclose()
    with closing(sqlite3.connect(world.file)) as connection, connection:
        connection.execute(
            "UPDATE checkpoints SET state = CAST(x'ff706c61696e' AS TEXT) WHERE eval_set = 'one'"
        )
    app = world.begin()
    snapshot = await app.tick()
    assert fails(snapshot) == 1
    (line,) = [line for line in said if line["event"] == "resumed"]
    assert line["eval_sets"] == 1
    assert "plain" not in str(said)
    await app.aclose()


async def test_a_fault_in_one_eval_set_leaves_the_others_and_is_said(world, monkeypatch):
    real = LogsSource._take

    async def take(self, folder, eval_set_id, listing, emit):
        if eval_set_id == "one":
            raise KeyError("one")
        return await real(self, folder, eval_set_id, listing, emit)

    monkeypatch.setattr(LogsSource, "_take", take)
    app = world.begin()
    for _ in range(3):
        snapshot = await app.tick()
        world.now += 60.0
        assert [one.eval_set_id for one in snapshot.report.eval_sets] == ["two"]
        (problem,) = [p.text for p in snapshot.report.problems if p.where.endswith("one")]
        assert "fault of the watchdog" in problem
    await app.aclose()


async def test_where_nothing_was_judged_for_long_it_is_not_ready(world):
    app = world.begin()
    await app.tick()
    assert ready(app.health()).ready
    world.now += 3600.0
    (reason,) = [r for r in ready(app.health()).reasons if "judged" in r]
    assert "nothing was judged since" in reason
    await app.aclose()
