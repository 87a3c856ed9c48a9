"""Ends of samples, packed: a mapping like the dictionary that it was made of."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.weight import weight
from watchdog.model.ends import Ended, Ends
from watchdog.model.facts import SampleKey
from watchdog.model.verdict import Cause

KEYS = st.builds(SampleKey, st.integers(0, 60).map(str), st.integers(1, 2))
ENDS = st.builds(
    Ended,
    st.sampled_from(["completed", "errored", "cancelled"]),
    st.none() | st.just("kWGrYfMp7VQ3TeSGbchny9"),
    st.none() | st.floats(0, 2e9),
    st.sampled_from([None, Cause.AUTH]),
    st.booleans(),
    st.sampled_from(["", "KeyError: …"]),
)
MAPS = st.dictionaries(KEYS, ENDS, max_size=120)


@settings(deadline=None)
@given(MAPS, st.lists(st.tuples(MAPS, st.sets(KEYS, max_size=20)), max_size=4))
def test_it_changes_as_a_dictionary_does(first, changes):
    ends, expected = Ends.of(first), dict(first)
    for more, some_keys in changes:
        without = some_keys - more.keys()
        ends = ends.changed(more, without)
        expected = {key: end for key, end in expected.items() if key not in without} | more
        assert list(ends.items()) == list(expected.items())
        assert (len(ends), bool(ends)) == (len(expected), bool(expected))
        assert ends == expected == dict(ends)
    every = [SampleKey(str(number), epoch) for number in range(62) for epoch in (1, 2)]
    assert [ends.get(key) for key in every] == [expected.get(key) for key in every]
    assert [key in ends for key in every] == [key in expected for key in every]
    some = every[::7]
    assert ends.some(some) == {key: expected[key] for key in some if key in expected}
    assert ends.some(every) == expected
    assert list(ends.values()) == list(expected.values())
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(ends), type=Ends)
    assert again == ends
    assert (ends != expected) is False


def test_keys_of_one_hash_stay_apart():
    keys = [SampleKey("plumless", 1), SampleKey("buckeroo", 1)]
    ends = Ends.of({key: Ended("completed", key.id, 1.0) for key in keys})
    ends = Ends(ends.hashes[:4] * 2, ends.chunks)
    assert ends.get(keys[0]).uuid == "plumless"


def test_an_end_takes_less_than_eighty_bytes():
    ends = {
        SampleKey(f"sample-{number}", 1): Ended("completed", f"{number:022d}", 1e9 + number)
        for number in range(2_000)
    }
    assert weight([Ends.of(ends)]) < 80 * len(ends)
