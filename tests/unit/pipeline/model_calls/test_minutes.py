"""The ring of minutes adds up as a list of all that was counted does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.pipeline.model_calls.minutes import KEPT, Minutes

MINUTE = st.integers(5000, 5000 + 3 * KEPT)


@given(st.lists(st.tuples(MINUTE, st.integers(0, 9))), MINUTE, st.integers(1, KEPT))
def test_totals_are_those_of_a_plain_list(added, until, minutes):
    ring, newest, kept = Minutes(), 0, []
    for minute, number in added:
        ring.add(minute, number)
        newest = max(newest, minute)
        if minute > newest - KEPT:
            kept.append((minute, number))
    kept = [(minute, n) for minute, n in kept if minute > newest - KEPT]
    plain = sum(n for minute, n in kept if until - minutes < minute <= until)
    assert ring.total(until, minutes) == plain
    firsts = [minute for minute, n in kept if n and minute > until - KEPT]
    assert ring.first(until) == min(firsts, default=None)
    again = Minutes("I", ring.kept(), ring.newest)
    assert again.total(until, minutes) == plain


def test_a_number_has_a_bound():
    ring = Minutes("B")
    ring.add(7, 200)
    ring.add(7, 200)
    assert ring.total(7, 1) == 255


@pytest.mark.parametrize(("data", "newest"), [(b"x", 0), (bytes(KEPT), 0), (bytes(4 * KEPT), -1)])
def test_what_is_no_ring_is_refused(data, newest):
    with pytest.raises(ValueError, match="minutes"):
        Minutes("I", data, newest)
