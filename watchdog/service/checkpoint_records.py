"""A checkpoint's two records as bytes and back: a state, and how far its readers had come."""

import hashlib
from functools import cache

import msgspec
import zstandard
from msgspec import Struct

from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.source import Resumed
from watchdog.model.state import EvalSetState
from watchdog.model.state_codec import STATE_VERSION, decode_state, encode_state
from watchdog.pipeline.resumption import Cut, kept

FORMAT = 3
"""Grows where the same records come to mean something else."""
LEVEL = 1
"""Of zstd: four tenths of the bytes for 0.06 ms a task; higher levels save 3 % more."""
CONTENT_BYTES = 1 << 30
"""Of one record, unpacked: more is damage."""


class _Place(Struct, frozen=True):
    """How far it was read, and what goes with that."""

    position: EvalSetPosition
    retries: tuple[int, ...] = ()


_places = msgspec.msgpack.Decoder(_Place)


class Records(Struct, frozen=True):
    """Both, packed."""

    state: bytes
    position: bytes


class CorruptRecords(ValueError):  # noqa: N818 - reads as what it says
    """They are damaged."""


@cache
def version() -> str:
    """Of the format and of all records in it: what another version wrote is read anew."""
    definitions = repr(msgspec.inspect.multi_type_info([EvalSetState, EvalSetPosition]))
    digest = hashlib.sha256(definitions.encode()).hexdigest()[:16]
    return f"{FORMAT}.{STATE_VERSION}-{digest}"


def encode(cut: Cut) -> Records:
    """Pack them.

    Raises:
        ValueError, OverflowError: something in them can't be kept.
    """
    # what is packed within the records is no format that would notice a bit that was turned over
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    state = encode_state(kept(cut.state))
    place = msgspec.msgpack.encode(_Place(cut.position, cut.retries))
    return Records(packer.compress(state), packer.compress(place))


def decode(records: Records, eval_set: str) -> Resumed:
    """Unpack them.

    Args:
        records: as they were packed.
        eval_set: what its source calls the eval set that they are kept for.

    Raises:
        CorruptRecords: they are damaged, or another's.
    """
    try:
        state = decode_state(_unpacked(records.state))
        if state.own_name != eval_set:
            raise CorruptRecords("another eval set's")
        place = _places.decode(_unpacked(records.position))
        return Resumed(place.position, state)
    except (ValueError, MemoryError, RecursionError, zstandard.ZstdError) as error:
        raise CorruptRecords(" ".join(str(error).split())[:200]) from error


def retries_in(records: Records) -> tuple[int, ...]:
    """How its count of retries grew, of records that could be unpacked."""
    return _places.decode(_unpacked(records.position)).retries


def _unpacked(data: bytes) -> bytes:
    frame = zstandard.get_frame_parameters(data)
    if not 0 <= frame.content_size <= CONTENT_BYTES:
        raise CorruptRecords("no size in its frame, or one beyond all bounds")
    if not frame.has_checksum:
        raise CorruptRecords("no checksum in its frame")
    return zstandard.ZstdDecompressor().decompress(data)
