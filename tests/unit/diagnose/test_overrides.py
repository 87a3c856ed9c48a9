"""What people said in advance: it weighs more than what was learned, and a mute is no verdict."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, view, watched, working
from tests.builders.rows import SET, Rows
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.model.allowances import Allowance, Override
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.snapshot import snapshot

HOUR = 3600.0


def in_tool() -> Rows:
    return working().pending("tool", 600, "bash")


def judged(now, said=None, job=JOB, samples=None):
    known = watched(now, samples or {"1": in_tool()}, view(now, jobs=(job,)))
    overrides = (said,) if said is not None else ()
    return judge([known], now, LIMITS, 90.0, overrides=overrides)[0]


def test_without_a_word_a_tool_call_of_twenty_hours_is_stuck():
    assert judged(20 * HOUR).cause is Cause.HUNG_TOOL_CALL


@pytest.mark.parametrize(
    "override",
    [
        Override(Allowance(tool_call=24 * HOUR)),
        Override(Allowance(tool_call=24 * HOUR), eval_set="set-*"),
        Override(Allowance(tool_call=24 * HOUR), task="mm??", model="openai/*"),
        Override(Allowance(waiting="human baseline"), eval_set=SET),
    ],
)
def test_an_override_that_matches_allows_it(override):
    allowed = judged(20 * HOUR, override)
    waiting = override.allowance.waiting is not None
    assert allowed.verdict is (Verdict.WAITING if waiting else Verdict.PROGRESSING)
    if not waiting:
        assert judged(25 * HOUR, override).verdict is Verdict.STUCK


@pytest.mark.parametrize("pattern", [{"eval_set": "other"}, {"task": "x*"}, {"model": "x/*"}])
def test_an_override_for_others_changes_nothing(pattern):
    override = Override(Allowance(tool_call=24 * HOUR), **pattern)
    assert judged(20 * HOUR, override).verdict is Verdict.STUCK


def test_an_override_can_also_be_stricter():
    override = Override(Allowance(tool_call=300.0))
    assert judged(600 + 400.0, override).verdict is Verdict.STUCK


def test_the_job_s_annotation_counts_and_the_configuration_weighs_more():
    job = replace(JOB, allowance=Allowance(tool_call=24 * HOUR))
    assert judged(20 * HOUR, job=job).verdict is Verdict.PROGRESSING
    strict = Override(Allowance(tool_call=HOUR))
    assert judged(20 * HOUR, strict, job).verdict is Verdict.STUCK


def test_of_two_jobs_the_newer_s_annotations_weigh_more():
    older = replace(JOB, allowance=Allowance(tool_call=HOUR, waiting="a pause"))
    newer = replace(JOB, name="next", created_at=50.0, allowance=Allowance(tool_call=24 * HOUR))
    known = watched(20 * HOUR, {"1": in_tool()}, view(20 * HOUR, jobs=(newer, older)))
    (found,) = judge([known], 20 * HOUR, LIMITS, 90.0)
    assert found.verdict is Verdict.WAITING


def test_a_mute_leaves_the_verdict_and_names_its_end():
    said = Override(Allowance(mute_until=21 * HOUR, mute_reason="known, see #12"))
    muted = judged(20 * HOUR, said)
    assert muted.verdict is Verdict.STUCK
    assert "muted until 1970-01-01 21:00 UTC: known, see #12" in [e.text for e in muted.evidence]
    (incident,) = correlate((muted,), 20 * HOUR)
    assert (incident.muted_until, incident.muted_reason) == (21 * HOUR, "known, see #12")


def test_the_metrics_know_what_is_muted_by_eval_set_or_by_all_of_its_stuck_tasks():
    def muted(now, **about):
        said = Override(Allowance(mute_until=21 * HOUR), **about)
        return snapshot((judged(now, said),), (), (), now).figures[0].muted

    assert muted(20 * HOUR)
    assert muted(20 * HOUR, task="mmlu")
    assert not muted(20 * HOUR, task="other")
    assert not muted(21 * HOUR)


def test_a_mute_ends():
    said = Override(Allowance(mute_until=21 * HOUR))
    (incident,) = correlate((judged(21 * HOUR, said),), 21 * HOUR)
    assert incident.muted_until is None


def test_a_mute_of_another_task_mutes_nothing():
    said = Override(Allowance(mute_until=21 * HOUR), task="other")
    (incident,) = correlate((judged(20 * HOUR, said),), 20 * HOUR)
    assert incident.muted_until is None


def test_annotations_that_can_not_be_used_are_told():
    job = replace(JOB, ignored=("stuck-eval-watchdog/tool-call: nonsense",))
    evidence = [e for e in judged(700, job=job).evidence if e.kind == "annotation"]
    assert [e.text for e in evidence] == ["ignored: stuck-eval-watchdog/tool-call: nonsense"]


def qualified(now, said):
    state = watched(now, {"1": in_tool()}, view(now, jobs=(JOB,)))
    state = replace(state, eval_set_id=f"{SET}@b", name=SET)
    return judge([state], now, LIMITS, 90.0, overrides=(said,))[0]


def test_more_time_is_allowed_by_name_in_every_source():
    override = Override(Allowance(tool_call=24 * HOUR), eval_set=SET)
    assert qualified(20 * HOUR, override).verdict is Verdict.PROGRESSING


@pytest.mark.parametrize("allowance", [Allowance(mute_until=1e9), Allowance(page=False)])
def test_what_keeps_people_from_being_told_is_about_one_eval_set(allowance):
    for pattern, hushed in ((SET, False), (f"{SET}@b", True)):
        (incident,) = correlate([qualified(20 * HOUR, Override(allowance, eval_set=pattern))], 0.0)
        assert (incident.muted_until is not None or incident.severity == "warning") is hushed
