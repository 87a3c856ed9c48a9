"""The measurement itself: the same seed gives the same figures, and the counting is right."""

import os

import pytest

from tests.quality import repeating
from tests.quality.cluster import page as cluster_page
from tests.quality.cluster.fleets import SMALL
from tests.quality.cluster.goals import cluster_goals
from tests.quality.cluster.run import ClusterResult, run_cluster
from tests.quality.cluster.truth import Happening, Standstill, Wrong
from tests.quality.fleets import HOUR, TUNING, UNSEEN, drawn_by_lot
from tests.quality.pages import JOINED, RulePages, Score, Truth
from tests.quality.simulate import simulate
from tests.quality.world import START, Sample

MUST_BE_HEARD = {
    Happening.BOX_EVICTED,
    Happening.DELETION_HANGS,
    Happening.FAILED,
    Happening.LEFT_BEHIND,
    Happening.LINGERS,
    Happening.NODE_LOST,
    Happening.NO_SANDBOX,
    Happening.NO_START,
    Happening.RESUMED,
}


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


def test_a_small_cluster_with_all_its_happenings_is_told_of_rightly():
    """Half a day, every kind of happening: nothing is missed, and nothing told wrongly."""
    result = run_cluster(SMALL, 1, 0.1)
    assert list(cluster_goals([result])) == []
    assert set(result.happenings) == set(Happening)
    assert {
        one.happening for one in result.standstills if one.heard_at is not None
    } == MUST_BE_HEARD
    assert result.pages >= 10
    assert "| **together** |" in cluster_page.table([result])


def test_the_same_seed_gives_the_same_cluster():
    one, other = (run_cluster(SMALL, 2, 0.015) for _ in range(2))
    assert one == other
    assert one.happenings.total() > 5


def test_what_is_told_wrongly_of_a_cluster_is_a_goal_missed():
    standstill = Standstill(Happening.FAILED, "set-1", 100.0, 600.0, until=2000.0)
    wrong = Wrong("false page", 50.0, Happening.DELETED, "set-2", "opened runner_gone: set-2")
    result = ClusterResult("c", 1, 1.0, standstills=[standstill], wrongs=[wrong], ended=3000.0)
    result.happenings[Happening.FAILED] = 1
    assert list(cluster_goals([result])) == [
        f"c, seed 1: missed: set-1: {Happening.FAILED.value}",
        f"c, seed 1: false page: set-2: {Happening.DELETED.value}: opened runner_gone: set-2",
    ]
    standstill.heard_at = 650.0
    assert not result.missed
    (line,) = [line for line in cluster_page.lines([result]) if line.standstills]
    assert (line.eval_sets, line.missed, line.delays) == (1, 0, [550.0])


def test_loops_are_found_and_what_passes_is_left_alone_within_the_knob():
    """Three days on day one's priors; `python -m tests.quality.repeating` takes weeks."""
    told = repeating.run(repeating.repeating_by_lot(1), 1, 0.43)
    assert len(told.found) == len(told.loops) > 0
    assert told.passed > 10
    assert "| repeating by lot 1 |" in repeating.table([told])
    assert repeating.run(repeating.repeating_by_lot(1), 1, 0.02) == repeating.run(
        repeating.repeating_by_lot(1), 1, 0.02
    )


def test_what_is_told_wrongly_of_loops_is_a_goal_missed():
    one, other = ("a", "1"), ("a", "2")
    told = repeating.Told("f", 1.0, {one: 0.0, other: 0.0}, {one: HOUR}, {one: 3 * HOUR})
    told.false |= {(("b", str(number)), 0.0) for number in range(4)}
    assert list(repeating.missed_goals([told])) == [
        "f: 1 loops missed",
        "f: 4.00 false warnings a week",
        "f: told 120 min late in the median",
    ]
