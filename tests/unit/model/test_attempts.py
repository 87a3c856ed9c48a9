"""When the next attempt comes, or should have come."""

import pytest

from tests.builders.snapshots import NOW, ago, sample
from watchdog.model.attempts import GRACE, next_attempt
from watchdog.model.instants import timestamp


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (-600.0, "next attempt at 2026-11-23 08:10 UTC, after a wait of 3 h"),
        (GRACE, "next attempt at 2026-11-23 07:58 UTC, after a wait of 3 h"),
        (
            7200.0,
            "next attempt overdue for 2 h: it was due at 2026-11-23 06:00 UTC, after a wait of 3 h",
        ),
        (None, "next attempt after a wait of 3 h"),
    ],
)
def test_what_is_overdue_does_not_read_as_to_come(due, words):
    at = ago(due) if due is not None else None
    assert next_attempt(sample(wait_seconds=10_800.0, next_attempt_at=at), timestamp(NOW)) == words


def test_none_is_due():
    assert next_attempt(sample(wait_seconds=None), timestamp(NOW)) == ""
