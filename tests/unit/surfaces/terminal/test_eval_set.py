"""One eval set in a terminal: what to do by cause, its incidents by id."""

from msgspec.structs import replace

from tests.builders.printed import printed
from tests.builders.snapshots import NOW, ago, eval_set, incident, sample, snapshot, task
from watchdog.model.instants import timestamp
from watchdog.model.report import CauseSteps
from watchdog.model.verdict import Cause
from watchdog.surfaces.terminal.eval_set import eval_set_lines
from watchdog.surfaces.terminal.report import lines

FROZEN = incident(id="f00f00f00f00", cause=Cause.RUNNER_FROZEN, scope="task", subject="mmlu")
FAILS = incident(id="5005005005000")


def shown(report, *incidents, width=100):
    return printed(eval_set_lines(report, incidents, timestamp(NOW)), width)


def test_steps_stand_by_cause_each_with_its_incident():
    steps = (
        CauseSteps(Cause.RUNNER_FROZEN, ("See where it stands: `hawk stacktrace set`",)),
        CauseSteps(Cause.API_SERVER_ERROR, ("Check the status page",)),
    )
    report = replace(eval_set(), actions=steps[0].actions, steps=steps)
    text = shown(report, FROZEN, FAILS)
    frozen = text.index("What to do about: runner is frozen (incident f00f00f00f00)")
    fails = text.index("What to do about: model API answers with server errors (5xx) (incident 500")
    assert frozen < text.index("hawk stacktrace set") < fails < text.index("Check the status page")
    for part in ("Incident f00f00f00f00: runner is frozen (page)", "Incident 5005005005000: model"):
        assert part in text
    in_full = printed(lines(snapshot(report).report), 100)
    assert "What to do about: runner is frozen" in in_full


def test_one_cause_has_one_list_and_its_incident():
    text = shown(eval_set(), FAILS)
    assert "What to do (incident 5005005005000)" in text
    assert "What to do\n" in shown(eval_set())


def test_an_attempt_that_is_overdue_is_said_to_be():
    late = sample(next_attempt_at=ago(7200))
    text = shown(eval_set(tasks=(task(running=(late,)),)))
    assert "next attempt overdue for 2 h" in text
