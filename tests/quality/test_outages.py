"""An outage is everybody's: whoever fails in it falls with it, however it began."""

import pytest

from tests.quality.outages import POLL, by_lot

MINUTE = 60.0
ATTEMPT = 1800.0 + 3.0
"""Seconds between two attempts at most, by Inspect's back-off."""


@pytest.mark.parametrize("number", range(12))
def test_all_that_fail_in_an_outage_fall_within_one_attempt_of_each_other(number):
    """Calls that ended well minutes after it began excuse nobody."""
    course = by_lot(number, 2.5)
    first = min(course.fell.values())
    assert course.fell.keys() == course.due.keys()
    assert len(course.fell) > course.running / 2
    for name, at in course.fell.items():
        assert at <= max(first, course.due[name]) + ATTEMPT + POLL
    assert course.rose == 0


def test_some_of_them_began_while_others_still_succeeded():
    """Else the test before shows nothing."""
    late = [by_lot(number, 0.5).last_ok - by_lot(number, 0.5).began for number in range(12)]
    assert sum(seconds > 90 for seconds in late) >= 5


@pytest.mark.parametrize("minutes", [3, 10, 18])
@pytest.mark.parametrize("number", range(100, 108))
def test_an_outage_that_passes_is_told_of_nobody(number, minutes):
    course = by_lot(number, 1.5, minutes * MINUTE)
    assert course.fell == {}


@pytest.mark.parametrize("number", range(100, 104))
def test_where_a_third_gets_through_nobody_is_in_an_outage_of_everybody(number):
    course = by_lot(number, 0.6, 2 * 3600.0, 0.66)
    assert course.fell == {}
