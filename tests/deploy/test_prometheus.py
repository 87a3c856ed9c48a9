"""Rules and dashboards on a real Prometheus that scrapes what the program exports."""

import json
import re
import time

import httpx
import pytest
import yaml

from tests.control_plane.processes import Process, free_ports, quiet_environment
from tests.control_plane.waiting import wait_for
from tests.deploy.binaries import need, run
from tests.deploy.expressions import RULES, every, metrics
from tests.deploy.served import STUCK, Served

pytestmark = pytest.mark.acceptance

FIRING = {
    "EvalSetStuck",
    "EvalSetPartiallyStuck",
    "EvalStuckProviderWide",
    "EvalWatchdogChannelFailing",
}
"""What the fleet that is served must set off, once `for` has passed."""

EXPRESSIONS = every(STUCK, interval="10s")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with our rules, a second between scrapes, and nothing waited for."""
    program = need("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    with Served(time.time) as served:
        (folder / "rules.yaml").write_text(json.dumps(impatient()))
        (folder / "prometheus.yaml").write_text(json.dumps(configuration(served.address)))
        (port,) = free_ports(1)
        command = [
            program,
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        process = Process("prometheus", command, folder, quiet_environment(folder))
        process.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                wait_for(lambda: ready(process, client), "Prometheus is ready")
                yield Asked(client)
        finally:
            process.stop()


def ready(process, client):
    process.check()
    try:
        return client.get("/-/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def impatient():
    """The rules without `for`, and what stands in its place: that they wait is promtool's part."""
    found = yaml.safe_load(RULES.read_text())
    for rule in (rule for group in found["groups"] for rule in group["rules"]):
        rule.pop("for", None)
        rule["expr"] = re.sub(r" offset [15]m\b", "", rule["expr"])
    return found


def configuration(address):
    scrape = {"job_name": "watchdog", "static_configs": [{"targets": [address]}]}
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [scrape],
    }


class Asked:
    def __init__(self, client):
        self.client = client

    def __call__(self, text):
        answer = self.client.post("/api/v1/query", data={"query": text}).json()
        assert answer["status"] == "success", f"{answer.get('error')}: {text}"
        return answer["data"]["result"]

    def until_data(self, text):
        return wait_for(lambda: self(text), f"data for {text}", timeout=60)


@pytest.mark.parametrize("each", EXPRESSIONS, ids=lambda each: each.where)
def test_every_expression_parses_and_has_data(prometheus, each):
    if each.always:
        assert prometheus.until_data(each.text)
        return
    prometheus(each.text)
    for name in metrics(each.text):
        assert prometheus.until_data(name), name


def test_the_alerts_that_the_fleet_sets_off(prometheus):
    def firing():
        found = prometheus('ALERTS{alertstate="firing"}')
        names = {each["metric"]["alertname"] for each in found}
        return names if names >= FIRING else None

    names = wait_for(firing, f"{FIRING} fire", timeout=60)
    assert not {name for name in names if name.endswith(("Down", "Absent", "NotReady"))}


def test_rules_are_evaluated_without_an_error(prometheus):
    def evaluated():
        groups = prometheus.client.get("/api/v1/rules").json()["data"]["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        return found if all(rule["health"] != "unknown" for rule in found) else None

    found = wait_for(evaluated, "all rules were evaluated")
    assert [rule for rule in found if rule["health"] != "ok"] == []


def test_an_alert_s_words_are_filled_in(prometheus):
    def told():
        found = prometheus.client.get("/api/v1/alerts").json()["data"]["alerts"]
        names = {each["labels"]["alertname"] for each in found}
        return found if names >= FIRING else None

    for alert in wait_for(told, "alerts with annotations"):
        for text in alert["annotations"].values():
            assert "<error" not in text
            assert "no value" not in text


def test_promtool_has_no_complaint_about_the_metrics():
    with Served(lambda: 1_795_420_800.0) as served:
        body, _ = served.scrape("")
    status, said = run("promtool", "check", "metrics", standard_input=body.decode())
    assert (status, said) == (0, "")
