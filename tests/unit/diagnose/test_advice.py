"""What is advised: the exact command, mildest first, where it can be done and harms nothing."""

import itertools
import re

import pytest
from msgspec.structs import replace

from tests.builders.judged import ALIVE, BOX, FIRST, GONE, REFUSED, SPEC, stuck
from watchdog.diagnose.placeholders import fill, fill_store
from watchdog.diagnose.rules import SPEC_OF, SPECS
from watchdog.diagnose.words import actions_for
from watchdog.model import advice
from watchdog.model.causes import CAUSES as CAUSE_INFOS
from watchdog.model.cluster import Container
from watchdog.model.command import VALUE_MAX, typed
from watchdog.model.facts import SampleKey, TaskSpec, WriterProcess
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.verdict import Cause, Verdict
from watchdog.probing.steps import STEPS

CAUSES = [spec.cause for spec in SPECS]
EXEC = "kubectl exec -n inspect-x runner-1 -c inspect-eval-set -- "
OLD = replace(SPEC, inspect_version=(0, 3, 251))
UNKNOWN = replace(SPEC, inspect_version=None)
STRICT = replace(SPEC, fail_on_error=None)


def told(cause: Cause, eval_set: EvalSetJudgment) -> str:
    return "\n".join(action.told for action in actions_for(cause, eval_set))


def test_a_hung_tool_call_is_cancelled_before_anything_is_ended():
    texts = [a.told for a in actions_for(Cause.HUNG_TOOL_CALL, stuck(Cause.HUNG_TOOL_CALL))]
    assert [text.split("`")[1] for text in texts] == [
        "kubectl exec -n inspect-x-s box-1 -c default -- ps aux",
        f"{EXEC}inspect ctl sample cancel-tool-call TaskAbc123 1 1",
        "kubectl exec -n inspect-x-s box-1 -c default -- kill <pid>",
        "hawk stop set-1 --sample u1",
        f"{EXEC}inspect ctl sample cancel TaskAbc123 1 1 --action cancel",
        f"{EXEC}inspect ctl sample show TaskAbc123 1 1",
    ]
    assert texts[-1].split("`")[3] == f"{EXEC}inspect ctl sample requeue TaskAbc123 1 1"
    assert "says cancelled" in texts[-1]


@pytest.mark.parametrize("spec", [OLD, UNKNOWN])
def test_an_inspect_without_the_control_channel_s_verbs_is_not_asked(spec):
    for cause in CAUSES:
        assert "inspect ctl" not in told(cause, stuck(cause, spec=spec))
    assert "hawk stop set-1 --sample u1" in told(
        Cause.HUNG_MODEL_CALL, stuck(Cause.HUNG_MODEL_CALL, spec=spec)
    )


@pytest.mark.parametrize("version", [(0, 3, 252), (0, 3, 285), (0, 4, 0), (1, 0, 0)])
def test_from_the_version_that_has_them_on_it_is(version):
    eval_set = stuck(Cause.HUNG_MODEL_CALL, spec=replace(SPEC, inspect_version=version))
    assert "inspect ctl sample requeue" in told(Cause.HUNG_MODEL_CALL, eval_set)


@pytest.mark.parametrize(
    ("spec", "offered"),
    [
        (SPEC, True),
        (STRICT, False),
        (replace(STRICT, fail_on_error=True), False),
        (replace(STRICT, fail_on_error=0.5), False),
        (replace(STRICT, fail_on_error=0.0), False),
        (replace(STRICT, fail_on_error=True, continue_on_fail=True), True),
        (replace(STRICT, continue_on_fail=False), False),
    ],
)
def test_ending_a_sample_as_an_error_is_offered_where_the_task_survives_it(spec: TaskSpec, offered):
    text = told(Cause.HUNG_SCORING, stuck(Cause.HUNG_SCORING, spec=spec))
    assert ("--error" in text) is offered
    assert "`hawk stop set-1 --sample u1`" in text


