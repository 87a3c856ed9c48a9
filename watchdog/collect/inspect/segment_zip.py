"""One segment's zip: the rows of the samples that are wanted from it."""

import asyncio
from typing import NamedTuple

from msgspec import Struct

from watchdog.collect.inspect.buffers import Reference, SampleEntry
from watchdog.collect.inspect.segments import CorruptMember, Rows, decode_member
from watchdog.collect.limits import SEGMENT_CONTENT, SEGMENT_ROWS, SMALL
from watchdog.collect.stores.turns import Turns
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    Directory,
    Member,
    directory,
    read_content,
)
from watchdog.collect.values import printable

THREAD_BYTES = 256 * 1024
"""Segments that hold more than this are unpacked in a worker thread."""


UNPACKING = Turns()
"""Whoever unpacks something large."""


class Wanted(NamedTuple):
    """A sample's rows in a segment, as the manifest has it."""

    sample: SampleEntry
    reference: Reference
    before: int
    """The last row that earlier segments promised: a segment without rows repeats it."""


class Unpacked(Struct, frozen=True):
    """What a segment held: by wanted sample its rows, a text why not, or None where it has none."""

    members: tuple[tuple[Wanted, Rows | str | None], ...]
    names: tuple[str, ...]
    """All members, wanted or not."""


async def unpack(data: bytes, requests: list[Wanted], limit: int) -> Unpacked:
    """Read the wanted samples' members, each of at most `limit` bytes.

    Raises:
        CorruptZip: the segment as a whole is unreadable.
    """
    members = directory(data)
    size = len(data) + sum(
        members[one.sample.member].size for one in requests if one.sample.member in members
    )
    if size <= THREAD_BYTES:
        return take(data, members, requests, limit)
    if size <= SMALL.value:
        return await asyncio.to_thread(take, data, members, requests, limit)
    async with UNPACKING.turn():
        return await asyncio.to_thread(take, data, members, requests, limit)


def unpack_now(data: bytes, requests: list[Wanted], limit: int) -> Unpacked:
    """The same in this thread or process: bytes in, plain records out.

    Raises:
        CorruptZip: the segment as a whole is unreadable.
    """
    return take(data, directory(data), requests, limit)


def take(data: bytes, members: Directory, requests: list[Wanted], limit: int) -> Unpacked:
    """The wanted members of a segment, as long as it stays within what one may hold."""
    budget = Budget(SEGMENT_CONTENT.value, SEGMENT_ROWS.value)
    unpacked = tuple(
        (one, _rows(data, members.get(one.sample.member), limit, budget)) for one in requests
    )
    return Unpacked(unpacked, tuple(members))


class Budget(Struct):
    """What may still be unpacked: bytes and rows."""

    size: int
    rows: int


def _rows(data: bytes, member: Member | None, limit: int, budget: Budget) -> Rows | str | None:
    if member is None:
        return None
    if budget.size < member.size <= limit:
        return f"{printable(member.name[:80])}: the segment holds {SEGMENT_CONTENT.more}"
    if budget.rows <= 0:
        return f"{printable(member.name[:80])}: the segment holds {SEGMENT_ROWS.more}"
    budget.size -= min(member.size, limit)
    try:
        rows = decode_member(read_content(data, member, limit))
    except (CorruptZip, CorruptMember) as error:
        return str(error)
    budget.rows -= len(rows.rows) + len(rows.bad)
    return rows
