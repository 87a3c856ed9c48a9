"""One segment's zip: the rows of the samples that are wanted from it."""

import asyncio
from typing import NamedTuple

from msgspec import Struct

from watchdog.collect.inspect.buffers import Reference, SampleEntry
from watchdog.collect.inspect.segments import CorruptMember, Rows, decode_member
from watchdog.collect.stores.zip_members import CorruptZip, directory, read_member

THREAD_BYTES = 256 * 1024
"""Segments larger than this are unpacked in a worker thread."""


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
    if len(data) <= THREAD_BYTES:
        return _unpack(data, requests, limit)
    return await asyncio.to_thread(_unpack, data, requests, limit)


def _unpack(data: bytes, requests: list[Wanted], limit: int) -> Unpacked:
    members = directory(data)
    members_read: list[tuple[Wanted, Rows | str | None]] = []
    for one in requests:
        member = members.get(one.sample.member)
        try:
            rows = decode_member(read_member(data, member, limit)) if member else None
            members_read.append((one, rows))
        except (CorruptZip, CorruptMember) as error:
            members_read.append((one, str(error)))
    return Unpacked(tuple(members_read), tuple(members))
