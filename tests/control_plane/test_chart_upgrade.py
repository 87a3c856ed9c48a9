"""From the chart of 0.1 to this one and back, as people do it; and what `helm test` does."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.control_plane.chart import CHART, NAME, of_release
from tests.control_plane.stages import COMPLETED, FAILED
from tests.control_plane.waiting import wait_for

pytestmark = pytest.mark.control_plane

OLD = Path(__file__).parent / "charts" / "stuck-eval-watchdog-0.1.0.tgz"
"""The chart as it was released; git has it at the commit before that of 0.2.0."""
CLAIM = ("PersistentVolumeClaim", NAME)
TEST_POD = f"{NAME}-ready"


def pod_of(plane, home):
    (pod,) = plane.api.list("Pod", home)
    return pod


def version_of(thing):
    return thing["metadata"]["labels"]["app.kubernetes.io/version"]


def mounted(pod):
    return {volume["name"]: volume for volume in pod["spec"]["volumes"]}


def test_an_upgrade_from_0_1_keeps_values_and_gains_a_volume_and_a_rollback_goes_back(
    plane, helm, install, home
):
    webhook = {"slack.webhookUrl": "https://hooks.slack.example/services/T/B/secret"}
    install(chart=OLD, **webhook)
    before = pod_of(plane, home)
    assert (version_of(before), CLAIM in of_release(plane, home)) == ("0.1.0", False)
    install(**webhook)
    after = pod_of(plane, home)
    assert version_of(after) == yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert mounted(after)["state"]["persistentVolumeClaim"]["claimName"] == NAME
    assert plane.api.get("PersistentVolumeClaim", NAME, home)["status"]["phase"] == "Bound"
    (source,) = mounted(after)["secrets"]["projected"]["sources"]
    assert source["secret"]["name"] == f"{NAME}-slack"
    helm("rollback", "wd", "1", "--namespace", home, "--wait")
    back = pod_of(plane, home)
    assert (version_of(back), "emptyDir" in mounted(back)["state"]) == ("0.1.0", True)
    assert back["spec"]["containers"][0]["image"] == before["spec"]["containers"][0]["image"]
    wait_for(lambda: CLAIM not in of_release(plane, home), "its volume is given back")


def test_values_of_0_1_may_be_reused_and_what_came_since_has_its_defaults(
    plane, helm, install, home
):
    install(chart=OLD, **{"config.interval": 17})
    where = ("wd", str(CHART), "--namespace", home, "--wait", "--timeout", "60s")
    with pytest.raises(RuntimeError, match="say --reset-then-reuse-values"):
        helm("upgrade", *where, "--reuse-values")
    helm("upgrade", *where, "--reset-then-reuse-values")
    config = yaml.safe_load(plane.api.get("ConfigMap", NAME, home)["data"]["config.yaml"])
    assert (config["interval"], config["web"]["open"]) == (17, True)
    assert CLAIM in of_release(plane, home)


def outcome_of(plane, helm, home, fate):
    """What `helm test` says where its pod ends so."""
    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(helm, "test", "wd", "--namespace", home, "--timeout", "60s")
        wait_for(lambda: plane.api.find("Pod", TEST_POD, home), "its pod is there")
        plane.behave(home, TEST_POD, fate)
        return said.result()


def test_helm_test_says_what_its_pod_says(plane, helm, install, home):
    install()
    assert "Phase:          Succeeded" in outcome_of(plane, helm, home, COMPLETED)
    with pytest.raises(RuntimeError, match=f"{TEST_POD} failed"):
        outcome_of(plane, helm, home, FAILED)


def asked(helm, home, page):
    """What the test's pod runs, of the service here."""
    hooks = yaml.safe_load_all(helm("get", "hooks", "wd", "--namespace", home))
    (pod,) = [hook for hook in hooks if hook]
    python, dash, program, _ = pod["spec"]["containers"][0]["command"]
    assert (python, dash) == ("python", "-c")
    command = [sys.executable, "-c", program, f"{page}/readyz"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_the_test_s_pod_runs_fails_until_all_is_read(helm, install, served, home, make):
    made = make()
    made.log([("2026-11-23T08:40:00.000000000Z", "Starting")])
    install(**{"rbac.create": False})
    with served() as page:
        wait_for(lambda: "add the rule" in asked(helm, home, page).stderr, "the rule is named")
        assert asked(helm, home, page).returncode == 1
    install()
    with served() as page:
        done = wait_for(lambda: _passed(asked(helm, home, page)), "it is ready")
    assert '"ready":true' in done.stdout.replace(" ", "")


def _passed(done):
    return done if done.returncode == 0 else None
