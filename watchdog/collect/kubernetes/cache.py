"""All that is known of the cluster, kept current by one reader for each kind and namespace."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct

from watchdog.collect.kubernetes import events
from watchdog.collect.kubernetes.api import Api
from watchdog.collect.kubernetes.decoding import (
    EVENT,
    JOB,
    NAMESPACE,
    NODE,
    POD,
    WORKLOAD,
    Decoder,
)
from watchdog.collect.kubernetes.decoding import Kind as KindOf
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.object_cache import ObjectCache, Trim, View
from watchdog.collect.kubernetes.objects import Entry, Key, Meta
from watchdog.collect.kubernetes.reflector import Environment, Reflector, Timing
from watchdog.collect.kubernetes.resources import (
    EVENTS,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    USAGE,
    WORKLOADS,
    ListQuery,
    Resource,
)
from watchdog.collect.kubernetes.usage import UsagePoll
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import (
    Job,
    Node,
    Pod,
    PodEvent,
    PodUsage,
    ResourceKind,
    Workload,
)
from watchdog.model.verdict import Problem

R = TypeVar("R")

Scope = tuple[ResourceKind, str]
"""A kind and a namespace, which is empty where the whole cluster is read."""

WATCHED: tuple[tuple[Resource, KindOf[Any, Any], Trim[Any] | None], ...] = (
    (PODS, POD, None),
    (JOBS, JOB, None),
    (NAMESPACES, NAMESPACE, None),
    (EVENTS, EVENT, events.trim),
    (NODES, NODE, None),
    (WORKLOADS, WORKLOAD, None),
)
OPTIONAL: frozenset[ResourceKind] = frozenset({"metrics", "nodes", "workloads"})
"""What can be done without: there may be no metrics server and no Kueue, nodes may be hidden."""

STOP_SECONDS = 2.0


class Selectors(Struct, frozen=True):
    """Label selectors: only what they select leaves the API server."""

    pods: str = "app.kubernetes.io/component in (runner,sandbox)"
    jobs: str = "app.kubernetes.io/component=runner"
    usage: str = "app.kubernetes.io/component=runner"


class ClusterSnapshot(Struct, frozen=True):
    """What is known of the cluster at one instant. Made of immutable parts."""

    pods: Mapping[Key, Entry[Pod]]
    jobs: Mapping[Key, Entry[Job]]
    namespaces: Mapping[str, Meta]
    events: tuple[PodEvent, ...]
    """Newest last."""
    usage: Mapping[Key, PodUsage]
    nodes: Mapping[Key, Entry[Node]]
    workloads: Mapping[Key, Entry[Workload]]
    departed: tuple[Entry[Job], ...]
    """Jobs that were deleted lately."""
    given_up: tuple[Entry[Pod], ...]
    """Pods that were evicted lately and are gone: an eviction by the API leaves no event."""
    missed: frozenset[str]
    """UIDs of pods, Jobs and namespaces that a listing was without, and no event told deleted."""
    known: frozenset[Scope]
    """What has been listed in full at least once."""
    errors: Mapping[Scope, ApiError]
    """What can't be read now, and why; what can be done without isn't among it."""
    confirmed_at: Mapping[Scope, float]
    """When each was last known to be current."""
    problems: tuple[Problem, ...] = ()
    """Objects that could not be read."""

    def knows(self, kind: ResourceKind, namespace: str = "") -> bool:
        """Whether objects of a kind are known, in one namespace or everywhere."""
        return self.confirmed(kind, namespace) is not None

    def confirmed(self, kind: ResourceKind, namespace: str = "") -> float | None:
        """When a kind was last known to be current in a namespace, or everywhere."""
        at = self.confirmed_at.get((kind, "")) or self.confirmed_at.get((kind, namespace))
        if at is not None or namespace:
            return at
        return self._confirmed_in_all(kind)

    def _confirmed_in_all(self, kind: ResourceKind) -> float | None:
        scopes = [scope for scope in (*self.known, *self.errors) if scope[0] == kind]
        times = [self.confirmed_at[scope] for scope in scopes if scope in self.confirmed_at]
        return min(times) if times and len(times) == len(scopes) else None


class ClusterCache:
    """Reads the cluster in threads of its own; `snapshot` never waits."""

    def __init__(
        self,
        api: Api,
        settings: Kubernetes,
        environment: Environment,
        selectors: Selectors | None = None,
        usage_interval: float | None = 60,
    ) -> None:
        self._api = api
        self._settings = settings
        self._environment = environment
        self._selectors = selectors or Selectors()
        self._merged: dict[ResourceKind, tuple[tuple[int, ...], dict[Key, Entry[Any]]]] = {}
        self.readers: dict[Scope, Reflector[Any] | UsagePoll] = dict(self._reflectors())
        if usage_interval is not None:
            self.readers.update(self._polls(usage_interval))

    def start(self) -> None:
        """Begin to read."""
        for reader in self.readers.values():
            reader.start()

    def stop(self) -> None:
        """End within seconds. The connection is closed by its owner, best before this."""
        for reader in self.readers.values():
            reader.stop()
        for reader in self.readers.values():
            reader.join(STOP_SECONDS)

    def wait_listed(self, timeout: float) -> bool:
        """Wait until each kind has been listed or refused; whether all that is needed is listed."""
        deadline = self._environment.clock() + timeout
        for reader in self.readers.values():
            reader.object_cache.answered.wait(max(0.0, deadline - self._environment.clock()))
        listed = self.snapshot().known
        return all(scope in listed for scope in self.readers if scope[0] not in OPTIONAL)

    def drain_failures(self) -> tuple[str, ...]:
        """Short reasons of the reads that failed since the last call."""
        return tuple(chain(*(r.object_cache.drain_failures() for r in self.readers.values())))

    def snapshot(self) -> ClusterSnapshot:
        """What is known now."""
        views = {scope: reader.object_cache.view() for scope, reader in self.readers.items()}
        return ClusterSnapshot(
            self._of("pods", views),
            self._of("jobs", views),
            {name: entry.meta for (_, name), entry in self._of("namespaces", views).items()},
            events.in_order(self._of("events", views)),
            {key: entry.record for key, entry in self._of("metrics", views).items()},
            self._of("nodes", views),
            self._of("workloads", views),
            tuple(_departed(views, "jobs")),
            tuple(pod for pod in _departed(views, "pods") if pod.record.eviction),
            frozenset(_missed(views)),
            frozenset(scope for scope, view in views.items() if view.listed_at is not None),
            {s: v.error for s, v in views.items() if v.error and s[0] not in OPTIONAL},
            {s: v.confirmed_at for s, v in views.items() if v.confirmed_at is not None},
            tuple(chain(*(view.problems for view in views.values()))),
        )

    def _of(self, kind: ResourceKind, views: Mapping[Scope, View[Any]]) -> Mapping[Key, Entry[Any]]:
        """All of a kind; put together anew only where something has changed."""
        parts = [view for scope, view in views.items() if scope[0] == kind]
        if len(parts) == 1:
            return parts[0].objects
        generations = tuple(view.generation for view in parts)
        merged = self._merged.get(kind)
        if merged is None or merged[0] != generations:
            merged = generations, dict(chain(*(view.objects.items() for view in parts)))
            self._merged[kind] = merged
        return merged[1]

    def _reflectors(self) -> Iterator[tuple[Scope, Reflector[Any]]]:
        settings = self._settings
        timing = Timing(settings.watch_timeout, settings.relist_interval, settings.page_size)
        for resource, kind, trim in WATCHED:
            for namespace in ("",) if resource is NODES else self._namespaces:
                query = self._query(resource, namespace)
                decoder, object_cache = Decoder(kind, settings.label_prefix), ObjectCache(trim)
                reflector = Reflector(
                    self._api,
                    query,
                    decoder,
                    object_cache,
                    timing,
                    self._environment,
                    optional=kind.name in OPTIONAL,
                )
                yield (kind.name, namespace), reflector

    def _polls(self, interval: float) -> Iterator[tuple[Scope, UsagePoll]]:
        for namespace in self._namespaces:
            query = self._query(USAGE, namespace)
            poll = UsagePoll(self._api, query, ObjectCache[PodUsage](), interval, self._environment)
            yield ("metrics", namespace), poll

    @property
    def _namespaces(self) -> Iterable[str]:
        return self._settings.namespaces or ("",)

    def _query(self, resource: Resource, namespace: str) -> ListQuery:
        if resource is NAMESPACES:
            by_name = (("fieldSelector", f"metadata.name={namespace}"),) if namespace else ()
            return ListQuery(resource, name=namespace, query=by_name)
        if resource is EVENTS:
            return ListQuery(resource, namespace, query=(("fieldSelector", events.SELECTOR),))
        selectors = {
            PODS: self._selectors.pods,
            JOBS: self._selectors.jobs,
            USAGE: self._selectors.usage,
        }
        selector = selectors.get(resource, "")
        return ListQuery(
            resource, namespace, query=(("labelSelector", selector),) if selector else ()
        )


def _missed(views: Mapping[Scope, View[Any]]) -> Iterator[str]:
    kinds = {"pods", "jobs", "namespaces"}
    return chain.from_iterable(view.missed for scope, view in views.items() if scope[0] in kinds)


def _departed(views: Mapping[Scope, View[Any]], kind: ResourceKind) -> Iterator[Entry[Any]]:
    """What of a kind was deleted lately."""
    return chain.from_iterable(view.departed for scope, view in views.items() if scope[0] == kind)
