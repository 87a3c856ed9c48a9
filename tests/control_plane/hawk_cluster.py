"""What a cluster does to an eval set: quotas, containers, nodes, deaths for good, deletions.

Quotas, taints, failed Jobs and their TTL are the real controllers' work. What a kubelet would say
of a container or of its node is written into the status here: nothing else plays that part.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.control_plane import stages
from tests.control_plane.api import Object
from tests.control_plane.machinery import is_ready
from tests.control_plane.waiting import wait_for

if TYPE_CHECKING:
    from tests.control_plane.hawk import HawkEvalSet

FINALIZER = "test.stuck-eval-watchdog/held"
NOT_READY_TAINT = "node.kubernetes.io/not-ready"
MISSING = 'secret "job-secrets" not found'
NO_NAME = "failed to reserve container name"
RUNTIME_DOWN = "container runtime network not ready: cni plugin not initialized"

# Quotas: real refusals by the API server, told by the controllers.


def runner_refused(eval_set: HawkEvalSet) -> None:
    """The Job can't make its pod."""
    _refused(eval_set, eval_set.id, eval_set.runner_namespace)


def sandbox_refused(eval_set: HawkEvalSet) -> None:
    """The first sandbox's StatefulSet can't make its pod."""
    name = eval_set.sandboxes[0].removesuffix("-0")
    _refused(eval_set, name, eval_set.sandbox_namespace)


def quota_freed(eval_set: HawkEvalSet) -> None:
    """The Job could not make its pod, and then it can: it tries again by itself."""
    runner_refused(eval_set)
    eval_set.plane.api.delete("ResourceQuota", "compute", eval_set.runner_namespace)
    _wait_running(eval_set)


def _refused(eval_set: HawkEvalSet, controller: str, namespace: str) -> None:
    def told() -> bool:
        events = eval_set.plane.api.list("Event", namespace)
        refusals = (event for event in events if event["reason"] == "FailedCreate")
        return any(event["involvedObject"]["name"] == controller for event in refusals)

    wait_for(told, f"{controller} is refused its pod", 30)


# Containers: as a kubelet writes their status.


def runner_creating(eval_set: HawkEvalSet) -> None:
    """The runner's container is being created, as every one is for a while."""
    pod = eval_set.runner()
    _say_waiting(eval_set, pod, "ContainerCreating", "")


def runner_created_late(eval_set: HawkEvalSet) -> None:
    """It is being created for a while, and then it runs."""
    runner_creating(eval_set)
    name = eval_set.runner()["metadata"]["name"]
    eval_set.plane.behave(eval_set.runner_namespace, name, stages.RUNNING)
    _wait_running(eval_set)


def runner_config_error(eval_set: HawkEvalSet) -> None:
    """The runner's container can't be created: a secret that it names isn't there."""
    _say_waiting(eval_set, eval_set.runner(), "CreateContainerConfigError", MISSING)


def sandbox_create_error(eval_set: HawkEvalSet) -> None:
    """The first sandbox's container can't be created by the container runtime."""
    name, space = eval_set.sandboxes[0], eval_set.sandbox_namespace
    pod = eval_set.plane.api.wait("Pod", name, space, lambda _: True)
    _say_waiting(eval_set, pod, "CreateContainerError", NO_NAME)


def _say_waiting(eval_set: HawkEvalSet, pod: Object, reason: str, message: str) -> None:
    waiting = {"waiting": {"reason": reason, "message": message}}
    statuses = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": waiting,
        }
        for container in pod["spec"]["containers"]
    ]
    status = {"phase": "Pending", "startTime": _ago(0), "containerStatuses": statuses}
    meta = pod["metadata"]
    eval_set.plane.set_status(meta["namespace"], meta["name"], status)


# Nodes.


def node_not_ready(eval_set: HawkEvalSet) -> None:
    """The kubelet of the runner's node posts NotReady; the real controller taints the node.

    A kubelet that falls silent would be found only after the node's grace period, which is a day
    here.
    """
    api, name = eval_set.plane.api, eval_set.plan.runner_node
    api.patch("Node", name, {"metadata": {"annotations": {stages.FATE: stages.NOT_READY}}})
    conditions = map(_not_ready, api.get("Node", name)["status"]["conditions"])
    api.patch("Node", name, {"status": {"conditions": [*conditions]}}, part="status")
    api.wait("Node", name, None, _is_tainted)


