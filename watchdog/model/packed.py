"""Records that are remembered by the hundred thousand and seldom read: kept as bytes.

As objects a record of a few texts and instants takes ten times what it says, and the collector of
garbage goes through all of them while nothing else turns.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar, overload

import msgspec
from msgspec import Struct

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


class Packed(Struct, Generic[T], frozen=True, gc=False):
    """A sequence of records as MessagePack; a value. A subclass names its records' decoder."""

    data: bytes = b"\x90"

    records: ClassVar[msgspec.msgpack.Decoder[Any]]

    @classmethod
    def of(cls, records: Iterable[T]) -> "Packed[T]":
        """Packed; what is packed already stays as it is."""
        return records if isinstance(records, cls) else cls(_encode(tuple(records)))

    def unpacked(self) -> tuple[T, ...]:
        """The records themselves; what asks for several things does this once."""
        records: tuple[T, ...] = self.records.decode(self.data) if self else ()
        return records

    def __bool__(self) -> bool:
        return self.data != b"\x90"

    def __len__(self) -> int:
        return len(self.unpacked())

    def __iter__(self) -> Iterator[T]:
        return iter(self.unpacked())

    def __reversed__(self) -> Iterator[T]:
        return reversed(self.unpacked())

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self.unpacked()[place]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)) and self.data == other.data:
            return True
        if isinstance(other, tuple | type(self)):
            return self.unpacked() == tuple(other)
        return NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.unpacked())
