"""What keeps one pod from starting, or from answering: its conditions, its containers, its node.

What is listed is what is normal, not what is bad: a container that waits for any other reason is in
trouble, whatever the reason is called.
"""

from collections.abc import Iterable, Iterator

from watchdog.diagnose.context import CauseFinding, Finding
from watchdog.model import pod_reasons
from watchdog.model.cluster import ClusterView, Container, Pod, PodEvent
from watchdog.model.instants import latest
from watchdog.model.state import PodDeath
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import Length, Since, told
from watchdog.model.verdict import Cause, Evidence


def pod_trouble(
    now: float, limits: Thresholds, view: ClusterView, pod: Pod, subject: str
) -> CauseFinding | None:
    """What keeps a pod from starting, or its node from answering; None where nothing does.

    Args:
        now: seconds since the epoch.
        limits: the rules' thresholds.
        view: what else the cluster tells: events about the pod, and its node.
        pod: one that is Terminating is in trouble only where its node is.
        subject: what it is, for people.
    """
    if pod.gates:
        return None  # it waits for capacity (`capacity.py`)
    node = [*_node_trouble(now, limits, view, pod, subject)]
    if pod.deleting_at is not None:
        return node[0] if node else None
    troubles = [
        *node,
        *_unschedulable(now, limits, pod, subject),
        *_containers(now, limits, pod, subject),
        *_creation(now, limits, view, pod, subject),
    ]
    return max(troubles, key=lambda trouble: trouble[1].suspicion, default=None)


def _unschedulable(
    now: float, limits: Thresholds, pod: Pod, subject: str
) -> Iterator[CauseFinding]:
    if pod.unschedulable and pod.phase == "Pending":
        text = f"{subject} {pod.name} can't be scheduled: {pod.unschedulable}"
        since = pod.scheduling_since or pod.created_at
        yield Cause.UNSCHEDULABLE, aged(now, since, limits.unschedulable, text)


def _node_trouble(
    now: float, limits: Thresholds, view: ClusterView, pod: Pod, subject: str
) -> Iterator[CauseFinding]:
    """Its node is NotReady, as the node says or the events about its pods."""
    node = next((node for node in view.nodes if node.name == pod.node), None)
    if node is not None and not node.ready:
        reason = f" ({node.reason})" if node.reason else ""
        text = f"node {node.name} of {subject} {pod.name} isn't ready{reason}"
        yield Cause.NODE_NOT_READY, aged(now, node.since, limits.node_not_ready, text)
        return
    event = _newest(_about(view, pod, {pod_reasons.NODE_NOT_READY}))
    if "nodes" not in view.known and event is not None and not pod.ready and pod.node:
        since = pod.unready_since or event.first_at or event.at
        text = f"node {pod.node} of {subject} {pod.name} isn't ready: {event.message}"
        yield Cause.NODE_NOT_READY, aged(now, since, limits.node_not_ready, text)


def _containers(now: float, limits: Thresholds, pod: Pod, subject: str) -> Iterator[CauseFinding]:
    for container in pod.containers:
        trouble = _container_trouble(now, limits, pod, container, subject)
        if trouble is not None:
            yield trouble


def _container_trouble(
    now: float, limits: Thresholds, pod: Pod, container: Container, subject: str
) -> CauseFinding | None:
    reason = container.waiting
    if reason in pod_reasons.NORMAL_WAITS:
        return None
    where = f"{subject} {pod.name}, container {container.name}"
    end = container.last_terminated
    since = latest(pod.placed_at, end.finished_at if end else None)
    if reason in pod_reasons.CRASH_LOOP:
        why = f", last {end.reason} with exit code {end.exit_code}" if end else ""
        text = f"{where}: {reason} after {container.restarts} restarts{why}"
        out_of_memory = end is not None and end.reason == pod_reasons.OOM_KILLED
        cause = Cause.OOM_KILLED if out_of_memory else Cause.CRASH_LOOP
        return cause, aged(now, pod.placed_at, limits.pod_waiting, text)
    text = f"{where}: {reason} {container.waiting_message}"
    cause = Cause.IMAGE_PULL if reason in pod_reasons.IMAGE_PULL else Cause.CONTAINER_START
    return cause, aged(now, since, limits.pod_waiting, text)


