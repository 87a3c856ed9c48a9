"""The rules that people use without a detector."""

import pytest

from tests.builders.rows import LOG, Rows, facts, key, state
from watchdog.diagnose.simple_rules import SIMPLE_RULES, stuck_by

HOUR = 3600.0


@pytest.mark.parametrize(
    ("rule", "rows", "now", "stuck"),
    [
        ("guide", Rows().ok(0).fails(range(100, 109)), 200, False),
        ("guide", Rows().ok(0).fails(range(100, 110)), 200, True),
        ("guide", Rows().fails(range(100, 120)).ok(200), 300, False),
        ("guide", Rows().fails(range(100, 109)), 9 * HOUR, False),
        ("idle", Rows().ok(0), 10 + 1.9 * HOUR, False),
        ("idle", Rows().ok(0), 10 + 2.1 * HOUR, True),
        ("pending", Rows().pending("tool", 100, "bash"), 100 + 1700, False),
        ("pending", Rows().pending("tool", 100, "bash"), 100 + 1900, True),
        ("pending", Rows().ok(0), 9 * HOUR, False),
    ],
)
def test_they_say_what_they_say(rule, rows, now, stuck):
    known = state(facts({"1": rows}, read_at=now))
    expected = {(LOG, key("1"))} if stuck else set()
    assert stuck_by(SIMPLE_RULES[rule], known, now) == expected


def test_of_a_log_that_is_finished_nothing_is_stuck():
    known = state(facts({"1": Rows().ok(0)}, read_at=9 * HOUR, status="success"))
    assert all(not stuck_by(rule, known, 9 * HOUR) for rule in SIMPLE_RULES.values())