PLACES = {"local": True, "address": "logs", "logs_at": "logs"}
WRITERS = (None, WriterProcess(4711, gone=False, last_written_at=5.0))
OF_A_CLUSTER = re.compile(
    r"kubectl|hawk|s3:|bucket|aws|middleman|cluster|namespace|kubelet|kueue|\bpods?\b|\bnodes?\b",
    re.IGNORECASE,
)
CLUSTER_ONLY = frozenset(info.cause for info in CAUSE_INFOS if info.concern == "cluster") | {
    Cause.HUNG_STARTUP,
}
"""What a laptop can't have: only a cluster tells it."""


@pytest.mark.parametrize("cause", CAUSES)
def test_a_laptop_s_actions_name_no_cluster_no_hawk_and_no_bucket(cause):
    for spec, writer, key in itertools.product((SPEC, OLD, STRICT), WRITERS, (FIRST, None)):
        eval_set = stuck(cause, None, spec=spec, writer=writer, key=key, **PLACES)
        texts = [fill_store(a, "set-1", None).told for a in actions_for(cause, eval_set)]
        assert [text for text in texts if OF_A_CLUSTER.search(text)] == []


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause not in CLUSTER_ONLY])
@pytest.mark.parametrize("spec", [SPEC, OLD, STRICT])
def test_and_something_is_left_to_do_there(cause, spec):
    for writer in WRITERS:
        told_actions = actions_for(cause, stuck(cause, None, spec=spec, writer=writer, **PLACES))
        assert told_actions != ()
        if cause in STANDING:
            assert any(action.kind in {"mend", "restart"} for action in told_actions)


def test_what_is_in_a_sandbox_is_looked_at_only_where_there_is_one():
    told_by = {
        has: told(
            Cause.HUNG_TOOL_CALL, stuck(Cause.HUNG_TOOL_CALL, spec=replace(SPEC, has_sandbox=has))
        )
        for has in (True, False)
    }
    assert "ps aux" in told_by[True]
    assert "sandbox" not in told_by[False]


STANDING = frozenset(cause for cause in CAUSES if cause.startswith("hung_")) - CLUSTER_ONLY | {
    Cause.RUNNER_GONE,
    Cause.RUNNER_FROZEN,
    Cause.UNEXPLAINED,
    Cause.AUTH,
}
"""What waiting doesn't end."""


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("cluster", [ALIVE, GONE, None])
def test_what_is_for_a_laptop_is_told_nowhere_else(cause, cluster):
    text = told(cause, stuck(cause, cluster))
    assert "eval-retry" not in text
    assert "py-spy" not in text
    assert "--action score" not in text


def test_a_process_is_looked_into_where_its_id_is_known_and_it_is_there():
    gone = WriterProcess(4711, gone=True, last_written_at=5.0)
    looks = [
        "`py-spy dump --pid 4711`"
        in told(Cause.RUNNER_FROZEN, stuck(Cause.RUNNER_FROZEN, None, writer=writer, **PLACES))
        for writer in (*WRITERS, gone)
    ]
    assert looks == [False, True, False]


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause not in CLUSTER_ONLY])
@pytest.mark.parametrize("spec", [SPEC, OLD])
def test_a_process_that_is_gone_is_neither_asked_nor_ended(cause, spec):
    gone = WriterProcess(4711, gone=True, last_written_at=5.0)
    text = told(cause, stuck(cause, None, spec=spec, writer=gone, **PLACES))
    assert "inspect ctl" not in text
    assert "Ctrl-C" not in text
    if cause in STANDING:
        assert text.count("`inspect eval-retry logs/2026_mmlu_TaskAbc123.eval`") == 1


def test_of_a_dead_process_the_rest_is_run_anew():
    gone = WriterProcess(4711, gone=True, last_written_at=5.0)
    text = told(Cause.RUNNER_GONE, stuck(Cause.RUNNER_GONE, None, writer=gone, **PLACES))
    assert "`inspect eval-retry logs/2026_mmlu_TaskAbc123.eval`" in text
    assert "finished samples are kept, those that ran begin anew" in text
    assert "Ctrl-C" not in text


