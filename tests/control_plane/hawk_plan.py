"""What an eval set in a cluster is to be, and the names, labels and annotations of its objects."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from tests.control_plane.machinery import NODES
from tests.control_plane.stages import RUNNING

Layout = Literal["per-job", "shared"]
"""A namespace for each job and one for its sandboxes, or the older: one for all runners."""

HawkVersion = Literal[1, 2]
JobType = Literal["eval-set", "scan"]

PREFIX = "inspect-ai.metr.org"


@dataclass(frozen=True)
class Sample:
    """A sample that has a sandbox."""

    id: str = "1"
    task: str = "mmlu"
    version: str = "0"
    uuid: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is made of an eval set."""

    id: str
    layout: Layout = "per-job"
    version: HawkVersion = 1
    kind: JobType = "eval-set"
    samples: tuple[Sample, ...] = (Sample(),)
    email: str = "ada@example.org"
    model_access: str = "__public__secret-group__"
    namespace_prefix: str = "inspect"
    """In the shared layout: the runners' namespace."""
    inspect_version: str = "0.3.285"
    runner_fate: str = RUNNING
    sandbox_fate: str = RUNNING
    """Of the first sandbox."""
    unschedulable: bool = False
    """The first sandbox asks for more than any node has."""
    runner_quota: str = ""
    """How much memory all pods of the runner's namespace may ask for; no quota by default."""
    sandbox_quota: str = ""
    """The same of the sandboxes' namespace."""
    own_node: bool = False
    """The runner has a node to itself."""
    backoff_limit: int = 3
    ttl: int = 3600
    """Seconds until the Job is taken away after its end."""

    @property
    def runner_namespace(self) -> str:
        """Where the runner is."""
        return self.namespace_prefix + (f"-{self.id}" if self.layout == "per-job" else "")

    @property
    def sandbox_namespace(self) -> str:
        """Where the sandboxes are."""
        return f"{self.runner_namespace}-s" if self.layout == "per-job" else self.id

    @property
    def runner_node(self) -> str:
        """The node that the runner is put on, past the scheduler."""
        return f"node-of-{self.id}" if self.own_node else node(self.id)

    @property
    def account(self) -> str:
        """The runner's service account."""
        prefix = f"{app(self)}-{self.kind}-runner-"
        return prefix + shortened(self.id, 63 - len(prefix))


def app(plan: Plan) -> str:
    """What Hawk calls itself in `app.kubernetes.io/name`."""
    return "inspect-ai" if plan.version == 1 else "hawk"


def labels(plan: Plan, component: str = "runner") -> dict[str, str]:
    """Labels of the Job, its pod, the namespaces and the rest of the release."""
    return {
        "app.kubernetes.io/name": app(plan),
        "app.kubernetes.io/component": component,
        **job_labels(plan),
    }


def job_labels(plan: Plan) -> dict[str, str]:
    """Labels that runner and sandboxes have in common."""
    key = "eval-set-id" if plan.kind == "eval-set" else "scan-run-id"
    return {
        f"{PREFIX}/created-by": label(plan.email),
        f"{PREFIX}/job-id": plan.id,
        f"{PREFIX}/job-type": plan.kind,
        f"{PREFIX}/{key}": plan.id,
    }


def notes(plan: Plan) -> dict[str, str]:
    """Annotations of the same."""
    return {f"{PREFIX}/email": plan.email, f"{PREFIX}/model-access": plan.model_access}


def node(name: str) -> str:
    """The node that a pod is put on, past the scheduler."""
    return NODES[hashlib.sha256(name.encode()).digest()[0] % len(NODES)]


def label(text: str) -> str:
    """A text as far as it can be a label's value."""
    return re.sub(r"[^a-zA-Z0-9-_.]+", "_", text).strip("_-.")[:63]


def shortened(text: str, length: int) -> str:
    """A text of no more than `length` characters, still unique."""
    if len(text) <= length:
        return text
    return f"{text[: length - 13]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
