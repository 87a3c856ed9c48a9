"""One eval set's objects as files: all of its own, none of another's, and no secrets."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.kubernetes_api import error
from watchdog.collect.kubernetes.connection import Reply
from watchdog.collect.kubernetes.errors import ApiError
from watchdog.collect.kubernetes.export import LAST_APPLIED, export, read_logs
from watchdog.collect.kubernetes.files import read_view
from watchdog.collect.kubernetes.resources import ListQuery
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import Container, Namespace, Pod

PREFIX = "inspect-ai.metr.org/"
NOW = 1_795_420_800.0  # 2026-11-23T08:00:00Z
AT = "2026-11-23T07:00:00Z"
LINE = "2026-11-23T07:00:00.000000001Z hello\n"


def meta(name: str, namespace: str, job_id: str, component: str) -> dict[str, Any]:
    app = "hawk" if component == "runner" else "agent-env"
    labels = {"app.kubernetes.io/name": app, "app.kubernetes.io/component": component}
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "creationTimestamp": AT,
        "labels": labels | {f"{PREFIX}job-id": job_id},
        "annotations": {LAST_APPLIED: "{all of it}", f"{PREFIX}email": "a@b.c"},
        "managedFields": [{"manager": "kubectl"}],
    }


def pod(name: str, namespace: str, job_id: str, component: str = "runner") -> dict[str, Any]:
    env = [
        {"name": "TOKEN", "value": "s3cret"},
        {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "k"}}},
    ]
    container = {"name": "inspect-eval-set", "image": "i", "env": env}
    return {
        "metadata": meta(name, namespace, job_id, component),
        "spec": {"containers": [container], "initContainers": [{"name": "init", "env": env}]},
        "status": {"phase": "Running"},
    }


def job(name: str, namespace: str, job_id: str) -> dict[str, Any]:
    template = pod("", "", job_id)
    spec = {"backoffLimit": 3, "template": {"spec": template["spec"]}}
    return {"metadata": meta(name, namespace, job_id, "runner"), "spec": spec, "status": {}}


def event(name: str, namespace: str, about: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": AT},
        "involvedObject": {"kind": "Pod", "name": about, "namespace": namespace},
        "reason": "BackOff",
        "type": "Warning",
        "message": "m",
        "lastTimestamp": AT,
    }


def shared_namespace() -> dict[str, list[dict[str, Any]]]:
    """The older layout: the runners of `one` and `two` in one namespace."""
    return {
        "namespaces": [{"metadata": {"name": name}} for name in ("inspect", "one", "two")],
        "jobs": [job("one", "inspect", "one"), job("two", "inspect", "two")],
        "pods": [
            pod("one-abc", "inspect", "one"),
            pod("two-abc", "inspect", "two"),
            pod("agent-env-x", "one", "one", "sandbox"),
            pod("agent-env-y", "two", "two", "sandbox"),
        ],
        "events": [
            event("e1", "inspect", "one-abc"),
            event("e2", "inspect", "two-abc"),
            event("e3", "one", "agent-env-x"),
            event("e4", "inspect", "elsewhere"),
        ],
    }


class Cluster:
    """An API server's stand-in: pages of lists, logs, and what it refuses. Implements `Api`."""

    def __init__(self, lists: dict[str, list[dict[str, Any]]], page: int = 2) -> None:
        self.lists = lists
        self.refused: dict[str, ApiError] = {}
        self.asked: list[ListQuery] = []
        self.log = LINE * 3
        self._page = page

    def get(self, query: ListQuery, limit: int | None = None) -> Reply:
        self.asked.append(query)
        kind = query.resource.plural
        if kind in self.refused:
            raise self.refused[kind]
        if kind in {"nodes", "workloads"} and kind not in self.lists:
            raise ApiError("not_found", 404, "not here, or not allowed")
        if kind == "pods/log":
            query = dict(query.query)
            lines = self.log.splitlines(keepends=True)[-int(query.get("tailLines", 10**9)) :]
            return Reply(200, "".join(lines).encode()[:limit])
        items = [
            i
            for i in self.lists.get(kind, ())
            if i["metadata"].get("namespace", "") == query.namespace
        ]
        items = items if query.namespace else self.lists.get(kind, [])
        start = int(dict(query.query).get("continue", "0"))
        more = start + self._page < len(items)
        about = {"resourceVersion": "7", "continue": str(start + self._page) if more else ""}
        listing = {"kind": "XList", "metadata": about, "items": items[start : start + self._page]}
        return Reply(200, json.dumps(listing).encode())

    def stream(self, query: ListQuery, silence: float) -> Any:
        raise NotImplementedError


