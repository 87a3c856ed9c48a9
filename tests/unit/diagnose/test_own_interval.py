"""A task that is read less often is too old by its own interval, and says how often it is read."""

import pytest

from tests.builders.cluster_views import LIMITS
from tests.builders.rows import LOG, SET, Rows, facts, state
from watchdog.diagnose.judge import judge
from watchdog.model.facts import TaskRead
from watchdog.model.verdict import Verdict

READ_AT, MAX_AGE = 1000.0, 90.0


def judged(interval: float, age: float):
    known = state(
        facts({"1": Rows().ok(900)}, read_at=READ_AT), [TaskRead(SET, LOG, READ_AT, None, interval)]
    )
    return judge([known], READ_AT + age, LIMITS, MAX_AGE)[0].tasks[0]


@pytest.mark.parametrize(
    ("interval", "age", "is_known"),
    [
        (0.0, 89.0, True),
        (0.0, 91.0, False),
        (20.0, 89.0, True),  # never sooner than what holds for all
        (240.0, 600.0, True),
        (240.0, 719.0, True),
        (240.0, 721.0, False),
    ],
)
def test_unknown_is_what_was_last_read_longer_ago_than_three_of_its_own_intervals(
    interval, age, is_known
):
    task = judged(interval, age)
    assert (task.verdict is not Verdict.UNKNOWN) is is_known


def test_it_is_shown_where_it_differs_from_each_poll():
    texts = [item.text for item in judged(240.0, 10.0).evidence if item.kind == "rhythm"]
    assert texts == ["read less often than at each poll"]
    assert "rhythm" not in {item.kind for item in judged(0.0, 10.0).evidence}
