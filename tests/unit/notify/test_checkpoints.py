"""Checkpoints beside the ledger: written whole, for their owner alone; damage is kept aside."""

import sqlite3
import stat

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from watchdog.notify.ledger.checkpoints import (
    KEPT_SECONDS,
    Checkpoint,
    beside,
    open_checkpoints,
)
from watchdog.notify.ledger.database import UnusableError

NOW = 1_800_000_000.0


def opened(folder, *, watch="a", version="1", now=NOW):
    return open_checkpoints(folder / "state.sqlite3", now, watch, version)


def checkpoint(eval_set="set", state=b"state", saved_at=NOW):
    return Checkpoint("store", eval_set, saved_at, state, b"position")


def test_what_was_written_is_read_by_the_next(tmp_path):
    first = opened(tmp_path).store
    first.write([checkpoint(), checkpoint("other")], ())
    first.write([checkpoint(state=b"newer")], [("store", "other")])
    first.close()
    again = opened(tmp_path)
    assert again.warning == ""
    assert list(again.store.read()) == [checkpoint(state=b"newer")]


def test_it_is_a_file_of_its_own_and_its_owners_alone(tmp_path):
    opened(tmp_path).store.write([checkpoint()], ())
    assert [path.name for path in tmp_path.iterdir()] == ["state.checkpoints.sqlite3"]
    mode = (tmp_path / "state.checkpoints.sqlite3").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_of_a_database_server_it_is_a_table():
    url = make_url("postgresql+psycopg://u@h/watchdog")
    assert beside(url) == url


def test_beside_a_ledger_in_memory_there_are_none():
    read = open_checkpoints("sqlite://", NOW, "a", "1")
    assert read.store is None
    assert "in memory" in read.warning


def test_other_targets_and_other_versions_have_their_own(tmp_path):
    opened(tmp_path, version="2").store.write([checkpoint(state=b"newer version")], ())
    older = opened(tmp_path).store
    assert list(older.read()) == []
    assert older.others() == 1
    older.write([checkpoint()], ())
    older.prune(NOW + KEPT_SECONDS - 1)
    assert list(opened(tmp_path, watch="b").store.read()) == []
    newer = opened(tmp_path, version="2").store
    assert list(newer.read()) == [checkpoint(state=b"newer version")]
    older.prune(NOW + KEPT_SECONDS + 1)
    assert list(newer.read()) == []
    assert list(older.read()) == [checkpoint()]


def test_one_that_is_damaged_is_kept_aside(tmp_path):
    store = opened(tmp_path).store
    store.write([checkpoint(), checkpoint("other")], ())
    store.set_aside(checkpoint(), NOW)
    assert list(store.read()) == [checkpoint("other")]
    with sqlite3.connect(tmp_path / "state.checkpoints.sqlite3") as connection:
        versions = dict(connection.execute("SELECT eval_set, version FROM checkpoints"))
    assert versions == {"set": "unusable-20270115T080000Z", "other": "1"}


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 4096])
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(tmp_path, content):
    file = tmp_path / "state.checkpoints.sqlite3"
    file.write_bytes(content)
    read = opened(tmp_path)
    assert "damaged: kept as state.checkpoints.sqlite3.unusable-20270115T080000Z" in read.warning
    assert (tmp_path / f"{file.name}.unusable-20270115T080000Z").read_bytes() == content
    read.store.write([checkpoint()], ())
    assert list(read.store.read()) == [checkpoint()]


def test_one_that_is_damaged_while_it_is_used(tmp_path):
    store = opened(tmp_path).store
    file = tmp_path / "state.checkpoints.sqlite3"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(UnusableError):
        store.write([checkpoint()], ())
    assert store.begin_afresh(NOW) == f"{file.name}.unusable-20270115T080000Z"
    store.write([checkpoint()], ())


def test_one_that_was_removed_can_be_made_anew(tmp_path):
    store = opened(tmp_path).store
    (tmp_path / "state.checkpoints.sqlite3").unlink()
    with pytest.raises(SQLAlchemyError):
        store.write([checkpoint()], ())
    store.prepare()
    store.write([checkpoint()], ())
    assert list(store.read()) == [checkpoint()]


def test_a_place_that_cant_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    read = open_checkpoints(tmp_path / "file" / "state.sqlite3", NOW, "a", "1")
    assert read.store is None
    assert "a restart reads everything anew" in read.warning
