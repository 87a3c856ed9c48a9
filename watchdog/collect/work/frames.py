"""What reader and worker process say to each other: lengths, then bytes.

A request is its head and the data; an answer is pieces, then its end or a fault.
"""

from collections.abc import Callable
from struct import Struct as Layout
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

LENGTH: Final = Layout(">Q")
PIECE: Final = b"P"
END: Final = b"E"
FAULT: Final = b"F"

FaultKind = Literal["corrupt", "too_many", "memory", "other"]


class Request(Struct, frozen=True):
    """What is to be done with the `size` bytes that follow."""

    job: str
    size: int
    seconds: float
    """Of CPU that it may take; beyond them the system ends the process."""
    arguments: bytes = b""


class End(Struct, frozen=True):
    """The last piece was handed over."""

    cpu_seconds: float


class Fault(Struct, frozen=True):
    """The data could not be read."""

    kind: FaultKind
    text: str
    cpu_seconds: float = 0.0


def reader(record: type[T]) -> Callable[[bytes], T]:
    """Reads a record; what is nested without end is as corrupt as all else that isn't one."""
    decode = msgspec.msgpack.Decoder(record).decode

    def read(data: bytes) -> T:
        try:
            return decode(data)
        except RecursionError as error:
            raise msgspec.DecodeError("nested too deeply") from error

    return read


encode = msgspec.msgpack.Encoder().encode
request_of = reader(Request)
end_of = reader(End)
fault_of = reader(Fault)


def framed(payload: bytes) -> bytes:
    """A payload with its length before it."""
    return LENGTH.pack(len(payload)) + payload
