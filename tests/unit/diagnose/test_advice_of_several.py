"""What is advised where an eval set is stuck for several causes, or several samples for one."""

import re

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import LIMITS, view, watched, working
from tests.builders.judged import CALLS, FIRST, SPEC, stuck
from watchdog.correlate import correlate
from watchdog.diagnose.words import actions_for, steps
from watchdog.model import advice
from watchdog.model.facts import Connections, SampleKey
from watchdog.model.judgment import SampleJudgment
from watchdog.model.state import SampleState
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.evaluate import evaluate


def two(first: Cause, second: Cause, **changes):
    """An eval set with a sample that is stuck for each."""
    one = stuck(first, key=FIRST, **changes)
    (task,) = one.tasks
    state = SampleState(SampleKey("2", 1), "u2", open_calls=CALLS)
    other = SampleJudgment(state, Verdict.STUCK, "solving", second, 20.0)
    own = replace(task.state, samples={**task.state.samples, state.key: state})
    task = replace(task, state=own, samples=(*task.samples, other))
    return replace(one, state=replace(one.state, tasks={own.log: own}), tasks=(task,))


@pytest.mark.parametrize("first", [Cause.RUNNER_FROZEN, Cause.RUNNER_GONE])
def test_nothing_goes_on_by_itself_beside_a_runner_that_does_nothing(first):
    eval_set = two(Cause.API_SERVER_ERROR, first)
    actions = actions_for(Cause.API_SERVER_ERROR, eval_set)
    assert actions[0].text == advice.RUNNER_FIRST.text
    assert len(actions) > 1
    assert {action.kind for action in actions} <= {"look", "test", "tell", "mend"}
    assert actions_for(first, eval_set) == actions_for(first, stuck(first)), "it is as ever"
    alone = actions_for(Cause.API_SERVER_ERROR, stuck(Cause.API_SERVER_ERROR))
    assert advice.RUNNER_FIRST.text not in {action.text for action in alone}
    assert "restart" in {action.kind for action in alone}


def test_steps_stand_by_cause_and_the_runner_s_come_first():
    eval_set = two(Cause.API_SERVER_ERROR, Cause.RUNNER_FROZEN)
    assert [cause for cause, _ in steps(eval_set)] == [Cause.RUNNER_FROZEN, Cause.API_SERVER_ERROR]
    hung = two(Cause.HUNG_TOOL_CALL, Cause.API_SERVER_ERROR)
    assert [cause for cause, _ in steps(hung)] == [Cause.HUNG_TOOL_CALL, Cause.API_SERVER_ERROR]
    assert steps(two(Cause.HUNG_TOOL_CALL, Cause.HUNG_TOOL_CALL)) == ()
    assert steps(stuck(Cause.HUNG_TOOL_CALL)) == ()


def test_a_wide_incident_is_advised_for_one_whose_runner_works():
    """Both fail on one model; of the older one the runner is frozen as well."""
    frozen = two(Cause.API_SERVER_ERROR, Cause.RUNNER_FROZEN, name="older")
    well = stuck(Cause.API_SERVER_ERROR, name="newer", uuid="u9")
    eval_sets = [_shared(frozen), _shared(well)]
    wide = next(one for one in correlate(eval_sets, 1000.0) if len(one.eval_sets) == 2)
    texts = [action.told for action in wide.actions]
    assert advice.RUNNER_FIRST.text not in texts
    assert advice.WAIT_FOR_PROVIDER.text in texts


def _shared(eval_set):
    """Its failing samples share the model's trouble."""
    (task,) = eval_set.tasks
    samples = tuple(
        replace(sample, shared=True, model="openai/gpt-4o")
        if sample.cause is Cause.API_SERVER_ERROR
        else sample
        for sample in task.samples
    )
    return replace(eval_set, tasks=(replace(task, samples=samples),))


@pytest.mark.parametrize("local", [False, True])
def test_a_step_that_names_one_sample_says_how_many_there_are_like_it(local):
    places = {"cluster": None, "local": True, "address": "logs", "logs_at": "logs"}
    more = places if local else {}
    texts = [a.told for a in actions_for(Cause.HUNG_TOOL_CALL, stuck(Cause.HUNG_TOOL_CALL, **more))]
    assert not any("more like it" in text for text in texts)
    both = two(Cause.HUNG_TOOL_CALL, Cause.HUNG_TOOL_CALL, **more)
    texts = [a.told for a in actions_for(Cause.HUNG_TOOL_CALL, both)]
    (told,) = [text for text in texts if "more like it" in text]
    where = " --logs logs" if local else ""
    assert f"1 more like it: `watchdog samples set-1{where} --state stuck`" in told
    assert "u1" in told or " 1 1" in told, "the one that is stuck the longest is named"


@pytest.mark.parametrize(("start", "half"), [(20, 10), (7, 3), (1, 1)])
def test_connections_are_lowered_to_half_of_what_they_were(start, half):
    spec = replace(SPEC, connections=Connections(1, start, 100))
    texts = [a.told for a in actions_for(Cause.RATE_LIMITED, stuck(Cause.RATE_LIMITED, spec=spec))]
    assert any(f"inspect ctl config --max-connections {half}`" in text for text in texts)


def test_no_test_by_hand_is_asked_for_where_none_is_set_up():
    now = 20 * 3600.0
    known = watched(now, {"1": working().pending("model", 600, "openai/o3")}, view(now))

    def told(can_test):
        report = evaluate([known], (), now, LIMITS, 90.0, can_test=can_test).report
        return [text for one in (*report.eval_sets, *report.incidents) for text in one.actions]

    assert any(re.search("`watchdog probe --model openai/o3`", text) for text in told(True))
    assert told(False)
    assert not any("watchdog probe" in text for text in told(False))
