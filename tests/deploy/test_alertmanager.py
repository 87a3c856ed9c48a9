"""The Alertmanager example: routes by amtool, inhibition by a real Alertmanager."""

import re
import time
from datetime import datetime

import pytest
import yaml
from pydantic import SecretStr

from tests.control_plane.waiting import wait_for
from tests.deploy.alertmanagers import alertmanager_with
from tests.deploy.binaries import run
from tests.deploy.expressions import DEPLOY, rules
from watchdog.notify.heartbeat import receivers

pytestmark = pytest.mark.acceptance

EXAMPLE = DEPLOY / "alertmanager" / "alertmanager.yaml"
ALERTS = {rule["alert"]: rule["labels"] for rule in rules("alert")}
OF_OTHERS = {"KubeJobNotCompleted", "KubeJobCompletion"}
"""kubernetes-mixin's, that evaluations of days set off."""
STUCK = {"eval_set_id": "mmlu-x7k2", "cause": "api_server_error", "provider": "openai"}


def test_amtool_takes_the_example():
    status, said = run("amtool", "check-config", EXAMPLE)
    assert status == 0, said


RECEIVERS = {
    "critical": "evals-page",
    "page": "evals-page",
    "warning": "evals-ticket",
    "ticket": "evals-ticket",
    "info": "evals-nobody",
}
OLDER = {"critical": "page", "warning": "ticket", "info": "info"}
"""Severities of 0.1, which people may go on with."""


@pytest.mark.parametrize("name", ALERTS)
@pytest.mark.parametrize("names", [{}, OLDER], ids=["standard", "older"])
def test_each_severity_goes_its_way(name, names):
    severity = names.get(ALERTS[name]["severity"], ALERTS[name]["severity"])
    labels = {"alertname": name, **ALERTS[name], "severity": severity}
    receiver = RECEIVERS[severity]
    pairs = [f"{key}={value}" for key, value in labels.items()]
    arguments = [f"--config.file={EXAMPLE}", f"--verify.receivers={receiver}", *pairs]
    status, said = run("amtool", "config", "routes", "test", *arguments)
    assert status == 0, said


def test_the_heartbeat_goes_to_the_dead_man_s_switch():
    pairs = [f"{key}={value}" for key, value in receivers.LABELS.items()]
    arguments = [f"--config.file={EXAMPLE}", "--verify.receivers=evals-heartbeat", *pairs]
    status, said = run("amtool", "config", "routes", "test", *arguments)
    assert status == 0, said


def test_other_people_s_alerts_go_elsewhere():
    arguments = [f"--config.file={EXAMPLE}", "--verify.receivers=default", "alertname=DiskFull"]
    status, said = run("amtool", "config", "routes", "test", *arguments, "severity=critical")
    assert status == 0, said


def test_inhibitions_name_alerts_that_there_are():
    text = EXAMPLE.read_text()
    named = {
        name for found in re.findall(r'alertname=~?"([^"]+)"', text) for name in found.split("|")
    }
    assert named <= {*ALERTS, receivers.ALERT, *OF_OTHERS}


def test_the_provider_s_causes_are_those_of_the_rules():
    (rule,) = [r for r in rules("record") if r["record"].startswith("provider:")]
    causes = re.search(r'cause=~"([^"]+)"', rule["expr"]).group(1)
    assert f'cause=~"{causes}"' in EXAMPLE.read_text()


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    """A real Alertmanager with the example's routes and inhibitions, and nobody to tell."""
    config = yaml.safe_load(EXAMPLE.read_text())
    config["receivers"] = [{"name": each["name"]} for each in config["receivers"]]
    with alertmanager_with(config, tmp_path_factory.mktemp("alertmanager")) as client:
        yield client


def alert(name, **labels):
    return {"alertname": name, **ALERTS[name], "namespace": "evals", "job": "watchdog", **labels}


def of_job(job_name, name="KubeJobNotCompleted"):
    """kubernetes-mixin's alert on a Job that runs for long."""
    found = {"alertname": name, "severity": "warning", "job_name": job_name}
    return {**found, "namespace": f"inspect-{job_name}"}


def without(labels, *names):
    return {key: value for key, value in labels.items() if key not in names}


