"""The mixin by go-jsonnet: what it makes is what Python makes, with any settings."""

import json
import re
import shlex

import pytest
import yaml

from tests.deploy.binaries import run
from tests.deploy.built import run_built
from tests.deploy.expressions import DASHBOARDS, DEPLOY, RULES
from tools import deploy
from tools.mixin import rules
from tools.mixin.settings import Settings

MIXIN = DEPLOY / "mixin"
OWN = Settings(
    selector='job="watchdog", namespace="evals"',
    cluster="k8s_cluster",
    critical="page",
    warning="ticket",
    info="none",
    runbook="https://docs.acme.test/runbook",
    runbook_suffix="/",
    grafana="https://graphs.acme.test",
    page="https://evals.acme.test/watchdog",
)
AS_JSONNET = """{ _config+:: {
  selector: 'job="watchdog", namespace="evals"',
  clusterLabel: 'k8s_cluster',
  severities: { critical: 'page', warning: 'ticket', info: 'none' },
  runbookUrl: 'https://docs.acme.test/runbook',
  runbookSuffix: '/',
  grafanaUrl: 'https://graphs.acme.test',
  pageUrl: 'https://evals.acme.test/watchdog',
} }"""


def made(own="{}"):
    """Rules and dashboards of the mixin, with what somebody puts over it."""
    whole = f"""
        local mixin = (import '{MIXIN / "mixin.libsonnet"}') + {own};
        {{
          groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups,
          dashboards: mixin.grafanaDashboards,
        }}
    """
    status, said = run_built("jsonnet", "-e", whole)
    assert status == 0, said
    return json.loads(said)


@pytest.fixture(scope="module")
def default():
    return made()


@pytest.fixture(scope="module")
def changed():
    return made(AS_JSONNET)


def test_by_default_it_is_what_stands_in_deploy(default):
    assert default["groups"] == yaml.safe_load(RULES.read_text())["groups"]
    files = {path.name: json.loads(path.read_text()) for path in DASHBOARDS}
    assert default["dashboards"] == files


def test_with_other_settings_it_is_what_python_makes(changed):
    groups = rules.template(deploy.RECORDS.read_text(), deploy.ALERTS.read_text())
    files = deploy.generated(OWN, groups)
    assert changed["groups"] == yaml.safe_load(files["prometheus/rules.yaml"])["groups"]
    for name, dashboard in changed["dashboards"].items():
        assert dashboard == json.loads(files[f"grafana/{name}"])


def test_the_settings_change_what_they_should(default, changed):
    before, after = (
        [rule for group in found["groups"] for rule in group["rules"]]
        for found in (default, changed)
    )
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert other["expr"] != one["expr"]
        assert 'job="watchdog", namespace="evals"' in other["expr"]
        assert ("cluster" in one["expr"]) == ("k8s_cluster" in other["expr"])
        if "alert" in other:
            assert other["labels"]["severity"] in {"page", "ticket", "none"}
            assert other["annotations"]["runbook_url"].startswith("https://docs.acme.test/runbook/")
            assert other["annotations"]["runbook_url"].endswith("/")
            assert other["annotations"]["page_url"].startswith("https://evals.acme.test/watchdog/")
    text = json.dumps(changed)
    assert "example.org" not in text
    assert 'k8s_cluster=~\\"$cluster\\"' in text


def test_rules_and_alerts_are_apart_and_each_group_has_one_name(default):
    kinds = [
        {key for rule in group["rules"] for key in rule if key in {"record", "alert"}}
        for group in default["groups"]
    ]
    names = [group["name"] for group in default["groups"]]
    assert all(len(kind) == 1 for kind in kinds)
    assert len(set(names)) == len(names)
    recording = {name for name, kind in zip(names, kinds, strict=True) if "record" in kind}
    assert recording == {name for name in names if name.endswith(".rules")}


def test_rules_with_other_settings_pass_their_unit_tests(tmp_path):
    deploy.customise(tmp_path, OWN)
    for file in sorted((tmp_path / "prometheus" / "tests").glob("*.yaml")):
        text = file.read_text().replace('job="', 'namespace="evals", job="')
        file.write_text(
            text.replace("job: watchdog", "job: watchdog\n              namespace: evals")
        )
    status, said = run("promtool", "check", "rules", tmp_path / "prometheus" / "rules.yaml")
    assert status == 0, said
    status, said = run("promtool", "test", "rules", tmp_path / "prometheus/tests/causes.yaml")
    assert status == 0, said


def test_the_readme_s_steps(tmp_path):
    readme = (DEPLOY / "README.md").read_text()
    (mine,) = re.findall(r"```jsonnet\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "mine.libsonnet").write_text(mine)
    (tmp_path / "deploy").symlink_to(DEPLOY)
    steps = re.findall(r"^(jsonnet .*?)(?: > (\S+))?$", readme, re.MULTILINE)
    assert len(steps) == 3
    for command, target in steps:
        name, *arguments = shlex.split(command)
        status, said = run_built(name, *arguments, cwd=tmp_path)
        assert status == 0, said
        if target:
            (tmp_path / target).write_text(said)
            status, said = run("promtool", "check", "rules", tmp_path / target)
            assert status == 0, said
    alerts = (tmp_path / "alerts.yaml").read_text()
    assert "k8s_cluster" in alerts
    assert 'job=\\"watchdog-stuck-eval-watchdog\\", namespace=\\"watchdog\\"' in alerts
    assert set(re.findall(r'"severity": "(\w+)"', alerts)) == {"page", "warning", "info"}
    written = {path.name for path in (tmp_path / "dashboards").iterdir()}
    assert written == {path.name for path in DASHBOARDS}


def test_it_is_formatted_and_linted():
    files = sorted(MIXIN.glob("*.libsonnet"))
    assert len(files) == 2
    assert run_built("jsonnetfmt", "--test", *files) == (0, "")
    assert run_built("jsonnet-lint", *files) == (0, "")
