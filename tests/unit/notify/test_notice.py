from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import (
    NOW,
    ago,
    eval_set,
    incident,
    partially_stuck,
    realistic,
    sample,
    snapshot,
    task,
)
from watchdog.model.report import EvidenceItem
from watchdog.model.verdict import Cause, Verdict
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason


def opened(incident, view):
    return notice.opened(Decision(Reason.OPEN, incident, NOW), view)


def test_it_says_what_is_stuck_since_when_and_what_to_do():
    message = opened(incident(), realistic())
    assert message.verdict is Verdict.STUCK
    assert message.since == NOW - 80_040
    assert [(item.task, item.id) for item in message.samples] == [("mmlu", "42")]
    assert message.actions == eval_set().actions
    assert notice.impact(message) == "1 stuck sample in 1 eval set"


def test_the_incident_s_own_actions_come_first():
    assert opened(incident(actions=("call",)), realistic()).actions == ("call",)


def test_samples_of_the_same_cause_and_model_are_named():
    other = sample("7", cause=Cause.HUNG_TOOL_CALL)
    elsewhere = task("b", model="anthropic/claude", running=(sample("9"),))
    mixed = eval_set(tasks=(task(running=(sample(), other)), elsewhere))
    by_model = opened(incident(scope="model", subject="openai/gpt-4o"), snapshot(mixed))
    assert [item.id for item in by_model.samples] == ["42"]
    by_cause = opened(incident(subject="?"), snapshot(mixed))
    assert [item.id for item in by_cause.samples] == ["42", "9"]
    neither = opened(incident(cause=Cause.AUTH), snapshot(mixed))
    assert len(neither.samples) == 3


def test_many_samples_are_counted():
    many = tuple(sample(str(place), stuck_seconds=float(place)) for place in range(30))
    message = opened(incident(), snapshot(eval_set(tasks=(task(running=many),))))
    assert [item.id for item in message.samples] == [str(29 - place) for place in range(8)]
    assert message.more_samples == 22


def test_the_end_is_written_from_the_ledger():
    entry = ledger_entry(incident(since=None), NOW - 100)
    message = notice.resolved(Decision(Reason.GONE, entry.incident, NOW, entry), entry)
    assert message.gone
    assert message.since == NOW - 100


def test_pending_calls_are_named():
    hung = incident(cause=Cause.HUNG_TOOL_CALL, eval_sets=("swe-bench-agents-q9d1",))
    (line,) = opened(hung, snapshot(partially_stuck())).samples
    assert line.pending == "tool bash"
    assert ago(0) == "2026-11-23T08:00:00.000Z"


def test_how_long_it_lasted_leaves_out_how_long_it_was_waited_for_to_stay_over():
    entry = ledger_entry(incident(since=None), NOW - 9000, absent_since=NOW - 2100)
    waited = notice.resolved(Decision(Reason.RESOLVE, entry.incident, NOW, entry), entry)
    assert notice.lasted(waited) == 6900
    entry = ledger_entry(incident(since=None), NOW - 9000)
    at_once = notice.resolved(Decision(Reason.RESOLVE, entry.incident, NOW, entry), entry)
    assert notice.lasted(at_once) == 9000


def test_how_sure_it_is_stands_where_odds_were_weighed():
    rare = EvidenceItem(None, "odds", "seen once in 67 years")
    sure = eval_set(tasks=(task(running=(sample(), sample("7", evidence=(rare,)))),))
    assert opened(incident(), snapshot(sure)).odds == "seen once in 67 years"
    assert opened(incident(), realistic()).odds is None


def test_a_message_has_one_number_of_samples():
    running = tuple(sample(str(number)) for number in range(20))
    shown = snapshot(eval_set(tasks=(task(running=running),)))
    wide = incident(stuck_samples=31, summary="openai/gpt-4o: 31 samples of 1 eval set are stuck")
    message = opened(wide, shown)
    assert notice.impact(message) == "31 stuck samples in 1 eval set"
    assert len(message.samples) + message.more_samples == 31
