"""A runner's objects, as Hawk's Helm chart makes them, without a cluster.

What plays no part in watching (network policies, most environment) is left out.
"""

from __future__ import annotations

import json

from tests.control_plane.api import Object
from tests.control_plane.hawk_plan import Plan, labels, notes
from tests.control_plane.stages import FATE

CONTAINER = "inspect-eval-set"


def release(plan: Plan) -> list[Object]:
    """Everything beside the Job that the runner needs."""
    user = json.dumps({"eval_set_id": plan.id, "tasks": []})
    config = {"user-config.json": user, "infra-config.json": json.dumps({"job_id": plan.id})}
    made = [
        _object("v1", "ServiceAccount", plan.account, plan),
        _object("v1", "ConfigMap", f"inspect-runner-config-{plan.id}", plan) | {"data": config},
        _object("v1", "Secret", f"job-secrets-{plan.id}", plan)
        | {"type": "Opaque", "stringData": {"OPENAI_API_KEY": "never-to-be-read"}},
    ]
    kubeconfig = {"kubeconfig": json.dumps({"current-context": "in-cluster"})}
    name = f"runner-kubeconfig-{plan.id}"
    inside = [_object("v1", "ConfigMap", name, plan) | {"data": kubeconfig}]
    return made + (inside if plan.kind == "eval-set" else [])


def job(plan: Plan) -> Object:
    """The runner."""
    marks = notes(plan) | {"karpenter.sh/do-not-disrupt": "true", FATE: plan.runner_fate}
    template = {
        "metadata": {"labels": {"app": CONTAINER, **labels(plan)}, "annotations": marks},
        "spec": _runner_pod(plan),
    }
    spec = {
        "backoffLimit": plan.backoff_limit,
        "ttlSecondsAfterFinished": plan.ttl,
        "template": template,
    }
    return _object("batch/v1", "Job", plan.id, plan) | {"spec": spec}


def _runner_pod(plan: Plan) -> Object:
    container = {
        "name": CONTAINER,
        "image": "registry.example/inspect-tasks:runner",
        "imagePullPolicy": "Always",
        "args": [plan.kind, "/etc/hawk/user-config.json", "/etc/hawk/infra-config.json"],
        "env": [{"name": "INSPECT_DISPLAY", "value": "log"}],
        "envFrom": [{"secretRef": {"name": f"job-secrets-{plan.id}"}}],
        "volumeMounts": [{"name": "inspect-runner-config", "mountPath": "/etc/hawk"}],
        "resources": {"limits": {"cpu": "2", "memory": "16Gi"}},
    }
    config = {"name": f"inspect-runner-config-{plan.id}"}
    return {
        "serviceAccountName": plan.account,
        "restartPolicy": "Never",
        "nodeName": plan.runner_node,
        "containers": [container],
        "volumes": [{"name": "inspect-runner-config", "configMap": config}],
    }


def _object(version: str, kind: str, name: str, plan: Plan) -> Object:
    meta = {"name": name, "namespace": plan.runner_namespace}
    marks = {"labels": labels(plan), "annotations": notes(plan)}
    return {"apiVersion": version, "kind": kind, "metadata": meta | marks}
