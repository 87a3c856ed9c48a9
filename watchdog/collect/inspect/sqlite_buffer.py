"""Inspect's sample buffer where the runner keeps it: one SQLite database per log and process.

Source of the format: `inspect_ai/log/_recorders/buffer/database.py`. The database lies at
`<user data>/inspect_ai/samplebuffer/<sha256 of the log directory's URI>/<log file>.<pid>.db`, in
WAL mode where the file system allows it, and is deleted when the log is finished.
"""

import asyncio
import glob
import hashlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import platformdirs

from watchdog.collect.inspect.buffers import decode_row, decode_summary
from watchdog.collect.inspect.events import EVENT_ID_LIMIT, KNOWN_KINDS, bounded
from watchdog.collect.inspect.holes import row_facts
from watchdog.collect.inspect.sqlite_address import NotRegular, TooLarge, beside
from watchdog.collect.inspect.sqlite_guard import NoTable, check_table, opened
from watchdog.collect.json_bounds import loads
from watchdog.collect.limits import (
    DATABASE_CONTENT,
    DATABASE_FILES,
    DATABASE_ROWS,
    ROW_BYTES,
    RUNNING,
    SAMPLES,
)
from watchdog.collect.source import Emit
from watchdog.collect.values import count, identifier, whole
from watchdog.model.facts import (
    Fact,
    ManifestRead,
    Row,
    SampleKey,
    SampleSummary,
)
from watchdog.model.verdict import Problem

BATCH_ROWS = 200
"""Rows read in one transaction. Each is reduced at once; only one is ever held in full."""
BATCH_BYTES = 32 * 1024 * 1024
"""Bytes of rows after which a transaction ends."""

EVENT_LIMIT = ROW_BYTES.value
"""Bytes of one event's JSON; a longer one counts as one that can't be understood."""

SUMMARY_LIMIT = 4 * 1024 * 1024
"""The same of a sample's summary."""

KINDS_MAX = 16
"""Unknown kinds of events that are told of one database."""

ENDED_STATES = ("completed", "complete", "success", "error", "cancelled")
"""Values of the guide's `$.state` that say that a sample is over."""

_SAMPLES = (
    "SELECT id, epoch, CASE WHEN length(data) <= ? THEN data END FROM samples"
    " ORDER BY id, epoch LIMIT ?"
)
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
    pattern, most = f"{glob.escape(name)}.*.db", DATABASE_FILES.value
    databases = [path for folder in folders for path in islice(folder.glob(pattern), most)]
    # what is no file is named, where there is nothing else
    return max(databases, key=lambda path: (_is_file(path), _written_at(path)), default=None)


def _is_file(path: Path) -> bool:
    """Whether it is a regular file: SQLite would wait for a pipe, and follow a link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


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
    return max(_mtime(path), _mtime(beside(path, "-wal")))


def _mtime(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class _NotUnderstood(Exception):  # noqa: N818 - reads as what it says
    """A database is there, and nothing in it is what it used to be."""


UNREADABLE = (
    sqlite3.Error,
    OSError,
    OverflowError,
    UnicodeDecodeError,
    TooLarge,
    NotRegular,
    NoTable,
    _NotUnderstood,
)


class _Batch:
    """The rows of one transaction, by sample."""

    def __init__(self, last_id: int) -> None:
        self.last_id = last_id
        self.rows: dict[SampleKey, list[Row]] = {}
        self.holes: dict[SampleKey, int] = {}
        """Samples with rows that can't be understood, and how many rows stand before the last."""
        self.count = 0
        self.size = 0
        self.bad = 0

    @property
    def full(self) -> bool:
        return self.count >= BATCH_ROWS or self.size >= BATCH_BYTES

    def add(self, row_id: object, event_id: object, key: SampleKey | None, data: object) -> None:
        self.count += 1
        self.size += len(data) if isinstance(data, bytes) else 0
        row = _row(row_id, event_id, data) if key else None
        self.last_id = row_id if isinstance(row_id, int) else self.last_id
        rows = self.rows.setdefault(key, []) if key else []
        if row:
            rows.append(row)
            return
        self.bad += 1
        if key:
            self.holes[key] = len(rows)


