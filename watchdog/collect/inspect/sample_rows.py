"""The newest rows of one sample, read when somebody asks for it, never by a poll.

From the buffer beside the log while the sample runs, from Inspect's database where the runner's
disk is this machine's, from the log once it has ended. Nothing of it is remembered.
"""

import asyncio
import sqlite3
from asyncio import gather
from collections import deque
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from msgspec import Struct

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.buffer_reader import AHEAD
from watchdog.collect.inspect.buffers import CorruptManifest, SampleEntry, decode_row
from watchdog.collect.inspect.events import EVENT_ID_LIMIT
from watchdog.collect.inspect.logged_sample import logged_rows
from watchdog.collect.inspect.naming import is_json, stem
from watchdog.collect.inspect.sqlite_guard import check_table, opened
from watchdog.collect.limits import LOOK_BYTES, LOOK_ROWS, LOOK_SEGMENTS, MANIFEST_BYTES
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import NotModified, StoreError, join
from watchdog.collect.stores.zip_members import CorruptZip
from watchdog.collect.values import identifier
from watchdog.collect.work.account import Account
from watchdog.collect.work.content import fetch
from watchdog.collect.work.jobs import SegmentPiece
from watchdog.collect.work.limits import HELD_BYTES, THREAD_BYTES
from watchdog.collect.work.reading import read_manifest, read_segment
from watchdog.collect.work.worker import WorkFailed
from watchdog.model.facts import Row, SampleKey


class RowsUnreadable(Exception):  # noqa: N818 - reads as what it says
    """A sample's rows can't be read; the text says why."""


class SampleRows(Struct, frozen=True):
    """The newest rows of a sample, in order."""

    rows: tuple[Row, ...]
    source: Literal["buffer", "log"]
    earlier: bool = False
    """Whether there are rows before these."""
    lost: tuple[str, ...] = ()
    """What between them could not be read, each with the reason."""


async def newest_rows(place: Place, key: SampleKey) -> SampleRows:
    """The newest rows of a sample.

    Raises:
        RowsUnreadable: it is neither in the buffer nor in the log, or what is there can't be read.
    """
    account = Account()
    try:
        found = await _from_buffer(place, key, account)
        if found is None and place.sqlite:
            found = await _from_database(place, key)
        if found is None and not is_json(place.log):
            found = await _from_log(place, key)
    except (StoreError, CorruptManifest, CorruptZip, WorkFailed) as error:
        raise RowsUnreadable(_why(error)) from error
    if found is None:
        raise RowsUnreadable("it is neither in the buffer nor in the log")
    return found


async def _from_buffer(place: Place, key: SampleKey, account: Account) -> SampleRows | None:
    folder = join(place.folder, f".buffer/{stem(place.log)}")
    most = min(place.limit, MANIFEST_BYTES.value)
    try:
        got = await fetch(place.store, join(folder, "manifest.json"), THREAD_BYTES.value, most)
    except StoreError as error:
        if error.reason == "not_found":
            return None
        raise
    if isinstance(got, NotModified):
        raise StoreError("other", "unasked-for 304")
    manifest = await read_manifest(got, account)
    entry = next((one for one in manifest.samples if one.summary.key == key), None)
    return None if entry is None else await _segments(place, folder, entry, account)


async def _segments(place: Place, folder: str, entry: SampleEntry, account: Account) -> SampleRows:
    """The newest segments first, some at once, until there are enough rows."""
    rows: deque[Row] = deque()
    lost: list[str] = []
    numbers = [reference.segment for reference in reversed(entry.references)]
    read = 0
    while read < min(len(numbers), LOOK_SEGMENTS.value):
        if len(rows) >= LOOK_ROWS.value or account.size >= LOOK_BYTES.value:
            break
        batch = numbers[read : read + AHEAD]
        read += len(batch)
        paths = (join(folder, f"segment.{number}.zip") for number in batch)
        for found in await gather(*(_segment(place, path, entry, account) for path in paths)):
            if isinstance(found, str):
                lost.append(found)
            else:
                rows.extendleft(reversed(found))
    kept = tuple(rows)[-LOOK_ROWS.value :]
    return SampleRows(kept, "buffer", read < len(numbers) or len(kept) < len(rows), tuple(lost))


async def _segment(
    place: Place, path: str, entry: SampleEntry, account: Account
) -> list[Row] | str:
    """The sample's rows in a segment, or why they can't be read."""
    try:
        return await _rows(place, path, entry, account)
    except (StoreError, CorruptZip, WorkFailed) as error:
        return f"{path.rpartition('/')[2]}: {_why(error)}"


def _why(error: Exception) -> str:
    """The reason first: a store's own words may be nothing but an address."""
    if isinstance(error, StoreError):
        return f"{error.reason.replace('_', ' ')}: {error.text}"
    return str(error)


async def _rows(place: Place, path: str, entry: SampleEntry, account: Account) -> list[Row]:
    got = await fetch(place.store, path, HELD_BYTES.value, min(place.limit, LOOK_BYTES.value))
    if isinstance(got, NotModified):
        raise StoreError("other", "unasked-for 304")
    account.spend(size=got.size)
    rows: deque[Row] = deque(maxlen=LOOK_ROWS.value)
    pieces = read_segment(got, (entry.member,), place.limit, account)
    async with aclosing(pieces):
        async for piece in pieces:
            _take(rows, piece)
    return list(rows)


def _take(rows: deque[Row], piece: SegmentPiece) -> None:
    if piece.unreadable is not None:
        raise CorruptZip(piece.unreadable)
    rows.extend(piece.rows)


async def _from_log(place: Place, key: SampleKey) -> SampleRows | None:
    rows = await logged_rows(place, key)
    if rows is None:
        return None
    kept = rows[-LOOK_ROWS.value :]
    return SampleRows(kept, "log", len(kept) < len(rows))


_NEWEST = (
    "SELECT id, event_id, CASE WHEN length(data) <= ? THEN data END FROM events"
    " WHERE sample_id = ? AND sample_epoch = ? ORDER BY id DESC LIMIT ?"
)


async def _from_database(place: Place, key: SampleKey) -> SampleRows | None:
    log = place.store.local_path(place.path)
    path = await asyncio.to_thread(sqlite_buffer.find, log) if log is not None else None
    if path is None:
        return None
    try:
        return await asyncio.to_thread(_read_database, path, key)
    except sqlite_buffer.UNREADABLE as error:
        raise RowsUnreadable(f"can't read the sample buffer: {error}") from error


def _read_database(path: Path, key: SampleKey) -> SampleRows | None:
    rows: list[Row] = []
    lost = 0
    with opened(path) as connection:
        check_table(connection, "events")
        left = LOOK_BYTES.value
        for row_id, event_id, data in _newest(connection, key):
            left -= len(data) if isinstance(data, str) else 0
            if left < 0 or len(rows) >= LOOK_ROWS.value:
                return SampleRows(tuple(reversed(rows)), "buffer", True, _rows_lost(lost))
            row = _row(row_id, event_id, data)
            lost += row is None
            rows += [] if row is None else [row]
    found = SampleRows(tuple(reversed(rows)), "buffer", False, _rows_lost(lost))
    return found if rows or lost else None


def _newest(connection: sqlite3.Connection, key: SampleKey) -> Iterable[tuple[object, ...]]:
    given = (sqlite_buffer.EVENT_LIMIT, key.id, key.epoch, LOOK_ROWS.value + 1)
    return connection.execute(_NEWEST, given)


def _row(row_id: object, event_id: object, data: object) -> Row | None:
    if not isinstance(row_id, int) or not isinstance(data, str):
        return None
    try:
        name = identifier(event_id, EVENT_ID_LIMIT) or str(row_id)
        return decode_row(row_id, name, data.encode("utf-8", "replace"))
    except ValueError:
        return None


def _rows_lost(number: int) -> tuple[str, ...]:
    return (f"{number:,} rows could not be understood",) if number else ()
