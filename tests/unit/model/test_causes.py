"""One order of causes, everywhere."""

from itertools import permutations

import pytest

from watchdog.model.causes import CAUSES, INFO_OF, cause_words, main_cause, main_of_counts
from watchdog.model.verdict import Cause


def test_every_cause_has_one_record():
    assert sorted(info.cause for info in CAUSES) == sorted(Cause)
    assert len(INFO_OF) == len(CAUSES)


def test_the_most_frequent_is_the_main_one():
    assert main_cause([Cause.OOM_KILLED, Cause.AUTH, None, Cause.AUTH]) is Cause.AUTH


@pytest.mark.parametrize("seen", list(permutations([Cause.UNEXPLAINED, Cause.EVICTED, Cause.AUTH])))
def test_among_equals_the_deepest_is_whatever_came_first(seen):
    assert main_cause(seen) is Cause.EVICTED


def test_counts_say_the_same_without_being_expanded():
    uncountable = 10**12
    assert main_of_counts({Cause.EVICTED: 3, Cause.AUTH: uncountable}) is Cause.AUTH
    assert main_of_counts({Cause.AUTH: uncountable, Cause.EVICTED: uncountable}) is Cause.EVICTED
    assert main_of_counts({}) is None


def test_nothing_has_no_cause():
    assert main_cause([]) is None
    assert main_cause([None]) is None
    assert cause_words(None) == ""


def test_the_order_is_the_contract_s():
    """What the cluster says, what the provider answered, the runner, what hangs, the rest."""
    order = [info.cause for info in CAUSES]
    ranked = (Cause.CRASH_LOOP, Cause.CONNECTION, Cause.RUNNER_FROZEN, Cause.HUNG_SCORING)
    places = [order.index(cause) for cause in ranked]
    assert places == sorted(places)
    assert order[-1] is Cause.UNEXPLAINED
