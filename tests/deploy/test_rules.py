"""The alert rules: valid, tested, and about things that there are."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.deploy.binaries import run
from tests.deploy.expressions import (
    DASHBOARDS,
    DEPLOY,
    RULES,
    groups,
    metrics,
    of_dashboards,
    of_rules,
    rules,
)
from tests.deploy.known import everything
from tools import deploy
from tools.mixin.rules import rule_file
from tools.mixin.settings import RUNBOOK, Settings, fill
from watchdog.model.verdict import Cause

ROOT = DEPLOY.parent
TESTS = sorted((DEPLOY / "prometheus" / "tests").glob("*.yaml"))
ALERTS = {rule["alert"]: rule for rule in rules("alert")}
OPERATOR = DEPLOY / "prometheus-operator"


def test_promtool_takes_the_rules():
    status, said = run("promtool", "check", "rules", RULES)
    assert status == 0, said
    assert f"{len(rules('record')) + len(ALERTS)} rules found" in said


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_promtool_s_unit_tests(file):
    status, said = run("promtool", "test", "rules", file)
    assert status == 0, said


def expected(name):
    """What the unit tests expect of an alert, in order of time: [[fires, …], …] for each test."""
    return [
        [bool(case["exp_alerts"]) for case in sorted(cases, key=minutes)]
        for file in TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        if (cases := [c for c in test.get("alert_rule_test", ()) if c["alertname"] == name])
    ]


def minutes(case):
    return int(case["eval_time"].removesuffix("m"))


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_was_seen_to_wait_to_fire_and_to_end(name):
    assert any(
        not each[0] and not each[-1] and any(each) for each in expected(name) if len(each) >= 3
    ), expected(name)


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_says_what_a_person_needs(name):
    rule = ALERTS[name]
    assert re.fullmatch(r"Eval[A-Za-z]+", name)
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["labels"]["scope"] in {"eval_set", "model", "provider", "fleet", "watchdog"}
    assert rule["labels"]["app"] == "stuck-eval-watchdog"
    links = {"runbook_url", "dashboard_url", "page_url"}
    assert set(rule["annotations"]) == {"summary", "description", *links}
    assert re.fullmatch(r"[A-Z][^{}]{10,90}\.", rule["annotations"]["summary"])
    assert rule["annotations"]["description"].rstrip("} ").endswith((".", "eval_set_id"))


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_has_its_page(name):
    page = ALERTS[name]["annotations"]["runbook_url"].removeprefix(f"{RUNBOOK}/")
    by_cause = "{{ or $labels.cause `unexplained` }}.md"
    pages = [f"{cause.value}.md" for cause in Cause] if page == by_cause else [page]
    assert [each for each in pages if not (ROOT / "docs" / "runbook" / each).is_file()] == []


def test_records_are_named_as_level_metric_operations():
    names = [rule["record"] for rule in rules("record")]
    assert len(set(names)) == len(names)
    assert [
        name for name in names if not re.fullmatch(r"[a-z_]+:eval_watchdog_\w+:\w+", name)
    ] == []


@pytest.mark.parametrize("each", [*of_rules(), *of_dashboards("x")], ids=lambda each: each.where)
def test_all_metrics_are_there(each):
    assert metrics(each.text) <= everything()


def test_the_operator_s_form_is_the_same():
    assert deploy.main(["--check"]) == 0
    made = yaml.safe_load((OPERATOR / "prometheusrule.yaml").read_text())
    assert (made["apiVersion"], made["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert made["spec"] == {"groups": groups()}


def test_the_provider_s_causes_are_those_of_the_program(monkeypatch, capsys, tmp_path):
    old = tmp_path / "alertmanager.yaml"
    old.write_text(deploy.ALERTMANAGER.read_text().replace("api_server_error|", ""))
    monkeypatch.setattr(deploy, "ALERTMANAGER", old)
    monkeypatch.setattr(deploy, "ROOT", tmp_path)
    assert deploy.main(["--check"]) == 1
    assert "alertmanager.yaml is out of date" in capsys.readouterr().err
    assert 'cause=~"api_server_error|' in deploy.with_causes(old.read_text())


@pytest.mark.parametrize(
    "name",
    [
        "prometheus/rules.yaml",
        "prometheus-operator/prometheusrule.yaml",
        "grafana/fleet.json",
        "mixin/dashboards/fleet.json",
        "datadog/monitors/EvalSetStuck.json",
    ],
)
def test_a_form_that_is_out_of_date_is_told_and_made_anew(monkeypatch, capsys, tmp_path, name):
    copied = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copied)
    for constant in ("RECORDS", "ALERTS", "ALERTMANAGER"):
        path = getattr(deploy, constant)
        monkeypatch.setattr(deploy, constant, copied / path.relative_to(DEPLOY))
    monkeypatch.setattr(deploy, "DEPLOY", copied)
    monkeypatch.setattr(deploy, "CHART_FILES", tmp_path / "files")
    monkeypatch.setattr(deploy, "ROOT", tmp_path)
    (copied / name).write_text("{}")
    assert deploy.main(["--check"]) == 1
    assert f"deploy/{name} is out of date" in capsys.readouterr().err
    assert deploy.main([]) == 0
    assert (copied / name).read_text() == (DEPLOY / name).read_text()


def test_a_word_that_nothing_stands_for_is_told():
    assert fill("95 % of %(critical)s", Settings(critical="page")) == "95 % of page"
    with pytest.raises(LookupError, match="selectd"):
        fill("up%(selectd)s", Settings())


def test_the_chart_has_the_same_rules_and_dashboards():
    groups = (deploy.CHART_FILES / "rules.yaml").read_text()
    assert rule_file(groups, Settings()) == RULES.read_text()
    copies = {path.name: path.read_text() for path in deploy.CHART_FILES.glob("dashboards/*.json")}
    assert copies == {path.name: path.read_text() for path in DASHBOARDS}


@pytest.mark.parametrize(
    ("file", "endpoints"),
    [("servicemonitor", "endpoints"), ("podmonitor", "podMetricsEndpoints")],
)
def test_monitors_find_what_the_chart_makes(file, endpoints):
    monitor = yaml.safe_load((OPERATOR / f"{file}.yaml").read_text())
    chart = ROOT / "helm" / "stuck-eval-watchdog"
    name = yaml.safe_load((chart / "Chart.yaml").read_text())["name"]
    assert monitor["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
    (endpoint,) = monitor["spec"][endpoints]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    assert "- name: http\n" in (chart / "templates" / "service.yaml").read_text()


def test_a_copy_with_one_s_own_addresses(tmp_path):
    own = [
        "--runbook",
        "https://git.acme.test/docs/runbook/",
        "--grafana",
        "https://graphs.acme.test",
        "--page",
        "https://evals.acme.test/watchdog/",
    ]
    assert deploy.main(["--output", str(tmp_path), *own]) == 0
    copied = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    there = {path.relative_to(DEPLOY) for path in DEPLOY.rglob("*") if path.is_file()}
    assert copied == {path for path in there if path.parts[0] != "mixin"}
    texts = {path: (tmp_path / path).read_text() for path in copied}
    assert not any("example.org" in text for path, text in texts.items() if path.suffix != ".md")
    link = "https://git.acme.test/docs/runbook/EvalWatchdogDown.md"
    assert link in texts[Path("prometheus/rules.yaml")]
    page = "https://evals.acme.test/watchdog/incidents?q={{ $labels.eval_set_id | urlquery }}"
    assert page in texts[Path("prometheus/rules.yaml")]
    for file in sorted((tmp_path / "prometheus" / "tests").glob("*.yaml")):
        status, said = run("promtool", "test", "rules", file)
        assert status == 0, said


def test_a_copy_with_severities_selector_and_cluster_label_of_one_s_own(tmp_path):
    own = ["--severities", "page,ticket,info", "--cluster-label", "k8s_cluster"]
    own += ["--selector", 'job!=""', "--runbook-suffix", ""]
    assert deploy.main(["--output", str(tmp_path), *own]) == 0
    for name in ("causes", "days"):
        file = tmp_path / "prometheus" / "tests" / f"{name}.yaml"
        status, said = run("promtool", "test", "rules", file)
        assert status == 0, said
    example = tmp_path / "alertmanager" / "alertmanager.yaml"
    labels = ["app=stuck-eval-watchdog", "severity=page", "scope=eval_set"]
    arguments = [f"--config.file={example}", "--verify.receivers=evals-page", *labels]
    status, said = run("amtool", "config", "routes", "test", *arguments)
    assert status == 0, said
    text = example.read_text()
    assert "equal: [k8s_cluster, namespace, job, eval_set_id]" in text
    assert "[cluster" not in text
    assert ", cluster" not in text


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--selector", 'job="a"} or up{x="'),
        ("--selector", "job=watchdog"),
        ("--cluster-label", "my-cluster"),
        ("--severities", "page,ticket"),
        ("--severities", "page,page,info"),
        ("--severities", 'pa"ge,ticket,info'),
        ("--runbook-suffix", '"'),
    ],
)
def test_what_would_break_the_rules_is_refused(option, value, capsys, tmp_path):
    with pytest.raises(SystemExit):
        deploy.main(["--output", str(tmp_path / "new"), option, value])
    assert option in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("address", ["runbooks", "ftp://x.test/", 'https://x.test/"', "https://"])
def test_an_address_that_is_none_is_refused(address, capsys, tmp_path):
    with pytest.raises(SystemExit):
        deploy.main(["--output", str(tmp_path / "new"), "--runbook", address])
    assert "--runbook" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_group_order_of_the_unit_tests_is_that_of_the_rules():
    names = [group["name"] for group in groups()]
    for file in TESTS:
        assert yaml.safe_load(file.read_text())["group_eval_order"] == names


def test_the_readme_s_links_lead_somewhere_and_its_yaml_is_yaml():
    page = (DEPLOY / "README.md").read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page):
        assert (DEPLOY / target).exists(), target
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert blocks
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)


def test_the_readme_tells_every_alert_and_its_severity():
    rows = re.findall(
        r"^\| (Eval[\w, ]+) \| (\w+) \|", (DEPLOY / "README.md").read_text(), re.MULTILINE
    )
    told = {name: severity for names, severity in rows for name in names.split(", ")}
    assert told == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}


def test_causes_that_rules_name_one_by_one_are_causes():
    text = (DEPLOY / "prometheus" / "rules.yaml").read_text()
    named = {
        cause
        for group in re.findall(r'cause[=!]~"\(?([a-z_|]+)\)?"', text)
        for cause in group.split("|")
    }
    assert named <= {cause.value for cause in Cause}
    assert {"hung_teardown", "deletion_stuck", "overdue_wait", "sample_error"} <= named
