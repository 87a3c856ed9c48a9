"""Whose a sandbox's pod is: by the sample's uuid, else by a label that can mean only one."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import SANDBOX, view, watched, working
from tests.builders.rows import LOG
from watchdog.diagnose.sandboxes import label, same_label, sandboxes_of, unclaimed
from watchdog.model.cluster import Pod
from watchdog.model.facts import SampleKey, SampleSummary
from watchdog.model.state import EvalSetState


def pod(name: str, label_of: str, uuid: str = "", task: str = "mmlu") -> Pod:
    return replace(
        SANDBOX, name=name, uid=name, sample_id=label_of, sample_uuid=uuid, task_name=task
    )


def running(*ids: str, pods: tuple[Pod, ...], **spec) -> EvalSetState:
    return watched(700, {name: working() for name in ids}, view(700, sandboxes=pods), **spec)


def named(state: EvalSetState, sample: str) -> list[str]:
    task = state.tasks[LOG]
    pods = sandboxes_of(state, task, task.samples[SampleKey(sample, 1)])
    return [pod.name for pod in pods]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("HumanEval/2", "HumanEval_2"),
        ("two words", "two_words"),
        ("a / b", "a_b"),
        ("_.-x-._", "x"),
        ("/" * 5, ""),
        ("Case.Stays-1", "Case.Stays-1"),
        ("é" * 3 + "x", "x"),
        ("a" * 62 + "/b", "a" * 62),
        ("a" * 70, "a" * 63),
    ],
)
def test_a_label_s_value_is_made_as_hawk_makes_it(text, value):
    assert label(text) == value


def test_a_task_may_stand_there_without_its_package():
    assert same_label("mmlu", "inspect_evals/mmlu")
    assert same_label("inspect_evals_mmlu", "inspect_evals/mmlu")
    assert not same_label("", "mmlu")
    assert not same_label("MMLU", "mmlu")


def test_an_id_with_a_slash_finds_its_own_sandbox_and_no_other():
    boxes = (pod("he1", "HumanEval_1"), pod("he2", "HumanEval_2"), pod("odd", "2"))
    state = running("HumanEval/1", "HumanEval/2", pods=boxes)
    assert named(state, "HumanEval/2") == ["he2"]


@pytest.mark.parametrize("other", ["a b", "a_b", "a//b"])
def test_two_ids_with_one_label_have_no_sandbox_that_could_be_named(other):
    state = running("a/b", other, pods=(pod("box", "a_b"),))
    assert named(state, "a/b") == named(state, other) == []


def test_nor_has_one_beside_a_sample_that_has_ended_and_may_have_left_it():
    ended = (SampleSummary(SampleKey("a b", 1), completed=True, completed_at=50.0),)
    state = running("a/b", pods=(pod("box", "a_b"),), ended=ended)
    assert named(state, "a/b") == []


def test_all_epochs_share_a_label():
    ended = (SampleSummary(SampleKey("1", 2), completed=True, completed_at=50.0),)
    assert named(running("1", pods=(pod("box", "1"),), ended=ended), "1") == []


def test_where_pods_name_a_uuid_it_decides():
    boxes = (pod("first", "a_b", "ua/b"), pod("second", "a_b", "ua b"), pod("old", "a_b"))
    state = running("a/b", "a b", pods=boxes)
    assert named(state, "a/b") == ["first"]
    assert named(state, "a b") == ["second"]


def test_another_task_s_pod_is_not_it():
    assert named(running("1", pods=(pod("box", "1", task="gpqa"),)), "1") == []


def test_labels_that_count_from_0_name_nobody_s_pod():
    """Where a data set has no ids Hawk labels places, from 0; Inspect's ids begin at 1."""
    boxes = (pod("zero", "0"), pod("one", "1"))
    assert named(running("1", "2", pods=boxes), "1") == []
    assert named(running("0", "1", pods=boxes), "1") == ["one"]


def test_what_belongs_to_no_running_sample():
    boxes = (pod("ours", "1", "u1"), pod("epoch-2", "1", "other"), pod("new", "7"))
    assert [p.name for p in unclaimed(running("1", pods=boxes))] == ["epoch-2", "new"]
