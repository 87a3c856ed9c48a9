"""A control plane of one's own, and what a test does with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.control_plane import objects, pod_logs, stages
from tests.control_plane.api import Api, Object, path
from tests.control_plane.build import resolve
from tests.control_plane.build.resolve import Say
from tests.control_plane.machinery import Machinery, is_ready
from tests.control_plane.processes import quiet_environment
from tests.control_plane.waiting import wait_for

Account = tuple[str, str]


class ControlPlane(Machinery):
    """API server, controllers, nodes and pods, all on loopback.

    `url`, `ca_file` and `admin_kubeconfig` say how it is reached; `api` asks as administrator.
    """

    def __init__(
        self, folder: Path | None = None, *, scheduler: bool = True, say: Say = lambda _: None
    ) -> None:
        """Find the binaries; `folder` is for files and logs, a temporary one by default."""
        super().__init__(folder, scheduler=scheduler, say=say)
        self._issued: dict[Account, list[str]] = {}

    # Who may do what.

    def token_for(self, namespace: str, name: str, audience: str | None = None) -> str:
        """Give a token of a service account, which is made if it isn't there (TokenRequest)."""
        self.api.ensure(objects.account(name, namespace))
        spec: Object = {
            "expirationSeconds": 3600,
            **({"audiences": [audience]} if audience else {}),
        }
        url = f"{path('ServiceAccount', namespace, name)}/token"
        token: str = self.api.post(url, {"spec": spec})["status"]["token"]
        self._issued.setdefault((namespace, name), []).append(token)
        return token

    def kubeconfig_for(self, namespace: str, name: str) -> Path:
        """Give a kubeconfig with a token of a service account."""
        path = self.folder / "accounts" / f"{namespace}.{name}.kubeconfig"
        return self.kubeconfig(path, {"token": self.token_for(namespace, name)})

    def mounted_for(self, namespace: str, name: str) -> Path:
        """Give a directory with `token`, `ca.crt` and `namespace`, as pods have it mounted."""
        folder = self.folder / "accounts" / f"{namespace}.{name}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(self.token_for(namespace, name))
        (folder / "ca.crt").write_bytes(self.ca_file.read_bytes())
        (folder / "namespace").write_text(namespace)
        return folder

    def api_as(self, namespace: str, name: str) -> Api:
        """Ask the API server as a service account."""
        return Api(self.url, self.token_for(namespace, name), self.ca_file)

    def grant(
        self, namespace: str, name: str, rules: list[Object], inside: str | None = None
    ) -> None:
        """Allow a service account something: in one namespace, or everywhere."""
        holder = self.api.ensure(objects.account(name, namespace))
        title = f"{namespace}.{name}"
        self.api.ensure(objects.role(title, rules, inside))
        self.api.ensure(objects.binding(title, holder, inside))

    def revoke_tokens(self, namespace: str, name: str) -> None:
        """Make all tokens of a service account invalid, and wait until they are.

        The account is there again afterwards, with its rights, and can get new tokens. The API
        server remembers a good token for 10 seconds, so this takes as long.
        """
        self.api.delete("ServiceAccount", name, namespace)
        self.api.ensure(objects.account(name, namespace))
        for token in self._issued.pop((namespace, name), []):
            wait_for(lambda t=token: self._refused(t), "the token is refused")  # type: ignore[misc]

    def _refused(self, token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        return self._plain.get(f"{self.url}/api", headers=headers).status_code == 401

    # Namespaces and pods.

    def namespace(self, name: str, **meta: dict[str, str]) -> Object:
        """Make a namespace (`labels=`, `annotations=`), and wait until pods can be made in it."""
        made = self.api.ensure(objects.namespace(name, **meta))
        self.api.wait("ServiceAccount", "default", name, lambda _: True)
        return made

    def add_node(self, name: str) -> None:
        """Add a node, and wait until it is ready."""
        self.api.ensure(objects.node(name))
        self.api.wait("Node", name, None, is_ready)

    def behave(self, namespace: str, pod: str, fate: str) -> None:
        """Tell a pod what becomes of it, one of the fates in `stages`."""
        change = {"metadata": {"annotations": {stages.FATE: fate}}}
        self.api.patch("Pod", pod, change, namespace)

    def set_status(self, namespace: str, pod: str, status: Object) -> Object:
        """Merge something into a pod's status, as its kubelet would."""
        return self.api.patch("Pod", pod, {"status": status}, namespace, "status")

    def set_pod_log(
        self,
        namespace: str,
        pod: str,
        lines: Iterable[pod_logs.Line],
        previous: Iterable[pod_logs.Line] | None = None,
        *,
        append: bool = False,
    ) -> Path:
        """Write a pod's log, anew or at its end, and wait until that is what is served.

        The log belongs to the name, not the UID: a pod that takes its place has the same.
        """
        file = self.folder / "logs" / namespace / f"{pod}.log"
        before = file.with_suffix(".previous") if previous is not None else None
        if before is not None:
            pod_logs.write(before, previous or [])
        filled = pod_logs.write(file, lines, append=append)
        self._serve_log(objects.logs_of_pod(namespace, pod, file, before))
        wait_for(lambda: bool(self._kubelet_log(namespace, pod)) is filled, "the log is served")
        return file

    def _serve_log(self, logs: Object) -> None:
        meta = logs["metadata"]
        self.api.ensure(logs)
        self.api.patch("Logs", meta["name"], {"spec": logs["spec"]}, meta["namespace"])

    def set_pod_process(
        self, namespace: str, pod: str, folder: Path, port: int, env: dict[str, str]
    ) -> None:
        """Let a process of this machine be the pod's: it is reached by `kubectl port-forward`, and
        `kubectl exec` runs beside it, with the programs of `programs` on its path.
        """
        self.api.ensure(objects.commands_in_pod(namespace, pod, folder, env))
        self.api.ensure(objects.port_of_pod(namespace, pod, port))

    def set_pod_usage(self, namespace: str, pod: str, usage: dict[str, dict[str, str]]) -> None:
        """Serve CPU and memory of a pod's containers under metrics.k8s.io.

        The first call brings that API into being; `remove_metrics` takes it away.
        """
        self.add_kind(objects.metrics_kind())
        metrics = objects.metrics(namespace, pod, usage, datetime.now(UTC))
        self.api.ensure(metrics)
        self.api.patch("PodMetrics", pod, metrics, namespace)

    def remove_metrics(self) -> None:
        """Serve no metrics.k8s.io any more."""
        self.api.delete("CustomResourceDefinition", objects.metrics_kind()["metadata"]["name"])

    # Tools.

    def kubectl(self, *arguments: str, kubeconfig: Path | None = None) -> str:
        """Run kubectl, as administrator unless told otherwise, and give what it printed."""
        return self._tool("kubectl", *arguments, kubeconfig=kubeconfig)

    def helm(self, *arguments: str, kubeconfig: Path | None = None) -> str:
        """Run Helm, as administrator unless told otherwise, and give what it printed."""
        return self._tool("helm", *arguments, kubeconfig=kubeconfig)

    def _tool(self, name: str, *arguments: str, kubeconfig: Path | None) -> str:
        env = quiet_environment(self.folder, KUBECONFIG=str(kubeconfig or self.admin_kubeconfig))
        done = subprocess.run(
            [str(resolve(name)), *arguments], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{name} {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout
