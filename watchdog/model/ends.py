"""How samples ended, by key: tens of thousands in a task, each some sixty bytes.

A mapping in order of insertion, as a dictionary is one; a value. The ends stand in chunks of bytes;
a column of hashes says in which chunk a key may be, so that asking for one unpacks one chunk.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple
from zlib import crc32

import msgspec
from msgspec import Struct

from watchdog.model.facts import SampleKey
from watchdog.model.verdict import Cause

CHUNK = 32
"""Ends in a chunk; only the last holds fewer."""
MANY = 16
"""Keys that are asked for at once beyond which all chunks are unpacked instead."""

EndState = Literal["completed", "errored", "cancelled"]


class Ended(NamedTuple):
    """How and when a sample ended."""

    state: EndState
    uuid: str | None
    at: float | None
    cause: Cause | None = None
    limited: bool = False
    """A limit ended it, not its own answer."""
    error: str = ""
    """What sort of error it was: its text without numbers and ids; empty where it ended well."""


Entry = tuple[SampleKey, Ended]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Entry, ...]).decode


class Ends(Struct, frozen=True, gc=False):
    """The ends of a task's samples."""

    hashes: bytes = b""
    """Of each key, four bytes, in order."""
    chunks: tuple[bytes, ...] = ()

    @staticmethod
    def of(ends: Mapping[SampleKey, Ended]) -> "Ends":
        """Packed."""
        entries = tuple(ends.items())
        chunks = (entries[at : at + CHUNK] for at in range(0, len(entries), CHUNK))
        return Ends(_hashes(ends), tuple(map(_encode, chunks)))

    def __len__(self) -> int:
        return len(self.hashes) // 4

    def __iter__(self) -> Iterator[SampleKey]:
        return (key for key, _ in self.items())

    def keys(self) -> Iterable[SampleKey]:
        """The samples that ended."""
        return iter(self)

    def values(self) -> Iterable[Ended]:
        """Their ends."""
        return (end for _, end in self.items())

    def items(self) -> Iterable[Entry]:
        """Both."""
        return (entry for chunk in self.chunks for entry in _decode(chunk))

    def get(self, key: SampleKey) -> Ended | None:
        """How a sample ended; None where that isn't known."""
        own, end = _hashes((key,)), len(self.hashes)
        while (at := self.hashes.rfind(own, 0, end)) >= 0:
            found = self._entries_at(at // 4).get(key) if at % 4 == 0 else None
            if found is not None:
                return found
            end = at + 3
        return None

    def __getitem__(self, key: SampleKey) -> Ended:
        end = self.get(key)
        if end is None:
            raise KeyError(key)
        return end

    def __contains__(self, key: SampleKey) -> bool:
        return self.get(key) is not None

    def some(self, keys: Collection[SampleKey]) -> dict[SampleKey, Ended]:
        """Those of these samples that ended."""
        if len(keys) > MANY:
            wanted = set(keys)
            return {key: end for key, end in self.items() if key in wanted}
        return {key: end for key in keys if (end := self.get(key)) is not None}

    def changed(self, ends: Mapping[SampleKey, Ended], without: Collection[SampleKey]) -> "Ends":
        """With these ends, too or instead of the ones before, and `without` some."""
        known = self.some([*ends, *without])
        more = {key: end for key, end in ends.items() if key not in known}
        if any(key in known for key in without) or len(known) > MANY:
            entries = {key: end for key, end in self.items() if key not in without}
            return Ends.of({**entries, **ends})
        chunks = list(self.chunks)
        for key in known.keys() & ends.keys():
            self._replace(chunks, key, ends[key])
        return self._appended(chunks, more)

    def _replace(self, chunks: list[bytes], key: SampleKey, end: Ended) -> None:
        for number, chunk in enumerate(chunks):
            entries = dict(_decode(chunk))
            if key in entries:
                entries[key] = end
                chunks[number] = _encode(tuple(entries.items()))
                return

    def _appended(self, chunks: list[bytes], more: Mapping[SampleKey, Ended]) -> "Ends":
        if len(self) % CHUNK and more:
            last = (*_decode(chunks.pop()), *more.items())
        else:
            last = tuple(more.items())
        chunks += (_encode(last[at : at + CHUNK]) for at in range(0, len(last), CHUNK))
        return Ends(self.hashes + _hashes(more), tuple(chunks))

    def _entries_at(self, place: int) -> dict[SampleKey, Ended]:
        return dict(_decode(self.chunks[place // CHUNK]))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Ends) and self.chunks == other.chunks:
            return True
        if isinstance(other, Ends | dict):
            return len(self) == len(other) and dict(self.items()) == dict(other.items())
        return NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


def _hashes(keys: Iterable[SampleKey]) -> bytes:
    texts = (f"{key.id}\0{key.epoch}".encode("utf-8", "surrogatepass") for key in keys)
    return array("I", map(crc32, texts)).tobytes()
