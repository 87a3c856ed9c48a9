"""Eval sets are made as Hawk makes them, and faults are what they are in a real cluster."""

from datetime import UTC, datetime

import pytest

from tests.control_plane import hawk
from tests.control_plane.hawk_plan import PREFIX
from tests.control_plane.stages import LINGERS
from tests.control_plane.waiting import wait_for

pytestmark = pytest.mark.control_plane


def container(pod, number=0):
    return pod["status"]["containerStatuses"][number]


# Hawk's objects.


@pytest.mark.parametrize(
    ("layout", "version", "namespaces"),
    [("per-job", 1, ("inspect-{}", "inspect-{}-s")), ("shared", 2, ("inspect", "{}"))],
)
def test_an_eval_set_runs(make, name, layout, version, namespaces):
    samples = (hawk.Sample("HumanEval/7"), hawk.Sample("2", uuid="AbC"))
    made = make(layout, version, samples=samples)
    runner, sandbox = made.runner(), made.sandbox()
    where = [pod["metadata"]["namespace"] for pod in (runner, sandbox)]
    assert where == [space.format(name) for space in namespaces]
    labels = runner["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == ("inspect-ai", "hawk")[version - 1]
    assert labels[f"{PREFIX}/eval-set-id"] == labels[f"{PREFIX}/job-id"] == name
    assert sandbox["metadata"]["labels"][f"{PREFIX}/sample-id"] == "HumanEval_7"
    assert [c["name"] for c in sandbox["spec"]["containers"]] == ["default", "coredns"]
    assert made.job()["status"]["active"] == 1


def test_a_scan_has_no_sandboxes(plane, make):
    made = make(kind="scan", samples=())
    assert made.runner()["metadata"]["labels"][f"{PREFIX}/job-type"] == "scan"
    assert plane.api.find("Namespace", made.sandbox_namespace) is None


def test_several_are_made_at_once(plane, name):
    wanted = [{"eval_set_id": f"{name}-{n}", "layout": "shared"} for n in range(4)]
    made = hawk.make_eval_sets(plane, wanted)
    assert {one.runner()["status"]["phase"] for one in made} == {"Running"}
    for one in made:
        one.remove()


# Faults.


def test_a_runner_out_of_memory_is_replaced(make):
    made = make(fault="runner_oom_killed")
    ended = container(made.runners()[0])["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    second = wait_for(lambda: made.runners()[1:], "the Job makes another pod")[0]
    assert second["metadata"]["uid"] != made.runners()[0]["metadata"]["uid"]


def test_a_sandbox_out_of_memory_is_restarted_in_place(make):
    made = make()
    before = made.sandbox()["metadata"]["uid"]
    made.inflict("sandbox_oom_killed")
    after = made.sandbox()
    assert after["metadata"]["uid"] == before
    assert after["status"]["phase"] == "Running"
    assert container(after)["restartCount"] == 1
    assert container(after)["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert container(after, 1)["restartCount"] == 0


def test_a_replaced_sandbox_has_a_new_uid(make):
    made = make()
    before = made.sandbox()["metadata"]
    made.inflict("sandbox_replaced")
    after = made.sandbox()["metadata"]
    assert after["name"] == before["name"]
    assert after["uid"] != before["uid"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("sandbox_image_pull", "ImagePullBackOff"), ("sandbox_crash_loop", "CrashLoopBackOff")],
)
def test_a_sandbox_waits(make, plane, fault, reason):
    made = make(fault=fault)
    assert container(made.sandbox())["state"]["waiting"]["reason"] == reason
    told = wait_for(lambda: plane.api.list("Event", made.sandbox_namespace), "events of the pod")
    assert {"Failed", "BackOff"} & {event["reason"] for event in told}


def test_a_runner_without_image_waits(make):
    made = make(fault="runner_image_pull")
    assert made.runner()["status"]["phase"] == "Pending"


def test_a_sandbox_too_large_for_every_node(make):
    made = make(fault="sandbox_unschedulable")
    conditions = made.sandbox()["status"]["conditions"]
    assert "3 Insufficient cpu" in conditions[0]["message"]


def test_an_evicted_runner(make):
    made = make(fault="runner_evicted")
    assert made.runners()[0]["status"]["reason"] == "Evicted"


def test_a_drained_runner_is_replaced_and_its_pod_says_why_until_it_is_gone(make):
    made = make(runner_fate=LINGERS)
    made.evict_runner()
    (going,) = wait_for(lambda: [p for p in made.runners() if evicted(p)], "the pod is evicted")
    assert going["metadata"]["deletionTimestamp"]
    assert going["status"]["phase"] == "Running"
    uid = going["metadata"]["uid"]
    second = wait_for(lambda: [p for p in made.runners() if not evicted(p)], "another takes over")
    assert second[0]["metadata"]["uid"] != uid


def evicted(pod):
    reasons = [condition.get("reason") for condition in pod["status"].get("conditions", [])]
    return "EvictionByEvictionAPI" in reasons


def test_a_deleted_runner_leaves_its_sandboxes(make):
    made = make(fault="runner_deleted")
    assert made.sandbox()["status"]["phase"] == "Running"


@pytest.mark.parametrize("layout", ["per-job", "shared"])
def test_orphaned_sandboxes(plane, make, layout):
    made = make(layout, fault="sandboxes_orphaned")
    assert plane.api.find("Job", made.id, made.runner_namespace) is None
    assert made.sandbox()["status"]["phase"] == "Running"


def test_a_suspended_runner(make):
    made = make(fault="runner_suspended")
    assert made.job()["spec"]["suspend"] is True


def test_a_runner_that_is_done(make):
    made = make(fault="runner_completed")
    done = wait_for(lambda: made.job()["status"].get("completionTime"), "the Job is complete")
    assert datetime.fromisoformat(done)


@pytest.mark.parametrize(
    ("fault", "kind"), [("runner_refused", "Job"), ("sandbox_refused", "StatefulSet")]
)
def test_a_pod_that_a_quota_refuses(plane, make, fault, kind):
    made = make(fault=fault)
    space = made.runner_namespace if kind == "Job" else made.sandbox_namespace
    texts = [e["message"] for e in plane.api.list("Event", space) if e["reason"] == "FailedCreate"]
    assert all("exceeded quota: compute" in text for text in texts)


def test_a_quota_that_gets_free(make):
    made = make(fault="runner_refused_for_a_while")
    assert made.runner()["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("runner_creating", "ContainerCreating"),
        ("runner_config_error", "CreateContainerConfigError"),
    ],
)
def test_a_container_that_is_not_started(make, fault, reason):
    runner = make(fault=fault).runner()
    assert runner["status"]["phase"] == "Pending"
    assert container(runner)["state"]["waiting"]["reason"] == reason


def test_a_node_that_is_not_ready_is_tainted_and_keeps_its_pods(plane, make):
    made = make(fault="node_not_ready")
    node = plane.api.get("Node", made.plan.runner_node)
    assert node["spec"]["taints"][0]["key"] == "node.kubernetes.io/not-ready"
    assert made.runner()["status"]["phase"] == "Running"


def test_a_runner_that_failed_for_good_is_taken_away_and_leaves_its_namespace(plane, make):
    made = make(fault="runner_taken_away")
    assert made.runners() == []
    assert plane.api.get("Namespace", made.runner_namespace)["status"]["phase"] == "Active"


def test_a_runner_that_runs_for_hours(make):
    started_at = container(make(fault="runner_without_log").runner())["state"]["running"]
    ago = datetime.now(UTC) - datetime.fromisoformat(started_at["startedAt"])
    assert 7200 <= ago.total_seconds() < 7800


@pytest.mark.parametrize("layout", ["per-job", "shared"])
def test_a_deletion_that_is_held(make, layout):
    made = make(layout, fault="deletion_held")
    (runner,) = made.runners()
    assert runner["metadata"]["deletionTimestamp"]
    made.remove()
    wait_for(lambda: not made.runners(), "the pod goes once its finalizer is off")


def test_a_status_written_by_hand(plane, make):
    made = make(runner_fate="hold")
    pod = made.runner()["metadata"]["name"]
    plane.set_status(made.runner_namespace, pod, {"phase": "Unknown", "reason": "NodeLost"})
    assert made.runners()[0]["status"]["reason"] == "NodeLost"
