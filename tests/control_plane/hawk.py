"""Eval sets in the control plane, made as Hawk makes them, sound or with a fault."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.control_plane import hawk_cluster, hawk_plan, hawk_runner, hawk_sandbox, objects
from tests.control_plane.api import Object, path
from tests.control_plane.hawk_faults import FAULTS, Fault
from tests.control_plane.hawk_plan import HawkVersion, Layout, Plan, Sample
from tests.control_plane.plane import ControlPlane
from tests.control_plane.pod_logs import Line
from tests.control_plane.waiting import wait_for

__all__ = ["FAULTS", "Fault", "HawkEvalSet", "HawkVersion", "Layout", "Plan", "Sample"]
__all__ += ["make_eval_set", "make_eval_sets"]

RUNNER_WAIT = 60.0
"""Seconds; a Job whose pod was refused, as its namespace had no service account yet, tries again
after ten seconds, twenty and so on."""
MAKERS = 4


@dataclass(frozen=True)
class HawkEvalSet:
    """An eval set that was made."""

    plane: ControlPlane
    plan: Plan

    @property
    def id(self) -> str:
        """The eval set's id, and its Job's name."""
        return self.plan.id

    @property
    def runner_namespace(self) -> str:
        """Where its runner is."""
        return self.plan.runner_namespace

    @property
    def sandbox_namespace(self) -> str:
        """Where its sandboxes are."""
        return self.plan.sandbox_namespace

    @property
    def sandboxes(self) -> list[str]:
        """The names of its sandboxes' pods, in the order of the samples."""
        names = (hawk_sandbox.name_of(self.plan, n) for n in range(len(self.plan.samples)))
        return [f"{name}-default-0" for name in names]

    # Looking.

    def job(self) -> Object:
        """Its Job."""
        return self.plane.api.get("Job", self.id, self.runner_namespace)

    def runners(self) -> list[Object]:
        """Its runner pods, oldest first: later ones take the place of those that failed."""
        found = self.plane.api.list("Pod", self.runner_namespace, f"job-name={self.id}")
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def runner(self) -> Object:
        """Its runner pod, waited for; while one takes another's place the one that lives."""
        return wait_for(self._living_runner, f"{self.id} has a runner", RUNNER_WAIT)

    def _living_runner(self) -> Object | None:
        pods = self.runners()
        alive = [pod for pod in pods if pod["status"].get("phase") in ("Pending", "Running")]
        return next(reversed(alive or pods), None)

    def sandbox(self, number: int = 0) -> Object:
        """The pod of a sandbox."""
        return self.plane.api.get("Pod", self.sandboxes[number], self.sandbox_namespace)

    # Making and removing.

    def make(self) -> None:
        """Make all its objects."""
        self._make_namespaces()
        if self.plan.own_node:
            self.plane.add_node(self.plan.runner_node)
        for thing in [*hawk_runner.release(self.plan), hawk_runner.job(self.plan)]:
            self.plane.api.create(thing)
        for number in range(len(self.sandboxes)):
            self.add_sandbox(number)

    def _make_namespaces(self) -> None:
        notes = hawk_plan.notes(self.plan)
        own = hawk_plan.labels(self.plan) if self.plan.layout == "per-job" else {}
        self.plane.namespace(self.runner_namespace, labels=own, annotations=notes if own else {})
        if self.plan.kind == "eval-set":
            marks = hawk_plan.labels(self.plan, "sandbox")
            self.plane.namespace(self.sandbox_namespace, labels=marks, annotations=notes)
        self._limit(self.runner_namespace, self.plan.runner_quota)
        self._limit(self.sandbox_namespace, self.plan.sandbox_quota)

    def _limit(self, namespace: str, memory: str) -> None:
        """Give a namespace a quota, and wait until it is in force."""
        if memory:
            made = self.plane.api.create(objects.quota(namespace, memory))
            name = made["metadata"]["name"]
            self.plane.api.wait("ResourceQuota", name, namespace, lambda q: q["status"].get("hard"))

    def add_sandbox(self, number: int) -> None:
        """Make a sandbox."""
        for config in hawk_sandbox.configs(self.plan, number):
            self.plane.api.create(config)
        self.plane.api.create(hawk_sandbox.stateful_set(self.plan, number))

    def wait_running(self) -> None:
        """Wait until the runner and the sandboxes run, but for those that are not meant to."""
        if self.plan.runner_fate == "running" and not self.plan.runner_quota:
            wait_for(lambda: _runs(self.runner()), f"the runner of {self.id} runs")
        bound = self.plan.unschedulable or self.plan.sandbox_quota
        sound = self.plan.sandbox_fate == "running" and not bound
        for name in self.sandboxes[0 if sound else 1 :]:
            self.plane.api.wait("Pod", name, self.sandbox_namespace, _runs)

    def log(
        self, lines: Iterable[Line], previous: Iterable[Line] | None = None, *, append: bool = False
    ) -> None:
        """Write the runner's log."""
        name = self.runner()["metadata"]["name"]
        self.plane.set_pod_log(self.runner_namespace, name, lines, previous, append=append)

    def age(self, seconds: float) -> None:
        """Let the runner have run for so long already."""
        hawk_cluster.age(self, seconds)

    def inflict(self, fault: Fault) -> None:
        """Let something go wrong, and wait until it shows."""
        FAULTS[fault].inflict(self)

    def evict_runner(self) -> None:
        """Drain its node: the pod is evicted by the API, as autoscalers do it."""
        name, space = self.runner()["metadata"]["name"], self.runner_namespace
        form = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        self.plane.api.post(f"{path('Pod', space, name)}/eviction", form)

    def remove_sandboxes(self) -> None:
        """Take the sandboxes down, as at the end of their samples."""
        for name in self.sandboxes:
            self.plane.api.delete("StatefulSet", name.removesuffix("-0"), self.sandbox_namespace)

    def remove(self) -> None:
        """Take everything away, as Hawk's clean-up does; doesn't wait for the namespaces to go."""
        hawk_cluster.let_go(self)
        if self.plan.layout == "per-job":
            self.plane.api.drop("Namespace", self.runner_namespace)
        else:
            self.plane.api.drop("Job", self.id, self.runner_namespace)
            for thing in hawk_runner.release(self.plan):
                self.plane.api.drop(thing["kind"], thing["metadata"]["name"], self.runner_namespace)
        self.plane.api.drop("Namespace", self.sandbox_namespace)


def make_eval_set(
    plane: ControlPlane,
    eval_set_id: str,
    layout: Layout = "per-job",
    hawk_version: HawkVersion = 1,
    fault: Fault | None = None,
    **plan: Any,
) -> HawkEvalSet:
    """Make an eval set, wait until it runs, and let the fault show; `plan`: fields of `Plan`.

    A scan is made with `kind="scan", samples=()`.
    """
    changes = FAULTS[fault].plan if fault else {}
    made = Plan(eval_set_id, layout, hawk_version, **{**plan, **changes})
    eval_set = HawkEvalSet(plane, made)
    eval_set.make()
    eval_set.wait_running()
    if fault:
        eval_set.inflict(fault)
    return eval_set


def make_eval_sets(plane: ControlPlane, wanted: Iterable[dict[str, Any]]) -> list[HawkEvalSet]:
    """Make several at once: each of `wanted` holds the arguments of `make_eval_set`."""
    with ThreadPoolExecutor(MAKERS) as pool:
        return list(pool.map(lambda arguments: make_eval_set(plane, **arguments), wanted))


def _runs(pod: Object) -> bool:
    return bool(pod["status"].get("phase") == "Running")
