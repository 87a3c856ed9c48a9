"""The chart's role is exactly what the service asks for: the API server writes it down."""

import pytest

from tests.control_plane.access import AUDITED
from tests.control_plane.build import MissingPartError
from tests.control_plane.chart import NAME, namespace_for_release, ready
from tests.control_plane.fixtures import refuse
from tests.control_plane.hawk_release.kueue import kueue_crds
from tests.control_plane.waiting import wait_for

pytestmark = pytest.mark.control_plane

ACCOUNT = f"system:serviceaccount:{AUDITED}:{NAME}"
ROLE = f"{AUDITED}:{NAME}"
EVERYBODY_S = "authorization.k8s.io"
"""Asking what one may do is allowed to everybody."""
NODES = ("", "nodes", "list")
"""They lie in no namespace: where namespaces are chosen it is refused, and does without."""


@pytest.fixture
def home(plane):
    """In place of the others' namespace: the one whose accounts' requests are written down."""
    with namespace_for_release(plane, AUDITED) as name:
        yield name
    wait_for(lambda: plane.api.find("Namespace", AUDITED) is None, "its namespace is gone")


@pytest.fixture
def _queues(plane):
    """Kueue's kinds; without the operator."""
    try:
        kinds = kueue_crds()
    except MissingPartError as missing:
        refuse(f"no real part for this test: {missing}")
    with plane.with_kinds(kinds):
        yield


def asked(plane, since):
    """Verb by verb, with what was refused too."""
    events = [e for e in plane.audited()[since:] if e["user"]["username"] == ACCOUNT]
    found = set()
    for event in events:
        what = event.get("objectRef") or {}
        if what and what.get("apiGroup", "") != EVERYBODY_S:
            resource = "/".join(filter(None, (what["resource"], what.get("subresource"))))
            found.add((what.get("apiGroup", ""), resource, event["verb"]))
    return found


def given(plane):
    """Verb by verb, by all roles of the release."""
    roles = [plane.api.get("ClusterRole", ROLE)]
    roles += [role for role in plane.api.list("Role") if role["metadata"]["name"] == ROLE]
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.fixture
def busy(plane, make, _queues):
    """An eval set of which there is all that may be read."""
    made = make()
    made.log([("2026-11-23T08:40:00.000000000Z", "Starting")])
    runner = made.runner()["metadata"]
    plane.set_pod_usage(runner["namespace"], runner["name"], {"c": {"cpu": "1", "memory": "1Mi"}})
    yield made
    plane.remove_metrics()


@pytest.mark.parametrize("chosen", [False, True], ids=["the whole cluster", "its namespaces"])
def test_all_that_is_allowed_is_asked_for_and_nothing_else(plane, install, served, busy, chosen):
    places = [busy.runner_namespace, busy.sandbox_namespace] if chosen else []
    install(namespaces=places)
    allowed, since = given(plane), len(plane.audited())
    with served() as page:
        ready(page)
        wait_for(lambda: asked(plane, since) >= allowed, f"it asks for {sorted(allowed)}")
    assert asked(plane, since) == (allowed | {NODES} if chosen else allowed)


def test_where_logs_are_not_read_none_are_asked_for(plane, install, served, busy):
    install(**{"config.kubernetes.logs": False})
    since = len(plane.audited())
    with served() as page:
        report = ready(page)
        wait_for(lambda: ("", "events", "watch") in asked(plane, since), "it watches")
    assert busy.id in [each["eval_set_id"] for each in report["eval_sets"]]
    assert ("", "pods/log", "get") not in asked(plane, since) | given(plane)
    assert "log" not in str([problem["where"] for problem in report["problems"]])
