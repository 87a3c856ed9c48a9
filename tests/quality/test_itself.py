"""What the run itself tells, in small: the sick are heard of, nothing is told of healthy twins."""

import pytest

from tests.quality.itself import POLL, erring, sharing_slots
from tests.quality.itself_kinds import LOOKED_AT, LOTS, Measured, measured, together
from tests.quality.itself_page import missed, section, table
from tests.quality.side_by_side import side_by_side
from tests.quality.write_failures import write_failures

MINUTE = 60.0


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("simulate", [erring, sharing_slots])
def test_of_a_few_errors_and_of_calls_that_hold_all_slots_nothing_is_told(simulate, number):
    assert simulate(number, sick=True).delay is not None
    twin = simulate(number, sick=False)
    assert (twin.delay, twin.wrong) == (None, [])


@pytest.mark.parametrize("number", range(3))
def test_an_agent_that_is_stuck_beside_others_is_heard_of(number):
    """A model call that hangs, a tool call that hangs, and calls that fail for ever."""
    heard = side_by_side(number, sick=True)
    assert heard.delay is not None
    assert heard.wrong == []


def test_agents_side_by_side_that_go_on_are_left_alone():
    twin = side_by_side(1, sick=False)
    assert (twin.delay, twin.wrong) == (None, [])


@pytest.mark.parametrize("number", range(3))
def test_a_store_that_refuses_for_good_is_heard_of_in_minutes(number):
    heard = write_failures(number, sick=True)
    assert heard.delay is not None
    assert 5 * MINUTE <= heard.delay <= 40 * MINUTE + POLL
    assert heard.wrong == []


@pytest.mark.parametrize("number", [0, 7, 11, 22, 31, 43])
def test_a_store_that_refuses_for_a_moment_is_left_alone(number):
    """Of 7 and later ones two writes failed in a moment, and the next had nothing to write yet."""
    twin = write_failures(number, sick=False)
    assert (twin.delay, twin.wrong) == (None, [])


def test_the_same_lot_comes_out_the_same():
    assert measured("writes", 1) == measured("writes", 1)
    assert measured("writes", 1).delays != measured("writes", 2).delays


def test_published_are_lots_that_nobody_looked_at():
    assert all(lots[0] not in LOOKED_AT for kind, lots in LOTS.items() if kind != "loops")


def test_what_is_missed_or_told_wrongly_is_a_goal_missed():
    lots = [
        Measured("writes", 1, 1, 0, 0, 0.0, (300.0,)),
        Measured("writes", 1, 1, 1, 1, 0.0, ()),
        Measured("erring", 1, 1, 0, 1, 1.1, (60.0,)),
    ]
    kinds = [together("writes", lots), together("erring", lots)]
    assert list(missed(kinds)) == [
        "itself: writes fail: 1 of 2 missed",
        "itself: writes fail: 1 told wrongly of 2 lots",
    ]
    assert "| writes fail | 2 | 2 | 1 | 1 (0.0) | 5 min (5 min) |" in table(kinds)
    assert "writes fail 200 to 247" in section(kinds)
