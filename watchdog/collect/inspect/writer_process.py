"""The process that writes a log on this machine: whether it is gone, where that can be known.

Inspect names its database `<log>.<pid>.db` (`log/_recorders/buffer/database.py`). A process id says
something only on the machine, and in the pid namespace, of the process. So both files must lie on
file systems that are this machine's own; no process of a container may have that id within; and
where SQLite shows who has the database open, nobody unseen may. Anything else is not known.

Sources: proc(5), proc_pid_stat(5), fcntl(2), pid_namespaces(7); SQLite's shared-memory file has a
lock at byte 128 while a connection in WAL mode is open (`UNIX_SHM_DMS`, os_unix.c).
"""

import fcntl
import os
import re
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from watchdog.model.facts import WriterProcess

NAME = re.compile(r".+\.(\d{1,10})\.db", re.DOTALL)
PROC = Path("/proc")
OWN_FILE_SYSTEMS = frozenset(
    {
        "apfs",
        "bcachefs",
        "btrfs",
        "ecryptfs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "jfs",
        "ntfs3",
        "overlay",
        "ramfs",
        "reiserfs",
        "tmpfs",
        "vfat",
        "xfs",
        "zfs",
    }
)
"""File systems of which no other machine writes. A list of what is known: of others it isn't."""
OF_CONTAINER = frozenset({"overlay", "tmpfs", "ramfs"})
"""Those that a container has to itself as a rule."""
INITIAL_PID_NAMESPACE = "pid:[4026531836]"
"""`PROC_PID_INIT_INO`, Linux's include/linux/proc_ns.h: from there all processes are seen."""
REUSE_SECONDS = 60.0
"""A process that began so long after the last write is another one. Clocks are set, so not 0."""
DEAD_STATES = frozenset("ZXx")
LOCK_BYTE = 128
LOCK = struct.Struct("hhqqi4x")
"""`struct flock` of 64-bit Linux: type, whence, start, length, pid."""


def writer_of(database: Path, log: Path | None, proc: Path = PROC) -> WriterProcess | None:
    """The process that made a database; None where nothing can be known of it.

    Args:
        database: `<log>.<pid>.db`.
        log: its log where that is a file, None where it is an object in a bucket.
        proc: the processes' file system.
    """
    match = NAME.fullmatch(database.name)
    written_at = _written_at(database)
    paths = [database] if log is None else [database, log]
    if match is None or written_at is None or not all(is_own(path, proc) for path in paths):
        return None
    pid = int(match[1])
    if _lives(pid, written_at, proc):
        return WriterProcess(pid, gone=False, last_written_at=written_at)
    if _is_elsewhere(pid, proc) or not _is_unheld(database, proc):
        return None
    return WriterProcess(pid, gone=True, last_written_at=written_at)


def is_own(path: Path, proc: Path = PROC) -> bool:
    """Whether a file lies on a file system that is this machine's alone."""
    kind = file_system(path, proc)
    if kind is None and sys.platform == "darwin":
        return _is_on_system_disk(path)
    return kind in OWN_FILE_SYSTEMS


def file_system(path: Path, proc: Path = PROC) -> str | None:
    """The type of the file system that a file lies on; None where nobody says."""
    try:
        lines = (proc / "mounts").read_text(errors="replace").splitlines()
    except OSError:
        return None
    mounts = [fields for line in lines if len(fields := line.split(" ")) >= 3]
    place = os.path.realpath(path)
    within = [(len(top), kind) for _, top, kind, *_ in _unescaped(mounts) if _holds(top, place)]
    # of several on one mount point the last covers the others
    longest = max((length for length, _ in within), default=-1)
    return next((kind for length, kind in reversed(within) if length == longest), None)


def _unescaped(mounts: Iterable[list[str]]) -> Iterable[list[str]]:
    r"""Blanks in a mount point's name are written `\\040`."""
    for fields in mounts:
        top = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[1])
        yield [fields[0], top, *fields[2:]]


def _holds(top: str, place: str) -> bool:
    return place == top or place.startswith(top.rstrip("/") + "/")


def _is_on_system_disk(path: Path) -> bool:
    """On macOS, where no file tells of mounts: the disk that the system is on."""
    disks = {_device(Path(disk)) for disk in ("/", "/System/Volumes/Data")}
    return _device(path) in disks - {None}


def _device(path: Path) -> int | None:
    try:
        return path.stat().st_dev
    except OSError:
        return None


def _written_at(database: Path) -> float | None:
    """When its writer last wrote; None where it is gone (a finished log's is deleted)."""
    times = []
    for path in (database, database.with_name(f"{database.name}-wal")):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            if path is database:
                return None
    return max(times)


def _lives(pid: int, written_at: float, proc: Path) -> bool:
    """Whether the process that wrote is there: not ended, and no later one of the same id."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # somebody else's, but there
    try:
        fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        state, started_at = fields[0], _started_at(int(fields[19]), proc)
    except (OSError, IndexError, ValueError):
        return True
    is_later = started_at is not None and started_at > written_at + REUSE_SECONDS
    return state not in DEAD_STATES and not is_later


def _started_at(ticks: int, proc: Path) -> float | None:
    """When a process started, from clock ticks since the machine did."""
    for line in (proc / "stat").read_text(errors="replace").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    return None


def _is_elsewhere(pid: int, proc: Path) -> bool:
    """Whether a container's process has this id within: it may be the one that wrote."""
    try:
        processes = [path for path in proc.iterdir() if path.name.isdigit()]
    except OSError:
        return False
    return any(pid in _inner_ids(process) for process in processes)


def _inner_ids(process: Path) -> list[int]:
    """A process's ids in the pid namespaces below this one."""
    try:
        lines = (process / "status").read_text(errors="replace").splitlines()
    except OSError:
        return []
    ids = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return [int(one) for one in ids[1:] if one.isdigit()]


def _is_unheld(database: Path, proc: Path) -> bool:
    """Whether no process that can't be seen from here may have the database open."""
    if sys.platform != "linux":
        return True
    holder = _holder(database)
    if holder is not None:
        return holder != 0
    try:
        sees_all = str((proc / "self" / "ns" / "pid").readlink()) == INITIAL_PID_NAMESPACE
    except OSError:
        return False
    return sees_all or file_system(database, proc) in OF_CONTAINER


def _holder(database: Path) -> int | None:
    """Who has a database in WAL mode open: -1 nobody, 0 somebody unseen, else a reader's id.

    None where that doesn't show: outside WAL mode, and with writers that close it after each write.
    """
    try:
        descriptor = os.open(database.with_name(f"{database.name}-shm"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        question = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, LOCK_BYTE, 1, 0)
        kind, *_, pid = LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return -1 if kind == fcntl.F_UNLCK else max(pid, 0)
