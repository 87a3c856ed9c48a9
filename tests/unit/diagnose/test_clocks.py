"""A runner's clock that is wrong neither makes an alert nor hides one."""

import pytest
from msgspec.structs import replace

from tests.builders.rows import SET, Rows, facts, schedule
from tests.builders.rows import state as folded
from watchdog.diagnose.judge import judge
from watchdog.model.facts import RowsRead
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
BASE = 1_800_000_000.0
SYNC = 15.0


def seen(rows: Rows, now: float, skew: float, stored: bool = True, **spec):
    """Rows whose runner's clock is `skew` seconds ahead of the store's and ours."""
    batch = []
    for fact in facts({"1": rows}, read_at=now, created=BASE + skew, **spec):
        if isinstance(fact, RowsRead):
            for row in fact.rows:
                at = max(row.at, row.completed_at or 0.0) - skew + SYNC
                batch.append(replace(fact, rows=(row,), stored_at=at if stored else None))
        else:
            batch.append(fact)
    (judged,) = judge([folded(batch, eval_set=SET)], now, Thresholds(), 90.0)
    return judged


@pytest.mark.parametrize("skew", [-8 * HOUR, -HOUR, 0.0, HOUR, 8 * HOUR])
def test_a_call_is_as_old_as_it_is_whatever_the_runner_s_clock_says(skew):
    rows = Rows().ok(BASE + skew).pending("model", BASE + skew + 60)
    fresh = seen(rows, BASE + 600, skew)
    assert fresh.verdict is Verdict.PROGRESSING
    late = seen(rows, BASE + 5 * HOUR, skew)
    assert (late.verdict, late.cause) == (Verdict.STUCK, Cause.HUNG_MODEL_CALL)
    assert late.since == pytest.approx(BASE + 60, abs=60)


@pytest.mark.parametrize("skew", [-3 * HOUR, 3 * HOUR])
def test_a_streak_falls_when_it_does(skew):
    attempts = schedule(BASE + skew + 600, 12)
    rows = Rows().ok(BASE + skew).fails(attempts)
    judged = seen(rows, attempts[-1] - skew + 60, skew)
    assert judged.verdict is Verdict.STUCK
    assert judged.since == pytest.approx(BASE + 600, abs=60)
    (told,) = [e.text for e in judged.tasks[0].evidence if e.kind == "clock"]
    assert told.endswith("the store's; that is allowed for")
    assert (" ahead of " in told) is (skew > 0)


def test_seconds_are_the_sync_s_rhythm_and_no_skew():
    judged = seen(Rows().ok(BASE), BASE + 60, 30.0)
    assert [e for e in judged.tasks[0].evidence if e.kind == "clock"] == []


def test_objects_that_were_copied_days_later_tell_nothing_of_a_clock():
    judged = seen(Rows().ok(BASE - 90 * HOUR), BASE, -90 * HOUR)
    assert [e for e in judged.tasks[0].evidence if e.kind == "clock"] == []


def test_a_directory_tells_nothing_of_a_clock():
    rows = Rows().ok(BASE).pending("model", BASE + 60)
    assert seen(rows, BASE + 5 * HOUR, 0.0, stored=False).cause is Cause.HUNG_MODEL_CALL