def test_there_inspect_is_called_as_it_is():
    eval_set = stuck(Cause.HUNG_TOOL_CALL, None, local=True, address="logs", logs_at="logs")
    text = told(Cause.HUNG_TOOL_CALL, eval_set)
    assert "`inspect ctl sample cancel-tool-call TaskAbc123 1 1`" in text
    assert "eval-retry" not in text


def test_where_nothing_milder_can_be_done_the_process_is_started_anew():
    places = {"local": True, "address": "my logs", "logs_at": "my logs"}
    old = stuck(Cause.HUNG_TOOL_CALL, None, spec=OLD, **places)
    assert "`inspect eval-retry 'my logs/2026_mmlu_TaskAbc123.eval'`" in told(
        Cause.HUNG_TOOL_CALL, old
    )
    in_cluster = stuck(Cause.HUNG_TOOL_CALL, spec=OLD)
    assert "eval-retry" not in told(Cause.HUNG_TOOL_CALL, in_cluster)


def test_the_program_itself_is_given_what_it_takes():
    local = stuck(Cause.UNEXPLAINED, None, local=True, address="my logs", logs_at="my logs")
    assert "`watchdog evidence set-1 --logs 'my logs' --output" in told(Cause.UNEXPLAINED, local)
    assert "`watchdog evidence set-1 --output" in told(Cause.UNEXPLAINED, stuck(Cause.UNEXPLAINED))


@pytest.mark.parametrize("cause", [Cause.RUNNER_GONE, Cause.OOM_KILLED, Cause.EVICTED])
def test_a_dead_runner_is_resumed_under_its_id(cause):
    text = told(cause, stuck(cause, GONE))
    assert "`hawk eval-set resume set-1`" in text
    assert "finished samples are kept" in text
    assert "exec" not in text
    assert "hawk stop" not in text


@pytest.mark.parametrize("cause", [Cause.RUNNER_GONE, Cause.OOM_KILLED, Cause.EVICTED])
def test_but_not_one_whose_configuration_can_not_work(cause):
    refused = replace(GONE.view.jobs[0], finished_reason="PodFailurePolicy")
    by_job = replace(GONE, view=replace(GONE.view, jobs=(refused,)))
    for cluster in (REFUSED, by_job):
        text = told(cause, stuck(cause, cluster))
        assert "`hawk eval-set resume set-1`" not in text
        assert "`hawk eval-set resume set-1 --config <config.yaml>`" in text


@pytest.mark.parametrize("cause", [Cause.OOM_KILLED, Cause.EVICTED])
def test_a_sample_whose_sandbox_is_gone_has_its_call_cancelled_or_is_ended(cause):
    text = told(cause, stuck(cause))
    assert f"`{EXEC}inspect ctl sample cancel-tool-call TaskAbc123 1 1`" in text
    assert "`hawk stop set-1 --sample u1`" in text
    assert "resume" not in text


@pytest.mark.parametrize("cause", CAUSES)
def test_without_a_sample_none_is_ended(cause):
    text = told(cause, stuck(cause, key=None))
    assert "--sample" not in text
    assert "<sample-id>" not in text


def test_no_tool_call_is_cancelled_where_none_is_pending():
    eval_set = stuck(Cause.EVICTED)
    sample = replace(eval_set.tasks[0].samples[0].state, open_calls=())
    judged = replace(eval_set.tasks[0].samples[0], state=sample)
    task = replace(eval_set.tasks[0], samples=(judged,))
    assert "cancel-tool-call" not in told(Cause.EVICTED, replace(eval_set, tasks=(task,)))


OVER = {Cause.ORPHANED_SANDBOX, Cause.HUNG_TEARDOWN}
"""Where nothing runs any more, there is nothing to save."""


@pytest.mark.parametrize("cause", CAUSES)
def test_deleting_comes_last_and_only_where_nothing_can_be_saved(cause):
    for cluster in (ALIVE, GONE):
        texts = [a.told for a in actions_for(cause, stuck(cause, cluster))]
        deleting = [place for place, text in enumerate(texts) if "hawk delete" in text]
        may = {Cause.RUNNER_FROZEN, Cause.HUNG_SETUP, Cause.AUTH, Cause.HUNG_STARTUP, *OVER}
        assert not deleting or cause in may
        assert all("resume" in text for place in deleting for text in texts[place + 1 :])
        stops = [place for place, text in enumerate(texts) if "hawk stop" in text]
        assert not (deleting and stops) or max(stops) < min(deleting)


