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
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, Struct

from watchdog.collect.inspect import sqlite_buffer
from watchdog.collect.inspect.buffers import CorruptManifest, SampleEntry, decode_manifest
from watchdog.collect.inspect.events import OLD_MODEL
from watchdog.collect.inspect.naming import stem
from watchdog.collect.inspect.sqlite_guard import check_table, opened
from watchdog.collect.json_bounds import UNFIT, Tally, loads
from watchdog.collect.limits import (
    DATABASE_VALUE,
    MANIFEST_BYTES,
    MEMBER_BYTES,
    MEMBER_ROWS,
    REQUEST_BYTES,
    REQUEST_CALLS,
    REQUEST_MESSAGES,
    REQUEST_TEXT,
    SMALL,
    Beyond,
)
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import Got, StoreError, join
from watchdog.collect.stores.zip_members import CorruptZip, directory, read_content
from watchdog.collect.values import whole
from watchdog.model.facts import SampleKey

MAX_BYTES = REQUEST_BYTES.value
"""Bytes of segments, or of a database's rows, that are read for one sample."""
ATTACHMENT = re.compile(r"attachment://([0-9a-f]{32})")


class RequestUnreadable(Exception):  # noqa: N818 - the failing request stays unknown, no more
    """A sample's calls can't be read; the text says why."""


