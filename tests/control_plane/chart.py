"""Our chart as a release on the control plane, and the service under its settings and account."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.control_plane import objects
from tests.control_plane.api import Object
from tests.control_plane.plane import ControlPlane
from tests.control_plane.policy import bucket_policy
from tests.control_plane.processes import Process, quiet_environment
from tests.control_plane.s3 import S3Server
from tests.control_plane.waiting import wait_for
from tests.paths import ROOT

CHART = ROOT / "helm" / "stuck-eval-watchdog"
NAME = "wd-stuck-eval-watchdog"
STRICT = {"pod-security.kubernetes.io/enforce": "restricted"}
STORAGE_CLASS = "standard"
KINDS = ("Deployment", "Service", "ServiceAccount", "ConfigMap", "Secret", "Pod", "Role")
KINDS += ("RoleBinding", "ClusterRole", "ClusterRoleBinding", "PersistentVolumeClaim")
EVERY_NAMESPACE_HAS = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}

Install = Callable[..., str]
Serve = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class Store:
    """A bucket: values that name it, and the keys of a user who may read it."""

    values: dict[str, Any]
    keys: dict[str, str]


@contextmanager
def namespace_for_release(plane: ControlPlane, name: str) -> Iterator[str]:
    """A namespace as strict as there is, and a volume that the release's claim will get."""
    plane.namespace(name, labels=STRICT)
    plane.api.ensure(objects.storage_class(STORAGE_CLASS))
    plane.api.create(objects.volume(name, STORAGE_CLASS, plane.folder, (name, NAME)))
    yield name
    plane.api.drop("Namespace", name)
    plane.api.drop("PersistentVolume", name)


@pytest.fixture
def home(plane: ControlPlane) -> Iterator[str]:
    """A namespace for a release."""
    with namespace_for_release(plane, f"wd-{uuid4().hex[:8]}") as name:
        yield name


@pytest.fixture
def store(s3: S3Server) -> Store:
    """A bucket of a test's own."""
    bucket, user = s3.add_bucket(f"b-{uuid4().hex[:8]}"), f"u{uuid4().hex[:8]}"
    secret = s3.add_user(user)
    s3.client.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, "evals/", user))
    values = {"config.kubernetes.store": f"s3://{bucket}/evals/{{eval_set_id}}"}
    values |= {"config.s3.endpoint_url": s3.url, "config.s3.region": s3.region}
    values |= {"config.web.anonymous_groups": "*"}  # the eval sets' annotations ask for groups
    return Store(values, {"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": secret})


@pytest.fixture
def install(helm: Callable[..., str], home: str, store: Store) -> Iterator[Install]:
    """Installs or upgrades the release; takes it away afterwards, if the test didn't."""

    def run(*more: str, chart: Path = CHART, **values: Any) -> str:
        given = {"image.repository": "registry.example/watchdog", **store.values, **values}
        sets = [f"--set-json={key}={json.dumps(value)}" for key, value in given.items()]
        where = ("--namespace", home, "--wait", "--timeout", "60s")
        return helm("upgrade", "--install", "wd", str(chart), *where, *more, *sets)

    yield run
    helm("uninstall", "wd", "--namespace", home, "--ignore-not-found", "--wait")


@pytest.fixture
def served(plane: ControlPlane, home: str, store: Store, tmp_path: Path) -> Serve:
    """Runs `watchdog run` with the pod's settings and the account's token; gives its address."""

    @contextmanager
    def run() -> Iterator[str]:
        config = tmp_path / "config.yaml"
        config.write_text(plane.api.get("ConfigMap", NAME, home)["data"]["config.yaml"])
        env = {
            "PYTHONPATH": str(ROOT),
            "WATCHDOG_KUBERNETES_KUBECONFIG": str(plane.kubeconfig_for(home, NAME)),
            "WATCHDOG_STATE": str(tmp_path / "state.sqlite3"),
            **store.keys,
        }
        watchdog = [sys.executable, "-m", "watchdog", "run", "--config", str(config)]
        command = [*watchdog, "--listen", "127.0.0.1:0"]
        process = Process("watchdog", command, tmp_path, quiet_environment(tmp_path, **env))
        process.log.unlink(missing_ok=True)  # an earlier one's address is another
        process.start()
        try:
            yield wait_for(lambda: _page_of(process), "the service listens")
        finally:
            process.stop(20)

    return run


def _page_of(process: Process) -> str | None:
    process.check()
    found = re.search(r'"page": "(http://[^"]+)"', process.log.read_text())
    return found and found.group(1)


def ready(page: str) -> Object:
    """Waits until everything was read; the report that is served then."""
    last: Object = {}

    def look() -> bool:
        answer = httpx.get(f"{page}/readyz", trust_env=False)
        last.update(answer.json())
        return answer.status_code == httpx.codes.OK

    try:
        wait_for(look, "the service is ready", 60)
    except TimeoutError as late:
        raise AssertionError(last) from late
    report: Object = httpx.get(f"{page}/api/v1/report", trust_env=False).json()
    return report


def of_release(plane: ControlPlane, home: str) -> set[tuple[str, str]]:
    """All that a release has made: kind and name, in any namespace."""
    found = [(kind, each["metadata"]) for kind in KINDS for each in plane.api.list(kind)]
    inside = [(kind, meta["name"]) for kind, meta in found if meta.get("namespace") == home]
    bound = [(kind, meta["name"]) for kind, meta in found if meta["name"] == f"{home}:{NAME}"]
    return {*inside, *bound} - EVERY_NAMESPACE_HAS
