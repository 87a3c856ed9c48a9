"""When a model is tested, and what that may cost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.builders.probe_results import MODEL, NOW, middleman
from watchdog.probing import plan
from watchdog.probing.plan import HOUR, RESULTS_MAX, Book, Limits

LIMITS = Limits()


def test_a_model_is_tested_at_once_then_ever_more_rarely():
    book, now, rounds = Book(), NOW, []
    for _ in range(2000):
        book = plan.asked(book, [MODEL], now)
        if plan.due(book, LIMITS, [MODEL], now):
            book = plan.begun(book, MODEL, now)
            rounds.append(now)
        now += 30
    gaps = [b - a for a, b in pairwise(rounds)]
    assert gaps[:6] == [120, 240, 480, 960, 1920, 3600]
    assert set(gaps[5:]) == {3600}


def test_nothing_is_due_that_nobody_asks_for():
    assert plan.due(plan.begun(Book(), MODEL, NOW), LIMITS, [], NOW + HOUR) == ()


def test_what_nobody_asked_for_in_an_hour_is_forgotten():
    book = plan.tested(plan.begun(plan.asked(Book(), [MODEL], NOW), MODEL, NOW), middleman("ok"))
    kept = plan.asked(book, [], NOW + HOUR - 1)
    assert kept.results[MODEL]
    assert plan.asked(kept, [], NOW + HOUR).results == {}


def test_each_limit_is_named_when_it_is_reached():
    limits = Limits(
        requests_per_hour=3,
        requests_per_hour_per_model=2,
        tokens_per_hour=1000,
        tokens_per_hour_per_model=500,
    )

    def why(book, tokens=10, model=MODEL):
        return plan.unaffordable(book, limits, model, tokens, NOW)

    assert why(Book()) is None
    assert why(Book(), 501) == "the budget of 500 tokens an hour for this model is spent"
    two = plan.paid(plan.paid(Book(), MODEL, 10, NOW), MODEL, 10, NOW)
    assert why(two) == "the budget of 2 requests an hour for this model is spent"
    assert why(two, model="other/x") is None
    three = plan.paid(two, "other/x", 10, NOW)
    assert why(three, model="third/x") == "the budget of 3 requests an hour is spent"
    much = plan.paid(Book(), "other/x", 900, NOW)
    assert why(much, 200) == "the budget of 1,000 tokens an hour is spent"


def test_the_budget_comes_back_after_an_hour():
    limits = Limits(requests_per_hour_per_model=1)
    book = plan.paid(Book(), MODEL, 10, NOW)
    assert plan.unaffordable(book, limits, MODEL, 10, NOW + HOUR - 1)
    assert plan.unaffordable(book, limits, MODEL, 10, NOW + HOUR) is None


def test_a_budget_of_nothing_sends_nothing():
    limits = Limits(requests_per_hour=0)
    assert plan.unaffordable(Book(), limits, MODEL, 1, NOW)


def test_results_are_bounded_and_reasons_do_not_displace_them():
    book = plan.tested(Book(), middleman("server_error", at=NOW))
    for place in range(100):
        book = plan.tested(book, middleman("not_tested", at=NOW + place))
    assert len(book.results[MODEL]) == 2
    for place in range(100):
        book = plan.tested(book, middleman("ok", at=NOW + place))
    assert len(book.results[MODEL]) == RESULTS_MAX


@given(
    st.lists(st.tuples(st.floats(0, 4 * HOUR), st.sampled_from("ab"), st.integers(0, 400))),
    st.integers(0, 5),
    st.integers(0, 1000),
)
def test_no_hour_costs_more_than_the_budget(wanted, requests, tokens):
    limits = Limits(
        requests_per_hour=requests,
        requests_per_hour_per_model=requests,
        tokens_per_hour=tokens,
        tokens_per_hour_per_model=tokens,
    )
    book, sent = Book(), []
    for at, model, size in sorted(wanted):
        if plan.unaffordable(book, limits, model, size, at) is None:
            book = plan.paid(book, model, size, at)
            sent.append((at, size))
        book = plan.asked(book, [], at)
    for at, _ in sent:
        hour = [size for when, size in sent if at - HOUR < when <= at]
        assert len(hour) <= requests
        assert sum(hour) <= tokens
