"""What becomes of the API's objects."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders.kubernetes_objects import PREFIX, event, listing, meta, pod
from watchdog.collect.kubernetes.decoding import POD, Decoder, decode_list
from watchdog.collect.kubernetes.quantities import quantity
from watchdog.collect.limits import NAME_LENGTH
from watchdog.model.cluster import Job, Pod, PodEvent, ResourceKind, Termination

LATER = "2026-11-23T08:10:00Z"
EIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp()


def only(kind: ResourceKind, item: Any) -> Any:
    (entry,), problems = decode_list(kind, listing(item))
    assert not problems
    return entry


def a_pod(**status: Any) -> Pod:
    found = only("pods", pod("p", **status)).record
    assert isinstance(found, Pod)
    return found


def test_a_pod_and_what_discovery_needs() -> None:
    item = pod("p")
    item["metadata"] |= {
        "deletionTimestamp": "2026-11-23T08:00:05Z",
        "labels": {
            f"{PREFIX}sample-id": "s-1",
            f"{PREFIX}task-name": "t",
            "inspect/service": "default",
            "inspectSampleUUID": "u-1",
            "app.kubernetes.io/name": "agent-env",
            "pod-template-hash": "x",
        },
        "annotations": {f"{PREFIX}email": "a@b.c\x1b[31m", "kubectl.kubernetes.io/last": "{}"},
        "ownerReferences": [
            {"kind": "Other", "name": "o"},
            {"kind": "StatefulSet", "name": "set", "controller": True},
        ],
    }
    entry = only("pods", item)
    assert entry.meta.key == ("ns", "p")
    assert sorted(entry.meta.labels) == [
        "app.kubernetes.io/name",
        f"{PREFIX}sample-id",
        f"{PREFIX}task-name",
        "inspect/service",
        "inspectSampleUUID",
    ]
    assert entry.meta.annotations == {f"{PREFIX}email": "a@b.c [31m"}
    found = entry.record
    assert (found.sample_id, found.task_name, found.service) == ("s-1", "t", "default")
    assert found.sample_uuid == "u-1"
    assert (found.owner, found.node, found.phase) == ("StatefulSet/set", "node-1", "Running")
    assert (found.created_at, found.deleting_at) == (EIGHT, EIGHT + 5)


def test_a_container_that_was_killed_and_one_that_waits() -> None:
    killed = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-23T08:00:00.5Z"}
    statuses = [
        {
            "name": "default",
            "ready": True,
            "restartCount": 2,
            "state": {"running": {"startedAt": "2026-11-23T08:00:00Z"}},
            "lastState": {"terminated": killed},
        },
        {
            "name": "coredns",
            "restartCount": 0,
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
        },
    ]
    found = a_pod(containerStatuses=statuses, initContainerStatuses=[{"name": "init"}])
    init, default, coredns = found.containers
    assert init.name == "init"
    assert default.restarts == 2
    assert default.running_since == EIGHT
    assert default.last_terminated == Termination("OOMKilled", 137, EIGHT + 0.5)
    assert (coredns.waiting, coredns.waiting_message) == ("ImagePullBackOff", "no such image")


def test_conditions_and_reasons() -> None:
    evicted = a_pod(phase="Failed", reason="Evicted", message="low on memory " * 200)
    assert evicted.reason == "Evicted"
    assert len(evicted.message) == 1000
    conditions = [
        {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"},
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 1 Insufficient cpu.",
        },
        {"type": "Ready", "status": "True"},
    ]
    found = a_pod(conditions=conditions)
    assert found.unschedulable.endswith("Insufficient cpu.")
    assert found.disrupted == "EvictionByEvictionAPI"
    assert found.ready


def test_a_job() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    item = {
        "metadata": meta("j"),
        "spec": {"suspend": True, "backoffLimit": 3},
        "status": {"startTime": "2026-11-23T08:00:00Z", "failed": 4, "conditions": [failed]},
    }
    found = only("jobs", item).record
    assert isinstance(found, Job)
    assert found.suspended
    assert (found.backoff_limit, found.failed, found.started_at) == (3, 4, EIGHT)
    assert (found.finished, found.finished_reason) == ("Failed", "BackoffLimitExceeded")


def test_a_failed_job_ended_when_its_condition_says_so() -> None:
    failed = {"type": "Failed", "status": "True", "lastTransitionTime": LATER, "message": "why"}
    found = only("jobs", {"metadata": meta("j"), "status": {"conditions": [failed]}}).record
    assert (found.completed_at, found.finished_message) == (EIGHT + 600, "why")


def test_what_kueue_holds_back() -> None:
    about = meta("j") | {"labels": {"kueue.x-k8s.io/queue-name": "default"}}
    suspended = {"type": "Suspended", "status": "True", "lastTransitionTime": LATER}
    item = {"metadata": about, "spec": {"suspend": True}, "status": {"conditions": [suspended]}}
    held = only("jobs", item).record
    assert (held.suspended, held.queue, held.suspended_since) == (True, "default", EIGHT + 600)
    gated = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "SchedulingGated",
        "lastTransitionTime": LATER,
    }
    box = pod("p", phase="Pending", conditions=[gated])
    assert only("pods", box).record.gates == "SchedulingGated"
    box["spec"]["schedulingGates"] = [{"name": "kueue.x-k8s.io/admission"}]
    found = only("pods", box).record
    assert (found.gates, found.scheduling_since) == ("kueue.x-k8s.io/admission", EIGHT + 600)
    assert found.unschedulable == ""
    gated |= {"status": "True"}
    found = only("pods", pod("p", phase="Pending", conditions=[gated])).record
    assert (found.gates, found.scheduling_since) == ("SchedulingGated", None)
    del gated["reason"]
    found = only("pods", pod("p", phase="Pending", conditions=[gated])).record
    assert (found.gates, found.scheduled_at, found.placed_at) == ("", EIGHT + 600, EIGHT + 600)


def test_a_workload_waits_until_it_is_admitted() -> None:
    owner = {"kind": "Job", "name": "j", "controller": True}
    pending = {"type": "QuotaReserved", "status": "False", "message": "no quota for cpu"}
    item = {
        "metadata": meta("w") | {"ownerReferences": [owner]},
        "spec": {"queueName": "default"},
        "status": {"conditions": [pending]},
    }
    found = only("workloads", item).record
    assert (found.owner, found.admitted, found.message) == ("Job/j", False, "no quota for cpu")
    item["status"]["conditions"] = [
        {"type": "QuotaReserved", "status": "True"},
        {"type": "Admitted", "status": "True"},
    ]
    assert only("workloads", item).record.admitted


@pytest.mark.parametrize(
    ("status", "ready"), [("True", True), ("False", False), ("Unknown", False)]
)
def test_a_node(status: str, ready: bool) -> None:
    condition = {
        "type": "Ready",
        "status": status,
        "reason": "KubeletReady",
        "lastTransitionTime": LATER,
    }
    found = only("nodes", {"metadata": meta("n"), "status": {"conditions": [condition]}}).record
    assert (found.ready, found.since) == (ready, EIGHT + 600)


def test_an_evicted_pod_tells_when() -> None:
    disrupted = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "TerminationByKubelet",
        "lastTransitionTime": LATER,
    }
    found = only("pods", pod("p", phase="Failed", reason="Evicted", conditions=[disrupted])).record
    assert (found.eviction, found.given_up_at) == ("Evicted", EIGHT + 600)


@pytest.mark.parametrize(
    ("fields", "at", "count", "first_at"),
    [
        ({"count": 7, "lastTimestamp": LATER}, EIGHT + 600, 7, EIGHT),
        ({"series": {"count": 9, "lastObservedTime": LATER}}, EIGHT + 600, 9, EIGHT),
        ({"eventTime": LATER, "count": None, "lastTimestamp": None}, EIGHT + 600, 1, EIGHT + 600),
        (
            {"deprecatedCount": 3, "deprecatedLastTimestamp": LATER, "note": "m"},
            EIGHT + 600,
            3,
            EIGHT,
        ),
        ({"firstTimestamp": LATER, "lastTimestamp": LATER}, EIGHT + 600, 1, EIGHT + 600),
        ({}, EIGHT, 1, EIGHT),
    ],
)
def test_an_event_in_each_of_its_forms(
    fields: dict[str, Any], at: float, count: int, first_at: float
) -> None:
    found = only("events", event("e", **fields)).record
    assert found == PodEvent(
        "ns", "Pod/p", "BackOff", "m", at=at, count=count, warning=True, first_at=first_at
    )


def test_events_of_no_interest() -> None:
    items = (
        event("node", "Node"),
        event("started", reason="Started", type="Normal"),
        event("pulled", reason="Pulled", type="Normal"),
    )
    found, problems = decode_list("events", listing(*items))
    assert [entry.meta.name for entry in found] == ["pulled"]
    assert not problems


def test_words_without_a_bound_of_the_api_are_cut() -> None:
    long = "Fail" * 20_000
    found = only("events", event("e", reason=long)).record
    assert len(found.reason) <= NAME_LENGTH.value
    assert found.reason.startswith("FailFail")
    assert len(a_pod(reason=long).reason) <= NAME_LENGTH.value


def test_an_event_of_the_newer_api() -> None:
    item = event("e", regarding={"kind": "Pod", "name": "q", "namespace": "other"}, note="n")
    del item["involvedObject"], item["message"]
    found = only("events", item).record
    assert (found.namespace, found.object, found.message) == ("other", "Pod/q", "n")


def test_use_of_a_pod_is_summed() -> None:
    containers = [{"usage": {"cpu": cpu, "memory": "4Ki"}} for cpu in ("12m", "1500000n", "2")]
    found = only("metrics", {"metadata": meta("p"), "timestamp": LATER, "containers": containers})
    assert found.record.cores == pytest.approx(2.0135)
    assert found.record.at == EIGHT + 600
    assert found.record.memory == 3 * 4096


def test_of_a_container_that_does_not_say_the_memory_is_not_known() -> None:
    containers = [{"usage": {"cpu": "1", "memory": "4Ki"}}, {"usage": {"cpu": "1"}}]
    found = only("metrics", {"metadata": meta("p"), "timestamp": LATER, "containers": containers})
    assert (found.record.cores, found.record.memory) == (2.0, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("250u", 0.00025), ("1k", 1000.0), ("1e3", 1000.0), ("1.5", 1.5), ("2Ki", 2048.0)),
        *(("", None), ("1 m", None), ("m", None), ("1..2", None), ("-", None)),
    ],
)
def test_quantities(text: str, value: float | None) -> None:
    assert quantity(text) == (value if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    "bad",
    [
        {"metadata": {"name": "bad", "namespace": "ns", "labels": {"a": 1}}},
        {"metadata": {"namespace": "ns"}},
        {"metadata": {"name": "bad", "namespace": "ns"}, "status": {"containerStatuses": "none"}},
        {"metadata": {"name": "bad", "creationTimestamp": "yesterday"}},
        {"status": {}},
        17,
        None,
    ],
)
def test_what_does_not_fit_is_a_problem_and_the_others_count(bad: Any) -> None:
    found, problems = decode_list("pods", listing(pod("a"), bad, pod("b")))
    assert [entry.meta.name for entry in found] == ["a", "b"]
    assert len(problems) == 1
    assert problems[0].where.startswith("pods")


def test_many_problems_are_counted() -> None:
    _, problems = decode_list("pods", listing(*({"metadata": {}} for _ in range(50))))
    assert len(problems) == 21
    assert problems[-1].text == "and 30 more like these"


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"null", b"{}", b'{"items": 3}'])
def test_no_listing_at_all(data: bytes) -> None:
    found, problems = decode_list("pods", data)
    assert not found
    assert len(problems) == 1


def test_what_kubectl_prints() -> None:
    kinded = {**pod("p"), "kind": "Pod", "apiVersion": "v1"}
    other = {"kind": "Job", "metadata": meta("j")}
    items = {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [kinded, other]}
    for data in (items, kinded):
        found, problems = decode_list("pods", json.dumps(data, indent=4).encode())
        assert [entry.meta.name for entry in found] == ["p"]
        assert not problems


def test_objects_of_the_same_version_are_not_made_anew() -> None:
    decoder = Decoder(POD)
    first = decoder.page(listing(pod("a"), pod("b")))
    known = {entry.meta.key: entry for entry in first.entries}
    again = decoder.page(listing(pod("a"), pod("b", version="2")), known)
    assert again.entries[0] is first.entries[0]
    assert again.entries[1].meta.resource_version == "2"


def test_repeating_strings_are_kept_once() -> None:
    one, other = Decoder(POD).page(listing(pod("a"), pod("b"))).entries
    assert one.record.node is other.record.node
    assert one.meta.namespace is other.record.namespace
