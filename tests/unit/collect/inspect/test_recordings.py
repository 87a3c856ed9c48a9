"""Real buffers, as Inspect wrote them: the same rows as Inspect reads, and any damage to them."""

import contextlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.log._recorders.buffer.filestore import Manifest, segment_sample_data

from tests.recordings.unpack import unpack
from watchdog.collect.inspect.buffers import CorruptManifest, decode_manifest
from watchdog.collect.inspect.events import KNOWN_KINDS, loose_row
from watchdog.collect.inspect.segments import CorruptMember, decode_member
from watchdog.collect.json_bounds import loads
from watchdog.collect.stores.zip_members import CorruptZip, directory, read_member

LIMIT = 100_000_000
NAMES = ["one_sample_500", "hung_judge", "hung_tool_call", "human"]


@pytest.fixture(scope="module", params=NAMES)
def buffer(request, tmp_path_factory):
    """A buffer's directory."""
    bundle = unpack(request.param, tmp_path_factory.mktemp(request.param))[-1]
    return next((bundle / "store" / ".buffer").iterdir())


@pytest.fixture(scope="module")
def one_buffer(tmp_path_factory):
    bundle = unpack(NAMES[0], tmp_path_factory.mktemp("one"))[-1]
    return next((bundle / "store" / ".buffer").iterdir())


def segments(buffer):
    return sorted(buffer.glob("segment.*.zip"))


def test_a_manifest_as_inspect_reads_it(buffer):
    data = (buffer / "manifest.json").read_bytes()
    ours = decode_manifest(data)
    theirs = Manifest.model_validate_json(data)
    assert ours.bad == ()
    assert theirs.samples
    for mine, other in zip(ours.samples, theirs.samples, strict=True):
        assert mine.summary.key == (str(other.summary.id), other.summary.epoch)
        assert mine.summary.uuid == other.summary.uuid
        assert mine.summary.completed == other.summary.completed
        numbers = [one if isinstance(one, int) else one["id"] for one in other.segments]
        assert [one.segment for one in mine.references] == sorted(numbers)


def test_rows_as_inspect_reads_them(buffer):
    read = 0
    for path in segments(buffer):
        data = path.read_bytes()
        for name, member in directory(data).items():
            sample_id, _, epoch = name.removesuffix(".json").rpartition("_")
            theirs = segment_sample_data(io.BytesIO(data), sample_id, int(epoch)).events
            ours = decode_member(read_member(data, member, LIMIT))
            assert ours.bad == ()
            assert [row.id for row in ours.rows] == [one.id for one in theirs]
            assert [row.kind for row in ours.rows] == [one.event["event"] for one in theirs]
            assert {row.kind for row in ours.rows} <= KNOWN_KINDS
            read += len(theirs)
    assert read > 5


def test_the_slow_way_reads_the_same(buffer):
    read = 0
    for path in segments(buffer):
        data = path.read_bytes()
        for member in directory(data).values():
            content = read_member(data, member, LIMIT)
            found = loads(content)["events"]
            slow = [loose_row(one["id"], one["event_id"], one["event"]) for one in found]
            assert list(decode_member(content).rows) == slow
            read += len(slow)
    assert read > 5


@given(place=st.floats(0, 1), change=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_segment(one_buffer, place, change, cut):
    data = bytearray(segments(one_buffer)[0].read_bytes())
    at = int(place * (len(data) - 1))
    data[at] = change
    damaged = bytes(data[:at] if cut else data)
    with contextlib.suppress(CorruptZip, CorruptMember):
        for member in directory(damaged).values():
            decode_member(read_member(damaged, member, LIMIT))


@given(place=st.floats(0, 1), change=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_manifest(one_buffer, place, change, cut):
    data = bytearray((one_buffer / "manifest.json").read_bytes())
    at = int(place * (len(data) - 1))
    data[at] = change
    with contextlib.suppress(CorruptManifest):
        decode_manifest(bytes(data[:at] if cut else data))


@given(place=st.floats(0, 1), change=st.integers(0, 255))
def test_a_damaged_member(one_buffer, place, change):
    zipped = segments(one_buffer)[0].read_bytes()
    member = next(iter(directory(zipped).values()))
    data = bytearray(read_member(zipped, member, LIMIT))
    data[int(place * (len(data) - 1))] = change
    with contextlib.suppress(CorruptMember):
        decode_member(bytes(data))


def test_a_truncated_manifest_is_never_half_read(one_buffer):
    data = (one_buffer / "manifest.json").read_bytes()
    assert json.loads(data)["samples"]
    for length in range(0, len(data), 97):
        with pytest.raises(CorruptManifest):
            decode_manifest(data[:length])
