"""Whether the process of this machine that writes a log is gone: said only where it is known."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchdog.collect.inspect import writer_process
from watchdog.collect.inspect.writer_process import file_system, is_own, writer_of

MOUNTS = """\
/dev/vda / ext4 rw 0 0
nas:/home /home nfs4 rw 0 0
tmpfs /home/me/fast\\040disk tmpfs rw 0 0
host:/x /mnt/over ext4 rw 0 0
sshfs /mnt/over fuse.sshfs rw 0 0
"""
INITIAL = writer_process.INITIAL_PID_NAMESPACE


class Machine:
    """A processes' file system, and one database of a process."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc = root / "proc"
        (self.proc / "self" / "ns").mkdir(parents=True)
        (self.proc / "self" / "ns" / "pid").symlink_to(INITIAL)
        (self.proc / "mounts").write_text("/dev/vda / ext4 rw 0 0\n")
        self.log = root / "x.eval"
        self.log.touch()
        self.alive: set[int] = set()
        self.database = root / "x.eval.4711.db"
        self.database.touch()
        self.booted = int(time.time()) - 100_000
        (self.proc / "stat").write_text(f"cpu 1 2\nbtime {self.booted}\n")
        monkeypatch.setattr(os, "kill", self.kill)
        monkeypatch.setattr(sys, "platform", "linux")

    def kill(self, pid: int, _signal: int) -> None:
        if pid not in self.alive:
            raise ProcessLookupError

    def process(self, pid: int, started_at: float, state: str = "S", inner: str = "") -> None:
        ticks = int((started_at - self.booted) * os.sysconf("SC_CLK_TCK"))
        folder = self.proc / str(pid)
        folder.mkdir()
        fields = [str(number) for number in range(4, 22)]
        (folder / "stat").write_text(f"{pid} (a ) b) {state} {' '.join(fields)} {ticks} 0\n")
        (folder / "status").write_text(f"Name:\tx\nNSpid:\t{pid}{inner}\n")
        self.alive.add(pid)

    def gone(self) -> bool | None:
        writer = writer_of(self.database, self.log, self.proc)
        return writer.gone if writer is not None else None


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_no_process_of_that_id(machine: Machine) -> None:
    assert machine.gone() is True
    writer = writer_of(machine.database, machine.log, machine.proc)
    assert writer is not None
    assert (writer.pid, writer.last_written_at) == (4711, machine.database.stat().st_mtime)


def test_one_that_is_there_says_nothing(machine: Machine) -> None:
    machine.process(4711, time.time() - 3600)
    assert machine.gone() is False


def test_one_that_has_ended_and_was_not_waited_for(machine: Machine) -> None:
    machine.process(4711, time.time() - 3600, state="Z")
    assert machine.gone() is True


def test_a_later_one_of_the_same_id_is_another(machine: Machine) -> None:
    written_at = time.time() - 5000
    os.utime(machine.database, (written_at, written_at))
    machine.process(4711, written_at + 10)
    assert machine.gone() is False
    (machine.proc / "4711" / "stat").unlink()
    (machine.proc / "4711" / "status").unlink()
    (machine.proc / "4711").rmdir()
    machine.process(4711, written_at + 600)
    assert machine.gone() is True


def test_what_it_wrote_last_may_stand_beside_the_database(machine: Machine) -> None:
    """In WAL mode the database's own file is touched only now and then."""
    old, new = time.time() - 5000, time.time() - 10
    os.utime(machine.database, (old, old))
    log = machine.database.with_name(f"{machine.database.name}-wal")
    log.touch()
    os.utime(log, (new, new))
    machine.process(4711, old + 600)
    assert machine.gone() is False


def test_somebody_else_s_process_is_there(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", forbidden)
    assert machine.gone() is False


def test_a_container_s_process_with_that_id_within_may_be_the_one(machine: Machine) -> None:
    machine.process(90_001, time.time() - 3600, inner="\t4711")
    assert machine.gone() is None


def test_from_within_a_container_only_its_own_files_tell(machine: Machine) -> None:
    namespace = machine.proc / "self" / "ns" / "pid"
    namespace.unlink()
    namespace.symlink_to("pid:[4026532999]")
    assert machine.gone() is None
    (machine.proc / "mounts").write_text("overlay / overlay rw 0 0\n")
    assert machine.gone() is True


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p", "virtiofs", "lustre", "new"])
@pytest.mark.parametrize("of", ["log", "database"])
def test_another_machine_may_write_there(machine: Machine, kind: str, of: str) -> None:
    path = machine.log if of == "log" else machine.database
    other = path.parent / "shared"
    other.mkdir()
    path.rename(other / path.name)
    setattr(machine, of, other / path.name)
    (machine.proc / "mounts").write_text(f"/dev/vda / ext4 rw 0 0\nx {other} {kind} rw 0 0\n")
    assert machine.gone() is None


def test_of_a_log_in_a_bucket_the_database_tells(machine: Machine) -> None:
    writer = writer_of(machine.database, None, machine.proc)
    assert writer is not None
    assert writer.gone


@pytest.mark.parametrize("name", ["x.eval.db", "x.eval.abc.db", "x.eval.99999999999.db", "4711.db"])
def test_a_name_without_an_id(machine: Machine, name: str) -> None:
    machine.database = machine.database.rename(machine.database.with_name(name))
    assert machine.gone() is None


def test_a_database_that_was_deleted_meanwhile(machine: Machine) -> None:
    """Its log is being finished."""
    machine.database.unlink()
    assert machine.gone() is None


def test_a_machine_that_tells_nothing(machine: Machine) -> None:
    (machine.proc / "mounts").unlink()
    assert machine.gone() is None


def test_on_macos_a_missing_process_is_enough(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(writer_process, "_is_on_system_disk", lambda path: path.exists())
    nothing = machine.proc / "none"
    gone = writer_of(machine.database, machine.log, nothing)
    machine.alive.add(4711)
    there = writer_of(machine.database, machine.log, nothing)
    assert gone is not None
    assert there is not None
    assert (gone.gone, there.gone) == (True, False)


@pytest.mark.parametrize(
    ("path", "kind", "own"),
    [
        ("/var/x", "ext4", True),
        ("/home/me/x", "nfs4", False),
        ("/home/me/fast disk/x", "tmpfs", True),
        ("/home2/x", "ext4", True),
        ("/mnt/over/x", "fuse.sshfs", False),
    ],
)
def test_mounts(tmp_path: Path, path: str, kind: str, own: bool) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    assert file_system(Path(path), tmp_path) == kind
    assert is_own(Path(path), tmp_path) is own


WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
connection.commit()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's locks")
def test_who_has_the_database_open_shows(tmp_path: Path) -> None:
    """As it does to a container beside it, which sees no process."""
    database = tmp_path / "x.eval.4711.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(database)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        holder = writer_process._holder(database)
        process.kill()
        process.wait()
    assert holder == process.pid
    assert writer_process._holder(database) == -1
    assert writer_process._holder(tmp_path / "none.db") is None


@pytest.mark.parametrize(("holder", "gone"), [(0, None), (-1, True), (812, True), (None, True)])
def test_somebody_unseen_may_be_the_writer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, holder: int | None, gone: bool | None
) -> None:
    monkeypatch.setattr(writer_process, "_holder", lambda _: holder)
    assert machine.gone() is gone


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "x.eval.4711.db"
    sqlite3.connect(database).close()
    database.with_name(f"{database.name}-shm").touch()

    def refuse(*_: object) -> bytes:
        raise OSError(95, "not supported")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert writer_process._holder(database) is None