def names(folder: Path, kind: str) -> list[str]:
    found = json.loads((folder / f"{kind}.json").read_text())
    assert (found["apiVersion"], found["kind"]) == ("v1", "List")
    return [item["metadata"]["name"] for item in found["items"]]


def write(tmp_path: Path, api: Cluster, settings: Kubernetes | None = None, name: str = "one"):
    folder = tmp_path / "kubernetes"
    return folder, export(api, settings or Kubernetes(), name, folder, NOW)


def test_only_the_eval_set_s_own_objects_get_in(tmp_path):
    folder, exported = write(tmp_path, Cluster(shared_namespace()))
    assert names(folder, "namespaces") == ["one"]
    assert names(folder, "jobs") == ["one"]
    assert names(folder, "pods") == ["one-abc", "agent-env-x"]
    assert names(folder, "events") == ["e1", "e3"]
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.log")} == {
        "logs/inspect/one-abc.log"
    }
    assert "two" not in "".join(p.read_text() for p in folder.rglob("*.*"))
    assert exported.counts == {"namespaces": 1, "jobs": 1, "pods": 2, "events": 2}
    assert (exported.logs, exported.objects, exported.left_out) == (1, 6, ())


def test_objects_are_whole_but_for_secrets_and_noise(tmp_path):
    folder, _ = write(tmp_path, Cluster(shared_namespace()))
    text = "".join(path.read_text() for path in folder.glob("*.json"))
    for hidden in ("s3cret", "managedFields", LAST_APPLIED):
        assert hidden not in text
    (runner, _), (found,) = (
        json.loads((folder / f"{kind}.json").read_text())["items"] for kind in ("pods", "jobs")
    )
    assert (runner["apiVersion"], runner["kind"]) == ("v1", "Pod")
    assert (found["apiVersion"], found["kind"]) == ("batch/v1", "Job")
    assert runner["metadata"]["annotations"] == {f"{PREFIX}email": "a@b.c"}
    for spec in (runner["spec"], found["spec"]["template"]["spec"]):
        for container in (*spec["containers"], *spec["initContainers"]):
            assert container["env"] == [
                {"name": "TOKEN", "value": "…"},
                {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "k"}}},
            ]


def test_a_bundle_shows_what_the_cluster_showed(tmp_path):
    folder, _ = write(tmp_path, Cluster(shared_namespace()))
    view, problems = read_view(folder, Kubernetes(), "one", NOW)
    assert problems == ()
    assert view is not None
    assert [one.name for one in view.runners] == ["one-abc"]
    assert [one.name for one in view.sandboxes] == ["agent-env-x"]
    assert (view.runner_namespace, view.namespaces) == ("inspect", (Namespace("one"),))
    assert (view.known, view.email) == ({"namespaces", "jobs", "pods", "events"}, "a@b.c")


@pytest.mark.parametrize("kind", ["namespaces", "jobs", "pods", "events"])
def test_a_kind_that_is_refused_is_absent_and_named(tmp_path, kind):
    api = Cluster(shared_namespace())
    api.refused[kind] = error("forbidden", 403)
    folder, exported = write(tmp_path, api)
    assert {path.stem for path in folder.glob("*.json")} == {
        "namespaces",
        "jobs",
        "pods",
        "events",
    } - {kind}
    (problem,) = exported.left_out
    assert (problem.where, problem.text) == (f"{kind}.json", "forbidden: forbidden!")


def test_nodes_that_are_away_and_what_kueue_says_get_in(tmp_path):
    lists = shared_namespace()
    for item, node in zip(lists["pods"], ("n1", "n2", "n1", "n2"), strict=True):
        item["spec"]["nodeName"] = node
    away = {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}
    lists["nodes"] = [{"metadata": {"name": name}, "status": away} for name in ("n1", "n2", "n3")]
    owner = {"kind": "Job", "name": "one", "controller": True}
    about = {"name": "job-one-x", "namespace": "inspect", "ownerReferences": [owner]}
    lists["workloads"] = [{"metadata": about, "spec": {"queueName": "default"}}]
    folder, exported = write(tmp_path, Cluster(lists))
    assert (names(folder, "nodes"), names(folder, "workloads")) == (["n1"], ["job-one-x"])
    assert exported.left_out == ()
    view, _ = read_view(folder, Kubernetes(), "one", NOW)
    assert [node.reason for node in view.nodes] == ["NodeStatusUnknown"]
    assert [workload.queue for workload in view.workloads] == ["default"]


