"""Kueue's kinds, from its own Go module, and as much of its controller as can be seen from outside.

The kinds are Kueue's own definitions, so the API server takes no Workload that Kueue's wouldn't.
Names, conditions, reasons and messages are those of Kueue 0.17 (`apis/kueue/v1beta2`,
`pkg/controller/jobframework`, `pkg/scheduler`).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build.modules import KUEUE, folder_of
from tests.control_plane.hawk import HawkEvalSet
from tests.control_plane.hawk_release.values import RUNNER_QUEUE
from tests.control_plane.plane import ControlPlane

CRDS = "config/components/crd/bases"
KINDS = ("workloads", "localqueues")
GATE = "kueue.x-k8s.io/admission"
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
NO_ROOM = (
    "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor "
    "default-flavor, 2 more needed"
)


def kueue_crds() -> list[Object]:
    """Give the CRDs, or raise `MissingPartError`."""
    folder = folder_of(KUEUE) / CRDS
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = [folder / f"kueue.x-k8s.io_{kind}.yaml" for kind in KINDS]
    return [yaml.load(file.read_text(), loader) for file in files]  # noqa: S506 - both are safe


class FakeKueue:
    """Holds suspended Jobs back and lets them go, as told by the test."""

    def __init__(self, plane: ControlPlane) -> None:
        self._api = plane.api

    def hold(self, eval_set: HawkEvalSet, message: str = NO_ROOM) -> Object:
        """Make the Workload of a Job that waits for capacity."""
        job = eval_set.job()
        workload = self._api.ensure(_workload(job))
        pending = _condition("QuotaReserved", "Pending", message, met=False)
        return self._write(workload, {"conditions": [pending]})

    def admit(self, eval_set: HawkEvalSet) -> None:
        """Give a Job its capacity, and let it run."""
        job = eval_set.job()
        workload = self._api.ensure(_workload(job))
        reserved = f"Quota reserved in ClusterQueue {RUNNER_QUEUE}"
        conditions = [
            _condition("QuotaReserved", "QuotaReserved", reserved),
            _condition("Admitted", "Admitted", "The workload is admitted"),
        ]
        assigned = {"name": "main", "count": 1, "flavors": {"cpu": "default-flavor"}}
        admission = {"clusterQueue": RUNNER_QUEUE, "podSetAssignments": [assigned]}
        self._write(workload, {"admission": admission, "conditions": conditions})
        space = job["metadata"]["namespace"]
        self._api.patch("Job", job["metadata"]["name"], {"spec": {"suspend": False}}, space)

    def _write(self, workload: Object, status: Object) -> Object:
        meta = workload["metadata"]
        change = {"status": status}
        return self._api.patch("Workload", meta["name"], change, meta["namespace"], "status")


def _workload(job: Object) -> Object:
    meta = job["metadata"]
    seed = "\n".join(["Job", "batch", meta["name"], meta["uid"]]).encode()
    suffix = hashlib.sha1(seed, usedforsecurity=False).hexdigest()[:5]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"]}
    own = {
        "name": f"job-{meta['name']}-{suffix}",
        "namespace": meta["namespace"],
        "labels": {"kueue.x-k8s.io/job-uid": meta["uid"]},
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    pods = {"name": "main", "count": 1, "template": {"spec": job["spec"]["template"]["spec"]}}
    spec = {"active": True, "queueName": meta["labels"][QUEUE_LABEL], "priority": 0}
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": own,
        "spec": {**spec, "podSets": [pods]},
    }


def _condition(kind: str, reason: str, message: str, *, met: bool = True) -> Object:
    return {
        "type": kind,
        "status": str(met),
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
