"""Incidents of a first start, whose older events are read behind the newest ones."""

import pytest
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, ago, eval_set, incident, quiet, sample, snapshot, task
from watchdog.model.instants import clock
from watchdog.model.report import EvidenceItem
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify import notice
from watchdog.notify.decide import Reason, decide

NAME = "mmlu-2026-11-22-x7k2"
HUNG = incident(
    id="hung",
    cause=Cause.HUNG_MODEL_CALL,
    since=ago(3600),
    verdict=Verdict.STUCK,
    severity="warning",
    half_read=True,
)
FROZEN = incident(
    id="frozen", cause=Cause.RUNNER_FROZEN, since=ago(3000), scope="task", subject="mmlu"
)


def decisions(view, told=HUNG, **entry):
    made = decide(view, {told.id: ledger_entry(told, NOW - 600, **entry)}, NOW, True)
    return [(one.reason, one.incident.id, one.incident.cause) for one in made]


def standing(*incidents, half_read=()):
    view = snapshot(eval_set(), incidents=incidents)
    return replace(view, half_read=frozenset(half_read))


def test_a_cause_that_older_events_tell_is_the_incident_s_own():
    assert decisions(standing(FROZEN)) == [(Reason.ESCALATE, "hung", Cause.RUNNER_FROZEN)]
    page = replace(HUNG, severity="page")
    told = decisions(standing(FROZEN), page)
    assert told == [(Reason.EDIT, "hung", Cause.RUNNER_FROZEN)]


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        (replace(HUNG, half_read=False), replace(FROZEN, cause=Cause.HUNG_TOOL_CALL)),
        (replace(HUNG, half_read=False, stuck_samples=2), replace(FROZEN, stuck_samples=1)),
        (HUNG, replace(FROZEN, since=ago(300))),
        (HUNG, replace(FROZEN, eval_sets=("another",))),
        (HUNG, replace(FROZEN, restriction="slack:#secret")),
        (HUNG, replace(FROZEN, cause=Cause.SAMPLE_ERROR, severity="warning")),
        (HUNG, replace(FROZEN, verdict=Verdict.DEGRADED, severity="warning")),
    ],
    ids=[
        "all_was_read",
        "of_some_of_it",
        "it_began_later",
        "elsewhere",
        "restricted",
        "told_beside_it",
        "limps",
    ],
)
def test_what_is_news_is_an_incident_of_its_own(told, stands):
    reasons = {name: reason for reason, name, _ in decisions(standing(stands), told)}
    assert reasons["frozen"] is Reason.OPEN


def test_a_deeper_cause_that_explains_all_of_it_is_its_own_at_any_time():
    """A call was open too long, and then it shows that its whole runner does nothing."""
    known = replace(HUNG, half_read=False, stuck_samples=1)
    frozen = replace(FROZEN, stuck_samples=3)
    assert decisions(standing(frozen), known) == [(Reason.ESCALATE, "hung", Cause.RUNNER_FROZEN)]
    away = decisions(standing(frozen), known, absent_since=NOW - 60)
    assert (Reason.OPEN, "frozen", Cause.RUNNER_FROZEN) in away


def test_of_two_that_turn_out_to_be_one_the_other_becomes_part_of_it():
    other = replace(HUNG, id="other", subject="mmlu/43/1", cause=Cause.HUNG_TOOL_CALL)
    entries = {one.id: ledger_entry(one, NOW - 600) for one in (HUNG, other)}
    made = {one.incident.id: one for one in decide(standing(FROZEN), entries, NOW, True)}
    assert made.keys() == {"hung", "other"}
    assert made["hung"].incident.cause is Cause.RUNNER_FROZEN
    assert made["other"].reason is Reason.MERGED
    assert made["other"].incident.part_of == "hung"


def test_after_a_restart_what_the_newest_events_say_is_not_news():
    """All of it was known before; for a moment only the newest events are."""
    known = replace(FROZEN, half_read=False)
    seen = HUNG
    view = standing(seen, half_read=[NAME])
    assert decisions(view, known) == [(Reason.HOLD_HALF_READ, "frozen", Cause.RUNNER_FROZEN)]
    assert [reason for reason, *_ in decisions(standing(seen), known)] == [
        Reason.OPEN,
        Reason.HOLD_NO_PROGRESS,
    ]


EARLY = replace(
    HUNG, cause=Cause.API_SERVER_ERROR, severity="page", reading=True, actions=("End nothing yet",)
)


