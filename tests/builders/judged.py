"""Eval sets in which something is stuck, judged by hand: what actions are filled in for."""

from msgspec.structs import replace

from tests.builders.cluster_views import JOB, KNOWN, RUNNER, SANDBOX
from watchdog.model.cluster import ClusterView, Container
from watchdog.model.facts import SampleKey, TaskSpec, WriterProcess
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.report import SampleCounts
from watchdog.model.state import (
    ClusterState,
    EvalSetState,
    OpenCall,
    PodDeath,
    SampleState,
    TaskState,
)
from watchdog.model.verdict import Cause, Verdict

SPEC = TaskSpec(
    "mmlu",
    "TaskAbc123",
    "openai/gpt-4o",
    0.0,
    2,
    has_sandbox=True,
    inspect_version=(0, 3, 285),
    fail_on_error=False,
)
FIRST = SampleKey("1", 1)
CALLS = (OpenCall("e1", "tool", "bash", 0.0, 1), OpenCall("e2", "model", "openai/gpt-4o", 0.0, 2))
BOX = replace(SANDBOX, containers=(Container("coredns"), Container("default")), sample_uuid="u1")
ALIVE = ClusterState(
    ClusterView(
        100.0,
        KNOWN,
        jobs=(JOB,),
        runners=(RUNNER,),
        sandboxes=(BOX,),
        namespaces=("inspect-x", "inspect-x-s"),
        runner_namespace="inspect-x",
    )
)
GONE = ClusterState(
    replace(ALIVE.view, runners=(), jobs=(replace(JOB, finished="Failed", active=0),))
)
REFUSED = replace(GONE, deaths=(PodDeath("runner", "runner-1", "u1", "c", "Error", 78, 90.0),))


def stuck(
    cause: Cause,
    cluster: ClusterState | None = ALIVE,
    *,
    name: str = "set-1",
    key: SampleKey | None = FIRST,
    uuid: str | None = "u1",
    spec: TaskSpec = SPEC,
    writer: WriterProcess | None = None,
    **state,
) -> EvalSetJudgment:
    """An eval set with one stuck sample; with none that runs where `key` is None."""
    samples = {key: SampleState(key, uuid, open_calls=CALLS)} if key is not None else {}
    task = TaskState("2026_mmlu_TaskAbc123.eval", spec, "started", samples=samples, writer=writer)
    judged = tuple(
        SampleJudgment(sample, Verdict.STUCK, "solving", cause, 10.0) for sample in samples.values()
    )
    known = EvalSetState(name, {task.log: task}, listed=True, cluster=cluster, **state)
    counts = SampleCounts(2, 0, 0, 0, len(samples), 2 - len(samples), len(samples))
    tasks = (TaskJudgment(task, Verdict.STUCK, counts, judged, cause, 10.0),)
    return EvalSetJudgment(known, Verdict.STUCK, tasks, cause, 10.0)
