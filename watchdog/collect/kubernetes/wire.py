"""The fields that are needed of the API's objects, by their names there.

Everything else in an object, such as managed fields, is skipped unread; of a Job's environment one
variable is looked for (`hawk_version`).
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from watchdog.collect.limits import NUMBER

Count = Annotated[int, Meta(ge=-NUMBER.value, le=NUMBER.value)]
Short = Annotated[str, Meta(max_length=512)]
"""Of names and labels: Kubernetes takes at most 317 characters (a label's key), 253 of a name."""


class Wire(Struct, rename="camel", gc=False):
    """Short-lived, and without cycles."""


class Owner(Wire):
    """An entry of `ownerReferences`."""

    kind: Short = ""
    name: Short = ""
    controller: bool | None = None


class ObjectMeta(Wire):
    """An object's metadata."""

    name: Short = ""
    namespace: Short = ""
    uid: Short = ""
    resource_version: Short = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[Short, Short] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Name(Wire):
    """The least of an object's metadata."""

    name: Short = ""
    namespace: Short = ""
    resource_version: Short = ""


class Named(Wire):
    """Any object, whatever else is wrong with it."""

    metadata: Name


class Object(Wire):
    """Any object."""

    metadata: ObjectMeta
    kind: str = ""


class Condition(Wire):
    """A condition of a pod or a job."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class Waiting(Wire):
    """A container that waits."""

    reason: str = ""
    message: str = ""


class Running(Wire):
    """A container that runs."""

    started_at: datetime | None = None


class Terminated(Wire):
    """A container that has ended."""

    reason: str = ""
    exit_code: Count | None = None
    finished_at: datetime | None = None
    message: str = ""


class ContainerState(Wire):
    """One of three."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire):
    """A container's status."""

    name: str = ""
    ready: bool = False
    restart_count: Count = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class Gate(Wire):
    """What holds a pod back from the scheduler."""

    name: str = ""


Quantities = dict[str, str | int | float]
"""Amounts by the names of resources; the API server writes texts, files may hold numbers."""


class Resources(Wire):
    """What is requested, and what is allowed at most."""

    requests: Quantities | None = None
    limits: Quantities | None = None


class PodContainer(Wire):
    """A container of a pod's specification."""

    resources: Resources | None = None
    restart_policy: str = ""


class PodSpec(Wire):
    """A pod's specification."""

    node_name: str = ""
    scheduling_gates: list[Gate] | None = None
    containers: list[PodContainer] | None = None
    init_containers: list[PodContainer] | None = None
    resources: Resources | None = None
    """Of the pod as a whole."""
    overhead: Quantities | None = None


class PodStatus(Wire):
    """A pod's status."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None


class PodObject(Object):
    """A pod."""

    spec: PodSpec | None = None
    status: PodStatus | None = None


class JobSpec(Wire):
    """A job's specification."""

    suspend: bool | None = None
    backoff_limit: Count | None = None
    template: Raw = Raw()
    """A `PodTemplate`, which nothing but `hawk_version` looks at."""


class Variable(Wire):
    """A variable of a container's environment."""

    name: str = ""
    value: str | None = None


class ContainerSpec(Wire):
    """A container to be made."""

    image: str = ""
    env: list[Variable] | None = None


class TemplateSpec(Wire):
    """What the pods of a job are to be."""

    containers: list[ContainerSpec] | None = None


class PodTemplate(Wire):
    """What a job makes its pods of."""

    spec: TemplateSpec | None = None


class JobStatus(Wire):
    """A job's status."""

    start_time: datetime | None = None
    completion_time: datetime | None = None
    active: Count = 0
    succeeded: Count = 0
    failed: Count = 0
    conditions: list[Condition] | None = None


class JobObject(Object):
    """A job."""

    spec: JobSpec | None = None
    status: JobStatus | None = None


class Reference(Wire):
    """What an event is about."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class Series(Wire):
    """How often an event came again."""

    count: Count | None = None
    last_observed_time: datetime | None = None


class EventObject(Object):
    """core/v1 Event; `regarding`, `note` and `deprecated…` are events.k8s.io/v1's names."""

    involved_object: Reference | None = None
    regarding: Reference | None = None
    reason: str = ""
    message: str = ""
    note: str = ""
    type: str = ""
    count: Count | None = None
    deprecated_count: Count | None = None
    series: Series | None = None
    event_time: datetime | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    deprecated_last_timestamp: datetime | None = None


class NodeStatus(Wire):
    """A node's status."""

    conditions: list[Condition] | None = None


class NodeObject(Object):
    """A node."""

    status: NodeStatus | None = None


class WorkloadSpec(Wire):
    """What Kueue admits."""

    queue_name: str = ""
    active: bool | None = None


class WorkloadStatus(Wire):
    """How far Kueue is with it."""

    conditions: list[Condition] | None = None


class WorkloadObject(Object):
    """kueue.x-k8s.io Workload."""

    spec: WorkloadSpec | None = None
    status: WorkloadStatus | None = None


class ContainerUsage(Wire):
    """What a container uses."""

    usage: dict[str, str] | None = None


class UsageObject(Object):
    """PodMetrics of metrics.k8s.io."""

    timestamp: datetime | None = None
    containers: list[ContainerUsage] | None = None


class ListMeta(Struct, rename={"token": "continue", "resource_version": "resourceVersion"}):
    """A listing's metadata."""

    resource_version: str = ""
    token: str = ""


class RawList(Struct):
    """A listing whose objects are still to be looked at, one by one."""

    items: list[Raw] | None
    metadata: ListMeta | None = None
    kind: str = ""


class WatchEvent(Struct):
    """One line of a watch."""

    type: str
    object: Raw
