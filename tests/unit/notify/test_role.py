import json
import os

import pytest

from watchdog.notify.ledger.role import NoLock, RoleLockError, RoleTakenError, role_lock


@pytest.fixture
def state(tmp_path):
    return f"sqlite:///{tmp_path / 'state'}"


def test_one_service_for_the_same_targets_however_spelled(state, tmp_path):
    logs = tmp_path / "logs"
    first = role_lock(state, (str(logs), "s3://b/p/"))
    first.acquire()
    second = role_lock(state, ("s3://b/p", f"{logs}/../logs", str(logs)))
    with pytest.raises(RoleTakenError, match=f"process {os.getpid()} on "):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_its_file_is_its_owner_s(state, tmp_path):
    before = os.umask(0)
    lock = role_lock(state, ("a",))
    try:
        lock.acquire()
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
    lock.release()


def test_other_targets_may_share_the_ledger(state):
    locks = [role_lock(state, targets) for targets in (("a",), ("b",), ("a", "b"), ())]
    for lock in locks:
        lock.acquire()
    for lock in locks:
        lock.release()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://h/d"])
def test_what_nobody_shares_needs_no_lock(url):
    assert isinstance(role_lock(url, ("a",)), NoLock)


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}', b"\xff" * 2000])
def test_a_holder_that_can_not_be_read_is_somebody(state, content):
    first = role_lock(state, ("a",))
    first.acquire()
    first.path.write_bytes(content)
    with pytest.raises(RoleTakenError, match="another process"):
        role_lock(state, ("a",)).acquire()
    first.release()


def test_the_file_names_who_holds_it(state):
    lock = role_lock(state, ("a",))
    lock.acquire()
    assert json.loads(lock.path.read_text())["pid"] == os.getpid()
    lock.release()


def test_a_place_without_room_for_a_lock_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RoleLockError, match="file"):
        role_lock(f"sqlite:///{tmp_path}/file/state", ("a",)).acquire()
