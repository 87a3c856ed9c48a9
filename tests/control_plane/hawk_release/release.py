"""A Helm release of Hawk's chart: installed, deleted, taken away by its TTL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.control_plane import hawk_sandbox
from tests.control_plane.api import Object
from tests.control_plane.hawk import HawkEvalSet
from tests.control_plane.hawk_release.kueue import GATE, QUEUE_LABEL
from tests.control_plane.hawk_release.values import RELEASES, Kind, values
from tests.control_plane.waiting import wait_for


@dataclass(frozen=True)
class HawkRelease(HawkEvalSet):
    """An eval set or scan, made by Hawk's chart."""

    chart: Path
    kind: Kind = "eval-set"
    kueue: bool = False

    def make(self) -> None:
        """Install it, as Hawk's API does; no sandbox yet: those come with their samples."""
        file = self.plane.folder / "values" / f"{self.id}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(values(self.plan, self.kind, kueue=self.kueue)))
        self._helm("install", self.id, str(self.chart), "--values", str(file))

    def wait_running(self) -> None:
        """Wait until its runner runs."""
        wait_for(lambda: self.runner()["status"].get("phase") == "Running", f"{self.id} runs")

    def add_sandboxes(self) -> None:
        """Make the sandboxes of its samples."""
        for number in range(len(self.plan.samples)):
            self.add_sandbox(number)

    def add_gated_sandbox(self, number: int) -> None:
        """Make a sandbox that Kueue's webhook has put a gate on: it waits for capacity."""
        made = hawk_sandbox.stateful_set(self.plan, number)
        template = made["spec"]["template"]
        template["metadata"]["labels"][QUEUE_LABEL] = "default"
        template["spec"] |= {"schedulingGates": [{"name": GATE}]}
        template["spec"].pop("nodeName")
        self.plane.api.create(made)

    def uninstall(self) -> None:
        """Do what `hawk delete` does, and the janitor an hour after a job's end."""
        self._helm("uninstall", self.id)

    def remove(self) -> None:
        """Take away whatever is left of it; doesn't wait for the namespaces to go."""
        self._helm("uninstall", self.id, "--ignore-not-found")
        self.delete_namespaces()

    def delete_namespaces(self) -> None:
        """Delete its namespaces by hand."""
        for space in self._namespaces:
            self.plane.api.drop("Namespace", space)

    def wait_gone(self) -> None:
        """Wait until its namespaces are gone: the id can be used again then."""
        wait_for(
            lambda: not any(self.plane.api.find("Namespace", name) for name in self._namespaces),
            f"the namespaces of {self.id} are gone",
        )

    @property
    def _namespaces(self) -> tuple[str, str]:
        return self.runner_namespace, self.sandbox_namespace

    def expire(self) -> None:
        """Let the Job's time to live be over, an hour early, and wait until it is gone."""
        change = {"spec": {"ttlSecondsAfterFinished": 0}}
        self.plane.api.patch("Job", self.id, change, self.runner_namespace)
        wait_for(
            lambda: self.plane.api.find("Job", self.id, self.runner_namespace) is None,
            f"the Job of {self.id} is taken away",
        )

    def wait_failed(self) -> None:
        """Wait until the Job is given up."""
        self.plane.api.wait("Job", self.id, self.runner_namespace, _failed)

    def _helm(self, *arguments: str) -> None:
        self.plane.helm(*arguments, "--namespace", RELEASES)


def _failed(job: Object) -> bool:
    conditions = job["status"].get("conditions", [])
    return any(c["type"] == "Failed" and c["status"] == "True" for c in conditions)
