"""From the forms in deploy/ to a person: prometheus-operator, Prometheus, Alertmanager, all real.

The operator makes of a ServiceMonitor and a PrometheusRule what Prometheus runs with; that finds
the chart's Service in the API server and scrapes the service, which watches an evaluation that is
stuck.
"""

import json
import time
from contextlib import ExitStack
from types import SimpleNamespace
from uuid import uuid4

import pytest
import yaml

from tests.acceptance.alerting import Inbox, Play, faster, start_alertmanager, start_prometheus
from tests.acceptance.service_process import ServiceProcess
from tests.control_plane import operated
from tests.control_plane.build import resolve
from tests.control_plane.fixtures import found
from tests.control_plane.operator_crds import NEEDED, operator_crds
from tests.control_plane.processes import free_ports
from tests.control_plane.waiting import wait_for
from tests.paths import ROOT

pytestmark = [pytest.mark.control_plane, pytest.mark.acceptance]

CHART = str(ROOT / "helm" / "stuck-eval-watchdog")
DEPLOY = ROOT / "deploy" / "prometheus-operator"
RECORDING, STUCK, NAME = "outage_40min", 3, "outage-40min-7f3a"
VALUES = {
    "image.repository": "registry.example/watchdog",
    "config.kubernetes.store": "s3://bucket/{eval_set_id}",
    "persistence.enabled": False,
}
JOB = "wd-stuck-eval-watchdog"
PATIENCE = 180.0
"""Seconds that a busy machine may take for a step."""


@pytest.fixture(scope="module")
def kinds(request, plane):
    """The operator's kinds, until the end of this file."""
    made = found(request.config, lambda _: operator_crds(NEEDED))
    with plane.with_kinds(made):
        yield


@pytest.fixture(scope="module")
def home(plane, helm, kinds):  # noqa: ARG001 - they outlive it
    """A namespace with a release of the chart."""
    name = f"wd-{uuid4().hex[:8]}"
    plane.namespace(name)
    sets = [f"--set-json={key}={json.dumps(value)}" for key, value in VALUES.items()]
    helm("install", "wd", CHART, "--namespace", name, "--wait", "--timeout", "60s", *sets)
    yield name
    helm("uninstall", "wd", "--namespace", name, "--wait")
    plane.api.drop("Namespace", name)


@pytest.fixture(scope="module")
def made(request, plane, kubectl, home, tmp_path_factory):
    """What the operator makes of the forms, which a Prometheus selects."""
    folder = tmp_path_factory.mktemp("operator")
    forms = folder / "forms.json"
    forms.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items(home)}))
    process = found(request.config, lambda _: operated.operator_process(plane, home, folder))
    process.start()
    try:
        kubectl("apply", f"--namespace={home}", f"--filename={forms}")

        def whole():
            process.check()
            config = operated.configuration(plane, home)
            rules = operated.rule_files(plane, home)
            return SimpleNamespace(config=config, rules=rules) if config and rules else None

        yield wait_for(whole, f"the operator wrote its files\n{process.tail()}", timeout=PATIENCE)
    finally:
        process.stop()


def items(namespace):
    """The forms, hurried and labelled as kube-prometheus-stack wants it, and what uses them."""
    monitor, rule = (
        yaml.safe_load((DEPLOY / f"{name}.yaml").read_text())
        for name in ("servicemonitor", "prometheusrule")
    )
    monitor["spec"]["endpoints"][0] |= {"interval": "1s", "scrapeTimeout": "1s"}
    for each in (each for group in rule["spec"]["groups"] for each in group["rules"]):
        each["expr"] = faster(each["expr"])
        if "for" in each:
            each["for"] = faster(each["for"])
    for form in (monitor, rule):
        form["metadata"]["labels"] |= operated.SELECTED
    return [monitor, rule, *operated.alertmanager(namespace), operated.prometheus(namespace)]


@pytest.fixture(scope="module")
def running(request, plane, home, made, tmp_path_factory):
    """A Prometheus with what the operator made, an Alertmanager, and the service."""
    program = found(request.config, lambda say: resolve("prometheus", say))
    folder = tmp_path_factory.mktemp("operated")
    play = Play(RECORDING, folder)
    play.begin(STUCK, time.time())
    settings = folder / "watchdog.yaml"
    settings.write_text(json.dumps({"status_feeds": [], "detection": {"false_pages_per_week": 20}}))
    plane.grant(home, operated.ACCOUNT, operated.RIGHTS, home)
    prometheus, alertmanager = free_ports(2)
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox())
        service = ServiceProcess(folder, [str(play.target)], arguments=["--config", str(settings)])
        stack.callback(service.kill)
        assert service.until_ready(PATIENCE), service.lines
        start_alertmanager(stack, folder, alertmanager, inbox)
        ports = {"watchdog": service.port, "alertmanager": alertmanager}
        config = operated.reachable(made.config, plane, folder, ports)
        (folder / "rules").mkdir()
        for name, text in made.rules.items():
            (folder / "rules" / name).write_text(text)
        client = start_prometheus(stack, folder, prometheus, config, program)
        yield SimpleNamespace(prometheus=client, inbox=inbox)


def test_the_rules_arrive_whole(made):
    ((_, text),) = made.rules.items()
    form = yaml.safe_load((DEPLOY / "prometheusrule.yaml").read_text())
    arrived = yaml.safe_load(text)["groups"]
    assert [group["name"] for group in arrived] == [g["name"] for g in form["spec"]["groups"]]
    assert [len(group["rules"]) for group in arrived] == [
        len(g["rules"]) for g in form["spec"]["groups"]
    ]


def test_prometheus_finds_the_service_and_scrapes_it(running, home):
    def up():
        targets = running.prometheus.get("/api/v1/targets?state=active").json()["data"]
        return [each for each in targets["activeTargets"] if each["health"] == "up"]

    (target,) = wait_for(up, "a target is up", PATIENCE)
    labels, discovered = target["labels"], target["discoveredLabels"]
    assert (labels["job"], labels["namespace"], labels["service"]) == (JOB, home, JOB)
    assert discovered["__meta_kubernetes_endpointslice_port_name"] == "http"
    assert discovered["__metrics_path__"] == "/metrics"
    assert labels["pod"].startswith(JOB)


def test_an_alert_reaches_alertmanager_with_the_labels_of_the_cluster(running, home):
    def paged():
        return [
            alert
            for receiver, notification in running.inbox.received
            for alert in notification["alerts"]
            if (receiver, alert["labels"]["alertname"]) == ("evals-page", "EvalSetStuck")
        ]

    alert = wait_for(paged, "the webhook hears of it", PATIENCE)[0]
    labels = alert["labels"]
    assert (labels["eval_set_id"], labels["severity"]) == (NAME, "critical")
    assert (labels["job"], labels["namespace"], labels["cluster"]) == (JOB, home, "east")
    assert alert["annotations"]["summary"] == "An eval set is stuck."
