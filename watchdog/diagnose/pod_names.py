"""Names of pods and containers for commands: the right one, or none."""

from collections.abc import Iterable, Iterator

from watchdog.diagnose.applicable import Surroundings
from watchdog.diagnose.sandboxes import DNS_CONTAINER, MAIN, sandboxes_of, unclaimed
from watchdog.model import pod_reasons
from watchdog.model.cluster import ClusterView, Container, Pod
from watchdog.model.verdict import Cause


def pod_names(around: Surroundings) -> Iterator[tuple[str, str]]:
    """What each placeholder of the cluster's stands for, as it is; empty where unknown."""
    if not around.local:
        yield from _runner(around.state.view or ClusterView(0.0))
    if around.state.view is not None:
        yield from _sandbox(around, around.state.view)
        yield from _troubled(around, around.state.view)


def _runner(view: ClusterView) -> Iterator[tuple[str, str]]:
    yield "<runner-namespace>", view.runner_namespace
    yield "<runner-pod>", _newest(view.runners)
    yield "<runner-container>", view.runner_container


def _sandbox(around: Surroundings, view: ClusterView) -> Iterator[tuple[str, str]]:
    """The sample's own sandbox, its main service first; its namespace in any case."""
    own = _own_sandboxes(around)
    first = _main_pod(own)
    namespaces = {pod.namespace for pod in own or view.sandboxes}
    yield "<sandbox-namespace>", min(namespaces) if len(namespaces) == 1 else ""
    if first is not None:
        yield "<sandbox-pod>", first.name
        yield "<sandbox-container>", _main_container(first)


def _own_sandboxes(around: Surroundings) -> tuple[Pod, ...]:
    """The pods that certainly serve the stuck sample."""
    if around.task is None or around.sample is None:
        return ()
    return sandboxes_of(around.state, around.task.state, around.sample.state)


def _main_pod(pods: Iterable[Pod]) -> Pod | None:
    def rank(pod: Pod) -> tuple[bool, bool, float]:
        return pod.is_live, pod.service == MAIN, pod.created_at or 0.0

    return max(pods, key=rank, default=None)


def _main_container(pod: Pod) -> str:
    names = [container.name for container in pod.containers if container.name != DNS_CONTAINER]
    return MAIN if MAIN in names or not names else names[-1]


def _troubled(around: Surroundings, view: ClusterView) -> Iterator[tuple[str, str]]:
    """The pod in the trouble that the cause names: of the sample or of its runner, no other's."""
    candidates = (
        (*_own_sandboxes(around), *view.runners)
        if around.sample is not None
        else (*view.runners, *unclaimed(around.state))
    )
    troubled = next((pod for pod in candidates if _shows(pod, around.cause)), None)
    refused = _refused_in(view) if around.cause is Cause.POD_REJECTED else ""
    place = troubled.namespace if troubled else refused or view.runner_namespace
    yield "<namespace>", place
    if troubled is None:
        return
    yield "<pod>", troubled.name
    yield "<node>", troubled.node
    names = [c.name for c in troubled.containers if _container_shows(c, around.cause)]
    yield "<container>", names[0] if names else ""


def _refused_in(view: ClusterView) -> str:
    """The namespace in which a pod was refused last."""
    refusals = [event for event in view.events if event.reason == pod_reasons.REFUSED]
    return refusals[-1].namespace if refusals else ""


def _newest(pods: Iterable[Pod]) -> str:
    live = sorted(pods, key=lambda pod: (pod.is_live, pod.created_at or 0.0))
    return live[-1].name if live else ""


def _shows(pod: Pod, cause: Cause) -> bool:
    """Whether this pod is the one in the trouble that the cause names."""
    if cause is Cause.UNSCHEDULABLE:
        return bool(pod.unschedulable)
    if cause is Cause.EVICTED:
        return bool(pod.eviction)
    if cause is Cause.NODE_NOT_READY:
        return bool(pod.node) and not pod.ready
    if cause is Cause.CONTAINER_START and pod.phase == "Pending" and not pod.containers:
        return bool(pod.node)
    return any(_container_shows(container, cause) for container in pod.containers)


def _container_shows(container: Container, cause: Cause) -> bool:
    if cause is Cause.IMAGE_PULL:
        return container.waiting in pod_reasons.IMAGE_PULL
    if cause is Cause.CRASH_LOOP:
        return container.waiting in pod_reasons.CRASH_LOOP
    if cause is Cause.CONTAINER_START:
        others = pod_reasons.IMAGE_PULL | pod_reasons.CRASH_LOOP
        return bool(container.waiting) and container.waiting not in others
    ends = (container.terminated, container.last_terminated)
    return cause is Cause.OOM_KILLED and any(
        end is not None and end.reason == pod_reasons.OOM_KILLED for end in ends
    )
