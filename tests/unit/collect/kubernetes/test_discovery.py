"""From objects to eval sets: both layouts, Hawk 1 and 2, and what is left out."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_entries import KNOWN, P, box, job, meta, pod
from watchdog.collect.kubernetes.discovery import discover
from watchdog.collect.kubernetes.eval_set_objects import Objects
from watchdog.collect.kubernetes.objects import Entry, Meta
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.cluster import Container, Job, Namespace, PodEvent, PodUsage, Termination


def found(settings: Kubernetes | None = None, **parts):
    objects = Objects(lambda kind, _: kind in KNOWN, **parts)
    return discover(objects, settings or Kubernetes(), 7.0).views


@pytest.mark.parametrize("app", ["inspect-ai", "hawk"])
def test_a_namespace_for_each_job(app):
    labels = {"job_id": "abc", "job_type": "eval-set", "eval_set_id": "abc"}
    views = found(
        jobs=[job("inspect-abc", "run", app, **labels)],
        pods=[pod("inspect-abc", "run-1", app, **labels), box("inspect-abc-s", "box-0")],
        namespaces=[Meta("", "inspect-abc", labels={f"{P}job-id": "abc"}), Meta("", "other")],
    )
    (view,) = views.values()
    assert list(views) == ["abc"]
    assert [pod.name for pod in view.runners] == ["run-1"]
    assert [pod.name for pod in view.sandboxes] == ["box-0"]
    own = Namespace("inspect-abc", is_runner=True)
    assert (len(view.jobs), view.namespaces, view.at) == (1, (own,), 7.0)


def test_one_runner_namespace_and_a_namespace_for_each_eval_set():
    labels = {"job_id": "abc", "job_type": "eval-set"}
    views = found(
        jobs=[job("runners", "abc", **labels), job("runners", "def", job_id="def")],
        pods=[box("abc", "box-0"), box("def", "box-0", job_id="def"), box("stranger", "box-0")],
        namespaces=[Meta("", "abc"), Meta("", "def"), Meta("", "runners")],
    )
    assert {name: [p.namespace for p in view.sandboxes] for name, view in views.items()} == {
        "abc": ["abc"],
        "def": ["def"],
    }
    assert views["abc"].namespaces == (Namespace("abc"),)


def test_the_runner_s_container_is_the_configured_one():
    labels = {"job_id": "abc", "job_type": "eval-set"}
    views = found(Kubernetes(container="runner"), jobs=[job("runners", "abc", **labels)])
    assert views["abc"].runner_container == "runner"


@pytest.mark.parametrize(
    ("exit_code", "phase"), [(0, "Succeeded"), (137, "Failed"), (None, "Running")]
)
def test_a_runner_whose_own_container_has_ended_is_at_work_no_more(exit_code, phase):
    """A mesh's or a log shipper's container keeps its pod Running."""
    end = Termination("Error", exit_code, 5.0) if exit_code is not None else None
    sidecar = Container("istio-proxy", running_since=1.0)
    main = Container("inspect-eval-set", running_since=None if end else 1.0, terminated=end)
    entry = pod("inspect-abc", "run-1", job_id="abc", job_type="eval-set")
    record = replace(entry.record, phase="Running", containers=(sidecar, main))
    (runner,) = found(pods=[Entry(entry.meta, record)])["abc"].runners
    assert (runner.phase, runner.is_live) == (phase, phase == "Running")


def test_a_namespace_alone_tells_where_its_runner_was():
    labels = {
        f"{P}job-id": "abc",
        "app.kubernetes.io/name": "inspect-ai",
        "app.kubernetes.io/component": "runner",
    }
    namespace = Meta("", "inspect-abc", labels=labels)
    views = found(namespaces=[namespace], pods=[box("inspect-abc-s", "box-0", job_id="abc")])
    assert views["abc"].runner_namespace == "inspect-abc"


def test_scans_are_left_out_with_their_sandboxes_unless_asked_for():
    labels = {"job_id": "scan-1", "job_type": "scan"}
    parts = {
        "jobs": [job("inspect-scan-1", "run", **labels)],
        "pods": [box("inspect-scan-1-s", "box-0", job_id="scan-1")],
    }
    assert found(**parts) == {}
    asked = Kubernetes(job_types=("eval-set", "scan"))
    assert list(found(asked, **parts)) == ["scan-1"]


def test_other_programs_runners_are_none_of_ours():
    assert found(jobs=[job("ci", "run", "gitlab", job_id="x")], pods=[pod("ci", "r", "ci")]) == {}


def test_sandboxes_without_a_runner_are_found():
    (view,) = found(pods=[box("inspect-gone-s", "box-0", job_id="gone")]).values()
    assert (view.jobs, view.runners, len(view.sandboxes)) == ((), (), 1)


def test_a_namespace_that_remains_without_its_runner_is_found_and_so_is_a_dying_one():
    labels = {f"{P}job-id": "abc", f"{P}job-type": "eval-set"}
    left = Meta("", "inspect-abc", labels=labels)
    dying = Meta("", "inspect-def", labels={f"{P}job-id": "def"}, deleting_at=3.0)
    views = found(namespaces=[left, dying])
    assert {name: view.namespaces[0].deleting_at for name, view in views.items()} == {
        "abc": None,
        "def": 3.0,
    }


def test_names_and_labels_are_configurable():
    settings = Kubernetes(
        label_prefix="acme.org/", app_names=("runner",), namespace_prefix="evals-"
    )
    labels = {
        "app.kubernetes.io/name": "runner",
        "app.kubernetes.io/component": "runner",
        "acme.org/job-id": "abc",
    }
    own = Entry(Meta("evals-abc", "run", labels=labels), Job("evals-abc", "run", "j"))
    views = found(settings, jobs=[own], pods=[box("evals-abc-s", "box-0")])
    assert len(views["abc"].sandboxes) == 1


def test_events_and_cpu_use_go_to_their_eval_set():
    runner = pod("inspect-abc", "run-1", job_id="abc")
    mine = PodEvent("inspect-abc", "Pod/run-1", "BackOff", "text", 5.0)
    other = PodEvent("inspect-abc", "Pod/run-2", "BackOff", "text", 5.0)
    used = PodUsage("inspect-abc", "run-1", 0.2, 5.0)
    (view,) = found(pods=[runner], events=[mine, other], usage=[used]).values()
    assert (view.events, view.usage) == ((mine,), (used,))


def test_evicted_pods_that_are_gone_go_to_their_eval_set():
    runner = job("inspect-abc", "run", job_id="abc")
    gone = [pod("inspect-abc", "run-1", job_id="abc"), box("inspect-abc-s", "box-0")]
    strange = [box("stranger", "box-0"), pod("inspect-def", "run-1", job_id="def")]
    (view,) = found(jobs=[runner], given_up=[*gone, *strange]).values()
    assert [pod.name for pod in view.given_up] == ["run-1", "box-0"]


def test_people_and_access_are_noted():
    told = meta("inspect-abc", "run", job_id="abc", created_by="ann")
    notes = {f"{P}email": "ann@example.org", f"{P}model-access": "__secret__"}
    told = replace(told, annotations=notes)
    (view,) = found(jobs=[Entry(told, Job("inspect-abc", "run", "j"))]).values()
    assert (view.created_by, view.email, view.model_access) == (
        "ann",
        "ann@example.org",
        "__secret__",
    )


@pytest.mark.parametrize(
    ("labels", "annotations", "team"),
    [
        ({"team": "red"}, {}, "red"),
        ({f"{P}team": "red"}, {}, "red"),
        ({}, {f"{P}team": "red"}, "red"),
        ({"team": "red"}, {f"{P}team": "blue"}, "blue"),
        ({}, {}, ""),
    ],
)
def test_a_team_is_a_label_or_an_annotation(labels, annotations, team):
    told = meta("inspect-abc", "run", job_id="abc")
    told = replace(told, labels={**told.labels, **labels}, annotations=annotations)
    (view,) = found(jobs=[Entry(told, Job("inspect-abc", "run", "j"))]).values()
    assert view.team == team
