"""The measurement itself: the same seed gives the same figures, and the counting is right."""

import os

import pytest

from tests.quality.fleets import TUNING, UNSEEN, drawn_by_lot
from tests.quality.pages import JOINED, RulePages, Score, Truth
from tests.quality.simulate import simulate
from tests.quality.world import START, Sample


def test_the_same_seed_gives_the_same_figures():
    one, other = (simulate(TUNING.name, 3, 0.02, (5.0,)) for _ in range(2))
    assert one.eval_sets == other.eval_sets > 0
    assert one.truths == other.truths
    assert one.detectors == other.detectors
    assert one.failing == other.failing


def test_a_fleet_by_lot_is_always_the_same_and_no_two_are():
    assert drawn_by_lot(1) == drawn_by_lot(1)
    assert drawn_by_lot(1) != drawn_by_lot(2)
    assert len(UNSEEN) >= 2


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.39)]
)
def test_the_interval_is_garwood_s(count, low, high):
    """Values from the tables of the exact 95 % limits of a Poisson count."""
    if "CI" not in os.environ:
        pytest.importorskip("scipy", reason="no scipy: `make with-quality` installs it")
    from tests.quality.summary import Rate  # noqa: PLC0415 - needs what only that set holds

    assert Rate(count, 1.0).interval == pytest.approx((low, high), abs=0.01)
    assert Rate(count, 4.0).weekly == count / 4


class Told(Sample):
    """A sample of which only the truth matters."""

    def __init__(self, onset=None):
        self.onset = onset


def test_a_page_is_false_where_nothing_of_it_is_stuck_and_joined_where_it_is_the_same_hour():
    rule = RulePages(hanging=False)
    bad, good = Told(START), Told()
    rule.take(START + 60, [(("a", "1"), "m", good)])
    rule.take(START + 120, [(("a", "1"), "m", good), (("a", "2"), "m", bad)])
    rule.take(START + 180 + JOINED, [(("b", "1"), "m", bad), (("b", "2"), "n", good)])
    assert [page.false for page in rule.score.pages] == [True, False, True]
    assert rule.score.found == {("a", "2"): START + 120, ("b", "1"): START + 180 + JOINED}


def test_what_is_never_found_counts_as_late_as_it_lasted():
    truths = {
        ("a", "1"): Truth("failing", 100.0, "500", 900.0),
        ("a", "2"): Truth("tool", 0, "", 5),
    }
    score = Score(found={})
    assert score.delays(truths, hanging=False) == [800.0]
    assert score.misses(truths) == 2
    score.finds(("a", "1"), 400.0)
    score.finds(("a", "1"), 500.0)
    assert score.delays(truths, hanging=False) == [300.0]
