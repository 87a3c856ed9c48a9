"""One source that is down: what belongs to it waits, and nothing of the others does."""

import pytest
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, ago, eval_set, incident, snapshot
from watchdog.model.report import SourceReport
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import Intervals, Reason, decide

GOOD = SourceReport("good", "answers", last_complete_at=ago(10), shows_absence=True)
YOUNG = SourceReport("good", "answers", last_complete_at=ago(10))
UNREAD = SourceReport("dead", "unread", reason="timeout", since=ago(600))
SILENT = SourceReport("dead", "silent", reason="timeout", since=ago(600), last_complete_at=ago(700))
PART = SourceReport("store", "silent", part_of="good", since=ago(600))
HERE, THERE = "here-1", "there-1"


def seen(*parts, sources=(GOOD, UNREAD), **more):
    view = snapshot(*parts, **more)
    return replace(view, report=replace(view.report, sources=sources))


def stuck(name, source=""):
    return replace(incident(eval_sets=(name,), since=ago(3600)), id=name, sources=(source,))


def standing(*incidents, sources=(GOOD, UNREAD)):
    names = dict.fromkeys(name for item in incidents for name in item.eval_sets)
    view = seen(*(replace(eval_set(name)) for name in names), sources=sources)
    return replace(view, report=replace(view.report, incidents=incidents))


def reasons(view, *open_incidents, absent=0.0):
    entries = {
        item.id: replace(
            ledger_entry(item, NOW - 7200), absent_since=NOW - absent if absent else None
        )
        for item in open_incidents
    }
    decisions = decide(view, entries, NOW, True, (), Intervals(for_=0.0))
    return {decision.incident.id: decision.reason for decision in decisions}


def test_what_stands_in_the_source_that_answers_is_told():
    view = standing(stuck(HERE, "good"), stuck(THERE, "dead"))
    assert reasons(view) == {HERE: Reason.OPEN, THERE: Reason.HOLD_UNTIL_LISTED}


def test_an_incident_of_both_is_told():
    both = replace(stuck(HERE), eval_sets=(HERE, THERE), sources=("dead", "good"), scope="model")
    assert reasons(standing(both)) == {HERE: Reason.OPEN}


def test_what_was_open_in_a_source_that_is_not_read_yet_waits():
    assert reasons(seen(), stuck(THERE, "dead")) == {THERE: Reason.HOLD_UNTIL_LISTED}
    assert reasons(seen(), stuck(HERE, "good")) == {HERE: Reason.GONE}


def test_of_an_incident_of_an_earlier_version_nobody_knows_where_it_was():
    old = replace(stuck(HERE), sources=())
    assert reasons(seen(), old) == {HERE: Reason.HOLD_UNTIL_LISTED}
    assert reasons(seen(sources=(GOOD,)), old) == {HERE: Reason.GONE}


def test_an_incident_of_both_does_not_end_by_half():
    """What is here recovered; what is there can't be seen."""
    both = replace(stuck(HERE), eval_sets=(HERE, THERE), sources=("dead", "good"), scope="model")
    well = eval_set(HERE, verdict=Verdict.FINISHED, cause=None)
    assert reasons(seen(well), both) == {HERE: Reason.HOLD_UNTIL_LISTED}
    assert reasons(seen(well, sources=(GOOD,)), both) == {HERE: Reason.RESOLVE}


def test_who_can_not_be_seen_has_not_recovered():
    both = replace(stuck(HERE), eval_sets=(HERE, THERE), sources=("dead", "good"), scope="model")
    (decision,) = decide(
        standing(stuck(HERE, "good")), {HERE: ledger_entry(both, NOW - 7200)}, NOW, True
    )
    assert set(decision.incident.eval_sets) == {HERE, THERE}
    assert decision.incident.recovered == ()
    assert decision.incident.sources == ("dead", "good")


@pytest.mark.parametrize("sources", [(YOUNG,), (replace(SILENT, name="good"),), (YOUNG, PART)])
def test_absence_needs_a_source_that_shows_it(sources):
    view = seen(sources=sources)
    assert reasons(view, stuck(HERE, "good")) == {HERE: Reason.HOLD_ABSENT}
    assert reasons(view, stuck(HERE, "good"), absent=8 * 86_400.0) == {HERE: Reason.GONE}
    muted = replace(view, acknowledged=("here-*",))
    assert reasons(muted, stuck(HERE, "good")) == {HERE: Reason.GONE}


def test_a_source_that_dies_later_holds_up_nothing_of_another():
    view = seen(sources=(GOOD, SILENT))
    assert reasons(view, stuck(HERE, "good")) == {HERE: Reason.GONE}
    assert reasons(view, stuck(THERE, "dead")) == {THERE: Reason.HOLD_ABSENT}


def test_without_sources_it_is_as_ever():
    assert reasons(snapshot(), stuck(HERE)) == {HERE: Reason.GONE}
    limping = incident(cause=Cause.API_SERVER_ERROR, since=ago(3600))
    assert set(reasons(snapshot(), limping).values()) == {Reason.GONE}
