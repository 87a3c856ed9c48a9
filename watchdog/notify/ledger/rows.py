"""Rows of the ledger to records and back. What a column holds stands here, `tables` names them.

Names in the database stay as they are: a ledger of an earlier version goes on with this one.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Row

from watchdog.model.access import Needs
from watchdog.model.acts import Act
from watchdog.model.report import IncidentReport
from watchdog.notify.decide import LedgerEntry
from watchdog.notify.decide.announcements import (
    Announcement,
    announcements,
    from_text,
    to_text,
)
from watchdog.notify.ledger.kept_text import fit
from watchdog.notify.notice import MAX_CHANGES, Kind, Notice

# msgspec learns a type at its first use and without a lock: two threads at once end the process
decode_incident = msgspec.json.Decoder(IncidentReport).decode
_decode_notice = msgspec.json.Decoder(Notice).decode
_decode_needs = msgspec.json.Decoder(Needs).decode

State = Literal["pending", "sent", "failed"]

Thread = tuple[str, int]
"""Incident and generation."""

FOLLOW_UPS: tuple[Kind, ...] = (
    "edited",
    "reminded",
    "updated",
    "reopened",
    "escalated",
    "resolved",
)
"""Messages that go on with an incident, by weight: of those that wait one is sent, which says all
that the others would have, as the heaviest of them."""


class Message(Struct, frozen=True):
    """A message on its way to one channel."""

    number: int
    thread: Thread
    """Incident and generation: its end is not told before its beginning."""
    notice: Notice
    attempts: int
    next_at: float
    handle: str | None = None
    """What the channel returned for the incident's first message."""


def encode(record: Struct) -> str:
    """A record as the ledger keeps it; U+FFFD is in it for what no text can hold."""
    try:
        return msgspec.json.encode(record).decode()
    except UnicodeEncodeError:  # half a surrogate pair: seldom, so it is looked for only then
        return msgspec.json.encode(_fit(msgspec.to_builtins(record))).decode()


def _fit(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, dict):
        return {fit(key): _fit(item) for key, item in value.items()}
    return [_fit(item) for item in value] if isinstance(value, list | tuple) else value


def encode_announcements(announced: Iterable[Announcement]) -> str:
    """The column `said`: a list of texts."""
    texts = sorted(fit(to_text(item)) for item in announced)
    return msgspec.json.encode(texts).decode()


def notice_of(record: str) -> Notice:
    """A notice as it was written down."""
    return _decode_notice(record)


def message_of(row: Row[Any]) -> Message:
    """A message, with the `handle` of its incident's first."""
    thread = (row.incident, row.generation)
    notice = notice_of(row.record)
    return Message(row.number, thread, notice, row.attempts, row.next_at, row.first_handle)


def entry_of(row: Row[Any], acts: tuple[Act, ...] = ()) -> LedgerEntry:
    """An incident, with what people did about it.

    What earlier versions did not keep is as it was when it opened.
    """
    incident = decode_incident(row.record)
    shown = decode_incident(row.told) if row.told else incident
    shown_at = row.told_at if row.told_at is not None else row.opened_at
    return LedgerEntry(
        incident=incident,
        generation=row.generation,
        opened_at=row.opened_at,
        shown=shown,
        shown_at=shown_at,
        announced=_announced(row.said, shown),
        announced_at=row.said_at if row.said_at is not None else shown_at,
        absent_since=row.away_since,
        resolved_at=row.resolved_at,
        reopened=row.reopened or 0,
        acts=acts,
        needs=needs_of(row.needs),
    )


def needs_of(column: str | None) -> Needs | None:
    """What whoever looks needs; None where it wasn't kept."""
    return _decode_needs(column) if column else None


def _announced(column: str | None, shown: IncidentReport) -> frozenset[Announcement]:
    """What `said` holds; where it holds nothing that can be read, what the message shows."""
    try:
        texts = msgspec.json.decode(column or "", type=list[str])
    except msgspec.DecodeError:
        return announcements(shown)
    return frozenset(map(from_text, texts))


def merged(notice: Notice, overtaken: Iterable[Notice]) -> Notice:
    """A message that also says what those should have said that it takes the place of."""
    earlier = tuple(overtaken)
    if notice.kind == "resolved" or not earlier:
        return notice
    notices = (*(item for item in earlier if item.kind != "resolved"), notice)
    kind = max((item.kind for item in notices), key=FOLLOW_UPS.index)
    changes = dict.fromkeys(change for item in notices for change in item.changes)
    would_tell = dict.fromkeys(name for item in notices for name in item.shadow or ())
    return replace(
        notice,
        kind=kind,
        changes=tuple(changes)[:MAX_CHANGES],
        acknowledged=any(item.acknowledged for item in notices),
        shadow=None if notice.shadow is None else tuple(would_tell),
    )
