"""Instants in order: what a sorted list of them would say."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.diagnose import sorted_instants
from watchdog.diagnose.sorted_instants import SortedInstants

INSTANTS = st.lists(st.integers(0, 12).map(float), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def _small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_instants, "LOAD", 3)
        yield


def _some(data, items):
    """Places of some of them."""
    return data.draw(st.lists(st.sampled_from(range(len(items))), unique=True)) if items else []


@given(INSTANTS, INSTANTS, st.data())
def test_they_answer_as_a_sorted_list(begin, come, data):
    instants = SortedInstants()
    instants.extend(begin)
    instants.settle()
    for at in come:
        instants.add(at)
    expected = sorted(begin + come)
    gone = _some(data, expected)
    for place in gone:
        instants.remove(expected[place])
    expected = [at for place, at in enumerate(expected) if place not in gone]
    assert all(len(chunk) <= 6 for chunk in instants._chunks)
    assert instants.last == (expected[-1] if expected else None)
    for at in range(-1, 14):
        before, until = bisect_left(expected, at), bisect_right(expected, at)
        assert instants.between(at, at + 3) == max(0, bisect_right(expected, at + 3) - before)
        assert instants.count_from(at) == len(expected) - before
        assert instants.first_from(at) == (expected[before] if before < len(expected) else None)
        assert instants.first_after(at) == (expected[until] if until < len(expected) else None)
        assert instants.last_until(at) == (expected[until - 1] if until else None)
        assert instants.last_before(at) == (expected[before - 1] if before else None)


@given(st.lists(st.tuples(st.integers(0, 9).map(float), st.integers(1, 5)), max_size=40), st.data())
def test_each_may_stand_for_several(pairs, data):
    instants = SortedInstants(counted=True)
    half = len(pairs) // 2
    instants.extend([at for at, _ in pairs[:half]], [calls for _, calls in pairs[:half]])
    instants.settle()
    for at, calls in pairs[half:]:
        instants.add(at, calls)
    gone = _some(data, pairs)
    for place in gone:
        instants.remove(*pairs[place])
    left = [pair for place, pair in enumerate(pairs) if place not in gone]
    for since in range(10):
        for until in range(10):
            expected = sum(calls for at, calls in left if since <= at <= until)
            assert instants.between(since, until) == expected


@pytest.mark.parametrize("counted", [False, True])
def test_what_is_not_there_does_not_go(counted):
    instants = SortedInstants(counted=counted)
    for at in (1.0, 1.0, 2.0):
        instants.add(at, 2)
    with pytest.raises(ValueError, match=r"1\.5 is not among"):
        instants.remove(1.5)
    if counted:
        with pytest.raises(ValueError, match="is not among"):
            instants.remove(1.0, 3)