def test_an_eval_set_without_objects_has_empty_lists(tmp_path):
    folder, exported = write(tmp_path, Cluster(shared_namespace()), name="three")
    assert all(names(folder, kind) == [] for kind in ("namespaces", "jobs", "pods", "events"))
    assert (exported.objects, exported.logs, exported.left_out) == (0, 0, ())


def test_some_namespaces_only(tmp_path):
    settings = Kubernetes(namespaces=("inspect", "one"))
    folder, exported = write(tmp_path, Cluster(shared_namespace()), settings)
    assert names(folder, "pods") == ["one-abc", "agent-env-x"]
    assert exported.left_out == ()
    # what is not in these namespaces may be in others: not known
    (tmp_path / "other").mkdir()
    elsewhere, _ = write(tmp_path / "other", Cluster(shared_namespace()), settings, "three")
    assert list(elsewhere.iterdir()) == []


def test_a_listing_that_expires_begins_anew(tmp_path):
    class Expiring(Cluster):
        expired = False

        def get(self, query: ListQuery, limit: int | None = None) -> Reply:
            if "continue" in dict(query.query) and not self.expired:
                self.expired = True
                self.lists["namespaces"].pop()
                raise error("gone", 410)
            return super().get(query, limit)

    folder, exported = write(tmp_path, Expiring(shared_namespace()))
    assert names(folder, "namespaces") == ["one"]
    assert exported.left_out == ()


def test_a_listing_that_is_none_is_not_known(tmp_path):
    class Broken(Cluster):
        def get(self, query: ListQuery, limit: int | None = None) -> Reply:
            whole = super().get(query, limit)
            return Reply(200, b"<html>") if query.resource.plural == "pods" else whole

    folder, exported = write(tmp_path, Broken(shared_namespace()))
    assert not (folder / "pods.json").exists()
    assert "no listing" in exported.left_out[0].text


def test_a_log_that_is_refused_is_named(tmp_path):
    api = Cluster(shared_namespace())
    api.refused["pods/log"] = error("forbidden", 403)
    folder, exported = write(tmp_path, api)
    assert not (folder / "logs").exists()
    assert [problem.where for problem in exported.left_out] == ["logs/inspect/one-abc.log"]


def test_where_logs_are_not_read_that_is_said(tmp_path):
    folder, exported = write(tmp_path, Cluster(shared_namespace()), Kubernetes(logs=False))
    assert not (folder / "logs").exists()
    assert "kubernetes.logs" in exported.left_out[0].text


RESTARTED = Pod("ns", "p", "u", "Running", containers=(Container("c", restarts=1),))


def test_the_log_before_a_restart_comes_first():
    class Restarted(Cluster):
        def get(self, query: ListQuery, limit: int | None = None) -> Reply:
            super().get(query, limit)
            previous = dict(query.query).get("previous") == "true"
            return Reply(200, b"before" if previous else b"after\n")

    api = Restarted({})
    assert read_logs(api, RESTARTED, "c", 1000) == (b"before\nafter\n", True)
    assert all(dict(query.query)["timestamps"] == "true" for query in api.asked)
    assert all(dict(query.query)["limitBytes"] == "1000" for query in api.asked)


def test_a_container_that_has_no_log_has_an_empty_one():
    api = Cluster({})
    api.refused["pods/log"] = ApiError("other", 400, "container c is waiting to start: x")
    assert read_logs(api, RESTARTED, "c", 1000) == (b"", True)


def test_of_a_long_log_the_end_is_kept():
    api = Cluster({})
    api.log = "".join(f"{AT} line {n}\n" for n in range(100_000))
    data, whole = read_logs(api, Pod("ns", "p", "u", "Running"), "c", 600_000)
    lines = data.decode().splitlines()
    assert not whole
    assert (lines[0], lines[-1]) == (f"{AT} line 84000", f"{AT} line 99999")
    assert len(api.asked) == 3


def test_lines_without_end_are_cut():
    api = Cluster({})
    api.log = f"{AT} short\n" + "x" * 10_000
    data, whole = read_logs(api, Pod("ns", "p", "u", "Running"), "c", 1000)
    assert (data, whole) == (f"{AT} short\n".encode(), False)
