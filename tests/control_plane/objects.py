"""Objects that the control plane itself needs: nodes, and the kinds that it serves besides."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.control_plane.api import Object

KWOK = "kwok.x-k8s.io"
METRICS = "metrics.k8s.io"
SIZE = {"cpu": "64", "memory": "256Gi", "pods": "20000"}


def node(name: str) -> Object:
    """A node with room for every test's pods."""
    system = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    labels = {"kubernetes.io/hostname": name, **system}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"allocatable": SIZE, "capacity": SIZE},
    }


def namespace(
    name: str, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None
) -> Object:
    """A namespace."""
    meta = {"name": name, "labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def quota(namespace: str, memory: str) -> Object:
    """What all pods of a namespace may ask for together."""
    meta = {"name": "compute", "namespace": namespace}
    hard = {"limits.memory": memory}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": {"hard": hard}}


def storage_class(name: str) -> Object:
    """The default class, whose volumes somebody makes by hand."""
    meta = {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": meta,
        "provisioner": "kubernetes.io/no-provisioner",
    }


def volume(name: str, kind: str, folder: Path, claim: tuple[str, str]) -> Object:
    """A volume of a class for a claim, by namespace and name."""
    namespace, claim_name = claim
    spec = {
        "storageClassName": kind,
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder)},
        "claimRef": {"namespace": namespace, "name": claim_name},
    }
    meta = {"name": name}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec}


def account(name: str, namespace: str) -> Object:
    """A service account."""
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}


def role(name: str, rules: list[Object], namespace: str | None = None) -> Object:
    """What may be done in a namespace; in all of them without one."""
    return _rbac("Role", name, namespace) | {"rules": rules}


def binding(name: str, holder: Object, namespace: str | None = None) -> Object:
    """Who may do what the role of that name allows."""
    kind = "Role" if namespace else "ClusterRole"
    meta = holder["metadata"]
    subject = {"kind": "ServiceAccount", "name": meta["name"], "namespace": meta["namespace"]}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    return _rbac("RoleBinding", name, namespace) | {"roleRef": reference, "subjects": [subject]}


def _rbac(kind: str, name: str, namespace: str | None) -> Object:
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    kind = kind if namespace else f"Cluster{kind}"
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": meta}


def kwok_kinds() -> list[Object]:
    """The kinds by which kwok is told where a pod's log lies, and what runs in it."""
    return [
        _kind(KWOK, "v1alpha1", "Exec", "execs", "Namespaced"),
        _kind(KWOK, "v1alpha1", "PortForward", "portforwards", "Namespaced"),
        _kind(KWOK, "v1alpha1", "Logs", "logs", "Namespaced"),
        _kind(KWOK, "v1alpha1", "ClusterLogs", "clusterlogs", "Cluster"),
    ]


def network_policy_kind() -> Object:
    """Cilium's network policies: Hawk makes one for each job; here nobody obeys them."""
    return _kind("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", "Namespaced")


def metrics_kind() -> Object:
    """Pods of metrics.k8s.io: written by the test, served as a metrics server's."""
    kind = _kind(METRICS, "v1beta1", "PodMetrics", "pods", "Namespaced")
    allowed = {"api-approved.kubernetes.io": "unapproved, for tests"}
    kind["metadata"]["annotations"] = allowed
    return kind


def metrics(namespace: str, pod: str, usage: dict[str, dict[str, str]], at: datetime) -> Object:
    """What a metrics server says of a pod: `{"default": {"cpu": "1m", "memory": "9Mi"}}`."""
    return {
        "apiVersion": f"{METRICS}/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": pod, "namespace": namespace},
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "window": "15s",
        "containers": [{"name": name, "usage": used} for name, used in usage.items()],
    }


def _kind(group: str, version: str, kind: str, plural: str, scope: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural},
            "scope": scope,
            "versions": [{**served, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def logs_of_all(file: Path) -> Object:
    """One log for all pods that have none of their own: an empty one, as of a silent process."""
    return _logs("ClusterLogs", {"name": "all"}, file, None)


def logs_of_pod(namespace: str, pod: str, file: Path, previous: Path | None) -> Object:
    """A pod's log, the same for each of its containers."""
    return _logs("Logs", {"name": pod, "namespace": namespace}, file, previous)


def commands_in_pod(namespace: str, pod: str, folder: Path, env: dict[str, str]) -> Object:
    """`kubectl exec` in a pod runs on this machine, in a folder, with these variables."""
    local = {"workDir": str(folder), "envs": [{"name": k, "value": v} for k, v in env.items()]}
    return _of_kwok("Exec", namespace, pod, {"execs": [{"local": local}]})


def port_of_pod(namespace: str, pod: str, port: int) -> Object:
    """`kubectl port-forward` to any port of a pod leads to one of loopback."""
    target = {"port": port, "address": "127.0.0.1"}
    return _of_kwok("PortForward", namespace, pod, {"forwards": [{"target": target}]})


def _of_kwok(kind: str, namespace: str, pod: str, spec: Object) -> Object:
    meta = {"name": pod, "namespace": namespace}
    return {"apiVersion": f"{KWOK}/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}


def _logs(kind: str, meta: dict[str, str], file: Path, previous: Path | None) -> Object:
    log = {"logsFile": str(file)} | ({"previousLogsFile": str(previous)} if previous else {})
    spec = {"logs": [log]}
    return {"apiVersion": f"{KWOK}/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}
