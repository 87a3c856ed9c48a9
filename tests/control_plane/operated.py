"""prometheus-operator itself, and a Prometheus as it would run what the operator makes.

Other than in a cluster: Prometheus stands outside, so it gets the API server's address and a token,
and what it discovers is reached on loopback.
"""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import yaml

from tests.control_plane.api import Object
from tests.control_plane.build import resolve
from tests.control_plane.build.parts import module_of
from tests.control_plane.plane import ControlPlane
from tests.control_plane.processes import Process, free_ports, quiet_environment

NAME = "k8s"
SELECTED = {"release": "kube-prometheus-stack"}
ACCOUNT = "prometheus"
READ = ["get", "list", "watch"]
RIGHTS = [
    {"apiGroups": [""], "resources": ["services", "endpoints", "pods"], "verbs": READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": READ},
]


def version() -> str:
    """The Prometheus that is built here (Debian's has no discovery by Kubernetes).

    The operator writes a configuration for it. The module of Prometheus 3.16.0 is v0.316.0.
    """
    minor, patch = module_of("prometheus").version.removeprefix("v0.").split(".")
    return f"v3.{int(minor) - 300}.{patch}"


def operator_process(plane: ControlPlane, namespace: str, folder: Path) -> Process:
    """The operator for one namespace, to be started; raises `MissingPartError`."""
    (port,) = free_ports(1)
    command = [
        str(resolve("operator")),
        f"--namespaces={namespace}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--kubelet-endpoints=false",
    ]
    env = quiet_environment(folder, KUBECONFIG=str(plane.admin_kubeconfig))
    return Process("operator", command, folder, env)


def prometheus(namespace: str) -> Object:
    """A Prometheus that takes what has kube-prometheus-stack's label."""
    receiver = {"namespace": namespace, "name": "alertmanager", "port": "web", "apiVersion": "v2"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "version": version(),
            "serviceAccountName": ACCOUNT,
            "serviceDiscoveryRole": "EndpointSlice",
            "serviceMonitorSelector": {"matchLabels": SELECTED},
            "ruleSelector": {"matchLabels": SELECTED},
            "scrapeInterval": "1s",
            "evaluationInterval": "1s",
            "externalLabels": {"cluster": "east"},
            "replicaExternalLabelName": "",
            "prometheusExternalLabelName": "",
            "alerting": {"alertmanagers": [receiver]},
        },
    }


def alertmanager(namespace: str) -> list[Object]:
    """A Service of an Alertmanager that no pod stands behind."""
    meta = {"name": "alertmanager", "namespace": namespace}
    port = {"name": "web", "port": 9093, "protocol": "TCP"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [port]}}
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**meta, "labels": {"kubernetes.io/service-name": "alertmanager"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.10"], "conditions": {"ready": True}}],
        "ports": [port],
    }
    return [service, endpoints]


def configuration(plane: ControlPlane, namespace: str) -> Object | None:
    """What the operator wrote for Prometheus, once a monitor and an Alertmanager are in it."""
    secret = plane.api.find("Secret", f"prometheus-{NAME}", namespace)
    packed = ((secret or {}).get("data") or {}).get("prometheus.yaml.gz")
    if packed is None:
        return None
    text = gzip.decompress(base64.b64decode(packed)).decode()
    # what the reloader in Prometheus' pod puts in
    found: Object = yaml.safe_load(text.replace("$(SHARD)", "0"))
    return found if found.get("scrape_configs") and found.get("alerting") else None


def rule_files(plane: ControlPlane, namespace: str) -> dict[str, str] | None:
    """What the operator wrote of rules, by the files' names."""
    found = plane.api.find("ConfigMap", f"prometheus-{NAME}-rulefiles-0", namespace)
    return (found or {}).get("data") or None


def reachable(config: Object, plane: ControlPlane, folder: Path, ports: dict[str, int]) -> Object:
    """The same configuration for a Prometheus outside: addresses and files alone are others."""
    namespace = config["scrape_configs"][0]["kubernetes_sd_configs"][0]["namespaces"]["names"][0]
    mounted = plane.mounted_for(namespace, ACCOUNT)
    access = {
        "api_server": plane.url,
        "authorization": {"credentials_file": str(mounted / "token")},
        "tls_config": {"ca_file": str(mounted / "ca.crt")},
    }
    parts = {
        "watchdog": config["scrape_configs"],
        "alertmanager": config["alerting"]["alertmanagers"],
    }
    for name, found in parts.items():
        there = {"target_label": "__address__", "replacement": f"127.0.0.1:{ports[name]}"}
        for part in found:
            part["relabel_configs"].append(there)
            for discovery in part["kubernetes_sd_configs"]:
                discovery.update(access)
    config["rule_files"] = [str(folder / "rules" / "*.yaml")]
    return config
