"""The harness does what the tests that stand on it take for granted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.control_plane.api import Api
from tests.control_plane.waiting import wait_for
from tests.paths import ROOT

pytestmark = pytest.mark.control_plane

FIRST, SECOND, THIRD = (f"2026-11-23T08:40:0{n}.000000000Z" for n in range(3))
READ_PODS = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]


# Logs.


def log_of(plane, eval_set, **query):
    pod = eval_set.runner()["metadata"]
    url = f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/log"
    answer = plane.api.http.get(url, params=query)
    assert answer.is_success, answer.text
    return answer.text


def test_a_log_is_read_in_parts(plane, make):
    made = make()
    assert log_of(plane, made) == ""
    made.log([(FIRST, "one"), (SECOND, "two")], previous=[(FIRST, "before")])
    assert log_of(plane, made) == "one\ntwo\n"
    assert log_of(plane, made, sinceTime=SECOND) == "two\n"
    assert log_of(plane, made, tailLines=1) == "two\n"
    assert log_of(plane, made, limitBytes=5) == "one\nt"
    assert log_of(plane, made, timestamps="true", tailLines=1) == f"{SECOND} two\n"
    assert log_of(plane, made, previous="true") == "before\n"
    made.log([(THIRD, "three")], append=True)
    assert log_of(plane, made, sinceTime=SECOND) == "two\nthree\n"


def test_a_silent_runner_said_something_once(plane, make):
    assert "Starting" in log_of(plane, make(fault="runner_silent"))


# Who may do what.


def test_a_role_holds_and_nothing_else_is_allowed(plane, name):
    plane.namespace(name)
    plane.grant(name, "reader", READ_PODS, inside=name)
    api = plane.api_as(name, "reader")
    statuses = [api.status_of(f"/api/v1/namespaces/{s}/pods") for s in (name, "kube-system")]
    assert statuses == [200, 403]
    assert api.status_of(f"/api/v1/namespaces/{name}/secrets") == 403
    api.close()


def test_a_revoked_token_is_refused_and_a_new_one_is_not(plane, name):
    plane.namespace(name)
    plane.grant(name, "reader", READ_PODS)
    old = plane.api_as(name, "reader")
    assert old.status_of("/api/v1/pods") == 200
    plane.revoke_tokens(name, "reader")
    new = plane.api_as(name, "reader")
    assert [old.status_of("/api/v1/pods"), new.status_of("/api/v1/pods")] == [401, 200]
    for api in (old, new):
        api.close()


def test_nobody_comes_in_without_a_token(plane):
    stranger = Api(plane.url, "made-up", plane.ca_file)
    assert stranger.status_of("/api/v1/pods") == 401
    stranger.close()


def test_a_kubeconfig_and_a_mounted_token_work(plane, kubectl, name):
    plane.namespace(name)
    plane.grant(name, "reader", READ_PODS)
    config = plane.kubeconfig_for(name, "reader")
    assert kubectl("auth", "whoami", "-o", "name", kubeconfig=config) is not None
    with pytest.raises(RuntimeError, match="forbidden"):
        kubectl("get", "secrets", kubeconfig=config)
    assert (plane.mounted_for(name, "reader") / "namespace").read_text() == name


def test_usage_of_pods_is_served_when_wanted(plane, make):
    made = make()
    pod = made.runner()["metadata"]
    usage = {"inspect-eval-set": {"cpu": "0", "memory": "900Mi"}}
    plane.set_pod_usage(pod["namespace"], pod["name"], usage)
    found = plane.api.get("PodMetrics", pod["name"], pod["namespace"])
    assert found["containers"][0]["usage"]["cpu"] == "0"
    plane.remove_metrics()
    gone = "/apis/metrics.k8s.io/v1beta1/pods"
    wait_for(lambda: plane.api.status_of(gone) == 404, "the metrics API is gone")


# The processes.


def test_the_api_server_comes_back_where_it_was(plane, make):
    made = make()
    plane.stop_apiserver()
    with pytest.raises(httpx.TransportError):
        plane.api.status_of("/api/v1/pods")
    plane.start_apiserver()
    made.inflict("sandbox_replaced")
    made.wait_running()


CHILD = """
import sys, time
from pathlib import Path
from tests.control_plane.processes import Process, quiet_environment
folder = Path(sys.argv[1])
process = Process("sleeper", ["sleep", "600"], folder, quiet_environment(folder))
process.start()
print(process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_no_process_outlives_tests_that_are_killed(tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{child}/cmdline").is_file() or ended(child), "it ended")


def ended(pid):
    """Gone, or waiting for somebody to take note of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
