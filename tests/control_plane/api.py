"""The little of a Kubernetes client that the tests need: objects are plain dictionaries."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.control_plane.waiting import wait_for

Object = dict[str, Any]

GROUPS = {
    "Namespace": ("api/v1", "namespaces"),
    "Node": ("api/v1", "nodes"),
    "Pod": ("api/v1", "pods"),
    "Event": ("api/v1", "events"),
    "ConfigMap": ("api/v1", "configmaps"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "PersistentVolume": ("api/v1", "persistentvolumes"),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims"),
    "StorageClass": ("apis/storage.k8s.io/v1", "storageclasses"),
    "ResourceQuota": ("api/v1", "resourcequotas"),
    "Job": ("apis/batch/v1", "jobs"),
    "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "Deployment": ("apis/apps/v1", "deployments"),
    "Role": ("apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "ClusterRole": ("apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("apis/rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "Lease": ("apis/coordination.k8s.io/v1", "leases"),
    "FlowSchema": ("apis/flowcontrol.apiserver.k8s.io/v1", "flowschemas"),
    "PriorityLevelConfiguration": (
        "apis/flowcontrol.apiserver.k8s.io/v1",
        "prioritylevelconfigurations",
    ),
    "CustomResourceDefinition": ("apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "Logs": ("apis/kwok.x-k8s.io/v1alpha1", "logs"),
    "PodMetrics": ("apis/metrics.k8s.io/v1beta1", "pods"),
    "Workload": ("apis/kueue.x-k8s.io/v1beta2", "workloads"),
    "Exec": ("apis/kwok.x-k8s.io/v1alpha1", "execs"),
    "PortForward": ("apis/kwok.x-k8s.io/v1alpha1", "portforwards"),
    "ServiceMonitor": ("apis/monitoring.coreos.com/v1", "servicemonitors"),
    "PodMonitor": ("apis/monitoring.coreos.com/v1", "podmonitors"),
    "PrometheusRule": ("apis/monitoring.coreos.com/v1", "prometheusrules"),
    "ClusterLogs": ("apis/kwok.x-k8s.io/v1alpha1", "clusterlogs"),
}
MERGE = "application/merge-patch+json"


class Api:
    """The API server, asked with one token."""

    def __init__(self, url: str, token: str, ca: Path) -> None:
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            verify=trust(ca),
            trust_env=False,
            timeout=20.0,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def ready(self) -> bool:
        """Whether the server answers, and says that it is ready."""
        try:
            return self.http.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def status_of(self, url: str) -> int:
        """The HTTP status that a GET is answered with."""
        return self.http.get(url).status_code

    def create(self, thing: Object) -> Object:
        """Create an object."""
        meta = thing["metadata"]
        return self._asked("POST", path(thing["kind"], meta.get("namespace")), json=thing)

    def ensure(self, thing: Object) -> Object:
        """Create an object, or give the one of that name that is there."""
        kind, meta = thing["kind"], thing["metadata"]
        answer = self.http.post(path(kind, meta.get("namespace")), json=thing)
        if answer.status_code == httpx.codes.CONFLICT:
            return self.get(kind, meta["name"], meta.get("namespace"))
        return _object(answer)

    def post(self, url: str, body: Object) -> Object:
        """Post to a URL, such as that of a subresource."""
        return self._asked("POST", url, json=body)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """Give an object."""
        return self._asked("GET", path(kind, namespace, name))

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """Give an object, or nothing where there is none."""
        answer = self.http.get(path(kind, namespace, name))
        return None if answer.status_code == httpx.codes.NOT_FOUND else _object(answer)

    def list(self, kind: str, namespace: str | None = None, labels: str = "") -> list[Object]:
        """Give all objects of a kind, of one namespace or of all."""
        found = self._asked("GET", path(kind, namespace), params={"labelSelector": labels})
        items: list[Object] = found["items"]
        return items

    def patch(
        self, kind: str, name: str, change: Object, namespace: str | None = None, part: str = ""
    ) -> Object:
        """Merge a change into an object, or into a part of it such as `status`."""
        url = path(kind, namespace, name) + (f"/{part}" if part else "")
        return self._asked("PATCH", url, json=change, headers={"Content-Type": MERGE})

    def delete(self, kind: str, name: str, namespace: str | None = None, grace: int = 0) -> None:
        """Delete an object and, in the background, what it owns."""
        body = {"propagationPolicy": "Background", "gracePeriodSeconds": grace}
        self._asked("DELETE", path(kind, namespace, name), json=body)

    def drop(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete an object, unless it is gone already."""
        if self.find(kind, name, namespace) is not None:
            self.delete(kind, name, namespace)

    def wait(
        self,
        kind: str,
        name: str,
        namespace: str | None,
        so: Callable[[Object], Any],
        timeout: float = 30.0,
    ) -> Object:
        """Wait until an object is there and is as wanted, and give it."""

        def look() -> Object | None:
            found = self.find(kind, name, namespace)
            return found if found is not None and so(found) else None

        return wait_for(look, f"{kind} {namespace or ''}/{name} as wanted", timeout)

    def _asked(self, method: str, url: str, **more: Any) -> Object:
        return _object(self.http.request(method, url, **more))


def trust(ca: Path) -> ssl.SSLContext:
    """Trust one authority, and nobody else; as strict as Python 3.13 is by default."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def path(kind: str, namespace: str | None = None, name: str = "") -> str:
    """Give the URL of an object, or of all of its kind."""
    group, plural = GROUPS[kind]
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"/{group}{inside}/{plural}" + (f"/{name}" if name else "")


def _object(answer: httpx.Response) -> Object:
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url}"
        raise RuntimeError(f"{asked}: {answer.status_code} {answer.text[:500]}")
    found: Object = answer.json()
    return found
