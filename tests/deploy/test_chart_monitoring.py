"""What the chart makes for Prometheus and Grafana: monitors, rules, dashboards."""

import json

import pytest
import yaml

from tests.deploy.binaries import run
from tests.deploy.chart import CHART
from tests.paths import ROOT

RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
ADDRESSES = {
    "runbookUrl": "https://git.acme.test/runbook/",
    "grafanaUrl": "https://graphs.acme.test",
    "pageUrl": "https://evals.acme.test",
}


def alerts(groups):
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.fixture(scope="module")
def ruled(render):
    def run(**values):
        objects = render({"prometheusRule": {"enabled": True, **values}})
        return objects["PrometheusRule", ""]

    return run


def test_nothing_is_made_unless_it_is_wanted(render):
    kinds = {kind for kind, _ in render()}
    assert not kinds & {"ServiceMonitor", "PodMonitor", "PrometheusRule"}


@pytest.mark.parametrize(
    ("kind", "endpoints", "values"),
    [
        ("ServiceMonitor", "endpoints", {"monitor": {"enabled": True}}),
        ("PodMonitor", "podMetricsEndpoints", {"podMonitor": {"enabled": True}}),
    ],
)
def test_a_monitor_finds_this_release_alone(render, kind, endpoints, values):
    labels = {"monitor": {**values.get("monitor", {}), "additionalLabels": {"release": "kps"}}}
    objects = render({"prometheus": {**values, **labels}})
    monitor = objects[kind, ""]
    assert monitor["metadata"]["labels"]["release"] == "kps"
    selector = monitor["spec"]["selector"]["matchLabels"]
    assert selector == objects["Deployment", ""]["spec"]["selector"]["matchLabels"]
    (endpoint,) = monitor["spec"][endpoints]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    assert (endpoint["interval"], endpoint["scrapeTimeout"]) == ("30s", "10s")
    assert "namespaceSelector" not in monitor["spec"]
    assert selector.items() <= objects["Service", ""]["metadata"]["labels"].items()


def test_a_monitor_elsewhere_says_where_the_service_is(render):
    objects = render({"prometheus": {"monitor": {"enabled": True, "namespace": "monitoring"}}})
    monitor = objects["ServiceMonitor", "monitoring"]
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": ["wd"]}


def test_the_rules_are_those_of_deploy(ruled):
    made = ruled(**ADDRESSES)["spec"]["groups"]
    expected = json.dumps(RULES["groups"])
    for placeholder, key in (("runbook", "runbookUrl"), ("grafana", "grafanaUrl")):
        expected = expected.replace(
            f"https://{placeholder}.example.org", ADDRESSES[key].rstrip("/")
        )
    expected = expected.replace("https://watchdog.example.org", ADDRESSES["pageUrl"])
    assert made == json.loads(expected)


def test_what_leads_nowhere_is_left_out(ruled):
    text = json.dumps(ruled())
    assert "example.org" not in text
    assert "runbook_url" not in text
    assert all("summary" in rule["annotations"] for rule in alerts(RULES["groups"]).values())


def test_the_runbook_may_be_a_site(ruled):
    rule = ruled(runbookUrl="https://docs.acme.test/runbook", runbookSuffix=".html")
    pages = {n: r["annotations"]["runbook_url"] for n, r in alerts(rule["spec"]["groups"]).items()}
    assert pages["EvalIncidentsMany"] == "https://docs.acme.test/runbook/EvalIncidentsMany.html"
    assert not [page for page in pages.values() if not page.endswith(".html")]


def test_the_page_s_address_is_known_already(render):
    values = {"config": {"external_url": "https://w.example/"}, "prometheusRule": {"enabled": True}}
    made = alerts(render(values)["PrometheusRule", ""]["spec"]["groups"])
    assert any("https://w.example/" in str(rule["annotations"]) for rule in made.values())
    assert "https://w.example//" not in str(made)


def test_severities_labels_and_alerts_are_those_of_the_house(ruled, tmp_path):
    theirs = alerts(RULES["groups"])
    severity = theirs["EvalSetStuck"]["labels"]["severity"]
    rule = ruled(
        severities={severity: "P1"},
        additionalRuleLabels={"team": "evals"},
        additionalRuleAnnotations={"chat": "#evals"},
        disabled={"EvalSetUnknown": True, "EvalSetDegraded": False},
        additionalLabels={"release": "kps"},
        extraGroups=[{"name": "own", "rules": [{"record": "a:b", "expr": "vector(1)"}]}],
    )
    made = alerts(rule["spec"]["groups"])
    assert made.keys() == theirs.keys() - {"EvalSetUnknown"}
    assert made["EvalSetStuck"]["labels"]["severity"] == "P1"
    others = {r["labels"]["severity"] for r in theirs.values()} - {severity}
    assert {r["labels"]["severity"] for r in made.values()} == {"P1", *others}
    assert all(r["labels"]["team"] == "evals" for r in made.values())
    assert all(r["annotations"]["chat"] == "#evals" for r in made.values())
    assert rule["metadata"]["labels"]["release"] == "kps"
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": rule["spec"]["groups"]}))
    status, said = run("promtool", "check", "rules", file)
    assert status == 0, said
    assert "own" in {group["name"] for group in rule["spec"]["groups"]}


def test_dashboards_are_those_of_deploy(template):
    values = {"image": {"repository": "r"}, "config": {"kubernetes": {"store": "s3://b/{id}"}}}
    dashboards = {"enabled": True, "namespace": "grafana", "annotations": {"grafana_folder": "E"}}
    done = template({**values, "dashboards": dashboards})
    made = [t for t in yaml.safe_load_all(done.stdout) if t and t["kind"] == "ConfigMap"]
    maps = [each for each in made if "grafana_dashboard" in each["metadata"]["labels"]]
    assert {each["metadata"]["namespace"] for each in maps} == {"grafana"}
    assert {each["metadata"]["annotations"]["grafana_folder"] for each in maps} == {"E"}
    shown = [json.loads(text) for each in maps for text in each["data"].values()]
    assert sorted(d["uid"] for d in shown) == sorted(
        json.loads(path.read_text())["uid"] for path in DASHBOARDS
    )
    names = [name for each in maps for name in each["data"]]
    assert len(names) == len(set(names)) == len(DASHBOARDS), "the sidecar puts all in one folder"


def test_what_the_chart_holds_is_what_deploy_holds():
    held = sorted((CHART / "files" / "dashboards").glob("*.json"))
    assert [(p.name, p.read_text()) for p in held] == [(p.name, p.read_text()) for p in DASHBOARDS]


def test_releases_with_monitors_have_rules_of_their_own(render, tmp_path):
    values = {"prometheus": {"monitor": {"enabled": True}}, "prometheusRule": {"enabled": True}}
    rule = render(values)["PrometheusRule", ""]
    name, groups = rule["metadata"]["name"], rule["spec"]["groups"]
    expressions = [each["expr"] for group in groups for each in group["rules"]]
    assert all(f'job="{name}", namespace="wd"' in each for each in expressions)
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups}))
    status, said = run("promtool", "check", "rules", file)
    assert status == 0, said


def test_another_selector_and_another_label_of_clusters(ruled):
    made = ruled(selector='job="all"', clusterLabel="k8s_cluster")["spec"]["groups"]
    expressions = [each["expr"] for group in made for each in group["rules"]]
    assert all('job="all"' in each for each in expressions)
    assert any("by (k8s_cluster, namespace, job)" in each for each in expressions)
    assert "$labels.k8s_cluster" in str(made)
