"""When what is suspected turns by time alone."""

import math

import pytest

from watchdog.model.weighing import Rise


@pytest.mark.parametrize(
    ("now", "enough", "turns_at"),
    [
        (100.0, True, 400.0),
        (399.9, True, 400.0),
        (400.0, True, 700.0),
        (700.0, True, math.inf),
        (100.0, False, 400.0),
        (400.0, False, math.inf),
    ],
)
def test_it_turns_where_its_evidence_is_told_and_where_it_is_stuck(now, enough, turns_at):
    assert Rise(100.0, 600.0, enough).turns_after(now) == turns_at