@pytest.mark.parametrize("cause", sorted(set(CAUSES) - OVER))
def test_nothing_is_deleted_while_a_sample_gets_on(cause):
    partly = replace(stuck(cause), verdict=Verdict.PARTIALLY_STUCK)
    assert "hawk delete" not in told(cause, partly)
    assert "resume" not in told(cause, partly)


def test_a_stopped_eval_set_is_never_resumed():
    """What waits its turn is ended by a stop too, and a resume takes it for finished."""
    given = [spec.actions for spec in SPECS] + list(STEPS.values())
    for actions in given:
        texts = "\n".join(action.told for action in actions)
        assert not ("`hawk stop {eval_set_id}`" in texts and "eval-set resume" in texts)


@pytest.mark.parametrize("cause", CAUSES)
def test_nobody_is_told_that_a_new_eval_set_keeps_what_is_finished(cause):
    texts = [action.text for action in SPEC_OF[cause].actions]
    assert not any("`hawk eval-set <config.yaml>`" in text for text in texts)


def test_the_container_is_the_configured_one():
    view = replace(ALIVE.view, runner_container="runner")
    text = told(Cause.HUNG_TOOL_CALL, stuck(Cause.HUNG_TOOL_CALL, replace(ALIVE, view=view)))
    assert "runner-1 -c runner -- inspect" in text


@pytest.mark.parametrize(
    ("names", "container"),
    [
        (("default", "coredns"), "default"),
        (("coredns", "victim"), "victim"),
        (("coredns",), "default"),
        ((), "default"),
    ],
)
def test_a_sandbox_s_container_is_default_unless_it_has_none_of_that_name(names, container):
    box = replace(BOX, containers=tuple(map(Container, names)))
    cluster = replace(ALIVE, view=replace(ALIVE.view, sandboxes=(box,)))
    text = told(Cause.HUNG_TOOL_CALL, stuck(Cause.HUNG_TOOL_CALL, cluster))
    assert f"box-1 -c {container} -- ps aux" in text


def test_no_other_sample_s_sandbox_is_ever_named():
    other = replace(BOX, name="box-2", sample_uuid="u2", containers=(Container("default"),))
    cluster = replace(ALIVE, view=replace(ALIVE.view, sandboxes=(other,)))
    for cause in CAUSES:
        assert "box-2" not in told(cause, stuck(cause, cluster))


def test_ids_that_look_like_options_stand_behind_the_options():
    key, spec = SampleKey("-5", 1), replace(SPEC, task_id="-t")
    eval_set = stuck(Cause.HUNG_MODEL_CALL, key=key, spec=spec)
    texts = [a.told for a in fill(advice.SAMPLE_ANEW, eval_set, Cause.HUNG_MODEL_CALL)]
    assert f"`{EXEC}inspect ctl sample cancel --action cancel -- -t -5 1`" in texts[0]
    assert f"`{EXEC}inspect ctl sample requeue -- -t -5 1`" in texts[1]


@pytest.mark.parametrize(
    ("value", "as_typed"),
    [
        ("HumanEval/2", "HumanEval/2"),
        ("it's", """'it'"'"'s'"""),
        ("", ""),
        ("a`b", ""),
        ("a\nb", ""),
        ("a  b", ""),
        ("\u202eabc", ""),
        ("-x", ""),
        ("<pod>", ""),
        ("a<b", "'a<b'"),
        ("x" * VALUE_MAX, "x" * VALUE_MAX),
        ("x" * (VALUE_MAX + 1), ""),
    ],
)
def test_a_value_is_typed_as_it_is_or_not_at_all(value, as_typed):
    assert typed(value) == as_typed


def test_behind_dashes_a_dash_is_no_option():
    assert typed("-x y", behind_dashes=True) == "'-x y'"
