"""Objects as the API gives them, cut down to what matters in a test."""

import json
from typing import Any

PREFIX = "inspect-ai.metr.org/"
Object = dict[str, Any]


def meta(name: str, namespace: str = "ns", version: str = "1", **more: Any) -> Object:
    labels = {"app.kubernetes.io/component": "sandbox", "helm.sh/chart": "x"}
    fixed = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": version}
    return {**fixed, "creationTimestamp": "2026-11-23T08:00:00Z", "labels": labels, **more}


def pod(name: str, namespace: str = "ns", version: str = "1", **status: Any) -> Object:
    spec = {"nodeName": "node-1", "containers": [{"name": "c", "env": [{"name": "SECRET"}]}]}
    return {
        "metadata": meta(name, namespace, version),
        "spec": spec,
        "status": {"phase": "Running", **status},
    }


def event(name: str, kind: str = "Pod", **more: Any) -> Object:
    about = {"kind": kind, "name": "p", "namespace": "ns"}
    fixed = {"metadata": meta(name), "involvedObject": about, "reason": "BackOff"}
    return {**fixed, "type": "Warning", "message": "m", **more}


def listing(*items: Object, version: str = "10", more: str = "") -> bytes:
    metadata = {"resourceVersion": version, **({"continue": more} if more else {})}
    return json.dumps({"kind": "PodList", "metadata": metadata, "items": items}).encode()


def change(kind: str, item: Object) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode()


def bookmark(version: str) -> bytes:
    return change("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}})


def gone() -> bytes:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    return change("ERROR", status)
