"""Inspect's sample buffer where the runner keeps it: one SQLite database per log and process.

Source of the format: `inspect_ai/log/_recorders/buffer/database.py`. The database lies at
`<user data>/inspect_ai/samplebuffer/<sha256 of the log directory's URI>/<log file>.<pid>.db`, in
WAL mode where the file system allows it, and is deleted when the log is finished.

Nothing is written beside it, not even the `-wal` and `-shm` files that SQLite makes for a mere
reader: the runner would find them in its way, and the directory need not be writable.
"""

import asyncio
import glob
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import platformdirs

from watchdog.collect.inspect.buffers import decode_row, decode_summary
from watchdog.collect.inspect.events import loads
from watchdog.collect.source import Emit
from watchdog.collect.values import name, text, whole
from watchdog.model.facts import (
    Fact,
    ManifestRead,
    Row,
    RowsLost,
    RowsRead,
    SampleKey,
    SampleSummary,
)
from watchdog.model.verdict import Problem

BATCH_ROWS = 200
"""Rows read in one transaction. Each is reduced at once; only one is ever held in full."""

BUSY_SECONDS = 0.25
"""How long a reader waits for a lock. Only databases outside WAL mode have any to wait for."""

EVENT_LIMIT = 64 * 1024 * 1024
"""Characters of one event's JSON; a longer one counts as one that can't be understood."""

COPY_LIMIT = 512 * 1024 * 1024
"""Bytes of an orphaned database and its log that are copied to be read."""

ENDED_STATES = ("completed", "complete", "success", "error", "cancelled")
"""Values of the guide's `$.state` that say that a sample is over."""

_SAMPLES = "SELECT id, epoch, data FROM samples ORDER BY id, epoch"
_EVENTS = (
    "SELECT id, event_id, sample_id, sample_epoch, CASE WHEN length(data) <= ? THEN data END"
    " FROM events WHERE id > ? ORDER BY id LIMIT ?"
)


def find(log: Path | str, data_dir: Path | None = None) -> Path | None:
    """The newest buffer that Inspect keeps on this machine for a log, or None.

    Args:
        log: The `.eval` file, or its address (`s3://…`, `file://…`).
        data_dir: Inspect's data directory, where it isn't the present user's.
    """
    root = (data_dir or platformdirs.user_data_path("inspect_ai")) / "samplebuffer"
    name = str(log).rstrip("/").rpartition("/")[2]
    folders = (root / _log_dir_hash(one) for one in _log_dirs(log))
    databases = [path for folder in folders for path in folder.glob(f"{glob.escape(name)}.*.db")]
    return max(databases, key=_written_at, default=None)


def _log_dirs(log: Path | str) -> list[str]:
    """The URIs that Inspect may have given the log's directory: as named, or resolved."""
    address = str(log)
    if "://" in address and not address.startswith("file://"):
        return [address.rpartition("/")[0]]
    path = Path(address.removeprefix("file://"))
    return list(dict.fromkeys(f"file://{one.parent}" for one in (path.absolute(), path.resolve())))


def _log_dir_hash(uri: str) -> str:
    return hashlib.sha256(uri.rstrip("/\\").encode()).hexdigest()


def _written_at(path: Path) -> float:
    """When a database was last written; in WAL mode its own file is touched only now and then."""
    return max(_mtime(path), _mtime(_beside(path, "-wal")))


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


class _TooLarge(Exception):  # noqa: N818 - reads as what it says
    """A database whose writer died is too large to be copied."""


class _Batch:
    """The rows of one transaction, by sample."""

    def __init__(self, last_id: int) -> None:
        self.last_id = last_id
        self.rows: dict[SampleKey, list[Row]] = {}
        self.lost: dict[SampleKey, int] = {}
        """Samples with rows that can't be understood: how many good ones came before the last."""
        self.count = 0
        self.bad = 0

    @property
    def full(self) -> bool:
        return self.count == BATCH_ROWS

    def add(self, row_id: object, event_id: object, key: SampleKey | None, data: object) -> None:
        self.count += 1
        row = _row(row_id, event_id, data) if key else None
        self.last_id = row_id if isinstance(row_id, int) else self.last_id
        if key and row:
            self.rows.setdefault(key, []).append(row)
            return
        self.bad += 1
        if key:
            self.lost[key] = len(self.rows.get(key, ()))


class SqliteBuffer:
    """One database, read from where the last read ended."""

    def __init__(self, path: Path) -> None:
        """Args: path: The `….db` file."""
        self._path = path
        self._last_id = 0
        self._bad_events = 0

    async def read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]:
        """Hand all samples that are in the buffer now, then all new rows, to `emit`.

        Never raises for what the database is like; what was read before a failure stays read.

        Returns:
            What could not be read: nothing there, no such table, locked, corrupt; and how many
            rows of this and of earlier reads could not be understood.
        """
        try:
            return await self._read(eval_set_id, log, emit)
        # SQLite quotes a damaged schema in its complaint, which then may be no UTF-8
        except (sqlite3.Error, OSError, UnicodeDecodeError, _TooLarge) as error:
            return (self._problem(f"can't read the sample buffer: {error}"),)

    async def _read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]:
        samples, bad_samples = await asyncio.to_thread(_read_samples, self._path)
        emit(ManifestRead(eval_set_id, log, samples))
        more = True
        while more:
            batch = await asyncio.to_thread(_read_batch, self._path, self._last_id)
            for fact in _facts(batch, eval_set_id, log):
                emit(fact)
            more = batch.full and batch.last_id > self._last_id
            self._last_id = batch.last_id
            self._bad_events += batch.bad
        bad = bad_samples + self._bad_events
        return (self._problem(f"{bad} rows can't be understood"),) if bad else ()

    def _problem(self, text: str) -> Problem:
        return Problem(str(self._path), text)


