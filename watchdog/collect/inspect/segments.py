"""Members of a segment: one sample's rows.

Format: `SampleData` in inspect_ai 0.3.285, `log/_recorders/buffer/types.py`:
`{"events": [{"id", "event_id", "sample_id", "epoch", "event"}], "attachments", …}`. Three ways, by
speed: the whole member at once; row by row where a row does not fit; and Python's own JSON where
the member is not strict JSON (`NaN`).
"""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from watchdog.collect.inspect.events import AnyEvent, decode_row, loads, loose_row
from watchdog.collect.values import name, whole
from watchdog.model.facts import Row


class Rows(Struct, frozen=True):
    """What a member held: rows in ascending order, and a text for each row that is unreadable."""

    rows: tuple[Row, ...]
    bad: tuple[str, ...] = ()
    hole: int | None = None
    """How many rows stand before the last one that is unreadable; None where all are readable."""


class CorruptMember(Exception):  # noqa: N818 - reads as what it says
    """A member is no JSON object with a list of events."""


class _Envelope(Struct, gc=False):
    id: int
    event_id: str
    event: AnyEvent


class _Member(Struct, gc=False):
    events: list[_Envelope]


class _RawMember(Struct, gc=False):
    events: list[Raw]


class _RawEnvelope(Struct, gc=False):
    id: int
    event_id: str
    event: Raw


_member = msgspec.json.Decoder(_Member)
_raw_member = msgspec.json.Decoder(_RawMember)
_raw_envelope = msgspec.json.Decoder(_RawEnvelope)

UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_member(data: bytes) -> Rows:
    """A member's rows.

    Raises:
        CorruptMember: it is not what a member is.
    """
    try:
        events = _member.decode(data).events
    except UNFIT:
        return _row_by_row(data)
    return _in_order([envelope.event.row(envelope.id, envelope.event_id) for envelope in events])


def _row_by_row(data: bytes) -> Rows:
    try:
        envelopes: list[Any] = list(_raw_member.decode(data).events)
    except UNFIT:
        envelopes = _loose_events(data)
    rows: list[Row] = []
    bad: list[str] = []
    hole: int | None = None
    for place, raw in enumerate(envelopes):
        try:
            rows.append(_raw_row(raw) if isinstance(raw, Raw) else _loose_envelope(raw))
        except ValueError as error:
            bad.append(f"row {place}: {str(error)[:120]}")
            hole = len(rows)
    return _in_order(rows, bad, hole)


def _loose_events(data: bytes) -> list[Any]:
    try:
        member = loads(data)
    except ValueError as error:
        raise CorruptMember(f"not JSON: {str(error)[:120]}") from error
    events = member.get("events") if isinstance(member, dict) else None
    if not isinstance(events, list):
        raise CorruptMember("no list of events")
    return events


def _raw_row(raw: Raw) -> Row:
    try:
        envelope = _raw_envelope.decode(raw)
    except UNFIT:
        return _loose_envelope(loads(bytes(raw)))
    return decode_row(envelope.id, envelope.event_id, envelope.event)


def _loose_envelope(item: object) -> Row:
    if not isinstance(item, dict):
        raise ValueError("no object")  # noqa: TRY004 - one error for bad data
    row_id = whole(item.get("id"))
    if row_id is None:
        raise ValueError("its id is no integer")
    return loose_row(row_id, name(item.get("event_id")) or str(row_id), item.get("event"))


def _in_order(rows: list[Row], bad: list[str] | None = None, hole: int | None = None) -> Rows:
    rows.sort(key=attrgetter("id"))
    return Rows(tuple(rows), tuple(bad or ()), hole)
