"""How each part of the control plane is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.control_plane.certificates import Certificates

CONTROLLERS = (
    "deployment-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-protection-controller",
    "persistentvolumeclaim-protection-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "statefulset-controller",
    "ttl-after-finished-controller",
)
ISSUER = "https://kubernetes.default.svc"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Places:
    """Where everything is."""

    folder: Path
    certificates: Certificates
    tokens: Path
    kubeconfig: Path
    stages: Path
    etcd_port: int
    peer_port: int
    api_port: int
    kubelet_port: int

    @property
    def audit_policy(self) -> Path:
        """Whose requests are written down."""
        return self.folder / "audit-policy.json"

    @property
    def audit_log(self) -> Path:
        """Their requests, a line of JSON for each."""
        return self.folder / "audit.log"


def etcd(at: Places) -> dict[str, str | Path | int]:
    """The store."""
    client, peer = (f"http://{LOOPBACK}:{port}" for port in (at.etcd_port, at.peer_port))
    return {
        "data-dir": at.folder / "etcd",
        "unsafe-no-fsync": "true",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
    }


def kube_apiserver(at: Places) -> dict[str, str | Path | int]:
    """The API server: RBAC, and nobody without a token."""
    return {
        "etcd-servers": f"http://{LOOPBACK}:{at.etcd_port}",
        "bind-address": LOOPBACK,
        "advertise-address": LOOPBACK,
        "secure-port": at.api_port,
        "endpoint-reconciler-type": "none",
        "tls-cert-file": at.certificates.cert,
        "tls-private-key-file": at.certificates.key,
        "allow-privileged": "true",
        "authorization-mode": "RBAC",
        "anonymous-auth": "false",
        "token-auth-file": at.tokens,
        "service-account-key-file": at.certificates.accounts,
        "service-account-signing-key-file": at.certificates.accounts,
        "service-account-issuer": ISSUER,
        "audit-policy-file": at.audit_policy,
        "audit-log-path": at.audit_log,
        "service-cluster-ip-range": "10.96.0.0/16",
        **_to_kubelet(at),
    }


def _to_kubelet(at: Places) -> dict[str, str | Path | int]:
    return {
        "kubelet-client-certificate": at.certificates.cert,
        "kubelet-client-key": at.certificates.key,
        "kubelet-certificate-authority": at.certificates.ca,
        "kubelet-preferred-address-types": "InternalIP",
    }


def kube_controller_manager(at: Places) -> dict[str, str | Path | int]:
    """The controllers that Hawk's objects and a chart need; nodes never grow old."""
    return {
        "kubeconfig": at.kubeconfig,
        "controllers": ",".join(CONTROLLERS),
        "leader-elect": "false",
        "secure-port": 0,
        "root-ca-file": at.certificates.ca,
        "node-monitor-grace-period": "24h",
        "kube-api-qps": 500,
        "kube-api-burst": 1000,
    }


def kube_scheduler(at: Places) -> dict[str, str | Path | int]:
    """The scheduler."""
    return {"kubeconfig": at.kubeconfig, "leader-elect": "false", "secure-port": 0}


def kwok(at: Places) -> dict[str, str | Path | int]:
    """The nodes and their kubelets."""
    return {
        "kubeconfig": at.kubeconfig,
        "config": at.stages,
        "manage-all-nodes": "true",
        "cidr": "10.0.0.1/16",
        "node-ip": LOOPBACK,
        "node-port": at.kubelet_port,
        "server-address": f"{LOOPBACK}:{at.kubelet_port}",
        "tls-cert-file": at.certificates.cert,
        "tls-private-key-file": at.certificates.key,
        "enable-crds": "Logs,ClusterLogs,Exec,PortForward",
    }


FLAGS = {
    "etcd": etcd,
    "kube-apiserver": kube_apiserver,
    "kube-controller-manager": kube_controller_manager,
    "kube-scheduler": kube_scheduler,
    "kwok": kwok,
}


def command(part: str, binary: Path, at: Places) -> list[str]:
    """Give a part's command line."""
    return [str(binary), *(f"--{name}={value}" for name, value in FLAGS[part](at).items())]
