"""What the worker process reads, each handed back in pieces that take the loop a millisecond.

The decoders are the very ones that read small things in the service itself.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect.buffers import (
    CorruptManifest,
    SampleEntry,
    decode_manifest,
    decode_summaries,
)
from watchdog.collect.inspect.json_content import NoLog, Told, told
from watchdog.collect.inspect.segment_zip import rows_of, whole_budget
from watchdog.collect.inspect.segments import CorruptMember, Rows
from watchdog.collect.inspect.specification import header_read
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    Directory,
    Member,
    directory,
    read_content,
)
from watchdog.model.facts import Row, SampleSummary, SpecRead

T = TypeVar("T")

ROWS = 500
"""Rows in a piece."""
ERRORS = 50_000
"""Characters of errors in a piece, give or take one error: their causes are looked for in them."""
NAMES = 2_000
"""Names of members, or of samples, in a piece."""
TEXTS_MAX = 51
"""Texts on what is unreadable that are handed back; one more than are kept."""

UNREADABLE = (CorruptZip, CorruptManifest, CorruptMember, ValueError, OverflowError, RecursionError)


class SegmentArguments(Struct, frozen=True):
    """Which members of a segment are read, each of at most `limit` bytes."""

    members: tuple[str, ...]
    limit: int


class LogArguments(Struct, frozen=True):
    """What is read of a log. Of a zip the data are the bytes of one member, not yet unpacked."""

    eval_set_id: str
    log: str
    member: Member | None = None
    limit: int = 0
    begun: bool = False
    """Whether the member is `start.json`."""
    cut: str = ""
    """Why the data are only the head of a log in JSON."""


class JsonPiece(Struct, frozen=True, omit_defaults=True):
    """Some samples of a log in JSON; in the last piece all else of it."""

    samples: tuple[SampleSummary, ...] = ()
    rest: Told | None = None
    other: str | None = None
    """Why the file is something else than a log."""


class SegmentPiece(Struct, frozen=True, omit_defaults=True):
    """Some rows of the wanted member at this place, in order, or what became of it."""

    place: int = -1
    rows: tuple[Row, ...] = ()
    hole: bool = False
    """Rows can't be read after those that were handed over."""
    ends_in_hole: bool = False
    """That is where the member ends."""
    bad: tuple[str, ...] = ()
    missing: bool = False
    """The segment has no such member."""
    unreadable: str | None = None
    last: bool = False
    """Nothing more comes of this member."""
    names: tuple[str, ...] = ()
    """Of all members of the segment; in pieces without rows, which come first."""


class EntriesPiece(Struct, frozen=True, omit_defaults=True):
    """Some samples of a manifest, or why some can't be read."""

    samples: tuple[SampleEntry, ...] = ()
    bad: tuple[str, ...] = ()


class SummariesPiece(Struct, frozen=True, omit_defaults=True):
    """Some samples of a journal, or why some can't be read."""

    samples: tuple[SampleSummary, ...] = ()
    bad: tuple[str, ...] = ()


encode = msgspec.msgpack.Encoder().encode
arguments_of = msgspec.msgpack.Decoder(SegmentArguments).decode
segment_piece = msgspec.msgpack.Decoder(SegmentPiece).decode
entries_piece = msgspec.msgpack.Decoder(EntriesPiece).decode
summaries_piece = msgspec.msgpack.Decoder(SummariesPiece).decode
log_arguments_of = msgspec.msgpack.Decoder(LogArguments).decode
header_piece = msgspec.msgpack.Decoder(SpecRead).decode
json_piece = msgspec.msgpack.Decoder(JsonPiece).decode


def segment(data: bytes, arguments: bytes) -> Iterator[bytes]:
    """A segment's zip: the rows of some of its members."""
    wanted = arguments_of(arguments)
    return map(encode, segment_pieces(data, directory(data), wanted))


