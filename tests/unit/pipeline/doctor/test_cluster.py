"""Rights as a server on loopback judges them, one by one."""

import json
import re
import subprocess
import time

import pytest

from tests.doubles import kubernetes_server as servers
from tests.doubles.kubernetes_server import Answer, status
from watchdog.collect.kubernetes import credentials
from watchdog.config.load import load
from watchdog.pipeline.doctor import clock
from watchdog.pipeline.doctor.cluster import examine
from watchdog.pipeline.doctor.finding import Patient


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch, tmp_path):
    for name in ("KUBERNETES_SERVICE_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(credentials, "TOKEN_FILE", str(tmp_path / "none"))


@pytest.fixture
def server():
    with servers.serving() as found:
        yield found


@pytest.fixture
def look(server, tmp_path):
    kubeconfig = str(servers.kubeconfig(tmp_path / "config", server.url))

    async def look(**more):
        given = {"enabled": "yes", "kubeconfig": kubeconfig, "timeout": 5, **more}
        return await examine(Patient(load({"kubernetes": given}), lambda: 0.0))

    return look


def asked(request):
    return json.loads(request.body)["spec"]["resourceAttributes"]


def refusing(*refused):
    def respond(request):
        what = asked(request)
        right = (what["verb"], what["resource"], what.get("subresource", ""))
        return Answer(body=json.dumps({"status": {"allowed": right not in refused}}).encode())

    return respond


async def test_each_verb_is_asked_for_by_itself(server, look):
    server.respond = refusing()
    found = await look()
    assert {each.status for each in found} == {"ok"}
    assert len(found) == 8
    assert {request.path for request in server.asked} == {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }
    questions = [asked(request) for request in server.asked]
    assert {"version": "v1", "resource": "pods", "subresource": "log", "verb": "get"} in questions
    assert {
        "group": "kueue.x-k8s.io",
        "version": "v1beta2",
        "resource": "workloads",
        "verb": "watch",
    } in questions
    assert not any("namespace" in question for question in questions)


async def test_what_is_not_read_need_not_be_allowed(server, look):
    server.respond = refusing(("get", "pods", "log"))
    found = await look(logs=False)
    assert {each.status for each in found} == {"ok"}
    assert not any("pods/log" in each.about for each in found)


async def test_what_is_missing_is_named_with_the_rule_to_add(server, look):
    server.respond = refusing(("watch", "pods", ""), ("get", "pods", "log"), ("list", "nodes", ""))
    bad = {each.about: each for each in await look() if each.status != "ok"}
    assert {about: each.status for about, each in bad.items()} == {
        "pods in the whole cluster": "failed",
        "pods/log in the whole cluster": "failed",
        "nodes in the whole cluster": "warning",
    }
    pods = bad["pods in the whole cluster"]
    assert pods.sentence == "watch is not allowed."
    rule = '{apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"]}'
    assert rule in pods.action
    assert "`kubectl auth can-i watch pods --all-namespaces`" in pods.action
    log = bad["pods/log in the whole cluster"].action
    assert "`kubectl auth can-i get pods --subresource=log --all-namespaces`" in log
    assert "told by events alone" in bad["nodes in the whole cluster"].sentence


async def test_with_namespaces_it_is_asked_for_each(server, look):
    server.respond = refusing(("list", "pods", ""))
    found = await look(namespaces=["a", "b"])
    failed = [each for each in found if each.status == "failed"]
    assert [each.about for each in failed] == ["pods in namespace a", "pods in namespace b"]
    assert "`kubectl auth can-i list pods --namespace=a`" in failed[0].action
    names = {asked(r).get("name") for r in server.asked if asked(r)["resource"] == "namespaces"}
    assert names == {"a", "b"}
    assert not any(asked(request)["resource"] == "nodes" for request in server.asked)


async def test_actions_can_be_pasted(server, look):
    server.respond = refusing(("list", "namespaces", ""), ("watch", "pods", ""))
    actions = [each.action for ns in ((), ("a",)) for each in await look(namespaces=ns)]
    commands = [command for action in actions for command in re.findall(r"`([^`]+)`", action)]
    assert len(commands) >= 4
    assert not any("<" in command for command in commands)
    assert in_a_shell(commands) == (0, "")


def in_a_shell(commands):
    script = "\n".join(commands)
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(401, "who are you?"), "failed"),
        (status(403, "no"), "failed"),
        (Answer(body=b"<html>"), "failed"),
        (Answer(body=b'{"status": 7}'), "failed"),
        (status(504, "later"), "unknown"),
    ],
)
async def test_a_server_that_does_not_say(server, look, answer, expected, monkeypatch):
    monkeypatch.setattr("watchdog.collect.kubernetes.connection.backoff", lambda *_: 0.0)
    server.answers(answer)
    (found,) = await look()
    assert (found.about, found.status) == ("API server", expected)


async def test_without_credentials_or_cluster():
    (found,) = await examine(Patient(load({"kubernetes": {"enabled": "yes"}}), lambda: 0.0))
    assert found.status == "failed"
    (found,) = await examine(Patient(load({"logs": ["./logs"]}), lambda: 0.0))
    assert found.status == "skipped"


async def test_the_api_server_s_date_is_compared_with_ours(server, tmp_path):
    server.respond = refusing()
    kubeconfig = str(servers.kubeconfig(tmp_path / "config", server.url))
    settings = load({"kubernetes": {"enabled": "yes", "kubeconfig": kubeconfig, "timeout": 5}})
    for off, expected in ((0.0, "ok"), (-3600.0, "failed")):
        (found,) = await clock.examine(Patient(settings, lambda off=off: time.time() + off))
        assert (found.about, found.status) == ("API server", expected)
    server.answers(status(403, "no"))
    (found,) = await clock.examine(Patient(settings, time.time))
    assert found.status == "unknown"
