"""An incident whose eval set is not there any more: mended, deleted, taken away, or resumed."""

import pytest
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import NOW, ago, counts, eval_set, incident, snapshot, task
from watchdog.model.report import EvidenceItem
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify.decide import Intervals, Reason, decide

DAY = 86_400.0
DEAD = incident(
    cause=Cause.RUNNER_GONE, scope="eval_set", in_cluster=True, runner_died=True, since=ago(3600)
)
HUNG = incident(cause=Cause.HUNG_TOOL_CALL, scope="sample", in_cluster=True, since=ago(3600))


def reason(view, open_incident, absent=0.0):
    entry = ledger_entry(open_incident, NOW - 7200)
    entry = replace(entry, absent_since=NOW - absent if absent else None)
    (decision,) = decide(view, {open_incident.id: entry}, NOW, True)
    return decision.reason


def deleted(**fields):
    told = (EvidenceItem(None, "deletion", "namespace x is being deleted"),)
    return eval_set(
        verdict=Verdict.FINISHED, cause=None, evidence=told, deleted_at=ago(60), **fields
    )


@pytest.mark.parametrize("open_incident", [DEAD, HUNG], ids=["dead", "hung"])
def test_what_vanished_from_the_cluster_stays_until_people_know(open_incident):
    """After a restart the ledger is all that knows of it."""
    assert reason(snapshot(), open_incident, absent=DAY) is Reason.HOLD_VANISHED
    assert reason(snapshot(), open_incident, absent=8 * DAY) is Reason.GONE
    muted = replace(snapshot(), acknowledged=("mmlu-*",))
    assert reason(muted, open_incident) is Reason.GONE
    others = replace(snapshot(), acknowledged=("gpqa-*",))
    assert reason(others, open_incident) is Reason.HOLD_VANISHED


def test_what_a_log_directory_lost_is_gone():
    assert reason(snapshot(), replace(DEAD, in_cluster=False)) is Reason.GONE


def test_a_warning_does_not_outlive_its_eval_set():
    limping = replace(HUNG, verdict=Verdict.DEGRADED, severity="warning")
    assert reason(snapshot(), limping) is Reason.GONE


@pytest.mark.parametrize("scope", ["eval_set", "task", "sample"])
@pytest.mark.parametrize("cause", [Cause.RUNNER_GONE, Cause.OOM_KILLED, Cause.EVICTED])
def test_that_a_dead_runner_is_taken_away_mends_nothing(scope, cause):
    """Of an eval set with one task, or one sample, the incident has its scope."""
    dead = replace(DEAD, scope=scope, cause=cause)
    assert reason(snapshot(deleted()), dead) is Reason.HOLD_VANISHED


def test_a_killed_sandbox_of_one_sample_is_no_death_of_the_runner():
    killed = replace(HUNG, cause=Cause.OOM_KILLED, verdict=Verdict.PARTIALLY_STUCK)
    assert reason(snapshot(deleted()), killed) is Reason.RESOLVE


def test_the_deletion_of_what_hung_is_its_remedy():
    assert reason(snapshot(deleted()), HUNG) is Reason.RESOLVE


@pytest.mark.parametrize("open_incident", [DEAD, HUNG], ids=["dead", "hung"])
@pytest.mark.parametrize("verdict", [Verdict.STARTING, Verdict.WAITING, Verdict.PROGRESSING])
def test_a_newer_runner_closes_the_old_incident_as_resumed(open_incident, verdict):
    anew = eval_set(verdict=verdict, cause=None, runner_started_at=ago(60), last_progress_at=None)
    assert reason(snapshot(anew), open_incident) is Reason.RESUMED
    same = replace(anew, runner_started_at=ago(4000))
    assert reason(snapshot(same), open_incident) is not Reason.RESUMED


def test_of_several_eval_sets_all_must_be_resumed():
    both = replace(DEAD, eval_sets=("mmlu-2026-11-22-x7k2", "other"))
    anew = eval_set(verdict=Verdict.STARTING, cause=None, runner_started_at=ago(60))
    old = replace(anew, eval_set_id="other", runner_started_at=ago(9000))
    assert reason(snapshot(anew, old), both) is not Reason.RESUMED


def test_why_a_runner_died_may_be_forgotten_and_it_is_the_same_incident():
    known = replace(DEAD, id="a", cause=Cause.EVICTED)
    later = replace(DEAD, id="b")
    entry = ledger_entry(known, NOW - 7200)
    view = snapshot(eval_set(cause=Cause.RUNNER_GONE), incidents=(later,))
    assert [d.reason for d in decide(view, {"a": entry}, NOW, True)] == [Reason.STILL_OPEN]
    other = replace(later, eval_sets=("other",))
    reasons = [d.reason for d in decide(snapshot(incidents=(other,)), {"a": entry}, NOW, True)]
    assert Reason.STILL_OPEN not in reasons


def test_the_bound_is_a_setting():
    entry = replace(ledger_entry(DEAD, NOW - 7200), absent_since=NOW - 100)
    (decision,) = decide(
        snapshot(), {DEAD.id: entry}, NOW, True, intervals=Intervals(vanished=60.0)
    )
    assert decision.reason is Reason.GONE


def test_a_dead_runner_begins_no_sample_so_nothing_is_waited_for():
    queued = task(samples=counts(running=1, queued=20, stuck=1))
    now = eval_set(cause=Cause.RUNNER_GONE, tasks=(queued,), last_progress_at=ago(60))
    (decision,) = decide(snapshot(now, incidents=(DEAD,)), {}, NOW, True)
    assert decision.reason is Reason.OPEN
    lives = replace(DEAD, runner_died=False)
    (decision,) = decide(snapshot(now, incidents=(lives,)), {}, NOW, True)
    assert decision.reason is Reason.HOLD_FOR
