"""What stands in an action to be filled in is filled in somewhere, or is a person's to know."""

import inspect
import re

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, SANDBOX, view, watched, working
from watchdog.diagnose import applicable, placeholders, pod_names
from watchdog.diagnose.judge import judge
from watchdog.diagnose.rules import SPECS
from watchdog.model.cluster import PodEvent
from watchdog.pipeline.evaluate import evaluate
from watchdog.probing.steps import STEPS

PLACEHOLDER = re.compile(r"<[\w.-]+>|\{\w+\}")
SOURCES = "".join(map(inspect.getsource, (applicable, placeholders, pod_names)))
FILLED = set(re.findall(r'"(<[\w.-]+>|\{\w+\})"', SOURCES))
BY_STEPS = {"{model}", "{next}"}
"""What a direct test knows (`probing/steps.py`)."""
FOR_PEOPLE = {"<config.yaml>", "<base-url>", "<pid>", "<samplebuffer>"}
"""What only whoever started the eval set knows, or looks."""


def test_there_are_placeholders_to_look_at():
    assert {"{eval_set_id}", "<runner-pod>", "<sample-uuid>", "<store>"} <= FILLED


def test_a_cause_s_actions_name_what_can_be_filled_in():
    texts = [action.text for spec in SPECS for action in spec.actions]
    assert {p for text in texts for p in PLACEHOLDER.findall(text)} <= FILLED | FOR_PEOPLE


def test_so_do_the_steps_after_direct_tests():
    texts = [action.text for actions in STEPS.values() for action in actions]
    used = {p for text in texts for p in PLACEHOLDER.findall(text)}
    assert used <= FILLED | FOR_PEOPLE | BY_STEPS


@pytest.mark.parametrize("is_there", [True, False])
def test_nobody_is_sent_to_look_at_a_pod_that_has_no_name(is_there):
    box = replace(SANDBOX, phase="Pending", unschedulable="0/3 nodes", sample_id="7")
    refusal = PodEvent(
        "inspect-x-s", "StatefulSet/box", "FailedCreate", "exceeded quota: q", 900.0, 5, True, 10.0
    )
    parts = {"sandboxes": (box,)} if is_there else {"events": (refusal,)}
    now = 1000.0
    known = watched(now, {}, view(now, jobs=(JOB,), **parts), total=5)
    (eval_set,) = judge([known], now, LIMITS, 90.0)
    texts = [action.told for action in eval_set.actions]
    assert texts
    assert not any("<pod>" in text for text in texts)
    assert any("kubectl" in text and "inspect-x-s" in text for text in texts)


def test_commands_name_an_eval_set_as_its_cluster_does():
    """Whatever it is called here, where another source has one of its name."""
    now = 20 * 3600.0
    samples = {"1": working().pending("tool", 600, "bash")}
    known = replace(watched(now, samples, view(now, jobs=(JOB,))), eval_set_id="run@b", name="run")
    report = evaluate([known], (), now, LIMITS, 90.0, store="s3://x/{eval_set_id}").report
    texts = [text for item in (*report.eval_sets, *report.incidents) for text in item.actions]
    assert any("`hawk stop run" in text for text in texts)
    assert not any("run@b" in text for text in texts)
    assert {item.eval_sets for item in report.incidents} == {("run@b",)}
