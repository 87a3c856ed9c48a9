"""All readers together, in their threads, against a server on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders.kubernetes_objects import change, event, listing, meta, pod
from tests.doubles.kubernetes_api import FakeApi, FakeTime, error
from tests.doubles.kubernetes_server import Answer, Asked, Server, status
from watchdog.collect.kubernetes.cache import ClusterCache
from watchdog.collect.kubernetes.connection import Connection
from watchdog.collect.kubernetes.decoding import JOB, USAGE, Decoder
from watchdog.collect.kubernetes.object_cache import ObjectCache
from watchdog.collect.kubernetes.reflector import Environment
from watchdog.collect.kubernetes.resources import USAGE as USAGE_RESOURCE
from watchdog.collect.kubernetes.resources import ListQuery
from watchdog.collect.kubernetes.usage import UsagePoll
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import Job, PodUsage, ResourceKind

USED = {"metadata": meta("p"), "containers": [{"usage": {"cpu": "500m"}}]}
NAMES = {"pods", "jobs", "namespaces", "events", "metrics", "nodes", "workloads"}


def objects(asked: Asked) -> Answer:
    """One object of each kind in the namespace that is asked for; watches stay open."""
    if "watch=1" in asked.path:
        return Answer(body=b"", hold=True)
    path = asked.path.partition("?")[0]
    parts = path.split("/")
    namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts[:-1] else "ns"
    if path.startswith("/apis/metrics"):
        return Answer(body=listing(USED))
    if path.endswith("/events"):
        return Answer(body=listing(event("e")))
    if path.endswith("/namespaces"):
        _, chosen, name = asked.path.partition("metadata.name%3D")
        name = name.partition("&")[0] if chosen else "ns"
        return Answer(body=listing({"metadata": meta(name, "")}))
    return Answer(body=listing(pod("p", namespace)))


@contextmanager
def caching(
    server: Server, kubeconfig: Path, respond: Callable[[Asked], Answer], *namespaces: str
) -> Iterator[ClusterCache]:
    server.respond = respond
    settings = Kubernetes(kubeconfig=kubeconfig, namespaces=namespaces, timeout=5)
    connection, time = Connection(settings), FakeTime()
    cache = ClusterCache(connection, settings, Environment(time))
    cache.start()
    try:
        yield cache
    finally:
        connection.close()
        cache.stop()


def test_the_whole_cluster(server: Server, kubeconfig: Path) -> None:
    with caching(server, kubeconfig, objects) as cache:
        assert cache.wait_listed(10)
        cache_is_full(cache)
    paths = sorted({asked.path for asked in server.asked if "watch" not in asked.path})
    assert paths[0].startswith("/api/v1/events?fieldSelector=involvedObject.kind%21%3DNode%2C")
    assert paths[1] == "/api/v1/namespaces?limit=200"
    assert "labelSelector=app.kubernetes.io%2Fcomponent+in+%28runner%2Csandbox%29" in paths[3]


def cache_is_full(cache: ClusterCache) -> None:
    for kind in ("metrics", "nodes", "workloads"):
        assert cache.readers[kind, ""].object_cache.answered.wait(10)
    found = cache.snapshot()
    assert {kind for kind, _ in found.known} == NAMES
    assert list(found.pods) == [("ns", "p")]
    assert list(found.namespaces) == ["ns"]
    assert [one.reason for one in found.events] == ["BackOff"]
    assert found.usage["ns", "p"].cores == 0.5
    assert found.errors == {}
    assert (found.departed, found.given_up) == ((), ())
    assert found.knows("pods")
    assert found.knows("pods", "any")


def test_a_namespace_that_is_forbidden_hurts_no_other(server: Server, kubeconfig: Path) -> None:
    def respond(asked: Asked) -> Answer:
        forbidden = "/namespaces/b/" in asked.path and "/pods?" in asked.path
        return status(403, "no") if forbidden and "metrics" not in asked.path else objects(asked)

    with caching(server, kubeconfig, respond, "a", "b") as cache:
        assert not cache.wait_listed(10)
        found = cache.snapshot()
    assert list(found.pods) == [("a", "p")]
    assert list(found.jobs) == [("a", "p"), ("b", "p")]
    assert sorted(found.namespaces) == ["a", "b"]
    assert list(found.errors) == [("pods", "b")]
    assert "Role of namespace b" in found.errors["pods", "b"].text
    assert found.knows("pods", "a")
    assert not found.knows("pods", "b")
    assert not found.knows("pods")
    assert found.knows("jobs")


def test_a_kind_that_is_forbidden_hurts_no_other(server: Server, kubeconfig: Path) -> None:
    def respond(asked: Asked) -> Answer:
        return status(403, "no") if asked.path.startswith("/apis/batch") else objects(asked)

    with caching(server, kubeconfig, respond) as cache:
        assert not cache.wait_listed(10)
        found = cache.snapshot()
        assert "forbidden" in cache.drain_failures()
    assert 'resources: ["jobs"]' in found.errors["jobs", ""].text
    assert "ClusterRole" in found.errors["jobs", ""].text
    assert found.knows("pods")
    assert not found.knows("jobs")


@pytest.mark.parametrize(
    ("kind", "path", "code"),
    [
        ("metrics", "/apis/metrics", 404),
        ("workloads", "/apis/kueue", 404),
        ("nodes", "/api/v1/nodes", 403),
    ],
)
def test_what_can_be_done_without_is_no_failure(
    server: Server, kubeconfig: Path, kind: ResourceKind, path: str, code: int
) -> None:
    def respond(asked: Asked) -> Answer:
        return status(code, "no") if asked.path.startswith(path) else objects(asked)

    with caching(server, kubeconfig, respond) as cache:
        assert cache.wait_listed(10)
        assert cache.readers[kind, ""].object_cache.answered.wait(10)
        found = cache.snapshot()
        assert cache.drain_failures() == ()
    assert found.errors == {}
    assert not found.knows(kind)


def test_what_is_deleted_is_remembered_as_it_was_for_a_while() -> None:
    object_cache, decoder = ObjectCache[Job](), Decoder(JOB)
    (entry,) = decoder.page(listing({"metadata": meta("p")})).entries
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    last = decoder.change(
        change("DELETED", {"metadata": meta("p"), "status": {"conditions": [failed]}})
    )
    object_cache.put(entry, 1.0)
    object_cache.drop(last.key, last.entry, 2.0)
    (departed,) = object_cache.view().departed
    assert departed.record.finished == "Failed"
    assert not object_cache.view().objects
    object_cache.put(entry, 3.0)
    object_cache.replace({}, (), 2000.0)  # the watch was away when it was deleted
    object_cache.drop(("ns", "other"), None, 2001.0)
    assert [entry.record.finished for entry in object_cache.view().departed] == [""]


def test_watches_that_wait_end_when_it_stops(server: Server, kubeconfig: Path) -> None:
    with caching(server, kubeconfig, objects) as cache:
        assert cache.wait_listed(10)
        assert server.holding.wait(10)
        readers = list(cache.readers.values())
    assert all(reader.join(10) for reader in readers)


def test_a_snapshot_is_put_together_anew_only_after_a_change(
    server: Server, kubeconfig: Path
) -> None:
    with caching(server, kubeconfig, objects, "a", "b") as cache:
        assert cache.wait_listed(10)
        assert cache.snapshot().pods is cache.snapshot().pods


def test_use_is_polled_and_an_absent_api_looked_for_less_often() -> None:
    api, time = FakeApi(), FakeTime()
    api.answers = [error("not_found", 404), listing(USED), b"garbage", error("unauthorized", 401)]
    object_cache = ObjectCache[PodUsage]()
    poll = UsagePoll(api, ListQuery(USAGE_RESOURCE), object_cache, 60, time.environment)
    for _ in range(4):
        poll.step()
    assert time.pauses == [600, 60, 60, 60]
    assert object_cache.view().objects["ns", "p"].record.cores == 0.5
    assert object_cache.view().listed_at == 1600
    assert object_cache.drain_failures() == ("other", "unauthorized")


def test_a_page_of_usage_has_no_version() -> None:
    data = json.dumps({"kind": "PodMetricsList", "metadata": {}, "items": [USED]}).encode()
    assert len(Decoder(USAGE).page(data).entries) == 1
