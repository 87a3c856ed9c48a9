"""How to open a database that somebody may be writing, and leave no trace.

Nothing is written beside it, not even the `-wal` and `-shm` files that SQLite makes for a mere
reader: the runner would find them in its way, and the directory need not be writable.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.collect.limits import DATABASE_COPY
from watchdog.collect.stores.contained import kind_of

COPY_LIMIT = DATABASE_COPY.value
"""Bytes of an orphaned database and its log that are copied to be read."""


class NotRegular(Exception):  # noqa: N818 - reads as what it says
    """A pipe, a device, a folder or a link where a database is expected."""


class TooLarge(Exception):  # noqa: N818 - reads as what it says
    """A database whose writer died is too large to be copied."""


def beside(path: Path, suffix: str) -> Path:
    """A file that SQLite keeps beside a database."""
    return path.with_name(path.name + suffix)


@contextmanager
def address(path: Path) -> Iterator[str]:
    """How to open a database so that SQLite makes no file beside it.

    `mode=ro` alone makes `-wal` and `-shm` for a database in WAL mode that has none. With
    `readonly_shm` SQLite only looks at the `-shm` that is there, or (nobody holds it: the writer
    died) reads the log by itself. Without a log all is in the database, and nobody writes.
    """
    log, shared = beside(path, "-wal"), beside(path, "-shm")
    for file in (path, log, shared, beside(path, "-journal")):
        _check(file, needed=file is path)
    if not _in_wal_mode(path):
        yield f"{path.absolute().as_uri()}?mode=ro"
    elif log.exists() and shared.exists():
        yield f"{path.absolute().as_uri()}?mode=ro&readonly_shm=1"
    elif not log.exists() or not log.stat().st_size:
        yield f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    else:
        with _copied(path, log) as copy:
            yield copy.as_uri()


def _check(path: Path, *, needed: bool) -> None:
    """Raises: NotRegular: SQLite would wait for ever, or write a device; OSError: it is gone."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        if needed:
            raise
        return
    if not stat.S_ISREG(mode):
        raise NotRegular(f"{path.name} is {kind_of(mode)}, no regular file")


def _in_wal_mode(path: Path) -> bool:
    """The file format's read version: https://www.sqlite.org/fileformat2.html#file_format_version_numbers."""
    with path.open("rb") as file:
        return file.read(20)[19:] == b"\x02"


@contextmanager
def _copied(path: Path, log: Path) -> Iterator[Path]:
    """A copy of a database whose log was left without its `-shm`: nobody writes it any more."""
    if path.stat().st_size + log.stat().st_size > COPY_LIMIT:
        raise TooLarge(f"it has to be copied, and is larger than {COPY_LIMIT:,} bytes")
    with tempfile.TemporaryDirectory(prefix="watchdog-") as folder:
        for file in (path, log):
            shutil.copyfile(file, Path(folder) / file.name)
        yield Path(folder) / path.name
