"""One segment's zip: what is wanted from it, within what one segment may hold."""

from typing import NamedTuple

from msgspec import Struct

from watchdog.collect.inspect.buffers import Reference, SampleEntry
from watchdog.collect.inspect.segments import CorruptMember, Rows, decode_member
from watchdog.collect.limits import SEGMENT_CONTENT, SEGMENT_ROWS
from watchdog.collect.stores.zip_members import CorruptZip, Member, read_content
from watchdog.collect.values import printable


class Wanted(NamedTuple):
    """A sample's rows in a segment, as the manifest has it."""

    sample: SampleEntry
    reference: Reference
    before: int
    """The last row that earlier segments promised: a segment without rows repeats it."""


class Budget(Struct):
    """What may still be unpacked of a segment: bytes and rows."""

    size: int
    rows: int


def whole_budget() -> Budget:
    """What a segment may hold."""
    return Budget(SEGMENT_CONTENT.value, SEGMENT_ROWS.value)


def rows_of(data: bytes, member: Member, limit: int, budget: Budget) -> Rows | str:
    """A member's rows, or why they aren't read; the budget is what is left of it then."""
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