class SqliteBuffer:
    """One database, read from where the last read ended."""

    def __init__(self, path: Path) -> None:
        """Args: path: The `….db` file."""
        self._path = path
        self._last_id = 0
        self._bad_events = 0
        self._unknown_kinds: set[str] = set()
        self.failed = False
        """Whether the last read did not get to its end."""

    async def read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]:
        """Hand all samples that are in the buffer now, then all new rows, to `emit`.

        Never raises for what the database is like; what was read before a failure stays read.

        Returns:
            What could not be read: nothing there, no such table, locked, corrupt; and how many
            rows of this and of earlier reads could not be understood.
        """
        self.failed = True
        try:
            problems = await self._read(eval_set_id, log, emit)
        # SQLite quotes a damaged schema in its complaint, which then may be no UTF-8
        except UNREADABLE as error:
            return (self._problem(f"can't read the sample buffer: {error}"),)
        self.failed = False
        return problems

    async def _read(self, eval_set_id: str, log: str, emit: Emit) -> tuple[Problem, ...]:
        samples, bad_samples = await asyncio.to_thread(_read_samples, self._path)
        emit(ManifestRead(eval_set_id, log, samples))
        named = {sample.key for sample in samples}
        more, rows, size = True, DATABASE_ROWS.value, DATABASE_CONTENT.value
        while more:
            if rows <= 0 or size <= 0:
                beyond = DATABASE_ROWS if rows <= 0 else DATABASE_CONTENT
                raise _NotUnderstood(f"{beyond.more} at a time: the rest at the next poll")
            batch = await asyncio.to_thread(_read_batch, self._path, self._last_id)
            if not named.issuperset(batch.rows):
                # a sample that began between the two transactions
                samples, bad_samples = await asyncio.to_thread(_read_samples, self._path)
                emit(ManifestRead(eval_set_id, log, samples))
                named.update(batch.rows, (sample.key for sample in samples))
            for fact in _facts(batch, eval_set_id, log):
                emit(fact)
            more = batch.full and batch.last_id > self._last_id
            self._last_id = batch.last_id
            rows -= batch.count
            size -= batch.size
            self._bad_events += batch.bad
            kinds = {row.kind for rows in batch.rows.values() for row in rows}
            room = KINDS_MAX - len(self._unknown_kinds)
            self._unknown_kinds.update(list(kinds - KNOWN_KINDS - self._unknown_kinds)[:room])
        bad = bad_samples + self._bad_events
        texts = [f"{bad} rows can't be understood"] if bad else []
        texts += [f"unknown kind of event: {kind}" for kind in sorted(self._unknown_kinds)]
        return tuple(self._problem(text) for text in texts[:KINDS_MAX])

    def _problem(self, text: str) -> Problem:
        return Problem(str(self._path), text)


def _facts(batch: _Batch, eval_set_id: str, log: str) -> Iterator[Fact]:
    for key, rows in batch.rows.items():
        yield from row_facts(eval_set_id, log, key, rows, batch.holes.get(key))


def _read_batch(path: Path, after: int) -> _Batch:
    batch = _Batch(after)
    with opened(path) as connection:
        check_table(connection, "events")
        connection.text_factory = bytes
        cursor_rows = connection.execute(_EVENTS, (EVENT_LIMIT, after, BATCH_ROWS))
        for row_id, event_id, sample_id, epoch, data in cursor_rows:
            batch.add(row_id, event_id, _key(sample_id, epoch), data)
            if batch.full:
                break
    return batch


def _row(row_id: object, event_id: object, data: object) -> Row | None:
    if not isinstance(row_id, int) or whole(row_id) is None:
        return None
    try:
        own_id = identifier(_text(event_id), EVENT_ID_LIMIT)
        return decode_row(row_id, own_id or str(row_id), bounded(_bytes(data)))
    except (ValueError, RecursionError):
        return None


def _read_samples(path: Path) -> tuple[tuple[SampleSummary, ...], int]:
    """The samples in the buffer, and how many more there are that can't be understood."""
    most = SAMPLES.value
    with opened(path) as connection:
        check_table(connection, "samples")
        connection.text_factory = bytes
        rows = connection.execute(_SAMPLES, (SUMMARY_LIMIT, most + 1))
        summaries = [_summary(*row) for row in rows]
    readable = tuple(one for one in summaries if one)
    if len(summaries) > most:
        raise _NotUnderstood(SAMPLES.more)
    if (running := sum(not one.completed for one in readable)) > RUNNING.value:
        raise _NotUnderstood(RUNNING.text(running))
    if summaries and not readable:
        raise _NotUnderstood(f"none of its {len(summaries)} samples can be understood")
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
    sample, number = identifier(_text(sample_id)), count(_text(epoch))
    return None if sample is None or number is None else SampleKey(sample, number)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
