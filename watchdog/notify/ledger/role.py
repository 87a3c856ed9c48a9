"""Who serves a ledger: one service for each set of targets. The role is locked, not the database.

So `watchdog mute` and every other command go on working beside the service, and one that stands by
can wait for the role. The kernel gives the lock of a process back when that ends, however it ends;
a row with a heartbeat would have to be waited for after a kill. On NFS a lock needs a server and a
mount that have locks (`local_lock=none`): where there are none, nothing is refused.
"""

import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from watchdog.model.texts import first_line

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_HOLDER_BYTES = 1000


class RoleTakenError(Exception):
    """Another service has the role; the text says which one."""


class RoleLockError(Exception):
    """Whether another one has it can't be told; the text says why."""


class RoleLock(Protocol):
    """One service for a ledger and its targets."""

    @property
    def held(self) -> bool:
        """Whether nobody else can have it."""
        ...

    def acquire(self) -> None:
        """Take the role, or raise at once; the process keeps it until it ends.

        Raises:
            RoleTakenError: another process has it.
            RoleLockError: nobody can be asked.
        """
        ...

    def release(self) -> None:
        """Give it back; nothing where it isn't held."""
        ...


class NoLock:
    """For what no other process can have: a ledger in memory."""

    held = True

    def acquire(self) -> None:
        """There is nobody else."""

    def release(self) -> None:
        """Nothing is held."""


class FileLock:
    """`flock` on a file beside an SQLite ledger. The file stays: who deletes it lets two in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the role."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, _FLAGS, 0o600)
        except OSError as error:
            raise RoleLockError(_reason(self.path, error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise RoleTakenError(holder) from None
        except OSError as error:
            os.close(descriptor)
            raise RoleLockError(_reason(self.path, error)) from error
        self._descriptor = descriptor
        with suppress(OSError):  # on a full disk nobody can be named, and the lock holds
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(_ourselves()).encode(), 0)

    def release(self) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def role_lock(state_url: str, targets: Iterable[str]) -> RoleLock:
    """The lock of a ledger's service for these targets, in any order and spelling.

    Two services with other targets may share a ledger: each tells of its own. For a database
    server there is none yet: an advisory lock has its place here.
    """
    url = make_url(state_url)
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
        return NoLock()
    spelled = "\0".join(sorted({_spelled(target) for target in targets}))
    role = hashlib.sha256(spelled.encode(errors="surrogateescape")).hexdigest()[:16]
    return FileLock(Path(f"{name}.{role}.lock"))


def _spelled(target: str) -> str:
    if "://" in target:
        return target.rstrip("/")
    return str(Path(target).expanduser().resolve())


def _ourselves() -> dict[str, object]:
    return {"pid": os.getpid(), "host": socket.gethostname()}


def _holder(descriptor: int) -> str:
    """`process 71 on host-a`, as the holder wrote it down."""
    try:
        holder = json.loads(os.pread(descriptor, _HOLDER_BYTES, 0))
        return f"process {int(holder['pid'])} on {first_line(str(holder['host']), 100)}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _reason(path: Path, error: OSError) -> str:
    return f"{path}: {error.strerror or error}"
