"""The alert rules: valid, tested, and about things that there are."""

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.binaries import run
from tests.deploy.expressions import DEPLOY, RULES, groups, metrics, of_dashboards, of_rules, rules
from tests.deploy.known import everything
from tools import deploy
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
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["labels"]["scope"] in {"eval_set", "model", "provider", "fleet", "watchdog"}
    assert rule["labels"]["app"] == "stuck-eval-watchdog"
    links = {"runbook_url", "dashboard_url", "page_url"}
    assert set(rule["annotations"]) == {"summary", "description", *links}
    assert len(rule["annotations"]["summary"]) <= 200
    assert rule["annotations"]["description"].rstrip("} ").endswith((".", "eval_set_id"))


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_has_its_page(name):
    page = ALERTS[name]["annotations"]["runbook_url"].removeprefix(f"{deploy.RUNBOOK}/")
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


def test_a_form_that_is_out_of_date_is_told(monkeypatch, capsys):
    old = ROOT / "old.yaml"
    monkeypatch.setattr(deploy, "PROMETHEUS_RULE", old)
    assert deploy.main(["--check"]) == 1
    assert "old.yaml is out of date" in capsys.readouterr().err


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
    assert copied == {path.relative_to(DEPLOY) for path in DEPLOY.rglob("*") if path.is_file()}
    texts = {path: (tmp_path / path).read_text() for path in copied}
    assert not any("example.org" in text for path, text in texts.items() if path.suffix != ".md")
    link = "https://git.acme.test/docs/runbook/EvalWatchdogDown.md"
    assert link in texts[Path("prometheus/rules.yaml")]
    page = "https://evals.acme.test/watchdog/incidents?q={{ $labels.eval_set_id | urlquery }}"
    assert page in texts[Path("prometheus/rules.yaml")]
    for file in sorted((tmp_path / "prometheus" / "tests").glob("*.yaml")):
        status, said = run("promtool", "test", "rules", file)
        assert status == 0, said


@pytest.mark.parametrize("address", ["runbooks", "ftp://x.test/", 'https://x.test/"', "https://"])
def test_an_address_that_is_none_is_refused(address, capsys, tmp_path):
    with pytest.raises(SystemExit):
        deploy.main(["--output", str(tmp_path / "new"), "--runbook", address])
    assert "--runbook" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


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
