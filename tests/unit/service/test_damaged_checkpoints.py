"""A checkpoint of which anything changed is refused, or says the same."""

import random

import pytest

from tests.acceptance.playback import captured_at
from tests.builders.lives import become, life
from tests.recordings.unpack import unpack
from watchdog.service.checkpoint_records import CorruptRecords, Records, decode, encode

FLIPS = 300


@pytest.fixture
async def records(tmp_path):
    """Of a recording with samples that wait, fail and succeed."""
    bundle = unpack("hidden_among_many", tmp_path / "bundle")[0]
    logs = tmp_path / "logs" / "one"
    become(bundle, logs)
    source = life(logs)
    await source.poll(captured_at(bundle))
    cuts = await source.cuts()
    await source.aclose()
    return encode(cuts["one"])


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


async def test_a_bit_that_was_turned_over_is_noticed(records):
    chance = random.Random(0)  # noqa: S311
    right = decode(records, "one")
    refused = 0
    for _ in range(FLIPS):
        state = flipped(records.state, chance.randrange(8 * len(records.state)))
        position = flipped(records.position, chance.randrange(8 * len(records.position)))
        for one in (Records(state, records.position), Records(records.state, position)):
            try:
                assert decode(one, "one") == right
            except CorruptRecords:
                refused += 1
    assert refused > 1.9 * FLIPS


async def test_one_of_another_eval_set_is_refused(records):
    with pytest.raises(CorruptRecords, match="another"):
        decode(records, "two")
