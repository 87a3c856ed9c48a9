"""The services of deploy/compose/compose.yaml as processes of this machine.

Command, variables and mounted files are those of the compose file, as Compose's own parser gives
them. Each service has an address of loopback of its own, and the services' names stand in an
/etc/hosts that they alone see; paths of the containers lie below a folder.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.control_plane.processes import Process, quiet_environment
from tests.deploy.expressions import DEPLOY
from tests.paths import ROOT

FOLDER = DEPLOY / "compose"
FILE = FOLDER / "compose.yaml"
WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"'
OPEN_INPUT = 'tail -f /dev/null | "$@"'
"""`stdin_open`: nobody types anything, and it doesn't end."""


def parsed(parser: Path) -> dict[str, Any]:
    """The file as Compose's parser reads it, without this machine's variables."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    command = [str(parser), FILE.name]
    done = subprocess.run(command, cwd=FOLDER, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    content: dict[str, Any] = yaml.safe_load(done.stdout)
    return content


class Stack:
    """The services that can be run without containers."""

    def __init__(self, services: dict[str, Any], folder: Path, programs: dict[str, str]) -> None:
        self.services = services
        self.folder = folder
        self.programs = programs
        net = f"127.{random.randrange(64, 250)}.{random.randrange(250)}"  # noqa: S311 - no secret
        self.addresses = {name: f"{net}.{number}" for number, name in enumerate(services, 1)}
        self.hosts = folder / "hosts"
        lines = [f"{address} {name}\n" for name, address in self.addresses.items()]
        self.hosts.write_text("127.0.0.1 localhost\n" + "".join(lines))
        self.processes: dict[str, Process] = {}

    def start(self, name: str, *more: str, **env: str) -> Process:
        """Start a service; `more` and `env` say what a container would not have to be told."""
        service, mounts = self.services[name], self.mounts(name)
        words = [*(service.get("entrypoint") or self.entry_point(name)), *service["command"], *more]
        listens = [word.replace(" :7070", f" {self.addresses[name]}:7070") for word in words]
        command = [within(word, mounts) for word in listens]
        if service.get("stdin_open"):
            command = ["sh", "-c", OPEN_INPUT, "sh", *command]
        namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        whole = [*namespace, "sh", "-c", WITH_HOSTS, str(self.hosts), *command]
        place = self.folder / name
        place.mkdir(exist_ok=True)
        variables = {**(service.get("environment") or {}), "PYTHONPATH": str(ROOT), **env}
        made = quiet_environment(place, **variables)
        made["PATH"] = f"{self.folder}:{made['PATH']}"
        self.processes[name] = Process(name, whole, place, made)
        self.processes[name].start()
        return self.processes[name]

    def mounts(self, name: str) -> dict[str, Path]:
        """Where the paths of a container lie here; files are copied, as they are."""
        found = {}
        for mount in self.services[name].get("volumes", ()):
            place = self.folder / name / mount["target"].lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if mount["type"] == "volume":
                place = self.folder / "volumes" / mount["source"]
                place.mkdir(parents=True, exist_ok=True)
            elif Path(mount["source"]).is_dir():
                shutil.copytree(mount["source"], place, dirs_exist_ok=True)
            else:
                shutil.copy(mount["source"], place)
            found[mount["target"]] = place
        return found

    def entry_point(self, name: str) -> list[str]:
        """What the image starts: a program of this machine, or what a Dockerfile says."""
        if name in self.programs:
            return [self.programs[name]]
        build = self.services[name]["build"]
        dockerfile = ROOT / build.get("dockerfile", "Dockerfile")
        words = json.loads(
            re.findall(r"^ENTRYPOINT (.*)$", dockerfile.read_text(), re.MULTILINE)[-1]
        )
        ours = {"watchdog": [sys.executable, "-m", "watchdog"], "python3": [sys.executable]}
        return [*ours[words[0]], *words[1:]]

    def stop(self) -> None:
        """End all of them, the last one first."""
        for process in reversed(self.processes.values()):
            process.stop(10)


def within(word: str, mounts: dict[str, Path]) -> str:
    """A word of a command, with the container's paths as they are here."""
    for target, place in mounts.items():
        word = re.sub(rf"(?<![\w./-]){re.escape(target)}(?=$|[/\s])", str(place), word)
    return word