CASES = {
    "a provider's trouble": (
        [alert("EvalStuckProviderWide", provider="openai")],
        [
            alert("EvalSetStuck", **STUCK),
            alert("EvalSetStuckNoPage", **{**STUCK, "eval_set_id": "n"}),
            alert("EvalSetPartiallyStuck", **{**STUCK, "eval_set_id": "a", "cause": "auth"}),
            alert("EvalModelCallsFailing", provider="openai", model="openai/gpt-4o"),
        ],
        [
            alert("EvalSetStuck", **{**STUCK, "eval_set_id": "b", "provider": "anthropic"}),
            alert("EvalSetStuck", **{**STUCK, "eval_set_id": "c", "cause": "oom_killed"}),
            alert("EvalSetStuck", **without(STUCK, "provider")),
            alert("EvalSetStuck", **STUCK, job="another"),
        ],
    ),
    "a watchdog that is down": (
        [alert("EvalWatchdogDown")],
        [
            alert("EvalSetStuck", **STUCK),
            alert("EvalStuckProviderWide", provider="mistral"),
            alert("EvalIncidentsMany"),
            alert("EvalRetriesGrowing", model="mistral/large", provider="mistral"),
        ],
        [alert("EvalSetUnknown", eval_set_id="of-another", job="another")],
    ),
    "replicas without a leader": (
        [alert("EvalWatchdogNoLeader")],
        [alert("EvalSetStuck", **STUCK), alert("EvalIncidentsMany")],
        [alert("EvalWatchdogDoctorFailed", check="election")],
    ),
    "what keeps the heartbeat back says so itself": (
        [alert("EvalWatchdogSourceSilent", source="s3")],
        [
            alert("EvalWatchdogHeartbeatFailing"),
            alert("EvalWatchdogDoctorFailed", check="store"),
        ],
        [
            alert("EvalWatchdogHeartbeatFailing", job="another"),
            alert("EvalWatchdogDoctorFailed", check="tokens"),
            alert("EvalWatchdogConfigRefused"),
        ],
    ),
    "one that is down is not told as absent too": (
        [alert("EvalWatchdogDown")],
        [without(alert("EvalWatchdogAbsent"), "namespace", "job")],
        [],
    ),
    "no watchdog at all": (
        [without(alert("EvalWatchdogAbsent"), "namespace", "job")],
        [alert("EvalSetStuck", **STUCK)],
        [alert("EvalSetDegraded", eval_set_id="elsewhere", cluster="elsewhere")],
    ),
    "a blind one says why once": (
        [alert("EvalWatchdogPollStale")],
        [alert("EvalWatchdogSourceErrors", source="s3", reason="timeout")],
        [alert("EvalWatchdogChannelFailing", channel="slack")],
    ),
    "the worst of an eval set": (
        [alert("EvalSetStuck", eval_set_id="worst", cause="auth")],
        [
            alert("EvalSetUnknown", eval_set_id="worst"),
            alert("EvalSetDegraded", eval_set_id="worst"),
        ],
        [alert("EvalSetPartiallyStuck", eval_set_id="other", cause="auth")],
    ),
    "tickets while there are many": (
        [alert("EvalIncidentsMany")],
        [alert("EvalSetPartiallyStuck", **STUCK)],
        [alert("EvalSetStuck", eval_set_id="page", cause="evicted")],
    ),
    "a long evaluation's Job": (
        [alert("EvalSetRunsLong", eval_set_id="long-x7k2", job_name="long-x7k2")],
        [of_job("long-x7k2"), of_job("long-x7k2", "KubeJobCompletion")],
        [of_job("backup"), {**of_job("long-x7k2", "KubeJobFailed")}],
    ),
    "a failing channel": (
        [alert("EvalWatchdogChannelFailing", channel="slack")],
        [
            alert("EvalWatchdogNotificationsFailing", channel="slack"),
            alert("EvalWatchdogHeartbeatFailing"),
            alert("EvalWatchdogDoctorFailed", check="channels"),
        ],
        [
            alert("EvalWatchdogNotificationsFailing", channel="webhook"),
            alert("EvalWatchdogDoctorFailed", check="store"),
        ],
    ),
}
"""What is told, what is inhibited by it, and what is told all the same."""


@pytest.mark.parametrize("case", CASES)
def test_inhibition(alertmanager, case):
    told, inhibited, heard = (
        [{"cluster": case, "case": case, **each} for each in part] for part in CASES[case]
    )
    alerts = [{"labels": each} for each in (*told, *inhibited, *heard)]
    alertmanager.post("/api/v2/alerts", json=alerts).raise_for_status()

    def as_expected():
        query = {"filter": f'case="{case}"'}
        found = alertmanager.get("/api/v2/alerts", params=query).json()
        silent = [each["labels"] for each in found if each["status"]["inhibitedBy"]]
        return len(found) == len(alerts) and in_order(silent) == in_order(inhibited)

    wait_for(as_expected, "exactly these are inhibited", timeout=20)


async def test_an_alertmanager_takes_the_heartbeat_as_one_alert_that_goes_on(alertmanager):
    url = SecretStr(str(alertmanager.base_url))
    sender = receivers.Alertmanager(url, {"cluster": "the heartbeat"}, lasts=600)
    began = time.time()
    assert [(await sender.beat(began + seconds)).result for seconds in (0, 60)] == ["sent", "sent"]
    await sender.aclose()
    query = {"filter": f'alertname="{receivers.ALERT}"'}
    (found,) = alertmanager.get("/api/v2/alerts", params=query).json()
    assert found["labels"] == {"cluster": "the heartbeat", **receivers.LABELS}
    assert found["status"]["state"] == "active"
    assert [each["name"] for each in found["receivers"]] == ["evals-heartbeat"]
    ends_at = datetime.fromisoformat(found["endsAt"]).timestamp()
    assert ends_at == pytest.approx(began + 660, abs=0.01)


def in_order(labels):
    return sorted(labels, key=lambda each: sorted(each.items()))
