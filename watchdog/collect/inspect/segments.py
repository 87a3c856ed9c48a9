"""Members of a segment: one sample's rows.

Format: `SampleData` in inspect_ai 0.3.285, `log/_recorders/buffer/types.py`:
`{"events": [{"id", "event_id", "sample_id", "epoch", "event"}], "attachments", …}`. Three ways, by
speed: the whole member at once; row by row where a row does not fit, or where the member is large,
so that its rows are counted before they are built; and Python's own JSON where a small member is
not strict JSON (`NaN`).
"""

from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from watchdog.collect.inspect.events import EVENT_ID_LIMIT, AnyEvent, bounded, decode_row, loose_row
from watchdog.collect.json_bounds import UNFIT, Tally, loads
from watchdog.collect.limits import (
    EVENTS_BYTES,
    LOOSE_BYTES,
    MEMBER_ROWS,
    NUMBER,
    ROW_TEXTS,
    SMALL,
    Beyond,
    some,
)
from watchdog.collect.values import identifier, whole
from watchdog.model.facts import Row

RowId = Annotated[int, Meta(ge=-NUMBER.value, le=NUMBER.value)]
EventId = Annotated[str, Meta(max_length=EVENT_ID_LIMIT)]


class Rows(Struct, frozen=True):
    """What a member held: rows in ascending order, and a text for each row that is unreadable."""

    rows: tuple[Row, ...]
    bad: tuple[str, ...] = ()
    hole: int | None = None
    """How many rows stand before the last one that is unreadable; None where all are readable."""


class CorruptMember(Exception):  # noqa: N818 - reads as what it says
    """A member is no JSON object with a list of events, or has more of them than are read."""


class _Envelope(Struct, gc=False):
    id: RowId
    event_id: EventId
    event: AnyEvent


class _Member(Struct, gc=False):
    events: list[_Envelope]


class _RawMember(Struct, gc=False):
    events: list[Raw]


class _RawEnvelope(Struct, gc=False):
    id: RowId
    event_id: EventId
    event: Raw


_TALLY = Tally(MEMBER_ROWS, EVENTS_BYTES)


class _CountedEnvelope(_RawEnvelope, gc=False):
    def __post_init__(self) -> None:
        _TALLY.take(MEMBER_ROWS)
        _TALLY.take(EVENTS_BYTES, len(memoryview(self.event)))


class _CountedMember(Struct, gc=False):
    events: list[_CountedEnvelope]


_member = msgspec.json.Decoder(_Member)
_raw_member = msgspec.json.Decoder(_RawMember)
_raw_envelope = msgspec.json.Decoder(_RawEnvelope)
_counted_member = msgspec.json.Decoder(_CountedMember)


def decode_member(data: bytes | bytearray) -> Rows:
    """A member's rows.

    Raises:
        CorruptMember: it is not what a member is, or has too many rows.
    """
    if len(data) > SMALL.value:
        return _large(data)
    try:
        events = _member.decode(data).events
    except UNFIT:
        return _row_by_row(data)
    return _in_order([envelope.event.row(envelope.id, envelope.event_id) for envelope in events])


def _large(data: bytes | bytearray) -> Rows:
    """A member whose rows are counted before any is built."""
    try:
        return _read(_TALLY.counting(_counted_member, data).events)
    except Beyond as error:
        raise CorruptMember(str(error)) from error
    except UNFIT as error:
        if len(data) <= LOOSE_BYTES.value:
            return _row_by_row(data)
        text = f"not as rows are, and {len(data):,} bytes long: {str(error)[:120]}"
        raise CorruptMember(text) from error


def _row_by_row(data: bytes | bytearray) -> Rows:
    try:
        return _read(list(_raw_member.decode(data).events))
    except UNFIT:
        return _read(_loose_events(data))


def _read(envelopes: list[Any]) -> Rows:
    rows: list[Row] = []
    bad: list[str] = []
    hole: int | None = None
    left = ROW_TEXTS.value
    for place, raw in enumerate(envelopes):
        try:
            row = _row_of(raw)
            left -= len(row.error) if row.error is not None else 0
            if left < 0:
                raise Beyond(f"errors of {ROW_TEXTS.more} stand before it")
            rows.append(row)
        except ValueError as error:
            bad.append(f"row {place}: {str(error)[:120]}")
            hole = len(rows)
    return _in_order(rows, bad, hole)


def _row_of(raw: object) -> Row:
    """Raises: ValueError."""
    if isinstance(raw, _RawEnvelope):
        return _event_row(raw)
    if not isinstance(raw, Raw):
        return _loose_envelope(raw)
    try:
        envelope = _raw_envelope.decode(raw)
    except UNFIT:
        return _loose_envelope(loads(raw))
    return _event_row(envelope)


def _event_row(envelope: _RawEnvelope) -> Row:
    """Raises: ValueError: it is no event, or too large a one (`Beyond`)."""
    return decode_row(envelope.id, envelope.event_id, bounded(envelope.event))


def _loose_events(data: bytes | bytearray) -> list[Any]:
    try:
        member = loads(data)
    except ValueError as error:
        raise CorruptMember(f"not JSON: {str(error)[:120]}") from error
    events = member.get("events") if isinstance(member, dict) else None
    if not isinstance(events, list):
        raise CorruptMember("no list of events")
    if len(events) > MEMBER_ROWS.value:
        raise CorruptMember(MEMBER_ROWS.text(len(events)))
    return events


def _loose_envelope(item: object) -> Row:
    if not isinstance(item, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for bad data
    row_id = whole(item.get("id"))
    if row_id is None:
        raise ValueError("its id is no integer")
    event_id = identifier(item.get("event_id"), EVENT_ID_LIMIT) or str(row_id)
    return loose_row(row_id, event_id, item.get("event"))


def _in_order(rows: list[Row], bad: list[str] | None = None, hole: int | None = None) -> Rows:
    rows.sort(key=attrgetter("id"))
    return Rows(tuple(rows), some(bad) if bad else (), hole)
