"""Successes are counted in bounded room, in whatever order they come."""

from hypothesis import given
from hypothesis import strategies as st

from watchdog.model.successes import BUCKETS_MAX, Successes, succeeded

INSTANTS = st.lists(st.floats(0, 1e8, allow_nan=False), max_size=300)


@given(INSTANTS, st.randoms())
def test_nothing_is_lost_and_the_order_does_not_matter(instants, random):
    one = succeeded(Successes(), instants)
    random.shuffle(instants)
    other = Successes()
    for at in instants:
        other = succeeded(other, [at])
    assert one == other
    assert len(one.buckets) <= BUCKETS_MAX
    assert sum(count for _, count in one.buckets.values()) == len(instants)


@given(INSTANTS, st.floats(0, 1e8))
def test_before_a_horizon_stands_only_what_ended_by_then(instants, horizon):
    found = succeeded(Successes(), instants)
    told = found.before(horizon)
    assert all(at < horizon for at, _ in told)
    early = [at for at in instants if at < horizon - found.spacing]
    assert sum(count for _, count in told) >= len(early)