def _creation(
    now: float, limits: Thresholds, view: ClusterView, pod: Pod, subject: str
) -> Iterator[CauseFinding]:
    """It has been scheduled, and its containers are still being created: mounts, network, images.

    An init container that runs is no creation, but it keeps the others from it just so.
    """
    waiting = [c for c in pod.containers if c.waiting in pod_reasons.NORMAL_WAITS and _waits(c)]
    creating = bool(waiting) or (bool(pod.node) and not pod.containers)
    if pod.phase != "Pending" or pod.unschedulable or not creating:
        return
    failure = _newest(_about(view, pod, pod_reasons.START_FAILURES))
    since = pod.placed_at
    if failure is not None and _is_recent(now, limits, failure):
        text = f"{subject} {pod.name}: {failure.reason} (x{failure.count}): {failure.message}"
        yield Cause.CONTAINER_START, aged(now, since, limits.pod_creating, text)
        return
    init = next((c for c in pod.containers if c.is_init and c.running_since is not None), None)
    what = f"init container {init.name} runs on" if init else _waiting_words(waiting)
    text = f"{subject} {pod.name}: {what}, and nothing tells why"
    yield Cause.CONTAINER_START, aged(now, since, limits.pod_creating_silent, text)


def _waits(container: Container) -> bool:
    return not container.is_init and container.running_since is None and not container.terminated


def _waiting_words(waiting: list[Container]) -> str:
    reasons = sorted({container.waiting for container in waiting} - {""})
    return ", ".join(reasons) or "its containers aren't created"


def _is_recent(now: float, limits: Thresholds, event: PodEvent) -> bool:
    """Whether what failed fails still: the kubelet tries and tells again within minutes."""
    return event.at is None or now - event.at < limits.pod_creating


def _about(view: ClusterView, pod: Pod, reasons: Iterable[str]) -> list[PodEvent]:
    """Warnings about this very pod, oldest first."""
    names = frozenset(reasons)
    return [
        event
        for event in view.events
        if event.warning
        and (event.namespace, event.object) == (pod.namespace, f"Pod/{pod.name}")
        and event.reason in names
        and (event.at is None or pod.created_at is None or event.at >= pod.created_at)
    ]


def _newest(events: list[PodEvent]) -> PodEvent | None:
    return events[-1] if events else None


def aged(now: float, since: float | None, limit: float, text: str) -> Finding:
    """Trouble that lasts since `since` and is told after `limit` seconds."""
    age = now - since if since is not None else 0.0
    span = Since(since) if since is not None else Length(0.0)
    evidence = (Evidence("pod", told("{} (for {})", text.strip(), span), since),)
    return Finding(age / limit, since, evidence)


def cause_of_death(death: PodDeath) -> Cause | None:
    """The cause that a death tells by itself; None for an exit that tells nothing."""
    if death.reason == pod_reasons.OOM_KILLED:
        return Cause.OOM_KILLED
    told = pod_reasons.EVICTIONS | pod_reasons.EVICTION_EVENTS
    return Cause.EVICTED if death.reason in told else None


def death_evidence(death: PodDeath, role: str) -> Evidence:
    """How a pod, or a container of it, ended."""
    code = f" with exit code {death.exit_code}" if death.exit_code is not None else ""
    container = f", container {death.container}" if death.container else ""
    why = _EXITS.get(death.exit_code or 0, "") if death.reason != pod_reasons.OOM_KILLED else ""
    return Evidence(
        "pod", f"{role} {death.pod}{container} ended: {death.reason}{code}{why}", death.at
    )


_EXITS = {
    pod_reasons.KILLED_EXIT_CODE: " (killed: out of memory, or its grace period ran out)",
    pod_reasons.CONFIG_EXIT_CODE: " (a configuration that can't work)",
}
