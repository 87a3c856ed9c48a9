"""Compressed pieces in a row are one gzip member, whatever their texts."""

import gzip
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.surfaces.deflated import CHUNK, Deflater, Gzip, Plain, joined

TEXTS = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 3 * CHUNK).map(lambda size: b"line of text\n" * (size // 13)),
    st.integers(0, CHUNK).map(lambda size: zlib.compress(b"%d" % size) * 2000),
)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_any_texts_in_any_order(texts):
    deflater = Deflater()
    pieces = [deflater.piece(text) for text in texts]
    for row in (pieces, pieces[::-1], pieces * 2):
        whole = b"".join({id(p): t for p, t in zip(pieces, texts, strict=True)}[id(p)] for p in row)
        compressed = joined(row, Gzip())
        assert gzip.decompress(compressed) == whole
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        assert member.decompress(compressed) == whole  # one member, and nothing behind it
        assert (member.eof, member.unused_data) == (True, b"")
        assert joined(row, Plain()) == whole


def test_what_is_handed_on_is_bounded():
    piece = Deflater().piece(bytes(50 * CHUNK))
    assert len(piece.data) < CHUNK
    chunks = list(Plain().add(piece))
    assert sum(map(len, chunks)) == 50 * CHUNK
    assert max(map(len, chunks)) == CHUNK
    noise = Deflater().piece(b"".join(zlib.compress(b"%d" % n) for n in range(20_000)))
    assert max(map(len, Gzip().add(noise))) == CHUNK
