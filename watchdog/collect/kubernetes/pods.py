"""From the API's pods to the model's."""

from watchdog.collect.kubernetes.objects import (
    INSTANCE,
    QUEUE,
    SAMPLE_UUID,
    Context,
    Entry,
    Meta,
    at,
    message,
    meta_of,
)
from watchdog.collect.kubernetes.requests import requests_of
from watchdog.collect.kubernetes.wire import (
    Condition,
    ContainerStatus,
    PodObject,
    PodSpec,
    PodStatus,
    Terminated,
)
from watchdog.model.cluster import Container, Pod, Termination
from watchdog.model.texts import cut

NO_STATUS, NO_SPEC = PodStatus(), PodSpec()
NOTHING = Condition()
GATED = "SchedulingGated"
"""Reason of the condition PodScheduled=False of a pod with gates."""
GATES_LIMIT = 200
"""Characters of the names of a pod's scheduling gates."""


def pod(wire: PodObject, context: Context) -> Entry[Pod]:
    """A pod."""
    meta = meta_of(wire.metadata, context)
    return Entry(meta, _pod(meta, wire.spec or NO_SPEC, wire.status or NO_STATUS, context))


def _pod(meta: Meta, spec: PodSpec, status: PodStatus, context: Context) -> Pod:
    shared, labels = context.shared, meta.labels
    scheduled, disrupted, ready = _conditions(status.conditions or ())
    waits = scheduled.status == "False"
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
        _unschedulable(scheduled),
        shared[disrupted.reason] if disrupted.status == "True" else "",
        ready.status == "True",
        meta.owner,
        labels.get("inspect/service", ""),
        labels.get(context.sample_id, ""),
        labels.get(context.task_name, ""),
        labels.get(SAMPLE_UUID, ""),
        labels.get(INSTANCE, ""),
        _gates(spec, scheduled),
        labels.get(QUEUE, ""),
        at(scheduled.last_transition_time) if waits else None,
        at(disrupted.last_transition_time) if disrupted.status == "True" else None,
        at(ready.last_transition_time) if ready.status == "False" else None,
        at(scheduled.last_transition_time) if scheduled.status == "True" else None,
        requests_of(spec) if spec.containers is not None else None,
    )


def _conditions(
    conditions: list[Condition] | tuple[()],
) -> tuple[Condition, Condition, Condition]:
    """Whether it is scheduled, given up, and ready; one that isn't told has no status."""
    scheduled, disrupted, ready = NOTHING, NOTHING, NOTHING
    for condition in conditions:
        if condition.type == "Ready":
            ready = condition
        elif condition.type == "DisruptionTarget":
            disrupted = condition
        elif condition.type == "PodScheduled":
            scheduled = condition
    return scheduled, disrupted, ready


def _unschedulable(scheduled: Condition) -> str:
    """The scheduler's message where it found no node."""
    if scheduled.reason != "Unschedulable" or scheduled.status == "True":
        return ""
    return message(scheduled.message) or scheduled.reason


def _gates(spec: PodSpec, scheduled: Condition) -> str:
    """What holds it back from the scheduler; empty where nothing does."""
    names = ", ".join(gate.name for gate in spec.scheduling_gates or ())
    if not names and scheduled.reason != GATED:
        return ""
    return cut(message(names), GATES_LIMIT) or GATED


def _containers(status: PodStatus, context: Context) -> tuple[Container, ...]:
    containers = status.container_statuses or ()
    ready = tuple([_container(container, context) for container in containers])
    if not status.init_container_statuses:
        return ready
    inits = status.init_container_statuses
    return (*(_container(container, context, is_init=True) for container in inits), *ready)


def _container(wire: ContainerStatus, context: Context, *, is_init: bool = False) -> Container:
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
        is_init,
    )


def _termination(wire: Terminated, context: Context) -> Termination:
    reason = context.shared[wire.reason]
    return Termination(reason, wire.exit_code, at(wire.finished_at), message(wire.message))
