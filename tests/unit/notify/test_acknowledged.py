"""What people do about incidents: what it stops, when it falls, how messages show it."""

import pytest
from msgspec.structs import replace

from tests.builders.kept_incidents import act
from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, eval_set, finished, incident, snapshot
from watchdog.model.acts import Act
from watchdog.model.instants import timestamp
from watchdog.notify import notice
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_head import head
from watchdog.notify.channels.slack_text import message
from watchdog.notify.decide import Intervals, Reason, decide
from watchdog.notify.decide.acknowledged import WORDS, Worse, extent_of, got_worse
from watchdog.notify.ledger.rows import merged

DAY = 86_400.0


def acknowledged(told, **changes) -> Act:
    return act(extent=extent_of(told), at=NOW - 2 * DAY, until=NOW + DAY, **changes)


def decided(told, now, **entry):
    """What is decided of an incident that opened three days ago and stands as `now`."""
    entry = ledger_entry(told, NOW - 3 * DAY, **{"shown_at": NOW - DAY, **entry})
    view = snapshot(*(eval_set(name) for name in now.eval_sets), incidents=(now,))
    (decision,) = decide(view, {told.id: entry}, NOW, True)
    return decision


def test_an_acknowledgement_stops_reminders_until_it_ends():
    told = incident()
    day = {"announced_at": NOW - DAY, "shown_at": NOW - DAY}
    assert decided(told, told, **day).reason is Reason.REMIND
    held = (acknowledged(told),)
    assert decided(told, told, **day, acts=held).reason is Reason.STILL_OPEN
    over = tuple(replace(each, until=NOW - 2 * DAY) for each in held)
    assert decided(told, told, **day, acts=over).reason is Reason.REMIND
    taken_back = tuple(replace(each, ended_at=NOW - 2 * DAY) for each in held)
    assert decided(told, told, **day, acts=taken_back).reason is Reason.REMIND


def test_the_end_is_told_all_the_same():
    told = incident()
    entry = ledger_entry(told, NOW - DAY, acts=(acknowledged(told),))
    (decision,) = decide(snapshot(finished()), {told.id: entry}, NOW, True)
    assert decision.reason in {Reason.RESOLVE, Reason.GONE}
    over = notice.resolved(decision, entry)
    assert over.handling == (
        f"Acknowledged by ann (unverified) until {clock(NOW + DAY)}: looking into it",
    )


def clock(at):
    stamp = timestamp(at)
    return f"{stamp[:10]} {stamp[11:16]} UTC"


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ({"severity": "warning"}, {}, Worse.PAGE),
        ({"scope": "sample"}, {"scope": "task"}, Worse.REACHES_FURTHER),
        ({"scope": "eval_set"}, {"scope": "model"}, Worse.REACHES_FURTHER),
        ({"eval_sets": ("a",)}, {"eval_sets": ("a", "b")}, Worse.MORE_EVAL_SETS),
        ({"eval_sets": ("a", "b")}, {"eval_sets": ("a", "b", "c")}, None),
        ({"stuck_samples": 3}, {"stuck_samples": 6}, Worse.MORE_SAMPLES),
        ({"stuck_samples": 3}, {"stuck_samples": 5}, None),
        ({"stuck_samples": 0}, {"stuck_samples": 1}, None),
        ({"scope": "model"}, {"scope": "sample"}, None),
        ({}, {"severity": "warning"}, None),
    ],
)
def test_it_falls_when_the_incident_gets_worse(before, now, worse):
    assert got_worse(incident(**now), extent_of(incident(**before))) is worse


def test_every_way_to_get_worse_has_words():
    assert set(WORDS) == set(Worse)


def test_who_acknowledged_is_called_again_when_it_gets_worse():
    told = incident(stuck_samples=1)
    decision = decided(told, incident(stuck_samples=4), acts=(acknowledged(told),))
    assert (decision.reason, decision.fell.ended_why) == (Reason.WORSE, "more_samples")
    assert decision.fell.ended_at == NOW
    shown = notice.standing(decision, snapshot(eval_set(), incidents=(told,)))
    assert shown.kind == "reminded"
    assert shown.handling == ()
    assert shown.changes[0] == (
        "The acknowledgement by ann (unverified) counts no more: "
        "at least twice as many samples are stuck"
    )


def test_a_page_that_was_a_warning_escalates_and_the_acknowledgement_falls():
    told = incident(severity="warning")
    decision = decided(told, incident(), acts=(acknowledged(told),))
    assert (decision.reason, decision.fell.ended_why) == (Reason.ESCALATE, "page")


def test_a_page_that_comes_and_goes_calls_nobody_while_it_is_acknowledged():
    page, warning = incident(), incident(severity="warning")
    entry = {"shown": warning, "announced_at": NOW - DAY}
    assert decided(page, page, **entry).reason is Reason.ESCALATE
    assert decided(page, page, **entry, acts=(acknowledged(page),)).reason is Reason.STILL_OPEN


def test_the_message_shows_at_once_what_people_do_and_when_it_is_over():
    told = incident()
    entry = {"announced_at": NOW - 60, "shown_at": NOW - 60}
    new = act(at=NOW - 1, extent=extent_of(told))
    decision = decided(told, told, **entry, acts=(new,))
    assert decision.reason is Reason.EDIT
    shown = notice.standing(decision, snapshot(eval_set(), incidents=(told,)))
    assert shown.handling == (
        f"Acknowledged by ann (unverified) until {clock(NOW + 7 * 3600)}: looking into it",
    )
    for text in (message(shown), str(head(shown, Templates()))):
        assert "Acknowledged by ann (unverified) until" in text
    assert shown.acknowledged
    judged = act("judgement", at=NOW - 1, place=2)
    shown_since = {**entry, "shown_at": NOW - 1, "acts": (new, replace(judged, at=NOW))}
    later = decided(told, told, **shown_since)
    assert not notice.standing(later, snapshot(eval_set(), incidents=(told,))).acknowledged
    overtaken = merged(replace(shown, acknowledged=False), [shown])
    assert overtaken.acknowledged, "who was away when it was said is told once"
    passed = replace(new, at=NOW - 900, until=NOW - 1)
    decision = decided(told, told, **entry, acts=(passed,))
    assert decision.reason is Reason.EDIT
    shown = notice.standing(decision, snapshot(eval_set(), incidents=(told,)))
    assert (shown.handling, shown.acknowledged) == ((), False)


def test_what_is_muted_is_edited_once_and_never_called_for():
    muted = incident(muted_until=timestamp(NOW + DAY), stuck_samples=9)
    told = incident(stuck_samples=1)
    silence = act("silence", at=NOW - 1)
    entry = {"announced_at": NOW - 5 * DAY, "shown_at": NOW - 60}
    acts = (acknowledged(told), silence)
    decision = decided(told, muted, **entry, acts=acts)
    assert (decision.reason, decision.fell) == (Reason.EDIT, None)
    later = {"announced_at": NOW - 5 * DAY, "shown_at": NOW}
    assert decided(told, muted, **later, acts=acts).reason is Reason.STILL_OPEN


def test_intervals_without_reminders_have_none_after_a_fall_either():
    told = incident()
    entry = ledger_entry(told, NOW - 9 * DAY)
    view = snapshot(eval_set(), incidents=(told,))
    quiet = Intervals(repeat_interval=0.0)
    (decision,) = decide(view, {told.id: entry}, NOW, True, (), quiet)
    assert decision.reason is Reason.STILL_OPEN
