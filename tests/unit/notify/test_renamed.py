"""What an earlier version told of two eval sets of one name, in today's ids."""

import pytest
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, ago, eval_set, incident, snapshot
from watchdog.model.report import SourceReport
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import Intervals, Reason, decide
from watchdog.notify.decide.renamed import renamed

BEFORE = incident(
    id="before",
    scope="eval_set",
    subject="run",
    cause=Cause.HUNG_TOOL_CALL,
    eval_sets=("run",),
    sources=("a", "b"),
)
FINE = {"verdict": Verdict.PROGRESSING, "cause": None, "last_progress_at": ago(5)}


def source(name, state="answers"):
    return SourceReport(name, state, last_complete_at=ago(10), shows_absence=state == "answers")


def standing(*stuck, sources=("a", "b"), states=("answers", "answers")):
    sets = [
        replace(eval_set(f"run@{name}", **({} if name in stuck else FINE)), source=name, name="run")
        for name in sources
    ]
    incidents = tuple(
        replace(BEFORE, id=f"i-{name}", eval_sets=(f"run@{name}",), sources=(name,))
        for name in stuck
    )
    view = snapshot(*sets)
    reports = tuple(map(source, ("a", "b"), states))
    return replace(view, report=replace(view.report, incidents=incidents, sources=reports))


def told(view):
    entries = {"before": ledger_entry(BEFORE, NOW - 7200)}
    decisions = decide(view, entries, NOW, True, (), Intervals(for_=0.0))
    return {d.incident.id: (d.reason, d.incident.eval_sets) for d in decisions}


@pytest.mark.parametrize("name", ["a", "b"])
def test_it_goes_on_as_that_of_the_one_that_is_stuck(name):
    ((reason, eval_sets),) = told(standing(name)).values()
    assert reason in {Reason.STILL_OPEN, Reason.EDIT}
    assert eval_sets == (f"run@{name}",)


def test_the_other_one_is_told_by_itself():
    decisions = told(standing("a", "b"))
    assert decisions["before"][1] == ("run@a",)
    assert decisions["i-b"] == (Reason.OPEN, ("run@b",))
    assert len(decisions) == 2


def test_it_ends_once_neither_is_stuck():
    assert told(standing())["before"][0] is Reason.RESOLVE


@pytest.mark.parametrize(
    ("state", "reason"),
    [("unread", Reason.HOLD_UNTIL_LISTED), ("silent", Reason.HOLD_ABSENT)],
)
def test_while_one_source_is_not_heard_it_does_not_end(state, reason):
    view = standing(sources=("a",), states=("answers", state))
    assert told(view) == {"before": (reason, ("run",))}


@pytest.mark.parametrize(
    "entry",
    [
        replace(BEFORE, sources=("a",)),
        replace(BEFORE, eval_sets=("run", "other")),
        replace(BEFORE, eval_sets=("run@a",)),
        replace(BEFORE, sources=()),
    ],
)
def test_everything_else_stays_as_it_is(entry):
    entries = {"before": ledger_entry(entry, NOW - 7200)}
    assert renamed(entries, standing("a", "b")) == entries
