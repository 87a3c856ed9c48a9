"""Compressed pieces that are put together without being compressed again.

Each piece is a run of deflate blocks (RFC 1951) that refers to nothing before it and ends at a
byte: zlib's full flush, as pigz does it. Any of them in a row, between a gzip header and the
checksum of all, are one gzip member (RFC 1952); so what didn't change costs nothing the next time,
in whatever order it comes, and takes a tenth of its memory. Who wants no gzip gets them inflated.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

from msgspec import Struct

LEVEL = 1
"""Of what is asked for every half minute: 6 takes three times the time for a seventh less."""
CHUNK = 64 * 1024
"""Bytes that are handed on at once."""
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""gzip, deflate, no flags, no time, fastest, system unknown."""
_END = b"\x03\x00"
"""An empty last block."""
_ZEROS = memoryview(bytes(CHUNK))


class Piece(Struct, frozen=True, gc=False):
    """A text, compressed."""

    data: bytes
    size: int
    """Bytes of the text."""
    check: int
    """Its CRC-32, less that of as many zeros: what a checksum goes on with (`_crc`)."""


class Deflater:
    """Makes pieces. One for each thread: its memory is used again."""

    def __init__(self, level: int = LEVEL) -> None:
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)

    def piece(self, text: bytes) -> Piece:
        """A text as a piece."""
        data = self._compressor.compress(text) + self._compressor.flush(zlib.Z_FULL_FLUSH)
        return Piece(data, len(text), zlib.crc32(text) ^ _over_zeros(len(text), 0))


def _over_zeros(size: int, crc: int) -> int:
    """The CRC-32 of what has `crc`, followed by `size` zeros."""
    whole, rest = divmod(size, CHUNK)
    for _ in range(whole):
        crc = zlib.crc32(_ZEROS, crc)
    return zlib.crc32(_ZEROS[:rest], crc)


class Gzip:
    """Pieces in a row as one gzip member.

    A CRC is linear: that of `a` and `b` in a row is that of `a` and zeros, with that of `b` less
    that of the same zeros.
    """

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0
        self._held = _Held(_HEADER)

    def add(self, piece: Piece) -> Iterator[bytes]:
        """One more piece; whole chunks of what is ready."""
        self._crc = _over_zeros(piece.size, self._crc) ^ piece.check
        self._size += piece.size
        return self._held.add(piece.data)

    def end(self) -> bytes:
        """The rest."""
        trailer = _END + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)
        return b"".join(self._held.add(trailer)) + self._held.rest()


class Plain:
    """The same for who reads no gzip: their texts in a row."""

    def __init__(self) -> None:
        self._held = _Held(b"")

    def add(self, piece: Piece) -> Iterator[bytes]:
        """One more piece; whole chunks of what is ready."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        data = piece.data
        while data:
            yield from self._held.add(inflater.decompress(data, CHUNK))
            data = inflater.unconsumed_tail

    def end(self) -> bytes:
        """The rest."""
        return self._held.rest()


Coding = Gzip | Plain


class _Held:
    """Bytes that are no whole chunk yet."""

    def __init__(self, begin: bytes) -> None:
        self._parts = [begin]
        self._size = len(begin)

    def add(self, data: bytes) -> Iterator[bytes]:
        self._parts.append(data)
        self._size += len(data)
        if self._size >= CHUNK:
            joined = b"".join(self._parts)
            whole = len(joined) - len(joined) % CHUNK
            self._parts, self._size = [joined[whole:]], len(joined) - whole
            yield from (joined[begin : begin + CHUNK] for begin in range(0, whole, CHUNK))

    def rest(self) -> bytes:
        return b"".join(self._parts)


def joined(pieces: Iterable[Piece], coding: Coding) -> bytes:
    """All of it at once."""
    chunks = [chunk for piece in pieces for chunk in coding.add(piece)]
    return b"".join((*chunks, coding.end()))
