"""From the API's jobs, namespaces, events and metrics to the model's records."""

from collections.abc import Iterable
from typing import Literal

from watchdog.collect.kubernetes.annotations import allowance
from watchdog.collect.kubernetes.hawk_version import hawk_version
from watchdog.collect.kubernetes.objects import QUEUE, Context, Entry, at, message, meta_of
from watchdog.collect.kubernetes.quantities import quantity
from watchdog.collect.kubernetes.wire import (
    Condition,
    EventObject,
    JobObject,
    NodeObject,
    Object,
    UsageObject,
    WorkloadObject,
)
from watchdog.model.cluster import Job, Node, PodEvent, PodUsage, Workload

ABOUT = frozenset({"Pod", "Job", "StatefulSet", "ReplicaSet"})
"""Kinds whose events are kept."""
ROUTINE = frozenset({"Created", "Started"})
"""Events that every container has, and that its status tells as well."""


def job(wire: JobObject, context: Context) -> Entry[Job]:
    """A job."""
    meta = meta_of(wire.metadata, context)
    spec, status = wire.spec, wire.status
    standing = _standing(status.conditions if status else None)
    finished = _finished(standing)
    end, pause = standing.get(finished), standing.get("Suspended")
    overrides, ignored = allowance(wire.metadata.annotations or {})
    record = Job(
        meta.namespace,
        meta.name,
        meta.uid,
        created_at=meta.created_at,
        started_at=at(status.start_time) if status else None,
        completed_at=(at(status.completion_time) if status else None) or _since(end),
        deleting_at=meta.deleting_at,
        suspended=bool(spec and spec.suspend),
        active=status.active if status else 0,
        succeeded=status.succeeded if status else 0,
        failed=status.failed if status else 0,
        backoff_limit=spec.backoff_limit if spec else None,
        finished=finished,
        finished_reason=context.shared[end.reason] if end else "",
        finished_message=message(end.message) if end else "",
        suspended_since=_since(pause),
        queue=meta.labels.get(QUEUE, ""),
        human=meta.labels.get(context.human, ""),
        allowance=overrides,
        ignored=ignored,
        hawk_version=hawk_version(wire, context.prefix),
    )
    return Entry(meta, record)


def _standing(conditions: Iterable[Condition] | None) -> dict[str, Condition]:
    """The conditions that are true, by type."""
    return {
        condition.type: condition for condition in conditions or () if condition.status == "True"
    }


def _since(condition: Condition | None) -> float | None:
    return at(condition.last_transition_time) if condition is not None else None


def _finished(ends: dict[str, Condition]) -> Literal["", "Complete", "Failed"]:
    if "Complete" in ends:
        return "Complete"
    return "Failed" if "Failed" in ends else ""


def namespace(wire: Object, context: Context) -> Entry[None]:
    """A namespace."""
    return Entry(meta_of(wire.metadata, context), None)


def event(wire: EventObject, context: Context) -> Entry[PodEvent] | None:
    """An event about something that an eval set consists of; None for any other."""
    subject, warning = wire.involved_object or wire.regarding, wire.type == "Warning"
    if subject is None:
        raise ValueError("an event about nothing")
    if subject.kind not in ABOUT or (wire.reason in ROUTINE and not warning):
        return None
    meta = meta_of(wire.metadata, context)
    record = PodEvent(
        context.shared[subject.namespace or meta.namespace],
        context.shared[f"{subject.kind}/{subject.name}"],
        context.shared[wire.reason],
        message(wire.message or wire.note),
        at=_last(wire, meta.created_at),
        count=max(1, wire.count or 0, wire.deprecated_count or 0, _series_count(wire)),
        warning=warning,
        first_at=at(wire.first_timestamp) or at(wire.event_time) or meta.created_at,
    )
    return Entry(meta, record)


def _last(wire: EventObject, created_at: float | None) -> float | None:
    """When it was seen last: which of the fields is set depends on who wrote it."""
    times = (
        wire.series.last_observed_time if wire.series else None,
        wire.last_timestamp,
        wire.deprecated_last_timestamp,
        wire.event_time,
        wire.first_timestamp,
    )
    return max((seconds for seconds in map(at, times) if seconds is not None), default=created_at)


def _series_count(wire: EventObject) -> int:
    return (wire.series.count or 0) if wire.series else 0


def node(wire: NodeObject, context: Context) -> Entry[Node]:
    """A node: whether its kubelet answers. One that doesn't say so is taken for ready."""
    meta = meta_of(wire.metadata, context)
    conditions = wire.status.conditions if wire.status else None
    ready = next((c for c in conditions or () if c.type == "Ready"), Condition(status="True"))
    record = Node(meta.name, ready.status == "True", _since(ready), context.shared[ready.reason])
    return Entry(meta, record)


def workload(wire: WorkloadObject, context: Context) -> Entry[Workload]:
    """A Workload of Kueue: waiting while the condition Admitted isn't true.

    Source: apis/kueue/v1beta2/workload_types.go (conditions QuotaReserved, Admitted, Finished).
    """
    meta = meta_of(wire.metadata, context)
    conditions = (wire.status.conditions if wire.status else None) or ()
    standing = _standing(conditions)
    reserved = next((c for c in conditions if c.type == "QuotaReserved"), Condition())
    record = Workload(
        meta.namespace,
        meta.name,
        meta.owner,
        context.shared[wire.spec.queue_name if wire.spec else ""],
        admitted="Admitted" in standing or "Finished" in standing,
        message=message(reserved.message) if reserved.status != "True" else "",
        since=_since(reserved) or meta.created_at,
    )
    return Entry(meta, record)


def usage(wire: UsageObject, context: Context) -> Entry[PodUsage]:
    """What a pod uses, summed over its containers.

    Raises:
        ValueError: a quantity is none.
    """
    meta = meta_of(wire.metadata, context)
    cores = [
        quantity((container.usage or {}).get("cpu", "0")) for container in wire.containers or ()
    ]
    if None in cores:
        raise ValueError("a CPU use that is no quantity")
    total = sum(core for core in cores if core is not None)
    return Entry(
        meta, PodUsage(meta.namespace, meta.name, total, at(wire.timestamp), _memory(wire))
    )


def _memory(wire: UsageObject) -> float | None:
    """Bytes that its containers use together; None where one doesn't say, or no quantity."""
    parts = [quantity((one.usage or {}).get("memory", "")) for one in wire.containers or ()]
    known = [part for part in parts if part is not None and part >= 0]
    return sum(known) if parts and len(known) == len(parts) else None
