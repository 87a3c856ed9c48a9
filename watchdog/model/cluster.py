"""What only the cluster knows of an eval set: Kubernetes objects, reduced to what a verdict needs.

Instants are seconds since the epoch. Field names follow the Kubernetes API (core/v1, batch/v1).
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from watchdog.model.allowances import Allowance
from watchdog.model.instants import earliest, latest
from watchdog.model.pod_reasons import LOST

ResourceKind = Literal["pods", "jobs", "namespaces", "events", "metrics", "nodes", "workloads"]

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
    is_init: bool = False


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
    """Condition Ready."""
    owner: str = ""
    """`Job/name`, `StatefulSet/name`, …: its controller."""
    service: str = ""
    """Label `inspect/service` of a sandbox pod."""
    sample_id: str = ""
    """Sample id as the labels give it (made fit for a label); empty where they don't."""
    task_name: str = ""
    sample_uuid: str = ""
    """Label `inspectSampleUUID` of a sandbox pod (inspect_k8s_sandbox 0.4.0 and later)."""
    instance: str = ""
    """Label `app.kubernetes.io/instance`: the Helm release that it belongs to."""
    gates: str = ""
    """Names of its scheduling gates, between commas: it is held back from the scheduler."""
    queue: str = ""
    """Kueue's queue, by its label."""
    scheduling_since: float | None = None
    """Since when it waits to be scheduled (condition PodScheduled=False)."""
    disrupted_at: float | None = None
    """When it was given up (condition DisruptionTarget)."""
    unready_since: float | None = None
    """Since when it is not ready (condition Ready=False)."""
    scheduled_at: float | None = None
    """When it got its node (condition PodScheduled); it may have waited for that for hours."""
    requests: tuple[tuple[str, float], ...] | None = None
    """What it requests of its node: `cpu` in cores, `memory` in bytes, GPUs by kind. None where
    that is not known."""

    @property
    def placed_at(self) -> float | None:
        """Since when its node can start it, as well as is known."""
        return latest(self.created_at, self.scheduled_at)

    @property
    def eviction(self) -> str:
        """The reason for which its node gave it up; empty where it didn't."""
        return self.reason if self.reason in LOST else self.disrupted

    @property
    def ended_at(self) -> float | None:
        """When its last container ended; None where one still may run."""
        ends = [c.terminated.finished_at for c in self.containers if c.terminated is not None]
        return latest(*ends) if ends and len(ends) == len(self.containers) else None

    @property
    def given_up_at(self) -> float | None:
        """When its node gave it up, as well as its status tells."""
        return earliest(self.disrupted_at, self.ended_at) or self.deleting_at or self.unready_since

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
    """When it ended, well or not: a failed Job has no `completionTime`, but a condition."""
    deleting_at: float | None = None
    suspended: bool = False
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    backoff_limit: int | None = None
    finished: Literal["", "Complete", "Failed"] = ""
    finished_reason: str = ""
    """Why it failed: BackoffLimitExceeded, DeadlineExceeded, PodFailurePolicy, …"""
    finished_message: str = ""
    suspended_since: float | None = None
    """When it was suspended (condition Suspended); it may have been created so."""
    queue: str = ""
    """Kueue's queue, by its label: Kueue suspends and resumes it."""
    human: str = ""
    """Hawk's label `human`: a person does the work, and hours of silence are normal."""
    allowance: Allowance = Allowance()
    """What its eval set's owner says in its annotations."""
    ignored: tuple[str, ...] = ()
    """Annotations of ours that can't be used, each with the reason."""
    hawk_version: tuple[int, int, int] | None = None
    """Of the Hawk that made it, where anything tells."""


def newest_job(jobs: Iterable[Job]) -> Job | None:
    """The one that was made last; the first of several that were made at once."""
    return max(jobs, key=lambda job: job.created_at or 0.0, default=None)


class PodEvent(Struct, frozen=True, gc=False):
    """A Kubernetes Event about one of the eval set's objects."""

    namespace: str
    object: str
    """`Pod/name`."""
    reason: str
    message: str
    at: float | None = None
    """When it was seen last."""
    count: int = 1
    warning: bool = False
    first_at: float | None = None
    """When it was seen first."""


class PodUsage(Struct, frozen=True, gc=False):
    """What a pod uses as the metrics API gives it, summed over its containers."""

    namespace: str
    name: str
    cores: float
    at: float | None = None
    memory: float | None = None
    """Bytes; None where that isn't told of each container."""


class Namespace(Struct, frozen=True, gc=False):
    """A namespace of an eval set's own."""

    name: str
    is_runner: bool = False
    """Its runner's; else its sandboxes'."""
    deleting_at: float | None = None


class Node(Struct, frozen=True, gc=False):
    """A node, as far as its pods depend on it."""

    name: str
    ready: bool = True
    since: float | None = None
    """When that changed last (condition Ready)."""
    reason: str = ""
    """Why it isn't ready: KubeletNotReady, NodeStatusUnknown, …"""


class Workload(Struct, frozen=True, gc=False):
    """What Kueue knows of a Job or pod that waits for capacity (kueue.x-k8s.io)."""

    namespace: str
    name: str
    owner: str = ""
    """`Job/name` or `Pod/name`: what it stands for."""
    queue: str = ""
    admitted: bool = False
    message: str = ""
    """Why it isn't admitted, in Kueue's words."""
    since: float | None = None


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
    namespaces: tuple[Namespace, ...] = ()
    """Its own ones; not one that it shares with others."""
    nodes: tuple[Node, ...] = ()
    """Those of its pods that aren't ready."""
    workloads: tuple[Workload, ...] = ()
    departed: tuple[Job, ...] = ()
    """Jobs of it that were deleted since the last view, as they were at the end."""
    given_up: tuple[Pod, ...] = ()
    """Pods of it that were evicted lately and are gone, as they were at the end."""
    runner_namespace: str = ""
    runner_container: str = "inspect-eval-set"
    """Name of the container in a runner's pod that runs the evaluations."""
    created_by: str = ""
    email: str = ""
    model_access: str = ""
    team: str = ""

    @property
    def lists_runners(self) -> bool:
        """Whether both pods and Jobs are known: only then does it mean something that none is."""
        return {"pods", "jobs"} <= self.known

    @property
    def live_runners(self) -> list[Pod]:
        """Pods of its runner that are, or will be, at work."""
        return [pod for pod in self.runners if pod.is_live]

    def job_after(self, before: Job | None) -> Job | None:
        """The runner's Job as it was seen last: now, in its last words, or `before`."""
        return newest_job((*self.jobs, *self.departed, *((before,) if before else ())))

    @property
    def leaving_namespaces(self) -> dict[str, float]:
        """Since when which of its runner's own namespaces is Terminating.

        The Job in it gets no deletionTimestamp as long as there are pods (KEP-5080: pods go first).
        """
        leaving = {n.name: n.deleting_at for n in self.namespaces if n.is_runner}
        return {name: at for name, at in leaving.items() if at is not None}

    def is_leaving(self, job: Job) -> bool:
        """Whether a Job is being deleted, by itself or with its namespace."""
        return job.deleting_at is not None or job.namespace in self.leaving_namespaces

    @property
    def deleting_since(self) -> float | None:
        """When its deletion began; None where none is under way, or a Job of it stays."""
        if any(not job.finished and not self.is_leaving(job) for job in self.jobs):
            return None
        return earliest(
            *self.leaving_namespaces.values(),
            *(job.deleting_at for job in self.jobs),
        )
