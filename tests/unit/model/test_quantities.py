"""Numbers that people can read, whatever was computed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.model.quantities import frequency, suspicion_text

YEARS = 365.25 / 7


@pytest.mark.parametrize(
    ("expected_per_week", "said"),
    [
        (1234.5, "1,234 times a week"),
        (3.2, "3 times a week"),
        (1.2, "once a week"),
        (0.999, "once in 7 days"),
        (0.7, "once in 10 days"),
        (0.35, "once in 3 weeks"),
        (0.25, "once in 4 weeks"),
        (1 / YEARS, "once a year"),
        (1 / (6.3 * YEARS), "once in 6 years"),
        (1 / (99 * YEARS), "once in 99 years"),
        (1 / (111 * YEARS), "more rarely than once in 100 years"),
        (1e-300, "more rarely than once in 100 years"),
        (0.0, "more rarely than once in 100 years"),
    ],
)
def test_how_often(expected_per_week, said):
    assert frequency(expected_per_week) == said


@given(st.floats(0, 1e9))
def test_no_frequency_has_an_exponent_or_a_fraction(expected_per_week):
    assert re.fullmatch(r"[a-z0-9, ]+", frequency(expected_per_week))


@pytest.mark.parametrize(
    ("suspicion", "said"),
    [
        (0.0, "0.00"),
        (0.9999, "0.99"),
        (1.0, "1.00"),
        (2.679, "2.67"),
        (9.999, "9.99"),
        (1e4, "10,000"),
    ],
)
def test_a_suspicion_reads_1_where_the_verdict_fell_and_no_sooner(suspicion, said):
    assert suspicion_text(suspicion) == said
