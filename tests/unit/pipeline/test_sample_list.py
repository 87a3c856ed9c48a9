"""Lists of samples: their order, filters, cursors, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import NOW, ago, counts, eval_set, sample, task
from watchdog.model.ends import Ended
from watchdog.model.facts import SampleKey, TaskSpec
from watchdog.model.report import ErroredSample
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.sample_list import (
    CursorError,
    SampleFilter,
    cursor_of,
    found_row,
    order_of,
    sample_list,
)

ENDS = {
    SampleKey("a/b", 1): Ended("completed", "u1", NOW - 50),
    SampleKey("é ~1", 2): Ended("errored", "u2", NOW - 40, Cause.RATE_LIMITED),
    SampleKey("9", 1): Ended("cancelled", None, None),
    SampleKey("7", 1): Ended("completed", "u3", NOW - 5),
}
RUNNING = (
    sample("slow", verdict=Verdict.PROGRESSING, cause=None, stuck_since=None, stuck_seconds=0.0),
    sample("human", verdict=Verdict.WAITING, cause=None, stuck_since=None, stuck_seconds=0.0),
    sample("late", stuck_since=ago(10)),
    sample("early", stuck_since=ago(100)),
)


def report(**changes):
    erred = ErroredSample("é ~1", 2, "u2", ago(40), Cause.RATE_LIMITED, "429: too many")
    numbers = counts(completed=2, errored=1, cancelled=1, running=4, queued=3, stuck=2)
    one = task(running=RUNNING, errored=(erred,), samples=numbers)
    return eval_set(tasks=(replace(one, **changes),))


def state(**changes):
    spec = TaskSpec("mmlu", "AbC123", "openai/gpt-4o")
    usual = TaskState("x_mmlu_AbC123.eval", spec, ended=ENDS)
    return EvalSetState("e", {usual.log: replace(usual, **changes)})


def ids(listed):
    return [row.id for row in listed.samples]


def test_the_stuck_ones_first_the_longest_of_them_before_the_others():
    listed = sample_list(report(), state(), NOW)
    assert ids(listed) == ["early", "late", "slow", "human", "é ~1", "9", "7", "a/b"]
    assert (listed.total, listed.matching, listed.next) == (11, 8, None)
    assert listed.by_state == {
        "stuck": 2,
        "running": 1,
        "waiting": 1,
        "queued": 3,
        "errored": 1,
        "cancelled": 1,
        "completed": 2,
    }
    assert sum(listed.by_state.values()) == listed.total
    assert listed.notes == ()


def test_an_errored_one_has_its_error_and_when_it_ended():
    (row,) = sample_list(report(), state(), NOW, SampleFilter(("errored",))).samples
    assert (row.error, row.cause, row.ended_at) == ("429: too many", Cause.RATE_LIMITED, ago(40))
    assert row.verdict is None


def test_a_sample_that_runs_again_stands_there_once():
    again = {**ENDS, SampleKey("slow", 1): Ended("errored", None, NOW - 5)}
    assert ids(sample_list(report(), state(ended=again), NOW)).count("slow") == 1


def test_what_is_not_at_hand_is_said():
    listed = sample_list(report(), None, NOW)
    assert ids(listed) == ["early", "late", "slow", "human", "é ~1"]
    assert listed.notes == ("mmlu: which of them ended, and how, is not at hand here",)
    listed = sample_list(report(), state(unreadable="gone"), NOW)
    assert listed.notes == ("mmlu: could not be read: gone",)


@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9])
def test_page_by_page_all_of_them_once_in_the_same_order(limit):
    seen, cursor = [], None
    while True:
        listed = sample_list(report(), state(), NOW, SampleFilter((), cursor, limit))
        assert len(listed.samples) <= limit
        seen += ids(listed)
        cursor = listed.next
        if cursor is None:
            break
    assert seen == ids(sample_list(report(), state(), NOW))


def test_of_thousands_each_stands_on_one_page():
    ends = {SampleKey(f"s{n}", 1): Ended("completed", None, NOW - n % 977) for n in range(6000)}
    seen, cursor = [], None
    while True:
        wanted = SampleFilter(("completed", "stuck"), cursor, 500)
        listed = sample_list(report(), state(ended=ends), NOW, wanted)
        assert listed.matching == 6002
        seen += [(row.state != "stuck", row.ended_at, row.id) for row in listed.samples]
        cursor = listed.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6002
    ended = [at for is_over, at, _ in seen if is_over]
    assert ended == sorted(ended, reverse=True)


def test_what_ends_meanwhile_moves_nothing_else():
    first = sample_list(report(), state(), NOW, SampleFilter((), None, 5))
    fewer = report(running=RUNNING[1:])
    rest = sample_list(fewer, state(), NOW, SampleFilter((), first.next, 5))
    assert ids(rest) == ["9", "7", "a/b"]


names = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(
    st.integers(0, 6),
    st.floats(-1e10, 1e10).map(lambda number: round(number, 6)),
    st.integers(-5, 2**53),
    names,
    names,
)
def test_a_cursor_names_its_place(rank, when, epoch, task_id, name):
    place = order_of(cursor_of(type(order_of("0~0.000000~1~0~"))(rank, when, epoch, task_id, name)))
    assert tuple(place) == (rank, when, epoch, task_id, name)


@pytest.mark.parametrize("text", ["", "x", "0~1~1~0~", "9~0.000000~1~99999~", "0" * 6000])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(CursorError):
        order_of(text)


@pytest.mark.parametrize("name", ["early", "a/b", "9"])
def test_one_is_found_by_task_and_key(name):
    row = found_row(report(), state(), "AbC123", SampleKey(name, 1))
    assert row in sample_list(report(), state(), NOW).samples


def test_what_is_not_there_is_not_found():
    assert found_row(report(), state(), "AbC123", SampleKey("early", 2)) is None
    assert found_row(report(), state(), "other", SampleKey("early", 1)) is None
    assert found_row(report(), None, "AbC123", SampleKey("é ~1", 2)).error == "429: too many"
