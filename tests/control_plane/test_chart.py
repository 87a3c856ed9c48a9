"""The chart on a real control plane: installed by Helm, and the service under exactly its role."""

import asyncio
import time

import httpx
import pytest
import yaml

from tests.control_plane.chart import NAME, of_release, ready
from tests.control_plane.waiting import wait_for
from watchdog.config.election import Election
from watchdog.config.load import load
from watchdog.pipeline.doctor.cluster import examine
from watchdog.pipeline.doctor.election import examine as examine_election
from watchdog.pipeline.doctor.finding import Patient

pytestmark = pytest.mark.control_plane

READ = ("list", "watch")
WATCHED = {("", "pods"): READ, ("", "events"): READ, ("", "pods/log"): ("get",)}
WATCHED |= {("batch", "jobs"): READ, ("metrics.k8s.io", "pods"): ("list",)}
WATCHED |= {("kueue.x-k8s.io", "workloads"): READ}
NAMESPACES = {("", "namespaces"): READ}
NODES = {("", "nodes"): READ}
REFUSED = [
    ("GET", "/api/v1/secrets", None),
    ("GET", "/api/v1/configmaps", None),
    ("PATCH", "/api/v1/nodes/node-1", {}),
    ("GET", "/apis/apps/v1/deployments", None),
    ("GET", "/api/v1/namespaces/{runner}/serviceaccounts", None),
    ("POST", "/api/v1/namespaces/{runner}/pods", {}),
    ("GET", "{pod}", None),
    ("PATCH", "{pod}", {}),
    ("DELETE", "{pod}", None),
    ("GET", "{pod}/exec?command=id", None),
    ("POST", "{pod}/exec?command=id", None),
    ("POST", "{pod}/eviction", {}),
    ("POST", "{pod}/ephemeralcontainers", {}),
    ("DELETE", "/apis/batch/v1/namespaces/{runner}/jobs/{id}", None),
    ("DELETE", "/api/v1/namespaces/{runner}", None),
    ("POST", "/api/v1/namespaces", {}),
    ("POST", "/api/v1/namespaces/{runner}/events", {}),
]


@pytest.fixture
def account(plane, home):
    """The API server, asked as the chart's service account."""
    made = []

    def query():
        plane.api.get("ServiceAccount", NAME, home)
        made.append(plane.api_as(home, NAME))
        return made[-1]

    yield query
    for api in made:
        api.close()


