"""From the API's pods to the model's."""

from watchdog.collect.kubernetes.objects import (
    SAMPLE_UUID,
    Context,
    Entry,
    Meta,
    at,
    message,
    meta_of,
)
from watchdog.collect.kubernetes.wire import (
    Condition,
    ContainerStatus,
    PodObject,
    PodSpec,
    PodStatus,
    Terminated,
)
from watchdog.model.cluster import Container, Pod, Termination

NO_STATUS, NO_SPEC = PodStatus(), PodSpec()


def pod(wire: PodObject, context: Context) -> Entry[Pod]:
    """A pod."""
    meta = meta_of(wire.metadata, context)
    return Entry(meta, _pod(meta, wire.spec or NO_SPEC, wire.status or NO_STATUS, context))


def _pod(meta: Meta, spec: PodSpec, status: PodStatus, context: Context) -> Pod:
    shared, labels = context.shared, meta.labels
    unschedulable, disrupted, ready = _conditions(status.conditions or ())
    return Pod(
        meta.namespace,
        meta.name,
        meta.uid,
        shared[status.phase],
        shared[status.reason],
        status.message and message(status.message),
        shared[spec.node_name],
        meta.created_at,
        meta.deleting_at,
        _containers(status, context),
        unschedulable,
        disrupted,
        ready,
        meta.owner,
        labels.get("inspect/service", ""),
        labels.get(context.sample_id, ""),
        labels.get(context.task_name, ""),
        labels.get(SAMPLE_UUID, ""),
    )


def _conditions(conditions: list[Condition] | tuple[()]) -> tuple[str, str, bool]:
    """The scheduler's message, the reason of a disruption, and whether the pod is ready."""
    unschedulable, disrupted, ready = "", "", False
    for condition in conditions:
        kind, true = condition.type, condition.status == "True"
        if kind == "Ready":
            ready = true
        elif kind == "DisruptionTarget" and true:
            disrupted = condition.reason
        elif condition.reason == "Unschedulable" and not true:
            unschedulable = message(condition.message) or condition.reason
    return unschedulable, disrupted, ready


def _containers(status: PodStatus, context: Context) -> tuple[Container, ...]:
    containers = status.container_statuses or []
    if status.init_container_statuses:
        containers = status.init_container_statuses + containers
    return tuple([_container(container, context) for container in containers])


def _container(wire: ContainerStatus, context: Context) -> Container:
    state, last = wire.state, wire.last_state
    waiting = state.waiting if state else None
    running = state.running if state else None
    return Container(
        context.shared[wire.name],
        wire.ready,
        wire.restart_count,
        context.shared[waiting.reason] if waiting else "",
        message(waiting.message) if waiting else "",
        at(running.started_at) if running else None,
        _termination(state.terminated, context) if state and state.terminated else None,
        _termination(last.terminated, context) if last and last.terminated else None,
    )


def _termination(wire: Terminated, context: Context) -> Termination:
    reason = context.shared[wire.reason]
    return Termination(reason, wire.exit_code, at(wire.finished_at), message(wire.message))
