"""What may go wrong with an eval set in a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.control_plane import hawk_cluster, stages
from tests.control_plane.api import Object
from tests.control_plane.waiting import wait_for

if TYPE_CHECKING:
    from tests.control_plane.hawk import HawkEvalSet

Fault = Literal[
    "runner_oom_killed",
    "runner_evicted",
    "runner_failed",
    "runner_completed",
    "runner_image_pull",
    "runner_deleted",
    "runner_silent",
    "runner_suspended",
    "sandbox_oom_killed",
    "sandbox_replaced",
    "sandbox_image_pull",
    "sandbox_crash_loop",
    "sandbox_unschedulable",
    "sandboxes_orphaned",
    "runner_refused",
    "runner_refused_for_a_while",
    "sandbox_refused",
    "runner_creating",
    "runner_created_late",
    "runner_config_error",
    "sandbox_create_error",
    "node_not_ready",
    "node_away_for_a_moment",
    "runner_without_log",
    "runner_failed_for_good",
    "runner_taken_away",
    "deletion_held",
]


@dataclass(frozen=True)
class Kind:
    """How a fault is made: by what the eval set is from the beginning, by what is done later."""

    inflict: Callable[[HawkEvalSet], None]
    plan: dict[str, Any] = field(default_factory=dict)


def _runner(fate: str, so: Callable[[Object], bool]) -> Callable[[HawkEvalSet], None]:
    """Tell the runner's pod its fate; the Job makes another pod after about 10 s."""

    def inflict(eval_set: HawkEvalSet) -> None:
        name = eval_set.runner()["metadata"]["name"]
        eval_set.plane.behave(eval_set.runner_namespace, name, fate)
        eval_set.plane.api.wait("Pod", name, eval_set.runner_namespace, so)

    return inflict


def _sandbox(so: Callable[[Object], bool], fate: str = "") -> Callable[[HawkEvalSet], None]:
    """Tell the first sandbox its fate, or wait for what was its fate from the beginning."""

    def inflict(eval_set: HawkEvalSet) -> None:
        name, space = eval_set.sandboxes[0], eval_set.sandbox_namespace
        if fate:
            eval_set.plane.behave(space, name, fate)
        eval_set.plane.api.wait("Pod", name, space, so)

    return inflict


def _runner_image_pull(eval_set: HawkEvalSet) -> None:
    look = _waiting("ImagePullBackOff")
    wait_for(lambda: look(eval_set.runner()), "the runner's image can't be pulled")


def _runner_deleted(eval_set: HawkEvalSet) -> None:
    """The Job is deleted, its pod goes with it; the sandboxes stay."""
    eval_set.plane.api.delete("Job", eval_set.id, eval_set.runner_namespace)
    wait_for(lambda: not eval_set.runners(), "the runner's pod is gone")


def _runner_suspended(eval_set: HawkEvalSet) -> None:
    change = {"spec": {"suspend": True}}
    eval_set.plane.api.patch("Job", eval_set.id, change, eval_set.runner_namespace)
    wait_for(lambda: not eval_set.runners(), "the suspended Job's pod is gone")


def _runner_silent(eval_set: HawkEvalSet) -> None:
    """It said something when it began, and nothing since."""
    began = eval_set.runner()["status"]["startTime"].replace("Z", ".000000000Z")
    eval_set.log([(began, '{"message": "Starting", "status": "INFO"}')])


def _sandbox_replaced(eval_set: HawkEvalSet) -> None:
    old, name = eval_set.sandbox()["metadata"]["uid"], eval_set.sandboxes[0]
    space = eval_set.sandbox_namespace
    eval_set.plane.api.delete("Pod", name, space)
    eval_set.plane.api.wait("Pod", name, space, lambda pod: pod["metadata"]["uid"] != old)


def _sandboxes_orphaned(eval_set: HawkEvalSet) -> None:
    """The runner and all that was its own go, and in the newer layout its namespace too."""
    _runner_deleted(eval_set)
    if eval_set.plan.layout == "per-job":
        eval_set.plane.api.delete("Namespace", eval_set.runner_namespace)


def _phase(phase: str, reason: str = "") -> Callable[[Object], bool]:
    def so(pod: Object) -> bool:
        status = pod["status"]
        return bool(status.get("phase") == phase and reason in status.get("reason", ""))

    return so


def _waiting(reason: str) -> Callable[[Object], bool]:
    def so(pod: Object) -> bool:
        containers = pod["status"].get("containerStatuses", [])
        return any(c["state"].get("waiting", {}).get("reason") == reason for c in containers)

    return so


def _restarted(pod: Object) -> bool:
    return any(c["restartCount"] for c in pod["status"].get("containerStatuses", []))


def _unschedulable(pod: Object) -> bool:
    return any(c.get("reason") == "Unschedulable" for c in pod["status"].get("conditions", []))


HOLD, TIGHT = stages.HOLD, "1Gi"
PULL, LOOP = stages.IMAGE_PULL, stages.CRASH_LOOP
FAULTS: dict[Fault, Kind] = {
    "runner_oom_killed": Kind(_runner(stages.OOM_KILLED, _phase("Failed"))),
    "runner_evicted": Kind(_runner(stages.EVICTED, _phase("Failed", "Evicted"))),
    "runner_failed": Kind(_runner(stages.FAILED, _phase("Failed"))),
    "runner_completed": Kind(_runner(stages.COMPLETED, _phase("Succeeded"))),
    "runner_image_pull": Kind(_runner_image_pull, {"runner_fate": PULL}),
    "runner_deleted": Kind(_runner_deleted),
    "runner_silent": Kind(_runner_silent),
    "runner_suspended": Kind(_runner_suspended),
    "sandbox_oom_killed": Kind(_sandbox(_restarted, stages.OOM_KILLED)),
    "sandbox_replaced": Kind(_sandbox_replaced),
    "sandbox_image_pull": Kind(_sandbox(_waiting("ImagePullBackOff")), {"sandbox_fate": PULL}),
    "sandbox_crash_loop": Kind(_sandbox(_waiting("CrashLoopBackOff"), LOOP)),
    "sandbox_unschedulable": Kind(_sandbox(_unschedulable), {"unschedulable": True}),
    "sandboxes_orphaned": Kind(_sandboxes_orphaned),
    "runner_refused": Kind(hawk_cluster.runner_refused, {"runner_quota": TIGHT}),
    "runner_refused_for_a_while": Kind(hawk_cluster.quota_freed, {"runner_quota": TIGHT}),
    "sandbox_refused": Kind(hawk_cluster.sandbox_refused, {"sandbox_quota": TIGHT}),
    "runner_creating": Kind(hawk_cluster.runner_creating, {"runner_fate": HOLD}),
    "runner_created_late": Kind(hawk_cluster.runner_created_late, {"runner_fate": HOLD}),
    "runner_config_error": Kind(hawk_cluster.runner_config_error, {"runner_fate": HOLD}),
    "sandbox_create_error": Kind(hawk_cluster.sandbox_create_error, {"sandbox_fate": HOLD}),
    "node_not_ready": Kind(hawk_cluster.node_not_ready, {"own_node": True}),
    "node_away_for_a_moment": Kind(hawk_cluster.node_comes_back, {"own_node": True}),
    "runner_without_log": Kind(hawk_cluster.runner_without_log),
    "runner_failed_for_good": Kind(hawk_cluster.runner_failed, {"backoff_limit": 0}),
    "runner_taken_away": Kind(hawk_cluster.runner_taken_away, {"backoff_limit": 0, "ttl": 1}),
    "deletion_held": Kind(hawk_cluster.deletion_held),
}
