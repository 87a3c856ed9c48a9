"""Members of a zip: stored, deflate and zstd (method 93), never more than a limit of bytes.

A member may consist of several zstd frames (Inspect writes a new one every 200 MiB), and its
claimed size can't be trusted. Format: PKWARE's APPNOTE 6.3.10, sections 4.3.7 and 4.4.5.
"""

import asyncio
import struct
import threading
import zlib
from collections.abc import Iterator
from typing import Final

from zstandard import ZstdDecompressor, ZstdError

from watchdog.collect.limits import MEMBER_RATIO, RATIO_FLOOR, ZSTD_WINDOW
from watchdog.collect.stores.objects import Fetch
from watchdog.collect.stores.zip_directory import (
    CorruptZip,
    Directory,
    Member,
    MissingRange,
    TooLarge,
    directory,
    fetch_directory,
    member_key,
)
from watchdog.collect.work.limits import INLINE_BYTES

__all__ = [
    "CorruptZip",
    "Directory",
    "Member",
    "MissingRange",
    "TooLarge",
    "directory",
    "fetch_directory",
    "fetch_member",
    "member_key",
    "read_content",
    "read_member",
    "span",
]

STORED: Final = 0
DEFLATE: Final = 8
ZSTD: Final = 93
ENCRYPTED: Final = 0x1
LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE: Final = b"PK\x03\x04"
PIECE: Final = 256 * 1024
"""Bytes that are unpacked at once: room is made for what is there, not for what is claimed."""
INPUT: Final = 64 * 1024
"""Compressed bytes that are given to deflate at once: it copies what it doesn't take."""
SPARE: Final = 4096
"""Read beyond a member's claimed place: its local header may be longer than the directory says."""


class _Thread(threading.local):
    """A decompressor for each thread: making one takes longer than a small member."""

    def __init__(self) -> None:
        self.zstd = ZstdDecompressor(max_window_size=ZSTD_WINDOW.value)


_THREAD = _Thread()


def read_member(data: bytes, member: Member, limit: int, start: int = 0) -> bytes:
    """As `read_content`, as immutable bytes: of what is large that is a copy."""
    return bytes(read_content(data, member, limit, start))


def read_content(data: bytes, member: Member, limit: int, start: int = 0) -> bytes | bytearray:
    """The content of a member, of which `data` (from offset `start` of the zip) holds all bytes.

    Raises:
        CorruptZip: it is encrypted, truncated, fails its checksum, or has more than `limit` bytes.
    """
    _check_claims(member, limit)
    at = _content_offset(data, member, member.offset - start)
    raw = memoryview(data)[at : at + member.compressed]
    if len(raw) < member.compressed:
        raise CorruptZip(f"{_name(member)}: truncated")
    content = _decompress(raw, member, min(limit, member.size))
    if len(content) != member.size or zlib.crc32(content) != member.checksum:
        raise CorruptZip(f"{_name(member)}: checksum or size differs from the directory's")
    return content


async def fetch_member(member: Member, limit: int, fetch: Fetch) -> bytes | bytearray:
    """As `read_member`, for a zip that is read by ranges."""
    start, end = span(member, limit)
    data = await fetch(start, end)
    if member.size <= INLINE_BYTES.value:
        return read_content(data, member, limit, start)
    return await asyncio.to_thread(read_content, data, member, limit, start)


def span(member: Member, limit: int) -> tuple[int, int]:
    """Where in the zip a member's bytes lie, within offsets that may be beyond the zip's end.

    Raises:
        CorruptZip: it is encrypted, or claims more than is read.
    """
    _check_claims(member, limit)
    if member.compressed > limit:
        raise CorruptZip(f"{_name(member)}: claims {member.compressed} compressed bytes")
    length = LOCAL_HEADER.size + len(member.name) * 4 + member.compressed + SPARE
    return member.offset, member.offset + length


def _check_claims(member: Member, limit: int) -> None:
    """Refuse what would take too much, before anything is unpacked."""
    if member.flags & ENCRYPTED:
        raise CorruptZip(f"{_name(member)}: encrypted")
    if member.size > limit:
        raise TooLarge(
            f"{_name(member)}: claims {member.size:,} bytes, more than the {limit:,} that are read"
        )
    if member.method not in (STORED, DEFLATE, ZSTD):
        raise CorruptZip(f"{_name(member)}: compression method {member.method}")
    ratio = member.size // max(1, member.compressed)
    if member.size > RATIO_FLOOR.value and ratio > MEMBER_RATIO.value:
        raise TooLarge(f"{_name(member)}: claims {MEMBER_RATIO.text(ratio)}")


def _content_offset(data: bytes, member: Member, at: int) -> int:
    if at < 0 or at + LOCAL_HEADER.size > len(data):
        raise CorruptZip(f"{_name(member)}: truncated")
    header = LOCAL_HEADER.unpack_from(data, at)
    if header[0] != LOCAL_SIGNATURE:
        raise CorruptZip(f"{_name(member)}: wrong signature")
    return at + LOCAL_HEADER.size + int(header[9]) + int(header[10])


def _decompress(raw: memoryview, member: Member, limit: int) -> bytes | bytearray:
    """At most one byte more than `limit`: it may be more than is claimed."""
    if member.method == STORED:
        return bytes(raw[: limit + 1])
    pieces = _inflate(raw, limit + 1) if member.method == DEFLATE else _unzstd(raw, limit + 1)
    content = bytearray()
    try:
        for piece in pieces:
            content += piece
    except (zlib.error, ZstdError) as error:
        raise CorruptZip(f"{_name(member)}: {_short(error)}") from error
    return content


def _inflate(raw: memoryview, left: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for begin in range(0, len(raw), INPUT):
        waiting: bytes | memoryview = raw[begin : begin + INPUT]
        while left and not stream.eof:
            piece = stream.decompress(waiting, min(left, PIECE))
            left -= len(piece)
            waiting = stream.unconsumed_tail
            yield piece
            if not waiting and len(piece) < PIECE:
                break


def _unzstd(raw: memoryview, left: int) -> Iterator[bytes]:
    reader = _THREAD.zstd.stream_reader(raw, read_across_frames=True)
    while piece := reader.read(min(left, PIECE)):
        left -= len(piece)
        yield piece


def _name(member: Member) -> str:
    return f"member {member.name[:80]!r}"


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