class Parts(Struct):
    """What was read of one sample, in the order of rows."""

    calls: list[tuple[int, dict[str, Any]]] = []
    """Row and event of the newest model events, and of the newest that failed."""
    pool: list[tuple[int, dict[str, Any]]] = []
    attachments: dict[str, str] = {}
    kept: int = 0
    """Characters of attachments."""
    expanded: int = 0
    """Characters that attachments took in the texts of one call."""

    def messages(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The messages of a call, those of the pool included; at most `REQUEST_MESSAGES`."""
        self.expanded, most = 0, REQUEST_MESSAGES.value
        messages = _objects(event.get("input"))[:most]
        pool = [message for _, message in sorted(self.pool, key=lambda entry: entry[0])]
        for begin, end in islice(_ranges(event.get("input_refs")), most):
            messages += pool[begin : min(end, begin + most - len(messages))]
        return messages

    def text(self, value: str) -> str:
        """A text with the attachments that it names, `REQUEST_TEXT` of them for all of a call."""
        return ATTACHMENT.sub(self._attachment, value)

    def _attachment(self, match: re.Match[str]) -> str:
        content = self.attachments.get(match[1])
        if content is None or self.expanded + len(content) > REQUEST_TEXT.value:
            return match[0]
        self.expanded += len(content)
        return content

    def call(self, row: int, event: dict[str, Any]) -> None:
        """Keep a call, and of many the newest: by kind, for each is asked for."""
        self.calls.append((row, event))
        if len(self.calls) > 2 * REQUEST_CALLS.value:
            self.calls.sort(key=lambda call: call[0])
            newest = self.calls[-REQUEST_CALLS.value :]
            older = self.calls[: -REQUEST_CALLS.value]
            failed = [call for call in older if call[1].get("error")][-1:]
            pending = [call for call in older if call[1].get("pending") is True][-1:]
            counted = [call for call in older if _counts_tokens(call[1])][-1:]
            self.calls = [*counted, *pending, *failed, *newest]

    def attach(self, digest: str, content: str) -> None:
        """Keep an attachment, as long as all of them are not too long."""
        if self.kept + len(content) <= REQUEST_TEXT.value:
            self.kept += len(content)
            self.attachments[digest] = content


def _counts_tokens(event: dict[str, Any]) -> bool:
    output = event.get("output")
    return isinstance(output, dict) and bool(output.get("usage"))


class _Event(Struct, gc=False):
    id: Any = None
    event: Raw = Raw(b"null")

    def __post_init__(self) -> None:
        _TALLY.take(MEMBER_ROWS)


class _Message(Struct, gc=False):
    id: Any = None
    data: str = ""

    def __post_init__(self) -> None:
        _TALLY.take(MEMBER_ROWS)


class _Attachment(Struct, gc=False):
    hash: str = ""
    content: str = ""

    def __post_init__(self) -> None:
        _TALLY.take(MEMBER_ROWS)


class _Sample(Struct, gc=False):
    events: list[_Event] = []
    message_pool: list[_Message] = []
    attachments: list[_Attachment] = []


_TALLY = Tally(MEMBER_ROWS)
_sample = msgspec.json.Decoder(_Sample)


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
    most = min(place.limit, MANIFEST_BYTES.value)
    got = await place.store.get(join(folder, "manifest.json"), most)
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
    for segment in segments:
        path = join(folder, f"segment.{segment}.zip")
        got = await place.store.get(path, place.limit)
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
    content = read_content(data, member, min(left, MEMBER_BYTES.value))
    if len(content) <= SMALL.value:
        _take(parts, _loaded(content))
    else:
        _take_large(parts, content)
    return len(content)


def _take_large(parts: Parts, content: bytes | bytearray) -> None:
    """The same of a large member, of which no more is built than is needed.

    Raises:
        RequestUnreadable: it is not what a member is, or has more rows than are read.
    """
    try:
        sample = _TALLY.counting(_sample, content)
    except (Beyond, *UNFIT) as error:
        raise RequestUnreadable(f"its rows can't be read: {str(error)[:120]}") from error
    for row in sample.events:
        if b'"model' in bytes(row.event):
            _take_event(parts, row.id, _loaded(row.event))
    for message in sample.message_pool:
        _take_message(parts, message.id, message.data)
    for attachment in sample.attachments:
        parts.attach(attachment.hash, attachment.content)


def _loaded(content: bytes | bytearray | Raw) -> dict[str, Any]:
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
            parts.attach(digest, content)


def _take_event(parts: Parts, row: object, event: object) -> None:
    number = whole(row)
    is_call = isinstance(event, dict) and event.get("event") in ("model", OLD_MODEL)
    if number is not None and is_call and isinstance(event, dict):
        parts.call(number, event)


def _take_message(parts: Parts, row: object, data: object) -> None:
    number = whole(row)
    if number is None or not isinstance(data, str) or len(parts.pool) >= REQUEST_MESSAGES.value:
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
    except sqlite_buffer.UNREADABLE as error:
        raise RequestUnreadable(f"can't read the sample buffer: {error}") from error


_EVENTS = (
    "SELECT id, CASE WHEN length(data) <= ? THEN data END FROM events"
    " WHERE sample_id = ? AND sample_epoch = ? ORDER BY id"
)
_MESSAGES = _EVENTS.replace("FROM events", "FROM message_pool")
_ATTACHMENTS = (
    "SELECT hash, CASE WHEN length(content) <= ? THEN content END FROM attachments"
    " WHERE sample_id = ? AND sample_epoch = ?"
)


def _read_database(path: Path, key: SampleKey, max_bytes: int) -> Parts:
    with opened(path) as connection:
        return _read_tables(connection, (DATABASE_VALUE.value, key.id, key.epoch), max_bytes)


def _read_tables(
    connection: sqlite3.Connection, key: tuple[int, str, int], max_bytes: int
) -> Parts:
    parts = Parts()
    check_table(connection, "events")
    for row, data in _bounded(connection.execute(_EVENTS, key), max_bytes):
        if '"model' in data:
            _take_event(parts, row, _loaded(data.encode("utf-8", "replace")))
    # Inspect 0.3.200 has no pool yet, 0.3.210 does: before, events hold their messages
    if check_table(connection, "message_pool", needed=False):
        for row, data in _bounded(connection.execute(_MESSAGES, key), max_bytes):
            _take_message(parts, row, data)
    check_table(connection, "attachments")
    for digest, content in _bounded(connection.execute(_ATTACHMENTS, key), max_bytes):
        parts.attach(str(digest), content)
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