def allowed(api, namespace):
    """What the account may do in a namespace, as the API server says it."""
    review = {"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1"}
    url = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    status = api.post(url, {**review, "spec": {"namespace": namespace}})["status"]
    assert status["incomplete"] is False
    found = {}
    for rule in status["resourceRules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                found.setdefault((group, resource), set()).update(rule["verbs"])
    return {what: tuple(sorted(verbs)) for what, verbs in found.items()}


def granted(api, nobody, namespace):
    """The same without what every account may do, such as asking who it is."""
    everyone = allowed(nobody, namespace)
    return {k: v for k, v in allowed(api, namespace).items() if everyone.get(k) != v}


def test_the_account_may_do_what_the_chart_says_and_nothing_else(plane, install, account, home):
    install()
    nobody = plane.api_as(home, "nobody")
    for namespace in (home, "kube-system"):
        assert granted(account(), nobody, namespace) == WATCHED | NAMESPACES | NODES
    nobody.close()


def test_what_is_allowed_works_and_the_rest_is_forbidden(install, account, make):
    install()
    made, api = make(), account()
    runner = made.runner()["metadata"]
    pod = f"/api/v1/namespaces/{runner['namespace']}/pods/{runner['name']}"
    names = {"runner": runner["namespace"], "pod": pod, "id": made.id}
    kinds = ("pods", "namespaces", "events", "nodes")
    for url in (*(f"/api/v1/{kind}" for kind in kinds), "/apis/batch/v1/jobs"):
        assert api.status_of(f"{url}?limit=1") == 200
        assert api.status_of(f"{url}?watch=true&timeoutSeconds=1") == 200
    assert api.status_of(f"{pod}/log") == 200
    for method, url, body in REFUSED:
        answer = api.http.request(method, url.format(**names), json=body)
        assert answer.status_code == 403, (method, url, answer.status_code)


def test_the_service_gets_ready_under_the_charts_role(install, make, served):
    install()
    made = make()
    made.log([("2026-11-23T08:40:00.000000000Z", "Starting")])
    with served() as page:
        report = ready(page)
    assert made.id in [each["eval_set_id"] for each in report["eval_sets"]]
    assert "forbidden" not in str(report["problems"])


def test_without_the_role_it_says_which_rules_are_missing(install, served):
    install(**{"rbac.create": False})
    rule = 'add the rule {apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "watch"]}'
    with served() as page:

        def named():
            answer = httpx.get(f"{page}/readyz", trust_env=False)
            return rule in str(answer.json()["reasons"]) and answer.status_code

        assert wait_for(named, "the rule is named") == 503


def examined(plane, home, **kubernetes):
    """What the doctor finds of the rights of the chart's account."""
    given = {"enabled": "yes", "kubeconfig": str(plane.kubeconfig_for(home, NAME)), **kubernetes}
    found = asyncio.run(examine(Patient(load({"kubernetes": given}), time.time)))
    return {each.about: each.status for each in found}


def test_the_doctor_finds_all_rights_of_the_chart_s_role(plane, install, home):
    install()
    found = examined(plane, home)
    assert (len(found), set(found.values())) == (8, {"ok"})


def test_the_doctor_finds_what_the_role_lacks(plane, install, home, make):
    install(**{"rbac.kueue": False, "rbac.nodes": False})
    lacking = {about: status for about, status in examined(plane, home).items() if status != "ok"}
    place = "in the whole cluster"
    assert lacking == {
        f"workloads.kueue.x-k8s.io {place}": "warning",
        f"nodes {place}": "warning",
    }
    made = make()
    install(namespaces=[made.runner_namespace])
    chosen = [made.runner_namespace, made.sandbox_namespace]
    found = examined(plane, home, namespaces=chosen)
    assert {about for about, status in found.items() if status == "failed"} == {
        f"{what} in namespace {made.sandbox_namespace}"
        for what in ("pods", "pods/log", "events", "jobs")
    } | {f"namespaces {made.sandbox_namespace}"}


def test_in_chosen_namespaces_the_account_may_do_the_same(plane, install, account, home, make):
    made = make()
    chosen = [made.runner_namespace, made.sandbox_namespace]
    install(namespaces=chosen)
    nobody, api = plane.api_as(home, "nobody"), account()
    for namespace in chosen:
        assert granted(api, nobody, namespace) == WATCHED | NAMESPACES
    assert granted(api, nobody, home) == NAMESPACES
    nobody.close()
    assert {api.status_of(f"/api/v1/{kind}") for kind in ("namespaces", "pods", "nodes")} == {403}


def test_the_service_gets_ready_in_chosen_namespaces(install, make, served):
    made = make()
    install(namespaces=[made.runner_namespace, made.sandbox_namespace])
    with served() as page:
        report = ready(page)
    assert [each["eval_set_id"] for each in report["eval_sets"]] == [made.id]


def test_upgraded_rolled_back_and_taken_away(plane, helm, install, home):
    def settings():
        made = plane.api.get("ConfigMap", NAME, home)["data"]["config.yaml"]
        (pod,) = plane.api.list("Pod", home)
        return yaml.safe_load(made)["interval"], pod["metadata"]["uid"]

    assert f"kept in the claim {NAME}" in install(**{"config.interval": 20})
    first = settings()
    install(**{"config.interval": 10, "namespaces": [home]})
    second = settings()
    assert (first[0], second[0]) == (20, 10)
    assert first[1] != second[1], "a changed setting restarts the pod"
    assert ("Role", f"{home}:{NAME}") in of_release(plane, home)
    helm("rollback", "wd", "1", "--namespace", home, "--wait")
    assert settings()[0] == 20
    assert ("Role", f"{home}:{NAME}") not in of_release(plane, home)
    helm("uninstall", "wd", "--namespace", home, "--wait")
    wait_for(lambda: not of_release(plane, home), "nothing is left")


TWO = {"replicas": 2, "postgresql.existingSecret": "ledger"}


def test_of_two_replicas_the_account_may_say_who_leads(plane, install, account, home):
    told = install("--wait=false", **TWO)
    assert f"kubectl -n {home} get lease {NAME}" in told
    nobody, api = plane.api_as(home, "nobody"), account()
    assert granted(api, nobody, "kube-system") == WATCHED | NAMESPACES | NODES
    lease = {("coordination.k8s.io", "leases"): ("create", "get", "update")}
    own = WATCHED | NAMESPACES | NODES | lease | {("", "pods"): tuple(sorted((*READ, "patch")))}
    assert granted(api, nobody, home) == own
    nobody.close()
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{home}/leases"
    assert [api.status_of(f"{leases}/{name}") for name in (NAME, "another")] == [404, 403]
    settings = yaml.safe_load(plane.api.get("ConfigMap", NAME, home)["data"]["config.yaml"])
    election = Election(**settings["election"], pod="wd-1")
    given = {"kubernetes": {"kubeconfig": str(plane.kubeconfig_for(home, NAME))}}
    given |= {"election": election.model_dump(), "state": "postgresql://w@db/ledger"}
    found = asyncio.run(examine_election(Patient(load(given), time.time)))
    assert [each.status for each in found] == ["ok"] * 3


def test_two_replicas_and_their_service(plane, install, home):
    install("--wait=false", **TWO)
    made = plane.api.get("Deployment", NAME, home)["spec"]
    assert (made["replicas"], made["strategy"]["type"]) == (2, "RollingUpdate")
    selector = plane.api.get("Service", NAME, home)["spec"]["selector"]
    assert selector.items() >= made["selector"]["matchLabels"].items()
    assert selector["stuck-eval-watchdog/role"] == "leader"
    install("--wait=false", replicas=1)
    made = plane.api.get("Deployment", NAME, home)["spec"]
    assert made["strategy"] == {"type": "Recreate"}
    selector = plane.api.get("Service", NAME, home)["spec"]["selector"]
    assert selector == made["selector"]["matchLabels"]
    assert ("Role", f"{NAME}-election") not in of_release(plane, home)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"replicas": 2}, "set postgresql.existingSecret"),
        ({**TWO, "persistence.enabled": True}, "set persistence.enabled to false"),
        ({**TWO, "persistence.existingClaim": "a"}, "no existingClaim"),
        ({**TWO, "config.election.lease": "a"}, "config.election.lease: the chart sets it"),
        ({"config.election.enabled": True}, "config.election.enabled: the chart sets it"),
        ({"replicas": 0}, "replicas"),
    ],
)
def test_replicas_that_would_tell_twice_are_refused(plane, install, home, values, why):
    with pytest.raises(RuntimeError, match=why):
        install(**values)
    assert of_release(plane, home) == set()


def test_a_values_file_with_a_typo_installs_nothing(plane, install, home):
    with pytest.raises(RuntimeError, match="persistance"):
        install(**{"persistance.enabled": True})
    assert of_release(plane, home) == set()
