"""Members of a zip: every method, every kind of damage, no more bytes than allowed."""

import struct
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from backports.zstd import compress, zipfile
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.logs import zipped
from tests.builders.zips import forged
from watchdog.collect.stores.zip_members import (
    CorruptZip,
    MissingRange,
    directory,
    fetch_directory,
    fetch_member,
    read_member,
)

LIMIT = 10_000_000
CONTENT = b'{"events": []}' * 5000
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_ZSTANDARD)


def read(data: bytes, name: str = "a.json", limit: int = LIMIT) -> bytes:
    return read_member(data, directory(data)[name], limit)


@pytest.mark.parametrize("method", METHODS)
def test_reads_what_the_standard_library_wrote(method):
    data = zipped({"a.json": CONTENT, "b/ü 1.json": b"two", "empty": b""}, method)
    assert read(data) == CONTENT
    assert read(data, "b/ü 1.json") == b"two"
    assert read(data, "empty") == b""


def test_reads_a_member_of_several_frames():
    parts = [CONTENT, b"", b"x" * 300_000, b"end"]
    whole = b"".join(parts)
    raw = b"".join(compress(part) for part in parts)
    assert read(forged(raw, len(whole), zlib.crc32(whole))) == whole


def test_many_frames_cost_little_and_give_no_more_than_there_is():
    raw = compress(b"") * 200_000
    before = time.process_time()
    with pytest.raises(CorruptZip, match="differs"):
        read(forged(raw, 10, 0))
    assert time.process_time() - before < 2


@pytest.mark.parametrize("method", METHODS)
def test_refuses_a_claim_beyond_the_limit(method):
    data = forged(b"xxx", 5 * 1024**3 & 0xFFFFFFFE, 0, method)
    with pytest.raises(CorruptZip, match="claims"):
        read(data)


@pytest.mark.parametrize(
    ("method", "raw"),
    [(8, zlib.compress(bytes(50_000_000))[2:-4]), (93, compress(bytes(50_000_000)))],
)
def test_stops_at_the_claim_of_a_bomb(method, raw):
    with pytest.raises(CorruptZip, match="differs"):
        read(forged(raw, 100, zlib.crc32(bytes(100)), method))


def test_a_claim_of_more_than_there_is():
    with pytest.raises(CorruptZip, match="differs"):
        read(forged(compress(b"abc"), 100, zlib.crc32(b"abc")))


@pytest.mark.parametrize("in_header", [True, False])
def test_no_more_room_is_made_than_is_filled(in_header):
    """A claim of nearly all that is allowed, in the directory and in the frame's own header."""
    claim = 4_000_000_000
    raw = b"\x28\xb5\x2f\xfd" + (
        b"\xa0" + struct.pack("<L", claim) if in_header else b"\x00\x58"
    )  # then no block: the frame is cut off
    data = forged(raw, claim, 0)
    tracemalloc.start()
    with pytest.raises(CorruptZip):
        read(data, limit=claim)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 * 1024 * 1024


def test_a_bad_member_leaves_nothing_behind_for_the_next_one():
    good = zipped({"a.json": CONTENT})
    bomb = forged(compress(bytes(50_000_000)), 100, 0)
    for bad in (bomb, forged(compress(CONTENT)[:-20], len(CONTENT), 0), forged(b"garbage", 7, 0)):
        with pytest.raises(CorruptZip):
            read(bad)
        assert read(good) == CONTENT


def test_threads_read_at_once():
    members = {f"{number}.json": bytes([number]) * 100_000 + CONTENT for number in range(20)}
    data = zipped(members)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert list(pool.map(lambda name: read(data, name), members)) == [*members.values()]


def test_checksum():
    with pytest.raises(CorruptZip, match="checksum"):
        read(forged(compress(b"abc"), 3, 1))


def test_encrypted():
    with pytest.raises(CorruptZip, match="encrypted"):
        read(forged(b"abc", 3, zlib.crc32(b"abc"), method=0, flags=1))


def test_unknown_method():
    with pytest.raises(CorruptZip, match="method 14"):
        read(forged(b"abc", 3, zlib.crc32(b"abc"), method=14))


def test_wrong_signature_of_a_member():
    data = zipped({"a.json": CONTENT})
    with pytest.raises(CorruptZip, match="signature"):
        read(b"XX" + data[2:])


@pytest.mark.parametrize("data", [b"", b"PK", b"garbage" * 100, b"PK\x05\x06" + b"\xff" * 40])
def test_garbage(data):
    with pytest.raises(CorruptZip):
        directory(data)


def test_truncated_at_every_offset():
    data = zipped({"a.json": b"some content", "b.json": b"more"})
    for length in range(len(data)):
        with pytest.raises(CorruptZip):
            directory(data[:length])


@given(st.binary(max_size=400))
def test_any_bytes_raise_only_what_is_documented(data):
    try:
        for member in directory(data).values():
            read_member(data, member, 1000)
    except (CorruptZip, MissingRange):
        pass


@given(st.integers(0, 2000), st.integers(1, 255), st.sampled_from(METHODS))
def test_a_changed_byte_raises_only_what_is_documented(place, change, method):
    data = bytearray(zipped({"a.json": b"some content" * 9, "b.json": b"more"}, method))
    data[place % len(data)] ^= change
    try:
        for member in directory(bytes(data)).values():
            content = read_member(bytes(data), member, 1000)
            assert zlib.crc32(content) == member.checksum
    except (CorruptZip, MissingRange):
        pass


class Ranges:
    """An object that is read by ranges, and counts them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    async def __call__(self, start: int, end: int) -> bytes:
        self.asked.append((start, end))
        return self.data[start:end]


async def test_reads_by_ranges():
    members = {f"sample {number}": b"x" * number for number in range(2000)}
    data = zipped(members | {"a.json": CONTENT}, zipfile.ZIP_STORED)
    start = len(data) - 1000
    fetch = Ranges(data)
    found = await fetch_directory(data[start:], start, fetch)
    assert set(found) == {*members, "a.json"}
    assert len(fetch.asked) == 1
    assert await fetch_member(found["a.json"], LIMIT, fetch) == CONTENT
    assert len(fetch.asked) == 2


def large(data: bytes, size: int) -> bytes:
    """The same zip's end as of a file of more than 4 GiB: with the 64-bit end records."""
    begin = data.index(b"PK\x01\x02")
    entries = data[begin : data.rindex(b"PK\x05\x06")]
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(entries), size + begin
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, size + begin + len(entries), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:begin] + entries + record + locator + end


async def test_a_zip_of_more_than_4_gib():
    before = 5 * 1024**3
    data = large(zipped({"a.json": CONTENT}), before)
    fetch = Ranges(data)

    async def ranged(start: int, end: int) -> bytes:
        return await fetch(start - before, end - before)

    tail = data[-60:]
    found = await fetch_directory(tail, before + len(data) - 60, ranged)
    assert list(found) == ["a.json"]
    assert len(fetch.asked) == 2


async def test_a_directory_that_claims_too_much_is_not_fetched():
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 900_000_000, 1000, 0)
    fetch = Ranges(b"")
    with pytest.raises(CorruptZip, match="more than the 33,554,432"):
        await fetch_directory(end, 900_001_000, fetch)
    assert fetch.asked == []
