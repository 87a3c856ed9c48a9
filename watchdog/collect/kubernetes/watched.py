"""The cluster as a source sees it: the cache's threads behind one awaitable call."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.inspect.task_reads import LEAST_SECONDS
from watchdog.collect.kubernetes.cache import ClusterCache, ClusterSnapshot
from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.export import read_logs
from watchdog.collect.kubernetes.logs import read_log
from watchdog.collect.kubernetes.reflector import Clock, Environment
from watchdog.collect.kubernetes.runner_logs import Read, RunnerLogs
from watchdog.collect.kubernetes.source import ClusterSource, ClusterState
from watchdog.collect.stores.folder import FolderStore
from watchdog.collect.stores.objects import Store
from watchdog.collect.stores.opening import open_store
from watchdog.config.settings import Settings
from watchdog.model.cluster import Pod, ResourceKind

PLACE = "{eval_set_id}"
NEEDED: tuple[ResourceKind, ...] = ("pods", "jobs")


class WatchedCluster:
    """Implements the source's `Cache`; it begins to read at the first call."""

    def __init__(
        self, connection: Connection, cache: ClusterCache, first_listing_timeout: float
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._first_listing_timeout = first_listing_timeout
        self._started = False

    async def state(self, now: float) -> ClusterState:
        """What the cluster shows; the first call waits for the first listing."""
        if not self._started:
            self._started = True
            self._cache.start()
            await asyncio.to_thread(self._cache.wait_listed, self._first_listing_timeout)
        snapshot = await asyncio.to_thread(self._cache.snapshot)  # copies what has changed
        return ClusterState(
            objects=objects_of(snapshot),
            confirmed_at=confirmed_at(snapshot, now),
            listed=all(any(s[0] == kind for s in snapshot.known) for kind in NEEDED),
            errors=tuple(snapshot.errors.values()),
            problems=snapshot.problems,
            failures=self._cache.drain_failures(),
        )

    async def aclose(self) -> None:
        """Stop watching."""
        await asyncio.to_thread(self._connection.close)
        await asyncio.to_thread(self._cache.stop)


def objects_of(snapshot: ClusterSnapshot) -> Objects:
    """A snapshot as discovery takes it."""

    def knows(kind: ResourceKind, namespace: str) -> bool:
        return (kind, "") in snapshot.known or (kind, namespace) in snapshot.known

    return Objects(
        knows=knows,
        jobs=snapshot.jobs.values(),
        pods=snapshot.pods.values(),
        namespaces=snapshot.namespaces.values(),
        events=snapshot.events,
        usage=snapshot.usage.values(),
        nodes=[entry.record for entry in snapshot.nodes.values()],
        workloads=[entry.record for entry in snapshot.workloads.values()],
        departed=snapshot.departed,
        given_up=snapshot.given_up,
        missed=snapshot.missed,
    )


def confirmed_at(snapshot: ClusterSnapshot, now: float) -> float:
    """When pods and jobs were last known to be current: now, while their watches stand.

    What is forbidden was never known, so it makes nothing else old.
    """
    scopes = [
        scope
        for scope, error in snapshot.errors.items()
        if scope[0] in NEEDED and error.reason != "forbidden"
    ]
    return min((snapshot.confirmed_at.get(scope, now) for scope in scopes), default=now)


def open_cluster(
    settings: Settings, options: LogsOptions, clock: Clock, only: Iterable[str] = ()
) -> ClusterSource:
    """The source for the configured cluster and its store.

    Raises:
        ConfigError: no credentials for the cluster.
        StoreError: the store's address is none, or no credentials for it.
    """
    connection = Connection(settings.kubernetes)
    cache = ClusterCache(connection, settings.kubernetes, Environment(clock))
    return ClusterSource(
        WatchedCluster(connection, cache, settings.kubernetes.timeout),
        settings.kubernetes,
        Shelves(settings, options).open,
        RunnerLogs(
            reader(connection),
            settings.kubernetes.container,
            settings.kubernetes.log_bytes,
            partial(read_logs, connection) if settings.kubernetes.logs else None,
        ),
        settings.concurrency,
        frozenset(only),
        max(LEAST_SECONDS, options.poll_limits.seconds),
    )


def reader(connection: Connection) -> Read:
    """Reads pods' logs through a connection."""

    def read(pod: Pod, container: str, since: float | None, limit: int, previous: bool) -> bytes:
        since_time = datetime.fromtimestamp(since, UTC) if since is not None else None
        return read_log(
            connection,
            pod.namespace,
            pod.name,
            container,
            since_time=since_time,
            limit_bytes=limit,
            previous=previous,
        )

    return read


class Shelves:
    """Where eval sets have their logs: one store for all, a folder for each."""

    def __init__(self, settings: Settings, options: LogsOptions) -> None:
        self._options = options
        self._root: Store | None = None
        self._folder = PLACE
        if settings.kubernetes.store is not None:
            root, self._folder = split_template(settings.kubernetes.store)
            self._root = open_store(root, settings.s3, options.concurrency)

    def open(self, eval_set_id: str) -> LogsSource | None:
        """The logs of an eval set; None where no store is configured."""
        if self._root is None:
            return None
        folder = folder_of(self._folder, eval_set_id)
        options = LogsOptions(
            listing_interval=self._options.listing_interval,
            concurrency=self._options.concurrency,
            max_member_bytes=self._options.max_member_bytes,
            sqlite=False,
            poll_limits=self._options.poll_limits,
            newest_first=self._options.newest_first,
            eval_set_id=eval_set_id,
            rhythm=self._options.rhythm,
        )
        return LogsSource(FolderStore(self._root, folder), options)


def split_template(template: str) -> tuple[str, str]:
    """`s3://bucket/evals/{eval_set_id}` as root and folder; without a place the id is appended."""
    if PLACE not in template:
        return template.rstrip("/"), PLACE
    before = template.partition(PLACE)[0]
    root = before.rpartition("/")[0]
    return root, template[len(root) :].strip("/")


def folder_of(template: str, eval_set_id: str) -> str:
    """An eval set's folder, which may lie some folders deep; an id can't lead out of it."""
    parts = eval_set_id.split("/")
    if "\0" in eval_set_id or not {"", ".", ".."}.isdisjoint(parts):
        eval_set_id = quote(eval_set_id, safe="", errors="surrogatepass").replace(".", "%2E")
    return template.replace(PLACE, eval_set_id)