def segment_pieces(
    data: bytes, members: Directory, wanted: SegmentArguments
) -> Iterator[SegmentPiece]:
    """The same as pieces that aren't encoded."""
    for names in batched(members, NAMES):
        yield SegmentPiece(names=tuple(names))
    budget = whole_budget()
    for place, name in enumerate(wanted.members):
        member = members.get(name)
        if member is None:
            yield SegmentPiece(place, missing=True, last=True)
            continue
        rows = rows_of(data, member, wanted.limit, budget)
        if isinstance(rows, str):
            yield SegmentPiece(place, unreadable=rows, last=True)
        else:
            yield from row_pieces(place, rows)


def row_pieces(place: int, rows: Rows) -> Iterator[SegmentPiece]:
    """A member's rows, a few at a time."""
    bad, hole, total = rows.bad[:TEXTS_MAX], rows.hole, len(rows.rows)
    if hole is None and total <= ROWS and _characters(rows.rows) <= ERRORS:
        yield SegmentPiece(place, rows=rows.rows, bad=bad, last=True)
        return
    parts = (rows.rows,) if hole is None else (rows.rows[:hole], rows.rows[hole:])
    for number, part in enumerate(parts):
        for some in _few(part):
            yield SegmentPiece(place, rows=some)
        if hole is not None and number == 0:
            yield SegmentPiece(place, hole=True, ends_in_hole=hole == total)
    yield SegmentPiece(place, bad=bad, last=True, ends_in_hole=hole == total)


def _characters(rows: Iterable[Row]) -> int:
    return sum(len(row.error) for row in rows if row.error is not None)


def _few(rows: tuple[Row, ...]) -> Iterator[tuple[Row, ...]]:
    """Rows in pieces of at most `ROWS` and about `ERRORS`."""
    begin = characters = 0
    for end, row in enumerate(rows, 1):
        characters += len(row.error) if row.error is not None else 0
        if end - begin == ROWS or characters > ERRORS or end == len(rows):
            yield rows[begin:end]
            begin, characters = end, 0


def manifest(data: bytes, _: bytes) -> Iterator[bytes]:
    """A buffer's manifest."""
    decoded = decode_manifest(data)
    for entries in batched(decoded.samples, NAMES):
        yield encode(EntriesPiece(samples=tuple(entries)))
    yield encode(EntriesPiece(bad=decoded.bad[:TEXTS_MAX]))


def _unpacked(data: bytes, wanted: LogArguments) -> bytes | bytearray:
    if wanted.member is None:
        return data
    return read_content(data, wanted.member, wanted.limit, wanted.member.offset)


def header(data: bytes, arguments: bytes) -> Iterator[bytes]:
    """A log's header, or its start."""
    wanted = log_arguments_of(arguments)
    content = _unpacked(data, wanted)
    yield encode(header_read(content, wanted.eval_set_id, wanted.log, begun=wanted.begun))


def summaries(data: bytes, arguments: bytes) -> Iterator[bytes]:
    """A journal's summaries."""
    samples, bad = decode_summaries(_unpacked(data, log_arguments_of(arguments)))
    for some in batched(samples, NAMES):
        yield encode(SummariesPiece(samples=tuple(some)))
    yield encode(SummariesPiece(bad=bad[:TEXTS_MAX]))


def json_log(data: bytes, arguments: bytes) -> Iterator[bytes]:
    """A log in JSON, or its head."""
    wanted = log_arguments_of(arguments)
    try:
        rest = told(data, wanted.eval_set_id, wanted.log, wanted.cut)
    except NoLog as error:
        yield encode(JsonPiece(other=str(error)))
        return
    for some in batched(rest.samples or (), NAMES):
        yield encode(JsonPiece(samples=tuple(some)))
    samples = None if rest.samples is None else ()
    yield encode(JsonPiece(rest=replace(rest, samples=samples)))


def batched(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """In pieces of at most `size`."""
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece


JOBS: dict[str, Callable[[bytes, bytes], Iterator[bytes]]] = {
    "segment": segment,
    "manifest": manifest,
    "summaries": summaries,
    "header": header,
    "json_log": json_log,
}
