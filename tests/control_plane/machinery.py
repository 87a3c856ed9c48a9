"""The processes of a control plane: started in order, waited for, and stopped."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.control_plane import access, certificates, commands, objects, pod_logs, stages
from tests.control_plane.api import Api, Object, trust
from tests.control_plane.build import resolve
from tests.control_plane.build.resolve import Say
from tests.control_plane.processes import Process, free_ports, quiet_environment, stop_all
from tests.control_plane.waiting import wait_for

PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kwok")
SCHEDULER = "kube-scheduler"
KIND = "CustomResourceDefinition"
NODES = ("node-1", "node-2", "node-3")


class Machinery:
    """Etcd, API server with RBAC, controllers, kwok and, unless told otherwise, the scheduler.

    Raises `build.MissingPartError` where a binary is neither there nor can it be built.
    """

    def __init__(
        self, folder: Path | None = None, *, scheduler: bool = True, say: Say = lambda _: None
    ) -> None:
        """Find the binaries; `folder` is for files and logs, a temporary one by default."""
        parts = (*PARTS, SCHEDULER) if scheduler else PARTS
        self.binaries = {part: resolve(part, say) for part in parts}
        self.folder = folder or Path(tempfile.mkdtemp(prefix="control-plane-"))
        self._temporary = folder is None
        self.programs = self.folder / "programs"
        self._at = self._places()
        self.ca_file = self._at.certificates.ca
        self.url = f"https://{commands.LOOPBACK}:{self._at.api_port}"
        self.admin_token = access.write_tokens(self._at.tokens)
        access.write_audit_policy(self._at.audit_policy)
        self.admin_kubeconfig = self.kubeconfig(self._at.kubeconfig, {"token": self.admin_token})
        self.api = Api(self.url, self.admin_token, self.ca_file)
        self._plain = httpx.Client(verify=trust(self.ca_file), trust_env=False)
        self.processes = {part: self._process(part) for part in parts}

    def kubeconfig(self, path: Path, user: dict[str, object]) -> Path:
        """Write a kubeconfig for a user: `{"token": …}`, `{"tokenFile": …}` or `{"exec": …}`."""
        return access.write_kubeconfig(path, self.url, self.ca_file, user)

    def _places(self) -> commands.Places:
        names = ("tokens.csv", "admin.kubeconfig", "stages.yaml")
        tokens, kubeconfig, config = (self.folder / name for name in names)
        made = certificates.make(self.folder / "certificates")
        return commands.Places(self.folder, made, tokens, kubeconfig, config, *free_ports(4))

    def _process(self, part: str) -> Process:
        command = commands.command(part, self.binaries[part], self._at)
        env = quiet_environment(self.folder)
        # what `kubectl exec` finds in a pod
        env["PATH"] = f"{self.programs}:{env.get('PATH', '')}"
        return Process(part, command, self.folder, env)

    # Starting and stopping.

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._temporary and error is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start everything, and wait until pods can be made and will run."""
        atexit.register(self.stop)
        self.processes["etcd"].start()
        self._wait(self._store_answers, "etcd answers")
        self.start_apiserver()
        for part in self.processes.keys() - {"etcd", "kube-apiserver", "kwok"}:
            self.processes[part].start()
        self._furnish()
        self.processes["kwok"].start()
        self._wait(self._nodes_are_ready, "the nodes are ready")
        self._wait(self._pods_are_welcome, "the controllers made the default service account")
        self._wait(self._logs_are_served, "pods' logs are served")

    def _furnish(self) -> None:
        """Put in place what kwok looks for when it starts."""
        empty = self.folder / "logs" / "empty.log"
        pod_logs.write(empty, [])
        self._at.stages.write_text("\n---\n".join(map(json.dumps, stages.stages())))
        for kind in objects.kwok_kinds():
            self.add_kind(kind)
        self.api.create(objects.logs_of_all(empty))
        for name in NODES:
            self.api.create(objects.node(name))

    def stop(self) -> None:
        """Stop everything: those who ask first, then those who are asked."""
        atexit.unregister(self.stop)
        self.api.close()
        self._plain.close()
        served = [self.processes[name] for name in ("kube-apiserver", "etcd")]
        stop_all(p for p in self.processes.values() if p not in served)
        for process in served:
            process.kill()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def stop_apiserver(self) -> None:
        """Let the API server crash."""
        self.processes["kube-apiserver"].kill()

    def start_apiserver(self) -> None:
        """Start the API server, on the same port as ever, and wait until it is ready."""
        self.processes["kube-apiserver"].start()
        self._wait(self.api.ready, "the API server is ready")

    def restart_apiserver(self) -> None:
        """Let the API server crash and come back."""
        self.stop_apiserver()
        self.start_apiserver()

    def audited(self) -> list[Object]:
        """What accounts of `access.AUDITED` asked, as the API server wrote it down."""
        log = self._at.audit_log
        lines = log.read_text().splitlines() if log.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def tails(self) -> str:
        """The last lines of what each process said."""
        return "\n".join(process.tail() for process in self.processes.values())

    def add_kind(self, kind: Object) -> None:
        """Have the API server serve another kind, and wait until it does."""
        self.api.ensure(kind)
        spec = kind["spec"]
        url = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        self._wait(lambda: self.api.status_of(url) == httpx.codes.OK, f"{url} is served")

    @contextmanager
    def with_kinds(self, kinds: Iterable[Object]) -> Iterator[None]:
        """Serve other kinds meanwhile; afterwards wait until they are gone."""
        made = list(kinds)
        names = [kind["metadata"]["name"] for kind in made]
        for kind in made:
            self.add_kind(kind)
        try:
            yield
        finally:
            for name in names:
                self.api.drop(KIND, name)
            self._wait(lambda: not any(self.api.find(KIND, name) for name in names), "kinds go")

    # What is waited for.

    def _wait(self, so: Callable[[], bool], what: str) -> None:
        try:
            wait_for(lambda: self._all_alive() and so(), what)
        except TimeoutError as late:
            raise RuntimeError(f"{late}\n{self.tails()}") from late

    def _all_alive(self) -> bool:
        for process in self.processes.values():
            process.check()
        return True

    def _store_answers(self) -> bool:
        return self._answered(f"http://{commands.LOOPBACK}:{self._at.etcd_port}/health") is not None

    def _nodes_are_ready(self) -> bool:
        return all(is_ready(node) for node in self.api.list("Node"))

    def _pods_are_welcome(self) -> bool:
        return self.api.find("ServiceAccount", "default", "default") is not None

    def _logs_are_served(self) -> bool:
        return self._kubelet_log("default", "any") is not None

    def _kubelet_log(self, namespace: str, pod: str) -> str | None:
        """How a pod's log begins, from kwok itself; nothing when it knows of no log."""
        url = f"https://{commands.LOOPBACK}:{self._at.kubelet_port}"
        return self._answered(f"{url}/containerLogs/{namespace}/{pod}/any?limitBytes=1")

    def _answered(self, url: str) -> str | None:
        try:
            answer = self._plain.get(url)
        except httpx.TransportError:
            return None
        return answer.text if answer.is_success else None


def is_ready(node: Object) -> bool:
    """Whether a node is ready."""
    conditions = node["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
