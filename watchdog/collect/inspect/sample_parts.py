"""All that a buffer holds of one sample's model calls: events, pooled messages, attachments.

Format: `SampleData` in inspect_ai 0.3.285, `log/_recorders/buffer/types.py`; a condensed event
names its messages by ranges of the sample's pool (`input_refs`, end exclusive), and long texts by
`attachment://<hash>` (`log/_condense.py`). Read when somebody asks for one sample, never by a
poll.
"""

import asyncio
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.buffers import CorruptManifest, SampleEntry, decode_manifest
from watchdog.collect.inspect.events import OLD_MODEL, loads
from watchdog.collect.inspect.naming import stem
from watchdog.collect.inspect.sqlite_address import address
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import Got, StoreError, join
from watchdog.collect.stores.zip_members import CorruptZip, directory, read_member
from watchdog.collect.values import whole
from watchdog.model.facts import SampleKey

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of segments, or of a database's rows, that are read for one sample."""
AHEAD = 8
"""Segments fetched at once."""
ATTACHMENT = re.compile(r"attachment://([0-9a-f]{32})")


class RequestUnreadable(Exception):  # noqa: N818 - the failing request stays unknown, no more
    """A sample's calls can't be read; the text says why."""


class Parts(Struct):
    """What was read of one sample, in the order of rows."""

    calls: list[tuple[int, dict[str, Any]]] = []
    """Row and event of every model event."""
    pool: list[tuple[int, dict[str, Any]]] = []
    attachments: dict[str, str] = {}

    def messages(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The messages of a call, those of the pool included."""
        own = _objects(event.get("input"))
        pool = [message for _, message in sorted(self.pool, key=lambda entry: entry[0])]
        for begin, end in _ranges(event.get("input_refs")):
            own += pool[begin:end]
        return own

    def text(self, value: str) -> str:
        """A text with the attachments that it names."""
        return ATTACHMENT.sub(lambda match: self.attachments.get(match[1], match[0]), value)


async def read_parts(place: Place, key: SampleKey, max_bytes: int = MAX_BYTES) -> Parts:
    """Everything of one sample's model calls.

    Raises:
        RequestUnreadable: there is no buffer, it doesn't hold the sample, or it is too large.
    """
    try:
        return await _from_segments(place, key, max_bytes)
    except StoreError as error:
        if error.reason != "not_found" or not place.sqlite:
            raise RequestUnreadable(error.text) from error
    except (CorruptManifest, CorruptZip) as error:
        raise RequestUnreadable(str(error)) from error
    return await _from_database(place, key, max_bytes)


async def _from_segments(place: Place, key: SampleKey, max_bytes: int) -> Parts:
    folder = join(place.folder, f".buffer/{stem(place.log)}")
    got = await place.store.get(join(folder, "manifest.json"), place.limit)
    if not isinstance(got, Got):
        raise RequestUnreadable("its manifest can't be read")
    manifest = await asyncio.to_thread(decode_manifest, got.data)
    entry = next((one for one in manifest.samples if one.summary.key == key), None)
    if entry is None:
        raise RequestUnreadable("the sample is no longer in the buffer")
    return await _read_segments(place, folder, entry, max_bytes)


async def _read_segments(place: Place, folder: str, entry: SampleEntry, max_bytes: int) -> Parts:
    parts, left = Parts(), max_bytes
    segments = [reference.segment for reference in entry.references]
    for begin in range(0, len(segments), AHEAD):
        paths = [join(folder, f"segment.{one}.zip") for one in segments[begin : begin + AHEAD]]
        replies = await asyncio.gather(*(place.store.get(path, place.limit) for path in paths))
        for got in replies:
            if isinstance(got, Got):
                left -= await asyncio.to_thread(_take_segment, parts, got.data, entry.member, left)
    return parts


def _take_segment(parts: Parts, data: bytes, name: str, left: int) -> int:
    """Take what a segment holds of the sample; how many bytes that was.

    Raises:
        RequestUnreadable: it is more than may be read.
        CorruptZip: it is no zip, or its member is damaged.
    """
    member = directory(data).get(name)
    if member is None:
        return 0
    if member.size > left:
        raise RequestUnreadable("the sample's rows are larger than is read for one request")
    content = read_member(data, member, left)
    _take(parts, _loaded(content))
    return len(content)


def _loaded(content: bytes) -> dict[str, Any]:
    try:
        content_map = loads(content)
    except ValueError as error:
        raise RequestUnreadable(f"its rows are no JSON: {str(error)[:120]}") from error
    return content_map if isinstance(content_map, dict) else {}


def _take(parts: Parts, member: dict[str, Any]) -> None:
    for row in _objects(member.get("events")):
        _take_event(parts, row.get("id"), row.get("event"))
    for row in _objects(member.get("message_pool")):
        _take_message(parts, row.get("id"), row.get("data"))
    for row in _objects(member.get("attachments")):
        digest, content = row.get("hash"), row.get("content")
        if isinstance(digest, str) and isinstance(content, str):
            parts.attachments[digest] = content


def _take_event(parts: Parts, row: object, event: object) -> None:
    number = whole(row)
    is_call = isinstance(event, dict) and event.get("event") in ("model", OLD_MODEL)
    if number is not None and is_call and isinstance(event, dict):
        parts.calls.append((number, event))


def _take_message(parts: Parts, row: object, data: object) -> None:
    number = whole(row)
    if number is None or not isinstance(data, str):
        return
    try:
        message = loads(data.encode("utf-8", "replace"))
    except ValueError:
        message = {}
    # an unreadable message keeps its place: ranges count them
    parts.pool.append((number, message if isinstance(message, dict) else {}))


async def _from_database(place: Place, key: SampleKey, max_bytes: int) -> Parts:
    """The same from Inspect's own database, where the runner's disk is this machine's."""
    log = place.store.local_path(place.path)
    path = await asyncio.to_thread(sqlite_buffer.find, log) if log is not None else None
    if path is None:
        raise RequestUnreadable("there is no buffer beside the log")
    try:
        return await asyncio.to_thread(_read_database, path, key, max_bytes)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise RequestUnreadable(f"can't read the sample buffer: {error}") from error


_EVENTS = "SELECT id, data FROM events WHERE sample_id = ? AND sample_epoch = ? ORDER BY id"
_MESSAGES = "SELECT id, data FROM message_pool WHERE sample_id = ? AND sample_epoch = ? ORDER BY id"
_ATTACHMENTS = "SELECT hash, content FROM attachments WHERE sample_id = ? AND sample_epoch = ?"
_HAS_POOL = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'message_pool'"
"""Inspect 0.3.200 has none yet, 0.3.210 does: before, events hold their messages."""


def _read_database(path: Path, key: SampleKey, max_bytes: int) -> Parts:
    with address(path) as uri, closing(sqlite3.connect(uri, uri=True)) as connection:
        return _read_tables(connection, (key.id, key.epoch), max_bytes)


def _read_tables(connection: sqlite3.Connection, key: tuple[str, int], max_bytes: int) -> Parts:
    parts = Parts()
    for row, data in _bounded(connection.execute(_EVENTS, key), max_bytes):
        if '"model' in data:
            _take_event(parts, row, _loaded(data.encode("utf-8", "replace")))
    if connection.execute(_HAS_POOL).fetchone()[0]:
        for row, data in _bounded(connection.execute(_MESSAGES, key), max_bytes):
            _take_message(parts, row, data)
    attachments = _bounded(connection.execute(_ATTACHMENTS, key), max_bytes)
    parts.attachments.update((str(digest), content) for digest, content in attachments)
    return parts


def _bounded(rows: Iterable[tuple[object, object]], left: int) -> Iterator[tuple[object, str]]:
    for first, text in rows:
        if isinstance(text, str):
            left -= len(text)
            if left < 0:
                raise RequestUnreadable("the sample's rows are larger than is read for one request")
            yield first, text


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _ranges(value: object) -> Iterator[tuple[int, int]]:
    for one in value if isinstance(value, list) else []:
        if isinstance(one, list) and len(one) == 2:
            begin, end = whole(one[0]), whole(one[1])
            if begin is not None and end is not None and 0 <= begin < end:
                yield begin, end
