"""A database that fails while the service runs: full, locked, read-only, damaged, removed, hung."""

import sqlite3
import threading

import pytest
from sqlalchemy import event, insert, select

from tests.builders.delivery import Delivery
from tests.builders.snapshots import NOW, eval_set, incident, quiet, snapshot
from tests.doubles.channel import Clock, Recorder, turn
from watchdog.model.verdict import Verdict
from watchdog.notify.decide import Reason
from watchdog.notify.deliver import Deliverer
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.standby import catch_up, copy_of, standby_of
from watchdog.notify.ledger.tables import incidents, messages
from watchdog.notify.ledger.worker import TRY_AGAIN_SECONDS, LedgerWorker
from watchdog.threads import Pool

# longer than a page of SQLite: on a full disk it has no room
STUCK = snapshot(eval_set(), incidents=(incident(summary="x" * 50_000),))
WELL = snapshot(quiet(incident().eval_sets[0], Verdict.PROGRESSING))


class Rig(Delivery):
    """A service's delivery over a database on a disk, and ways to break that."""

    def __init__(self, folder):
        self.file = folder / "state"
        super().__init__(self.file, STUCK)
        self.pragma = None
        opened = open_ledger(self.file, NOW)
        self.ledger = opened.ledger
        event.listen(self.ledger.engine, "connect", self._prepare)
        self.take(opened)

    def _prepare(self, connection, _):
        if self.pragma is not None:
            connection.execute(f"PRAGMA {self.pragma}")


@pytest.fixture
async def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    await made.deliverer.aclose()


@pytest.fixture
def lock(rig):
    connection = sqlite3.connect(rig.file, isolation_level=None)
    yield connection
    connection.close()


def fill(rig):
    rig.pragma = "max_page_count=1"


def empty(rig):
    rig.pragma = "max_page_count=1000000"


def forbid(rig):
    rig.pragma = "query_only=1"


def allow(rig):
    rig.pragma = None


def damage(rig):
    rig.file.write_bytes(b"x" * 20_000)
    for name in ("-wal", "-shm"):
        rig.file.with_name(f"state{name}").unlink(missing_ok=True)


def remove(rig):
    rig.file.unlink()


def leave(_rig):
    """What mends itself."""