def _facts(batch: _Batch, eval_set_id: str, log: str) -> Iterator[Fact]:
    for key, rows in batch.rows.items():
        before = batch.lost.get(key, 0)
        if before:
            yield RowsRead(eval_set_id, log, key, tuple(rows[:before]))
        if key in batch.lost:
            yield RowsLost(eval_set_id, log, key, newest=before == len(rows))
        if before < len(rows):
            yield RowsRead(eval_set_id, log, key, tuple(rows[before:]))
    for key in batch.lost.keys() - batch.rows.keys():
        yield RowsLost(eval_set_id, log, key, newest=True)


def _read_batch(path: Path, after: int) -> _Batch:
    batch = _Batch(after)
    with _opened(path) as connection:
        cursor_rows = connection.execute(_EVENTS, (EVENT_LIMIT, after, BATCH_ROWS))
        for row_id, event_id, sample_id, epoch, data in cursor_rows:
            batch.add(row_id, event_id, _key(sample_id, epoch), data)
    return batch


def _row(row_id: object, event_id: object, data: object) -> Row | None:
    if not isinstance(row_id, int):
        return None
    try:
        return decode_row(row_id, name(_text(event_id)) or str(row_id), _bytes(data))
    except (ValueError, RecursionError):
        return None


def _read_samples(path: Path) -> tuple[tuple[SampleSummary, ...], int]:
    """The samples in the buffer, and how many more there are that can't be understood."""
    with _opened(path) as connection:
        summaries = [_summary(*row) for row in connection.execute(_SAMPLES)]
    readable = tuple(one for one in summaries if one)
    return readable, len(summaries) - len(readable)


def _summary(sample_id: object, epoch: object, data: object) -> SampleSummary | None:
    raw = _bytes(data)
    old = b'"state"' in raw or b'"epoch"' not in raw
    try:
        return _old_summary(sample_id, epoch, raw) if old else decode_summary(raw)
    except (ValueError, RecursionError):
        return None


def _old_summary(sample_id: object, epoch: object, raw: bytes) -> SampleSummary:
    """A summary that leaves its id to the columns, or has the guide's `state`."""
    record = loads(raw)
    if not isinstance(record, dict):
        raise ValueError("no summary")  # noqa: TRY004 - one error for bad data
    key = {"id": _text(sample_id), "epoch": _text(epoch)}
    end = {"completed": record.get("state") in ENDED_STATES}
    return decode_summary(json.dumps({**key, **end, **record}).encode())


def _key(sample_id: object, epoch: object) -> SampleKey | None:
    sample, number = text(_text(sample_id)), whole(_text(epoch))
    return None if sample is None or number is None else SampleKey(sample, number)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one short transaction, which never writes."""
    with _address(path) as uri:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            connection.text_factory = bytes
            yield connection


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """How to open a database so that SQLite makes no file beside it.

    `mode=ro` alone makes `-wal` and `-shm` for a database in WAL mode that has none. With
    `readonly_shm` SQLite only looks at the `-shm` that is there, or (nobody holds it: the writer
    died) reads the log by itself. Without a log all is in the database, and nobody writes.
    """
    log, shared = _beside(path, "-wal"), _beside(path, "-shm")
    if not _in_wal_mode(path):
        yield f"{path.absolute().as_uri()}?mode=ro"
    elif log.exists() and shared.exists():
        yield f"{path.absolute().as_uri()}?mode=ro&readonly_shm=1"
    elif not log.exists() or not log.stat().st_size:
        yield f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    else:
        with _copied(path, log) as copy:
            yield copy.as_uri()


def _in_wal_mode(path: Path) -> bool:
    """The file format's read version: https://www.sqlite.org/fileformat2.html#file_format_version_numbers."""
    with path.open("rb") as file:
        return file.read(20)[19:] == b"\x02"


@contextmanager
def _copied(path: Path, log: Path) -> Iterator[Path]:
    """A copy of a database whose log was left without its `-shm`: nobody writes it any more."""
    if path.stat().st_size + log.stat().st_size > COPY_LIMIT:
        raise _TooLarge(f"it has to be copied, and is larger than {COPY_LIMIT:,} bytes")
    with tempfile.TemporaryDirectory(prefix="watchdog-") as folder:
        for file in (path, log):
            shutil.copyfile(file, Path(folder) / file.name)
        yield Path(folder) / path.name
