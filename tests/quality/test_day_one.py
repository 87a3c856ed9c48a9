"""The first day's simulation: seeded, and counted rightly."""

from tests.quality.day_one import DayOne, lot
from tests.quality.day_one_page import missed, table


def test_the_same_lot_comes_out_the_same():
    one, other = (lot(1, "frozen", "cpu") for _ in range(2))
    assert one == other
    assert one.delay is not None
    assert 15 * 60 <= one.delay <= 20 * 60
    assert one.false == []


def test_what_takes_too_long_or_is_false_is_a_goal_missed():
    late = DayOne("frozen", "cpu", [60.0 * 60], [], 24, 0)
    false = DayOne("nothing", "store", [], [], 24, 2)
    assert len(list(missed([late]))) == len(list(missed([false]))) == 1
    fine = DayOne("nothing", "store", [], [], 24, 1)
    assert list(missed([fine])) == []
    assert "| a frozen runner | cpu | 60 min (60 min) | 61 min |" in table([late])
