"""What is remembered of a source: how it answers, since when, and what its silence says."""

import pytest
from msgspec.structs import replace

from watchdog.collect.source import PollResult
from watchdog.model.facts import EvalSetUnreadable, Listing
from watchdog.model.verdict import Problem
from watchdog.pipeline.names import EvalSetNames
from watchdog.pipeline.source_state import SourceState, all_problems, all_states, known_states

AWAY = PollResult((Problem("s3://b", "timeout"),), ("timeout",), complete=False)
WELL = PollResult(watched=frozenset({"one"}), occupied=True)


class Told:
    """A source that says what a test tells it to."""

    name = "store"

    def __init__(self):
        self.result, self.facts = WELL, (Listing("one", ()),)

    async def poll(self, _now, emit):
        for fact in self.facts:
            emit(fact)
        return self.result


@pytest.fixture
def told():
    return Told()


async def test_since_when_it_does_not_answer(told):
    state = SourceState(told)
    await state.poll(100.0)
    told.result = AWAY
    for now in (130.0, 160.0):
        await state.poll(now)
    (report,) = state.reports(160.0)
    assert (report.state, report.reason) == ("silent", "timeout")
    assert report.since == "1970-01-01T00:02:10.000Z"
    assert report.last_complete_at == "1970-01-01T00:01:40.000Z"
    assert report.eval_sets == 1
    told.result = WELL
    await state.poll(190.0)
    (report,) = state.reports(190.0)
    assert (report.state, report.since, report.reason) == ("answers", None, "")


async def test_before_it_was_listed_its_eval_sets_are_not_known(told):
    state = SourceState(told)
    told.result, told.facts = AWAY, (EvalSetUnreadable("b", 100.0, "timeout"),)
    await state.poll(100.0)
    assert [one.eval_set_id for one in all_states([state])] == ["b"]
    assert known_states([state]) == []
    (report,) = state.reports(100.0)
    assert (report.state, report.eval_sets, report.last_complete_at) == ("unread", 0, None)


async def test_parts_behind_it_are_told_also_once_they_answer_again(told):
    state = SourceState(told)
    told.result = PollResult(watched=frozenset({"one"}), silent=(("logs", "forbidden"),))
    await state.poll(100.0)
    assert [(r.name, r.state, r.part_of) for r in state.reports(100.0)] == [
        ("store", "answers", ""),
        ("logs", "silent", "store"),
    ]
    told.result = WELL
    await state.poll(130.0)
    assert [r.state for r in state.reports(130.0)] == ["answers", "answers"]


async def test_absence_shows_after_three_listings_over_two_minutes_with_something_in_them(told):
    state = SourceState(told)
    for now in (100.0, 160.0):
        await state.poll(now)
        assert not state.shows_absence(now)
    await state.poll(220.0)
    assert state.shows_absence(220.0)
    told.result = PollResult(watched=frozenset(), occupied=False)
    await state.poll(250.0)
    assert not state.shows_absence(250.0)


async def test_a_poll_that_does_not_end_is_silence(told):
    state = SourceState(told)
    await state.poll(100.0)
    assert [r.state for r in state.reports(190.0, 90.0)] == ["answers"]
    (report,) = state.reports(191.0, 90.0)
    assert (report.state, report.reason) == ("silent", "its poll has not come to an end")
    assert report.since == report.last_complete_at
    assert state.failing_at(191.0, 90.0) == (("store", report.reason),)


async def test_what_it_shows_at_first_was_not_learned_from_others(told):
    state = SourceState(told, learned_until=lambda: 500.0, learned_before=None)
    await state.poll(500.0)
    assert state.states["one"].learn_since is None
    told.facts = (Listing("two", ()),)
    told.result = PollResult(watched=frozenset({"one", "two"}))
    await state.poll(600.0)
    assert state.states["two"].learn_since == 500.0


def watched_by(told, homes):
    names = EvalSetNames(homes)
    return [SourceState(told, label=label, names=names) for label in homes]


async def test_a_name_that_two_sources_have_is_two_eval_sets(told):
    states = watched_by(told, {"a": "a/{}".format, "b": "b/{}".format})
    for state in states:
        await state.poll(100.0)
    assert [(s.eval_set_id, s.own_name, s.source) for s in all_states(states)] == [
        ("one", "one", "a"),
        ("one@b", "one", "b"),
    ]
    assert list(all_problems(states)) == []
    told.result = PollResult(watched=frozenset())
    await states[0].poll(130.0)
    assert [s.eval_set_id for s in all_states(states)] == ["one@b"]


async def test_a_folder_that_two_sources_watch_is_a_problem(told):
    states = watched_by(told, {"a": "a/{}".format, "b": "a/{}".format})
    for state in states:
        await state.poll(100.0)
    assert {s.eval_set_id for s in all_states(states)} == {"one"}
    (problem,) = all_problems(states)
    assert (problem.where, problem.text.partition(":")[0]) == (
        "one",
        "a and b both watch its folder",
    )


async def test_problems_say_whose_they_are(told):
    state = SourceState(told, label="a")
    told.result = AWAY
    await state.poll(100.0)
    (problem,) = all_problems([state])
    assert (problem.source, problem.text) == ("a", "timeout")


async def test_its_first_picture_is_read_until_one_poll_came_to_all_that_is_due(told):
    state, seen = SourceState(told), []
    for late in (7, 2, 0, 5):
        told.result = replace(WELL, late=late)
        await state.poll(100.0)
        seen.append(state.reads_first)
    assert seen == [True, True, False, False]
