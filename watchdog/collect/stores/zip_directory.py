"""The directory of a zip, parsed from the end of its bytes.

Not the standard library's: that takes ten times as long, which counts where segments are small,
and reads a file in ways that can't be answered by ranges. Format: PKWARE's APPNOTE 6.3.10,
sections 4.3.12 (directory), 4.3.14 to 4.3.16 (end records) and 4.5.3 (64-bit sizes).
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from watchdog.collect.limits import DIRECTORY_BYTES, DIRECTORY_ENTRIES
from watchdog.collect.stores.objects import Fetch
from watchdog.collect.values import distinct

END: Final = struct.Struct("<4s4H2LH")
END_SIGNATURE: Final = b"PK\x05\x06"
END_REACH: Final = END.size + 0xFFFF
"""Bytes at the end within which the end record lies: a comment may follow it."""
LOCATOR: Final = struct.Struct("<4sLQL")
LOCATOR_SIGNATURE: Final = b"PK\x06\x07"
END64: Final = struct.Struct("<4sQ2H2L4Q")
END64_SIGNATURE: Final = b"PK\x06\x06"
ENTRY: Final = struct.Struct("<4s6H3L5H2L")
ENTRY_SIGNATURE: Final = b"PK\x01\x02"
EXTRA: Final = struct.Struct("<2H")
EXTRA_64: Final = 1
UTF8: Final = 0x800
MANY: Final = 0xFFFF
LARGE: Final = 0xFFFFFFFF
"""Stand where the true number is in a 64-bit record."""
DIRECTORY_LIMIT: Final = DIRECTORY_BYTES.value
"""Bytes of a zip's end that may be read for its directory."""
NAME_LENGTH: Final = 512
"""Characters of a member's name; see `member_key`."""


class CorruptZip(Exception):  # noqa: N818 - reads as what it says
    """The bytes are no zip, or a member can't be read from it."""


class TooLarge(CorruptZip):
    """A member is beyond a limit; the others may be read."""


class MissingRange(Exception):  # noqa: N818 - reads as what it says
    """The directory begins at `start`, before the bytes that are there."""

    def __init__(self, start: int) -> None:
        super().__init__(start)
        self.start = start


class Member(NamedTuple):
    """What the directory says of a member. Sizes are claims."""

    name: str
    method: int
    flags: int
    checksum: int
    compressed: int
    size: int
    offset: int
    """Of its local header, from the zip's start."""


Directory = dict[str, Member]
"""A zip's members by name; of two with one name the later, as Python's zipfile has it."""


def directory(data: bytes, start: int = 0) -> Directory:
    """The directory of a zip of which `data` is the end, from offset `start` on.

    Raises:
        CorruptZip: it is none.
        MissingRange: `data` does not reach back to where the directory begins.
    """
    try:
        begin, size = _place(data, start)
        if size > DIRECTORY_LIMIT:
            raise CorruptZip(f"its directory has {DIRECTORY_BYTES.text(size)}")
        entries = _entries(_slice(data, start, begin, size))
        return _by_name(entries, begin)
    except struct.error as error:
        raise CorruptZip("not a readable zip: its directory is cut off") from error


def _by_name(entries: Iterator[Member], content: int) -> Directory:
    """Members by name, of `content` bytes in all before the directory.

    Many entries may name the same bytes: such a zip would be unpacked over and over.
    """
    members: Directory = {}
    most, claimed = DIRECTORY_ENTRIES.value, 0
    for number, member in enumerate(entries, 1):
        if number > most:
            raise CorruptZip(f"its directory has {DIRECTORY_ENTRIES.more}")
        claimed += member.compressed
        members[member.name] = member
    if claimed > content:
        raise CorruptZip(
            f"its members overlap: they claim {claimed:,} compressed bytes, and it has {content:,}"
        )
    return members


def member_key(name: str) -> str:
    """A member's name, bounded: of a long one the beginning and a digest."""
    return distinct(name, NAME_LENGTH)


async def fetch_directory(tail: bytes, start: int, fetch: Fetch) -> Directory:
    """As `directory`, reading what lies before `tail` by `fetch` where the directory needs it.

    Raises:
        CorruptZip: it is none, or the directory is larger than `DIRECTORY_LIMIT`.
    """
    for _ in range(3):  # the tail, a 64-bit end record before it, the directory before that
        try:
            return directory(tail, start)
        except MissingRange as missing:
            if start - missing.start > DIRECTORY_LIMIT:
                text = DIRECTORY_BYTES.text(start - missing.start)
                raise CorruptZip(f"not a readable zip: its directory has {text}") from missing
            tail = await fetch(missing.start, start) + tail
            start = missing.start
    raise CorruptZip("not a readable zip: its directory contradicts itself")


def _place(data: bytes, start: int) -> tuple[int, int]:
    at = data.rfind(END_SIGNATURE, max(0, len(data) - END_REACH))
    if at < 0:
        raise CorruptZip("not a readable zip: no end record")
    _, _, _, _, count, size, begin, _ = END.unpack_from(data, at)
    if count == MANY or LARGE in (size, begin):
        return _place64(data, start, at) or (begin, size)
    return begin, size


def _place64(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    at = end - LOCATOR.size
    if at < 0 or not data.startswith(LOCATOR_SIGNATURE, at):
        return None
    record = LOCATOR.unpack_from(data, at)[2]
    fields = END64.unpack(_slice(data, start, record, END64.size))
    if fields[0] != END64_SIGNATURE:
        raise CorruptZip("not a readable zip: wrong 64-bit end record")
    return fields[9], fields[8]


def _slice(data: bytes, start: int, begin: int, size: int) -> bytes:
    if begin + size > start + len(data):
        raise CorruptZip("not a readable zip: truncated, or not yet written in full")
    if begin < start:
        raise MissingRange(begin)
    return data[begin - start : begin - start + size]


def _entries(entries: bytes) -> Iterator[Member]:
    at = 0
    while at < len(entries):
        entry = ENTRY.unpack_from(entries, at)
        if entry[0] != ENTRY_SIGNATURE:
            raise CorruptZip("not a readable zip: wrong signature in its directory")
        name_end = at + ENTRY.size + entry[10]
        name = entries[at + ENTRY.size : name_end]
        extra_end = name_end + entry[11]
        sizes = (entry[9], entry[8], entry[16])
        if LARGE in sizes:
            sizes = _sizes64(entries[name_end:extra_end], sizes)
        yield Member(
            member_key(name.decode("utf-8" if entry[3] & UTF8 else "cp437", "replace")),
            entry[4],
            entry[3],
            entry[7],
            sizes[1],
            sizes[0],
            sizes[2],
        )
        at = extra_end + entry[12]


def _sizes64(extra: bytes, sizes: tuple[int, int, int]) -> tuple[int, int, int]:
    """Size, compressed size and offset, those that are `LARGE` taken from the extra field."""
    at = 0
    while at + EXTRA.size <= len(extra):
        kind, length = EXTRA.unpack_from(extra, at)
        at += EXTRA.size
        if kind == EXTRA_64:
            wide = struct.iter_unpack("<Q", extra[at : at + length - length % 8])
            size, compressed, offset = (
                next(wide, (one,))[0] if one == LARGE else one for one in sizes
            )
            return size, compressed, offset
        at += length
    return sizes
