"""Which call of an answer has not begun: as Inspect 0.3.285 writes its rows, and 0.3.90."""

import pytest
from msgspec.structs import replace

from tests.builders.rows import LOG, Rows, facts, key, state
from watchdog.fold import fold
from watchdog.fold.lessons import Lessons
from watchdog.fold.rows import fold_rows
from watchdog.fold.turns import DEPTH_MAX, unapproved
from watchdog.model.facts import RowsLost
from watchdog.model.state import SampleState

HOUR = 3600.0


def folded(rows: Rows) -> SampleState:
    return fold_rows(SampleState(key()), rows.rows, Lessons(None))


def parked(rows: Rows) -> tuple[float | None, tuple[str, ...]] | None:
    """Since when it is parked, and before which calls."""
    turn = folded(rows).parked
    return None if turn is None else (turn.since, turn.calls[turn.begun :])


def test_an_answer_whose_tool_has_not_begun_parks_its_sample():
    assert parked(Rows().calls(100, "bash")) == (110, ("bash",))
    assert parked(Rows().ok(0).calls(100, "bash").add("logger", 500)) == (110, ("bash",))


@pytest.mark.parametrize(
    "rows",
    [
        Rows().ok(100),
        Rows().calls(100, "bash").approved(200),
        Rows().calls(100, "bash").tool(110),
        Rows().calls(100, "bash").approved(200).tool(200).tool_end(210),
        Rows().calls(100, "bash").pending("model", 300),
        Rows().calls(100, "bash").ok(300),
        Rows().calls(100, "bash").add("span_begin", 300, type="solver", span="s"),
        Rows().calls(100, "bash").scorer(300),
    ],
    ids=["no call", "approved", "runs", "ended", "next", "answered", "solver", "scorer"],
)
def test_one_that_went_on_is_not(rows):
    assert parked(rows) is None


def test_the_next_call_of_the_same_answer_waits_since_the_one_before_ended():
    rows = Rows().calls(100, "bash", "python").approved(200).tool(200)
    assert parked(rows) is None
    assert parked(rows.tool_end(250)) == (250, ("python",))
    assert parked(rows.approved(900).tool(900).tool_end(950)) is None


def test_a_call_that_was_rejected_is_over():
    rows = Rows().calls(100, "bash", "python").approved(200, "reject").tool(200).tool_end(201)
    assert parked(rows) == (201, ("python",))


def test_a_call_that_nobody_was_asked_about_is_over_too():
    """It could not be parsed: its event is written, and ended, without an approval."""
    rows = Rows().calls(100, "bash", "python").tool(111).tool_end(112)
    assert parked(rows) == (112, ("python",))
    assert parked(rows.approved(300).tool(300)) is None


def test_an_approver_that_asks_a_model_and_passes_it_on_leaves_it_parked():
    rows = Rows().calls(100, "bash").ok(120, seconds=5)
    assert parked(rows) is None
    assert parked(rows.approved(130, "escalate")) == (130, ("bash",))
    assert parked(rows.approved(500).tool(500)) is None


def test_an_agent_that_runs_as_a_tool_may_be_parked_within_it():
    rows = Rows().calls(100, "helper", "bash").approved(120).tool(120, "helper")
    rows.calls(130, "python")
    assert parked(rows) == (140, ("python",))
    rows.approved(500).tool(500, "python").tool_end(510, "python").ok(520)
    assert parked(rows) is None
    rows.add("tool", 120, rows.rows[5].event_id, name="helper", completed_at=600)
    assert parked(rows) == (600, ("bash",))


def test_agents_within_agents_are_remembered_only_so_deep():
    rows = Rows()
    for number in range(3 * DEPTH_MAX):
        rows.calls(100 * number, "helper").approved(100 * number + 20).tool(100 * number + 20)
    assert len(folded(rows).turns) == DEPTH_MAX


def test_old_inspect_writes_the_call_before_it_is_approved():
    rows = Rows().calls(100, "bash").tool(110)
    sample = folded(rows)
    assert sample.parked is None
    assert unapproved(sample.turns, sample.open_calls).since == 110
    sample = folded(rows.approved(5 * HOUR))
    assert unapproved(sample.turns, sample.open_calls) is None
    assert [call.since for call in sample.open_calls] == [5 * HOUR]


def test_what_a_person_takes_teaches_nothing_of_tools_and_steps():
    lessons = Lessons(None)
    rows = Rows().calls(100, "bash").approved(5 * HOUR).tool(5 * HOUR).tool_end(5 * HOUR + 30)
    rows.calls(5 * HOUR + 30, "ask_user").approved(5 * HOUR + 40).tool(5 * HOUR + 40, "ask_user")
    rows.add("input", 9 * HOUR).tool_end(9 * HOUR, "ask_user")
    rows.calls(9 * HOUR, "bash").tool(9 * HOUR + 10).approved(14 * HOUR).tool_end(14 * HOUR + 30)
    fold_rows(SampleState(key()), rows.rows, lessons)
    durations = lessons.added_to({})
    assert {name: round(d.largest(1)) for name, d in durations.items() if d.largest(1) > 60} == {}
    assert durations["tool:bash"].total == 2


def test_a_hole_in_the_rows_leaves_nothing_parked():
    known = state(facts({"1": Rows().calls(100, "bash")}, read_at=200))
    known = fold(known, RowsLost("set-1", LOG, key(), newest=False))
    assert known.tasks[LOG].samples[key()].parked is None


def test_in_pieces_it_is_the_same():
    rows = Rows().calls(100, "bash", "python").approved(200).tool(200).tool_end(250)
    whole, pieces = folded(rows), SampleState(key())
    for row in rows.rows:
        pieces = fold_rows(pieces, [row], Lessons(None))
    assert replace(pieces, rows=0) == replace(whole, rows=0)
