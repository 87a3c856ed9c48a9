"""The objects of one eval set, and what is told of them elsewhere: made into one view."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field

from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.model.cluster import (
    ClusterView,
    Job,
    Namespace,
    Node,
    Pod,
    PodEvent,
    PodUsage,
    ResourceKind,
    Workload,
)
from watchdog.model.pod_reasons import EVICTION_EVENTS, NODE_NOT_READY

EVENTS_KEPT = 100
"""Events of an eval set that are kept: the newest of those that tell of trouble come first."""
_OF_JOB = re.compile(r"-[a-z0-9]{5}")
"""What a Job adds to its name for a pod's."""


class Objects(Struct, frozen=True):
    """The cluster's objects that matter, each with its metadata."""

    knows: Callable[[ResourceKind, str], bool]
    """Whether objects of a kind in a namespace are known; empty for cluster-wide ones."""
    jobs: Iterable[Entry[Job]] = ()
    pods: Iterable[Entry[Pod]] = ()
    namespaces: Iterable[Meta] = ()
    events: Iterable[PodEvent] = ()
    usage: Iterable[PodUsage] = ()
    nodes: Iterable[Node] = ()
    workloads: Iterable[Workload] = ()
    departed: Iterable[Entry[Job]] = ()
    """Jobs that were deleted lately."""
    given_up: Iterable[Entry[Pod]] = ()
    """Pods that were evicted lately and are gone."""
    missed: frozenset[str] = frozenset()
    """UIDs of what a listing lately was without, and no watch event told to be deleted."""


class EvalSetObjects(Struct):
    """The objects of one eval set, as they are gathered."""

    jobs: list[Job] = field(default_factory=list)
    runners: list[Pod] = field(default_factory=list)
    sandboxes: list[Pod] = field(default_factory=list)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    departed: list[Job] = field(default_factory=list)
    given_up: list[Pod] = field(default_factory=list)
    runner_namespace: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    """Annotations and labels about people and access."""


class Around:
    """What is told about pods and Jobs elsewhere, in order of where it is looked for."""

    def __init__(self, objects: Objects, eval_sets: Iterable[EvalSetObjects]) -> None:
        users = Counter(place for eval_set in eval_sets for place in _namespaces(eval_set))
        self.shared = {place for place, count in users.items() if count > 1}
        self.events: dict[str, list[PodEvent]] = defaultdict(list)
        for event in objects.events:
            self.events[event.namespace].append(event)
        self.usage = {(use.namespace, use.name): use for use in objects.usage}
        self.unready = {node.name: node for node in objects.nodes if not node.ready}
        self.workloads: dict[str, list[Workload]] = defaultdict(list)
        for workload in objects.workloads:
            self.workloads[workload.namespace].append(workload)


def view_of(
    eval_set: EvalSetObjects, around: Around, kinds: frozenset[ResourceKind], at: float
) -> ClusterView:
    """An eval set as the cluster shows it at `at`, of the kinds that are known."""
    runners = [(pod.namespace, pod.name) for pod in eval_set.runners]
    nodes = {pod.node for pod in (*eval_set.runners, *eval_set.sandboxes)}
    return ClusterView(
        at=at,
        known=kinds,
        jobs=tuple(eval_set.jobs),
        runners=tuple(eval_set.runners),
        sandboxes=tuple(eval_set.sandboxes),
        events=_most_telling(_own_events(eval_set, around)),
        usage=tuple(around.usage[key] for key in runners if key in around.usage),
        namespaces=tuple(eval_set.namespaces[name] for name in sorted(eval_set.namespaces)),
        nodes=tuple(around.unready[name] for name in sorted(nodes & around.unready.keys())),
        workloads=tuple(_own_workloads(eval_set, around)),
        departed=tuple(eval_set.departed),
        given_up=tuple(eval_set.given_up),
        runner_namespace=eval_set.runner_namespace,
        created_by=eval_set.notes.get("created-by", ""),
        email=eval_set.notes.get("email", ""),
        model_access=eval_set.notes.get("model-access", ""),
        team=eval_set.notes.get("team", ""),
    )


def _namespaces(eval_set: EvalSetObjects) -> set[str]:
    """Namespaces that are called after it, or hold its sandboxes."""
    return set(eval_set.namespaces) | {pod.namespace for pod in eval_set.sandboxes}


def _own_events(eval_set: EvalSetObjects, around: Around) -> Iterator[PodEvent]:
    """What was told of its objects, also of those that are gone or were never made."""
    own = _namespaces(eval_set) - around.shared
    for namespace in own:
        yield from around.events.get(namespace, ())
    pods = (*eval_set.runners, *eval_set.sandboxes)
    names = {f"Pod/{pod.name}" for pod in pods} | {f"Job/{job.name}" for job in eval_set.jobs}
    shared = {job.namespace for job in eval_set.jobs} | {pod.namespace for pod in pods}
    shared -= own
    for namespace in shared:
        for event in around.events.get(namespace, ()):
            if event.object in names or _is_pod_of(event.object, eval_set.jobs):
                yield event


def _is_pod_of(about: str, jobs: Iterable[Job]) -> bool:
    """Whether an event is about a pod of one of these Jobs, perhaps one that is gone."""
    return any(
        about.startswith(f"Pod/{job.name}-") and _OF_JOB.fullmatch(about[len(job.name) + 4 :])
        for job in jobs
    )


def _most_telling(events: Iterable[PodEvent]) -> tuple[PodEvent, ...]:
    """At most `EVENTS_KEPT`, in order of time."""
    by_weight = sorted(events, key=lambda event: (_tells(event), event.at or 0.0))
    return tuple(sorted(by_weight[-EVENTS_KEPT:], key=lambda event: event.at or 0.0))


def _tells(event: PodEvent) -> bool:
    return event.warning or event.reason in EVICTION_EVENTS or event.reason == NODE_NOT_READY


def _own_workloads(eval_set: EvalSetObjects, around: Around) -> Iterator[Workload]:
    """Kueue's objects for its Jobs and pods, while they wait."""
    jobs = {(job.namespace, f"Job/{job.name}") for job in eval_set.jobs}
    pods = {(p.namespace, f"Pod/{p.name}") for p in (*eval_set.runners, *eval_set.sandboxes)}
    places = {namespace for namespace, _ in jobs | pods}
    for place in sorted(places):
        for workload in around.workloads.get(place, ()):
            if not workload.admitted and (place, workload.owner) in jobs | pods:
                yield workload