@pytest.mark.parametrize(
    "better",
    [{"since": ago(3700)}, {"actions": ("End only this sample",)}, {"scope": "task"}],
    ids=["began_earlier", "other_advice", "other_reach"],
)
def test_what_older_events_belie_is_put_right_at_once(better):
    told = ledger_entry(EARLY, NOW - 2)
    read = replace(EARLY, reading=False, **better)
    (made,) = decide(standing(read), {EARLY.id: told}, NOW, True)
    assert made.reason is Reason.EDIT
    (again,) = decide(standing(read), {EARLY.id: replace(told, shown=made.incident)}, NOW, True)
    assert again.reason is Reason.STILL_OPEN
    (still,) = decide(standing(replace(read, reading=True)), {EARLY.id: told}, NOW, True)
    assert still.reason is Reason.STILL_OPEN


def test_that_all_is_read_is_said_later_where_it_changes_nothing():
    read = replace(EARLY, reading=False, since=ago(3650))
    reasons = [
        made.reason
        for shown in (NOW - 2, NOW - 301)
        for made in decide(standing(read), {EARLY.id: ledger_entry(EARLY, shown)}, NOW, True)
    ]
    assert reasons == [Reason.STILL_OPEN, Reason.EDIT]


def test_a_message_names_the_beginning_that_older_events_tell():
    entry = ledger_entry(EARLY, NOW - 2)
    view = standing(replace(EARLY, reading=False, since=ago(7200)))
    (made,) = decide(view, {EARLY.id: entry}, NOW, True)
    assert notice.standing(made, view).changes == (
        f"All older events are read now: it began at {clock(NOW - 7200)}",
    )


def test_no_odds_are_told_that_rest_on_what_is_not_read():
    odds = EvidenceItem(ago(60), "odds", "an outage that passes")
    stuck = eval_set(tasks=(task(running=(sample(evidence=(odds,)),)),))
    told = []
    for reading in (True, False):
        view = snapshot(stuck, incidents=(replace(EARLY, reading=reading),))
        (made,) = decide(view, {}, NOW, True)
        told.append(notice.opened(made, view).odds)
    assert told == [None, "an outage that passes"]


def went_on(last_success, half_read=(), told=HUNG, **changes):
    """What is decided where others got on, and its own sample last did so then."""
    own = sample(verdict=Verdict.PROGRESSING, cause=None, last_success_at=last_success, **changes)
    other = sample("43", verdict=Verdict.PROGRESSING, cause=None, last_success_at=ago(30))
    well = quiet(NAME, Verdict.PROGRESSING, tasks=(task(running=(own, other)),))
    view = replace(snapshot(well), half_read=frozenset(half_read))
    ((reason, *_),) = decisions(view, told)
    return reason


def test_it_is_over_by_what_its_own_sample_did_since():
    assert went_on(ago(3700)) is Reason.HOLD_HALF_READ
    assert went_on(None) is Reason.HOLD_HALF_READ
    assert went_on(ago(60)) is Reason.RESOLVE
    assert went_on(ago(3700), started_at=ago(60)) is Reason.RESOLVE


def test_while_all_was_read_when_it_was_seen_others_say_so_as_ever():
    known = replace(HUNG, half_read=False)
    assert went_on(ago(3700), told=known) is Reason.RESOLVE
    assert went_on(ago(3700), told=known, half_read=[NAME]) is Reason.HOLD_HALF_READ
    assert went_on(ago(3700), told=known, half_read=["another"]) is Reason.RESOLVE


def test_it_is_remembered_once_all_was_read():
    """What the rest teaches of how long calls take counts only some polls later."""
    now = replace(HUNG, half_read=False)
    (made,) = decide(standing(now), {HUNG.id: ledger_entry(HUNG, NOW - 600)}, NOW, True)
    assert made.incident.half_read


@pytest.mark.parametrize(
    ("scope", "subject", "reason"),
    [
        ("sample", "mmlu/41/1", Reason.RESOLVE),
        ("task", "mmlu", Reason.HOLD_HALF_READ),
        ("task", "gpqa", Reason.RESOLVE),
        ("eval_set", NAME, Reason.HOLD_HALF_READ),
        ("model", "openai/gpt-4o", Reason.RESOLVE),
    ],
)
def test_only_those_that_it_may_be_about_are_asked_for(scope, subject, reason):
    told = replace(HUNG, scope=scope, subject=subject)
    assert went_on(ago(3700), told=told) is reason


def test_what_ended_or_waits_on_purpose_is_over_at_once():
    for verdict in (Verdict.FINISHED, Verdict.WAITING):
        ((reason, *_),) = decisions(snapshot(quiet(NAME, verdict)))
        assert reason is Reason.RESOLVE
    waits = replace(HUNG, scope="task", subject="mmlu")
    person = sample("44", verdict=Verdict.WAITING, cause=None, last_success_at=ago(90_000))
    moving = sample(verdict=Verdict.PROGRESSING, cause=None, last_success_at=ago(60))
    well = quiet(NAME, Verdict.PROGRESSING, tasks=(task(running=(person, moving)),))
    ((reason, *_),) = decisions(snapshot(well), waits)
    assert reason is Reason.RESOLVE
