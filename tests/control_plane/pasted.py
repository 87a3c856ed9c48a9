"""Commands of the documents, pasted into a shell before the control plane; and the chart's pod as a
process of this machine, with the pod's own settings, variables and service account.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx

from tests.control_plane.api import Object
from tests.control_plane.build import resolve
from tests.control_plane.plane import ControlPlane
from tests.control_plane.processes import Process, free_ports, quiet_environment
from tests.control_plane.waiting import wait_for
from tests.paths import ROOT

NAMESPACE = "watchdog"
NAME = "watchdog-stuck-eval-watchdog"
SELECTED = "app.kubernetes.io/name=stuck-eval-watchdog"


class Release:
    """The chart's release: what the pod would run runs here, and `kubectl exec` gets there."""

    def __init__(
        self, plane: ControlPlane, folder: Path, keys: dict[str, str], **settings: str
    ) -> None:
        self.plane = plane
        self.folder = folder
        self.keys = keys
        """What a role gives its pods: credentials."""
        self.settings = settings
        self.pod = ""
        self.process: Process | None = None
        (self.port,) = free_ports(1)
        self._lives = 0
        self._mounts: tuple[str, ...] = ()
        self._offer("watchdog", "-m", "watchdog")
        self._offer("python")

    def _offer(self, name: str, *words: str) -> None:
        """A program of the image."""
        file = self.plane.programs / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *words])} "$@"\n')
        file.chmod(0o755)

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://127.0.0.1:{self.port}"

    def follow(self, *, another: bool = False) -> None:
        """Where another pod is there than before (waited for where there has to be): end the old
        one's process, start the new one's.
        """
        before = self.pod if another else None
        pod = wait_for(lambda: self._newest(before), "the release has a pod that runs")
        if pod["metadata"]["name"] == self.pod:
            return
        self.stop()
        self.pod = pod["metadata"]["name"]
        self._mount(pod)
        container = pod["spec"]["containers"][0]
        env = self._environment(container)
        self.plane.set_pod_process(NAMESPACE, self.pod, self.folder, self.port, env)
        self.plane.set_pod_log(NAMESPACE, self.pod, [], [(0.0, "the life before")])
        self._lives += 1
        _, *arguments = [*container["command"], *container["args"]]
        own = [word.replace("0.0.0.0:9464", f"127.0.0.1:{self.port}") for word in arguments]
        command = [sys.executable, "-m", "watchdog", *own]
        name = f"watchdog-{self._lives}"
        self.process = Process(name, command, self.folder, quiet_environment(self.folder, **env))
        self.process.start()
        wait_for(self._answers, "the service answers", 60)

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.stop(20)
        self.process = None

    def _newest(self, before: str | None) -> Object | None:
        pods = [
            pod
            for pod in self.plane.api.list("Pod", NAMESPACE, SELECTED)
            if "deletionTimestamp" not in pod["metadata"]
            and pod["status"].get("phase") == "Running"
        ]
        names = {pod["metadata"]["name"] for pod in pods}
        return pods[0] if len(pods) == 1 and before not in names else None

    def _answers(self) -> bool:
        if self.process is not None:
            self.process.check()
        try:
            answer = httpx.get(f"{self.url}/readyz", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code in {200, 503}

    def _environment(self, container: Object) -> dict[str, str]:
        """The container's variables, with this machine's paths and ports."""
        given = {one["name"]: self._value(one) for one in container.get("env", ())}
        return {
            **{name: self.here(value) for name, value in given.items()},
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "WATCHDOG_LISTEN": f"127.0.0.1:{self.port}",
            "WATCHDOG_WEB_PROBES_LISTEN": "127.0.0.1:0",
            "WATCHDOG_KUBERNETES_KUBECONFIG": str(self.plane.kubeconfig_for(NAMESPACE, NAME)),
            **self.keys,
            **self.settings,
        }

    def _value(self, variable: Object) -> str:
        source = variable.get("valueFrom", {}).get("secretKeyRef")
        if source is None:
            return str(variable.get("value", ""))
        return self._data("Secret", source["name"])[source["key"]].decode()

    def here(self, text: str) -> str:
        """The same with the pod's folders where they are on this machine."""
        longest_first = sorted(self._mounts, key=len, reverse=True)
        paths = "|".join(map(re.escape, longest_first))
        return re.sub(rf"(?<![\w/])(?:{paths})(?![\w-])", lambda m: str(self._at(m[0])), text)

    def _at(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def _mount(self, pod: Object) -> None:
        """The pod's volumes, as a kubelet would fill them."""
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        (container,) = pod["spec"]["containers"]
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        self._mounts = tuple(mounts)
        for path, mount in mounts.items():
            self._at(path).mkdir(parents=True, exist_ok=True)
            volume = volumes[mount["name"]]
            for source in volume.get("projected", {}).get("sources", [volume]):
                self._fill(self._at(path), source)

    def _fill(self, folder: Path, source: Object) -> None:
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if key not in source:
                continue
            about = source[key]
            data = self._data(kind, about.get("name") or about["secretName"])
            items = about.get("items") or [{"key": name, "path": name} for name in data]
            for item in items:
                text = data[item["key"]].decode()
                (folder / item["path"]).write_text(self.here(text))

    def _data(self, kind: str, name: str) -> dict[str, bytes]:
        made = self.plane.api.get(kind, name, NAMESPACE)
        if kind == "Secret":
            return {key: base64.b64decode(text) for key, text in made["data"].items()}
        return {key: text.encode() for key, text in made.get("data", {}).items()}


class Terminal:
    """A shell in a clone, with kubectl and helm on its path."""

    def __init__(self, plane: ControlPlane, folder: Path, clone: Path) -> None:
        self.clone = clone
        programs = folder / "programs"
        programs.mkdir()
        for name in ("kubectl", "helm"):
            (programs / name).symlink_to(resolve(name))
        path = f"{programs}:{plane.programs}:{os.environ['PATH']}"
        kept = quiet_environment(folder, KUBECONFIG=str(plane.admin_kubeconfig))
        self.environment = {**kept, "PATH": path}

    def run(self, command: str, **environment: str) -> str:
        """What a command prints; it has to end well."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.clone,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, command: str) -> Process:
        """Start one that goes on."""
        process = Process("terminal", shlex.split(command), self.clone, self.environment)
        process.env["PATH"] = self.environment["PATH"]
        process.start()
        return process


def filled(command: str, places: dict[str, str]) -> str:
    """A command with its placeholders filled in."""
    for place, value in places.items():
        command = command.replace(place, value)
    assert not re.search(r"<[a-z-]+>|[A-Z]{6,}(?![A-Za-z_])", command), command
    return command


def head(command: str) -> str:
    """What stands before the first pipe outside of quotes: what comes behind only sifts."""
    quoted = False
    for at, letter in enumerate(command):
        quoted ^= letter == "'"
        if letter == "|" and not quoted:
            return command[:at].strip()
    return command
