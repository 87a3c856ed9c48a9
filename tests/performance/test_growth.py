"""No pure stage costs more than in proportion to what there is: counted in steps, never in time.

What a single call into C goes through (a copy of a dictionary, a sort) counts as one step here;
`make bench` measures that in CPU seconds, at larger sizes.
"""

import pytest

from tests.performance.exponents.cost import exponent, seconds, steps
from tests.performance.exponents.dimensions import DIMENSIONS
from tests.performance.exponents.stages import stages

BOUND = 1.1
LATER = slice(1, None)
"""Without the smallest size, where what is needed once may weigh less than nothing."""


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda one: one.name)
def test_steps_grow_in_proportion(dimension):
    costs: dict[str, list[float]] = {}
    for size in dimension.small:
        for stage in stages(*dimension.case(size), patterns=3):
            costs.setdefault(stage.name, []).append(steps(stage.work))
    slopes = {
        name: exponent(dimension.small[LATER], values[LATER]) for name, values in costs.items()
    }
    assert len(slopes) >= 10
    assert {name: slope for name, slope in slopes.items() if slope > BOUND} == {}


def test_what_is_quadratic_is_noticed():
    sizes = (8, 16, 32, 64)
    quadratic = [steps(lambda n=n: [a for a in range(n) for b in range(n)]) for n in sizes]
    linear = [steps(lambda n=n: [a for a in range(n)]) for n in sizes]  # noqa: C416
    assert exponent(sizes, quadratic) > 1.5
    assert exponent(sizes, linear) < 1.1


def test_steps_are_the_same_each_time():
    work = next(stage.work for stage in stages(2, DIMENSIONS[0].case(2)[1], patterns=2))
    work()
    assert steps(work) == steps(work)


def test_an_exponent_is_the_slope_between_logarithms():
    assert exponent((1, 2, 4, 8), (3.0, 12.0, 48.0, 192.0)) == pytest.approx(2.0)
    assert exponent((1, 2, 4, 8), (5.0, 5.0, 5.0, 5.0)) == pytest.approx(0.0)


def test_seconds_are_those_of_one_time():
    assert 0.0 < seconds(lambda: sum(range(1000))) < 1.0