WAYS = {
    "full": (fill, empty),
    "read-only": (forbid, allow),
    "damaged": (damage, leave),
    "removed": (remove, leave),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_page_goes_out_and_the_database_catches_up(rig, way):
    breaks, mends = WAYS[way]
    await rig.turn(WELL)
    breaks(rig)
    assert await rig.turn(STUCK) == [Reason.OPEN]
    assert rig.channel.kinds == ["opened"]
    ((name, reason),) = rig.deliverer.failing
    assert name == "ledger"
    assert "since 2026-11-23 08:00 UTC" in reason
    mends(rig)
    assert await rig.turn(STUCK) == [Reason.STILL_OPEN]
    assert rig.deliverer.failing == ()
    assert await rig.reread() == ([Reason.STILL_OPEN], [])


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_told_before_is_not_told_again(rig, way):
    breaks, mends = WAYS[way]
    await rig.turn(STUCK)
    breaks(rig)
    assert await rig.turn(STUCK) == [Reason.STILL_OPEN]
    await rig.turn(WELL)
    mends(rig)
    await rig.turn(WELL)
    assert rig.channel.kinds == ["opened", "resolved"]
    assert open_ledger(rig.file, NOW).ledger.open_incidents() == {}


async def test_a_lock_that_stays_delays_nobody_for_long(rig, lock, monkeypatch):
    monkeypatch.setattr(rig.worker, "_database", Pool("ledger", 1, 0.2))
    await rig.turn(WELL)
    lock.execute("BEGIN EXCLUSIVE")
    assert await rig.turn(STUCK) == [Reason.OPEN]
    assert rig.channel.kinds == ["opened"]
    assert "no answer within 0.2 s" in rig.deliverer.failing[0][1]


async def test_a_database_that_hangs_holds_one_thread(rig, monkeypatch):
    monkeypatch.setattr(rig.worker, "_database", Pool("ledger", 1, 0.05))
    await rig.turn(STUCK)
    gate = threading.Event()
    event.listen(rig.ledger.engine, "before_cursor_execute", lambda *_: gate.wait(60) and None)
    for _ in range(5):
        await rig.turn(STUCK)
    assert rig.worker._database.hanging == 1
    gate.set()
    monkeypatch.setattr(rig.worker, "_database", Pool("ledger", 1, 20))
    await rig.turn(STUCK)
    assert rig.channel.kinds == ["opened"]
    assert rig.deliverer.failing == ()


async def test_until_it_may_be_tried_again_the_database_is_left_alone(rig):
    fill(rig)
    await rig.turn(STUCK)
    empty(rig)
    await turn(rig.deliverer, STUCK)
    assert rig.deliverer.failing
    await rig.turn(STUCK)
    assert rig.deliverer.failing == ()


async def test_at_the_end_what_memory_knows_is_written(rig):
    fill(rig)
    await rig.turn(STUCK)
    empty(rig)
    await rig.deliverer.aclose()
    assert set(open_ledger(rig.file, NOW).ledger.open_incidents()) == {incident().id}


async def test_a_place_that_can_be_written_only_later_is_used_then(tmp_path):
    (tmp_path / "folder").write_text("")
    opened = open_ledger(tmp_path / "folder" / "state", NOW)
    seconds = [0.0]
    worker = LedgerWorker(opened.database, opened.ledger, Clock(), lambda: seconds[0])
    deliverer = Deliverer(opened.ledger, (Recorder(),), Clock(), ledger_worker=worker)
    await turn(deliverer, STUCK)
    assert deliverer.failing
    (tmp_path / "folder").unlink()
    seconds[0] += TRY_AGAIN_SECONDS
    await turn(deliverer, STUCK)
    assert deliverer.failing == ()
    await deliverer.aclose()
    again = open_ledger(tmp_path / "folder" / "state", NOW)
    assert set(again.ledger.open_incidents()) == {incident().id}


async def test_what_ended_long_ago_stays_in_the_database_alone(rig):
    for snap in (STUCK, WELL):
        await rig.turn(snap)
    lately = copy_of(rig.ledger, rig.clock.now - rig.worker.ended_seconds)
    assert (len(lately.incidents), len(lately.messages)) == (1, 2)
    rig.clock.now += rig.worker.ended_seconds + 60
    await rig.turn(WELL)
    now = copy_of(rig.ledger, rig.clock.now - rig.worker.ended_seconds)
    assert (now.incidents, now.messages, now.openings) == ([], [], {incident().id: 1})


async def test_what_opens_again_in_memory_is_another_opening(rig):
    for snap in (STUCK, WELL):
        await rig.turn(snap)
    rig.clock.now += rig.worker.ended_seconds + 60
    await rig.turn(WELL)
    fill(rig)
    assert await rig.turn(STUCK) == [Reason.OPEN]
    empty(rig)
    await rig.turn(STUCK)
    assert rig.deliverer.failing == ()
    query = select(incidents.c.generation, incidents.c.resolved_at)
    with rig.ledger.engine.connect() as connection:
        (first, ended), (second, still_open) = connection.execute(query.order_by("generation"))
    assert (first, second) == (1, 2)
    assert ended is not None
    assert still_open is None


async def test_messages_of_others_keep_their_numbers(rig):
    await rig.turn(WELL)
    standby = standby_of(copy_of(rig.ledger), rig.ledger.watch)
    deliverer = Deliverer(standby, (Recorder(),), rig.clock)
    await turn(deliverer, STUCK)
    other = {"watch": "other", "incident": "i", "generation": 1, "channel": "slack"}
    rest = {"kind": "opened", "state": "pending", "created_at": NOW, "record": "{}", "attempts": 0}
    with rig.ledger.transaction() as connection:
        connection.execute(insert(messages).values(**other, **rest, next_at=0.0))
    assert catch_up(rig.ledger, standby, NOW) is None
    with rig.ledger.transaction() as connection:
        rows = connection.execute(messages.select().order_by(messages.c.number)).all()
    assert [(row.watch, row.state) for row in rows] == [("other", "pending"), ("", "sent")]
    await deliverer.aclose()


async def test_what_can_wait_is_left_undone(rig):
    fill(rig)
    await rig.turn(STUCK)
    assert await rig.worker.on_database(lambda _ledger: True) is None
    empty(rig)
    rig.seconds += TRY_AGAIN_SECONDS
    assert await rig.worker.on_database(lambda _ledger: True)
