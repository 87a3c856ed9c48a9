"""The events of a sample that has ended, from its log.

Format: `samples/<id>_epoch_<epoch>.json` in a `.eval` file, an `EvalSample` (inspect_ai 0.3.285,
`log/_log.py`) with its `events`, in order; `log/_recorders/eval.py`. It holds the whole
conversation too, of which nothing is taken.
"""

import asyncio

import msgspec
from msgspec import Raw, Struct

from watchdog.collect.inspect.eval_logs import TAIL
from watchdog.collect.inspect.events import bounded, decode_row
from watchdog.collect.json_bounds import UNFIT, Tally
from watchdog.collect.limits import LOOK_BYTES, LOOK_ROWS, MEMBER_ROWS, Beyond
from watchdog.collect.place import Place
from watchdog.collect.stores.objects import NotModified, StoreError
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    TooLarge,
    fetch_directory,
    fetch_member,
    member_key,
)
from watchdog.collect.values import identifier
from watchdog.model.facts import Row, SampleKey

_TALLY = Tally(MEMBER_ROWS)


class _Named(Struct, gc=False):
    uuid: str | None = None


class _Counted(Struct, gc=False):
    def __post_init__(self) -> None:
        _TALLY.take(MEMBER_ROWS)


class _CountedSample(Struct, gc=False):
    events: list[_Counted] = []


class _Sample(Struct, gc=False):
    events: list[Raw] = []


_counted = msgspec.json.Decoder(_CountedSample)
_sample = msgspec.json.Decoder(_Sample)
_named = msgspec.json.Decoder(_Named)


async def logged_rows(place: Place, key: SampleKey) -> tuple[Row, ...] | None:
    """A sample's rows; None where the log doesn't have the sample.

    Raises:
        StoreError: the log can't be read, or is replaced while it is.
        CorruptZip: it is no log, or the sample in it is no sample, or larger than is read.
    """
    content = await logged_content(place, key)
    return None if content is None else await asyncio.to_thread(decode_logged, content)


async def logged_content(place: Place, key: SampleKey) -> bytes | bytearray | None:
    """All that a log has of a sample, the whole conversation; None where it doesn't have it.

    Raises:
        StoreError: the log can't be read, or is replaced while it is.
        CorruptZip: it is no log, or the sample is larger than is read.
    """
    got = await place.store.get_tail(place.path, TAIL)
    if isinstance(got, NotModified):
        raise StoreError("other", "unasked-for 304")

    async def fetched(start: int, end: int) -> bytes:
        end = min(end, got.size)
        if start >= got.start:
            return got.data[start - got.start : end - got.start]
        return await place.store.get_range(place.path, start, end, got.etag)

    members = await fetch_directory(got.data, got.start, fetched)
    member = members.get(member_key(f"samples/{key.id}_epoch_{key.epoch}.json"))
    if member is None:
        return None
    try:
        return await fetch_member(member, min(place.limit, LOOK_BYTES.value), fetched)
    except TooLarge as error:
        text = f"{error}: it holds the whole conversation; Inspect's viewer shows it"
        raise CorruptZip(text) from error


def decode_logged(content: bytes | bytearray) -> tuple[Row, ...]:
    """The newest rows of a sample as its log has it, and one before them where there are more.

    An event that can't be understood is passed over.

    Raises:
        CorruptZip: it is no sample, or has more events than are read.
    """
    try:
        _TALLY.counting(_counted, content)
        events = _sample.decode(content).events
    except Beyond as error:
        raise CorruptZip(str(error)) from error
    except UNFIT as error:
        raise CorruptZip(f"no sample: {str(error)[:120]}") from error
    most = LOOK_ROWS.value + 1
    first = max(0, len(events) - most)
    rows = (_row(number, raw) for number, raw in enumerate(events[first:], first))
    return tuple(row for row in rows if row is not None)


def _row(number: int, raw: Raw) -> Row | None:
    try:
        event = bounded(raw)
        name = identifier(_named.decode(event).uuid) or str(number)
        return decode_row(number, name, event)
    except (ValueError, msgspec.DecodeError):
        return None