def node_comes_back(eval_set: HawkEvalSet) -> None:
    """It posts NotReady, and soon it is ready again."""
    node_not_ready(eval_set)
    api, name = eval_set.plane.api, eval_set.plan.runner_node
    api.patch("Node", name, {"metadata": {"annotations": {stages.FATE: None}}})
    api.wait("Node", name, None, is_ready)


def _not_ready(condition: Object) -> Object:
    if condition["type"] != "Ready":
        return condition
    told = {"status": "False", "reason": "KubeletNotReady", "message": RUNTIME_DOWN}
    return condition | told | {"lastTransitionTime": _ago(0)}


def _is_tainted(node: Object) -> bool:
    return any(taint["key"] == NOT_READY_TAINT for taint in node["spec"].get("taints", ()))


# Beginnings and ends.


def age(eval_set: HawkEvalSet, seconds: float) -> None:
    """Let the runner have run for so long already."""
    pod, started_at = eval_set.runner(), _ago(seconds)
    statuses = pod["status"]["containerStatuses"]
    for status in statuses:
        status["state"]["running"]["startedAt"] = started_at
    change = {"startTime": started_at, "containerStatuses": statuses}
    eval_set.plane.set_status(eval_set.runner_namespace, pod["metadata"]["name"], change)


def runner_without_log(eval_set: HawkEvalSet) -> None:
    """It has run for two hours, and said nothing."""
    age(eval_set, 2 * 3600)


def runner_failed(eval_set: HawkEvalSet) -> None:
    """Its only attempt fails, and with it the Job."""
    _fail(eval_set)
    wait_for(lambda: _has_failed(eval_set.job()), f"the Job {eval_set.id} has failed", 30)


def runner_taken_away(eval_set: HawkEvalSet) -> None:
    """The Job fails, and its TTL takes it away; its namespace stays."""
    _fail(eval_set)
    gone = f"the Job {eval_set.id} is taken away"
    find = eval_set.plane.api.find
    wait_for(lambda: find("Job", eval_set.id, eval_set.runner_namespace) is None, gone, 30)


def _fail(eval_set: HawkEvalSet) -> None:
    name = eval_set.runner()["metadata"]["name"]
    eval_set.plane.behave(eval_set.runner_namespace, name, stages.FAILED)


def _has_failed(job: Object) -> bool:
    conditions = job["status"].get("conditions", ())
    return any(c["type"] == "Failed" and c["status"] == "True" for c in conditions)


def deletion_held(eval_set: HawkEvalSet) -> None:
    """It is deleted, and a finalizer keeps the runner's pod, and with it the namespace."""
    api, meta = eval_set.plane.api, eval_set.runner()["metadata"]
    name, space = meta["name"], meta["namespace"]
    held = {"metadata": {"finalizers": [*meta.get("finalizers", ()), FINALIZER]}}
    api.patch("Pod", name, held, space)
    if eval_set.plan.layout == "per-job":
        api.delete("Namespace", space)
    else:
        api.delete("Job", eval_set.id, space)
    api.wait("Pod", name, space, lambda pod: pod["metadata"].get("deletionTimestamp"))


def let_go(eval_set: HawkEvalSet) -> None:
    """Take the finalizers off, so that everything can go."""
    for pod in eval_set.runners():
        meta = pod["metadata"]
        finalizers = meta.get("finalizers", [])
        if FINALIZER in finalizers:
            rest = {"metadata": {"finalizers": [f for f in finalizers if f != FINALIZER]}}
            eval_set.plane.api.patch("Pod", meta["name"], rest, meta["namespace"])


def _wait_running(eval_set: HawkEvalSet) -> None:
    wait_for(
        lambda: any(pod["status"].get("phase") == "Running" for pod in eval_set.runners()),
        f"the runner of {eval_set.id} runs",
        60,
    )


def _ago(seconds: float) -> str:
    return f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
