"""What only the cluster knows of an eval set: Kubernetes objects, reduced to what a verdict needs.

Instants are seconds since the epoch. Field names follow the Kubernetes API (core/v1, batch/v1).
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.allowances import Allowance
from watchdog.model.pod_reasons import LOST

ResourceKind = Literal["pods", "jobs", "namespaces", "events", "metrics"]

LIVE_PHASES = frozenset({"Pending", "Running", "Unknown", ""})


class Termination(Struct, frozen=True, gc=False):
    """How a container ended (`state.terminated` or `lastState.terminated`)."""

    reason: str
    exit_code: int | None = None
    finished_at: float | None = None
    message: str = ""


class Container(Struct, frozen=True, gc=False):
    """A container's status."""

    name: str
    ready: bool = False
    restarts: int = 0
    waiting: str = ""
    """Reason of `state.waiting`: ImagePullBackOff, CrashLoopBackOff, …; empty otherwise."""
    waiting_message: str = ""
    running_since: float | None = None
    terminated: Termination | None = None
    last_terminated: Termination | None = None


class Pod(Struct, frozen=True, gc=False):
    """A pod."""

    namespace: str
    name: str
    uid: str
    phase: str = ""
    reason: str = ""
    """`status.reason`: Evicted, Preempting, NodeLost, …"""
    message: str = ""
    node: str = ""
    created_at: float | None = None
    deleting_at: float | None = None
    containers: tuple[Container, ...] = ()
    """Init containers first."""
    unschedulable: str = ""
    """Message of the condition PodScheduled=False with reason Unschedulable."""
    disrupted: str = ""
    """Reason of the condition DisruptionTarget=True (eviction, preemption)."""
    ready: bool = False
    owner: str = ""
    """`Job/name`, `StatefulSet/name`, …: its controller."""
    service: str = ""
    """Label `inspect/service` of a sandbox pod."""
    sample_id: str = ""
    """Sample id as the labels give it (made fit for a label); empty where they don't."""
    task_name: str = ""
    sample_uuid: str = ""
    """Label `inspectSampleUUID` of a sandbox pod (inspect_k8s_sandbox 0.4.0 and later)."""

    @property
    def eviction(self) -> str:
        """The reason for which its node gave it up; empty where it didn't."""
        return self.reason if self.reason in LOST else self.disrupted

    @property
    def is_live(self) -> bool:
        """Whether it is, or will be, at work."""
        return self.phase in LIVE_PHASES and self.deleting_at is None


class Job(Struct, frozen=True, gc=False):
    """A runner Job."""

    namespace: str
    name: str
    uid: str
    created_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None
    deleting_at: float | None = None
    suspended: bool = False
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    backoff_limit: int | None = None
    finished: Literal["", "Complete", "Failed"] = ""
    finished_reason: str = ""
    """Why it failed: BackoffLimitExceeded, DeadlineExceeded, …"""
    allowance: Allowance = Allowance()
    """What people said of its eval set, in its annotations."""
    ignored: tuple[str, ...] = ()
    """Annotations of ours that can't be used, each with the reason."""


class PodEvent(Struct, frozen=True, gc=False):
    """A Kubernetes Event about one of the eval set's objects."""

    namespace: str
    object: str
    """`Pod/name`."""
    reason: str
    message: str
    at: float | None = None
    count: int = 1
    warning: bool = False


class PodUsage(Struct, frozen=True, gc=False):
    """CPU use of a pod as the metrics API gives it, summed over its containers."""

    namespace: str
    name: str
    cores: float
    at: float | None = None


class ClusterView(Struct, frozen=True, gc=False):
    """An eval set as the cluster shows it at one instant.

    A kind that is not in `known` could not be read: its tuple says nothing. An empty tuple of a
    known kind says that there is none.
    """

    at: float
    known: frozenset[ResourceKind] = frozenset()
    jobs: tuple[Job, ...] = ()
    runners: tuple[Pod, ...] = ()
    sandboxes: tuple[Pod, ...] = ()
    events: tuple[PodEvent, ...] = ()
    """Newest last; Warning events and the ones about scheduling and images."""
    usage: tuple[PodUsage, ...] = ()
    namespaces: tuple[str, ...] = ()
    runner_namespace: str = ""
    runner_container: str = "inspect-eval-set"
    """Name of the container in a runner's pod that runs the evaluations."""
    created_by: str = ""
    email: str = ""
    model_access: str = ""
    team: str = ""
