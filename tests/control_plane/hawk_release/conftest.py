"""A control plane with Hawk's chart, and the service that watches it under its own chart's role."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from tests.acceptance.playback import age_of, captured_at
from tests.control_plane import objects
from tests.control_plane.api import Object
from tests.control_plane.build.hawk_chart import hawk_chart
from tests.control_plane.fixtures import found
from tests.control_plane.hawk import HawkEvalSet
from tests.control_plane.hawk_plan import Plan
from tests.control_plane.hawk_release.kueue import FakeKueue, kueue_crds
from tests.control_plane.hawk_release.release import HawkRelease
from tests.control_plane.hawk_release.values import RELEASES
from tests.control_plane.hawk_release.watching import Watching
from tests.control_plane.plane import ControlPlane
from tests.paths import ROOT
from tests.recordings.shift import shift
from tests.recordings.unpack import unpack

OUR_CHART = ROOT / "helm" / "stuck-eval-watchdog"
BEFORE_THE_LOG = 60.0
"""Seconds from a runner's start to its first log."""
KUEUE_GROUP = "kueue.x-k8s.io"
OUR_VALUES = {
    "image": {"repository": "registry.example/watchdog"},
    "config": {"kubernetes": {"store": "s3://evals/{eval_set_id}"}},
}


@pytest.fixture(scope="package")
def chart(request) -> Path:
    """Hawk's chart; or a reason to skip."""
    return found(request.config, hawk_chart)


@pytest.fixture(scope="package")
def plane(request, tmp_path_factory, chart) -> Iterator[ControlPlane]:  # noqa: ARG001 - first what may be missing
    """A control plane of its own, with the kinds that Hawk's chart wants."""
    kinds = found(request.config, lambda _: kueue_crds())
    folder = tmp_path_factory.mktemp("hawk-plane")
    with found(request.config, lambda say: ControlPlane(folder, say=say)) as made:
        for kind in (*kinds, objects.network_policy_kind()):
            made.add_kind(kind)
        made.namespace(RELEASES)
        yield made


@pytest.fixture(scope="package")
def rules(plane) -> list[Object]:
    """What our chart asks for."""
    given = plane.folder / "watchdog.json"
    given.write_text(json.dumps(OUR_VALUES))
    made = plane.helm("template", "wd", str(OUR_CHART), "--validate", "--values", str(given))
    forms = yaml.safe_load_all(made)
    return [r for f in forms if f and f["kind"] == "ClusterRole" for r in f["rules"]]


@pytest.fixture(scope="package")
def account(plane, rules) -> Path:
    """A service account with exactly our chart's rules; its kubeconfig."""
    plane.grant("default", "watchdog", rules)
    return plane.kubeconfig_for("default", "watchdog")


@pytest.fixture(scope="package")
def without_kueue(plane, rules) -> Path:
    """One that may not read what is Kueue's, as before an upgrade of our chart."""
    plane.grant("default", "narrow", [r for r in rules if KUEUE_GROUP not in r["apiGroups"]])
    return plane.kubeconfig_for("default", "narrow")


@pytest.fixture
def kueue(plane) -> FakeKueue:
    """Kueue, as the test tells it."""
    return FakeKueue(plane)


@pytest.fixture
def install(plane, chart) -> Iterator[Callable[..., HawkRelease]]:
    """Installs Hawk's chart, and takes away afterwards what is left of it."""
    releases: list[HawkRelease] = []

    def install_one(kind="eval-set", *, name="", kueue=False, **plan) -> HawkRelease:
        eval_set_id = name or f"{kind}-{uuid4().hex[:8]}"
        scan = {"kind": "scan", "samples": ()} if kind.startswith("scan") else {}
        made = Plan(eval_set_id, version=2, **scan, **plan)
        release = HawkRelease(plane, made, chart, kind, kueue)
        releases.append(release)
        release.make()
        return release

    yield install_one
    for release in {release.id: release for release in releases}.values():
        release.remove()


@pytest.fixture
def recorded(tmp_path_factory, watching) -> Callable[..., None]:
    """Lets an eval set be where a recording is at one of its instants, and as old as that is."""

    def bring(release: HawkEvalSet, name: str, number: int) -> None:
        bundle = unpack(name, tmp_path_factory.mktemp(name))[number]
        release.age(age_of(bundle) + BEFORE_THE_LOG)
        shift(bundle, time.time() - captured_at(bundle))
        watching.store(release.id, bundle)

    return bring


@pytest.fixture
async def watching(s3, account, slack, tmp_path, monkeypatch):
    """Starts the service on the control plane; it is closed after the test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)
    bucket = s3.add_bucket(f"b-{uuid4().hex[:8]}")
    made = Watching(s3, bucket, account, slack, tmp_path / "state.sqlite3")
    yield made
    await made.stop()
