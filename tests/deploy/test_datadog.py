"""deploy/datadog/: its monitors ask for series that the OpenMetrics check makes of ours.

The names are those of that check's second version, as `instance` sets it up: the prefix goes, the
namespace comes, a counter loses `_total` and ends in `.count`, a histogram in `.bucket`, `.sum` and
`.count`; a metric without a type of its own there, such as an info, is a gauge in the text format.
"""

import json
import re

import pytest
import yaml

from tests.deploy.expressions import DEPLOY, rules
from tests.deploy.served import Served
from watchdog.model.verdict import Cause, Verdict
from watchdog.surfaces.families import FAMILIES
from watchdog.surfaces.metrics import SELF_FAMILIES

FOLDER = DEPLOY / "datadog"
MONITORS = {
    path.stem: json.loads(path.read_text()) for path in sorted((FOLDER / "monitors").glob("*.json"))
}
ALERTS = {rule["alert"]: rule["labels"] for rule in rules("alert")}
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
(ANNOTATION,) = VALUES["podAnnotations"].items()
INSTANCE = json.loads(ANNOTATION[1])["openmetrics"]["instances"][0]
ENDINGS = {"counter": (".count",), "histogram": (".bucket", ".sum", ".count")}
VALUES_OF = {
    "verdict": {verdict.value for verdict in Verdict},
    "cause": {cause.value for cause in Cause},
    "outcome": {"ok", "fail"},
    "status": {"failed"},
}
SERIES = re.compile(r"(avg|max|min|sum):([\w.]+)\{([^}]*)\}(?: by \{([^}]*)\})?(\.as_count\(\))?")


def names():
    """What the check sends, with the labels that become tags."""
    found = {}
    for family in (*FAMILIES, *SELF_FAMILIES):
        name = family.name.removeprefix(INSTANCE["raw_metric_prefix"]).removesuffix("_total")
        if not any(re.search(pattern, name) for pattern in INSTANCE["exclude_metrics"]):
            for ending in ENDINGS.get(family.type, ("",)):
                found[f"{INSTANCE['namespace']}.{name}{ending}"] = set(family.labels)
    return found


NAMES = names()


def test_the_annotation_is_for_the_container_and_port_of_the_chart():
    chart = DEPLOY.parent / "helm" / "stuck-eval-watchdog" / "templates" / "_pod.tpl"
    key = re.fullmatch(r"ad\.datadoghq\.com/(\w+)\.checks", ANNOTATION[0])
    assert f"\nname: {key[1]}\n" in chart.read_text()
    assert INSTANCE["openmetrics_endpoint"] == "http://%%host%%:9464/metrics"
    assert "containerPort: 9464" in chart.read_text()


def test_what_is_taken_is_less_than_there_is_and_all_that_is_asked_for():
    asked = {name for each in MONITORS.values() for _, name, *_ in SERIES.findall(each["query"])}
    assert asked <= set(NAMES)
    assert "eval_watchdog.task_suspicion" not in NAMES
    assert "eval_watchdog.model_calls.count" in NAMES


def test_the_families_are_what_a_scrape_brings():
    with Served(lambda: 1_795_420_800.0) as served:
        body, _ = served.scrape("text/plain")
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", body.decode(), re.MULTILINE))
    for family in (*FAMILIES, *SELF_FAMILIES):
        kind = "gauge" if family.type == "info" else family.type
        assert types.get(family.name, kind) == kind, family.name
    assert types["eval_watchdog_eval_set_verdict"] == "gauge"
    assert types["eval_watchdog_notifications_total"] == "counter"


@pytest.mark.parametrize("name", MONITORS)
def test_a_monitor_asks_for_series_that_there_are(name):
    query = MONITORS[name]["query"]
    found = SERIES.findall(query)
    assert found
    for _, metric, scope, by, as_count in found:
        tags = NAMES[metric]
        assert bool(as_count) == metric.endswith(".count"), metric
        for part in (part for part in scope.split(",") if part != "*"):
            label, value = part.removeprefix("!").split(":")
            assert label in tags
            assert value in VALUES_OF[label]
        assert set(filter(None, by.split(","))) <= tags


@pytest.mark.parametrize("name", MONITORS)
def test_a_monitor_is_an_alert_s_counterpart(name):
    monitor = MONITORS[name]
    assert monitor["name"] == name
    severity = ALERTS[name]["severity"]
    assert monitor["tags"] == ["app:stuck-eval-watchdog", f"severity:{severity}"]
    (bound,) = re.findall(r" (?:>|>=|<|<=) ([\d.]+)$", monitor["query"])
    assert monitor["options"]["thresholds"] == {"critical": float(bound)}
    assert re.match(
        r"(avg|min|max|sum|change)\((\w+\(last_\d+[mh]\),)?last_\d+[mh]\):", monitor["query"]
    )
    grouped = {tag for *_, by, _ in SERIES.findall(monitor["query"]) for tag in by.split(",")}
    assert set(re.findall(r"\{\{(\w+)\.name\}\}", monitor["message"])) <= grouped
    page = re.search(r"Runbook: https://runbook\.example\.org/(\S+\.md)$", monitor["message"])
    assert (DEPLOY.parent / "docs" / "runbook" / page[1]).is_file()
    assert "@" not in monitor["message"]


def test_whoever_is_called_by_prometheus_for_the_watchdog_itself_is_called_here_too():
    missing = {"EvalWatchdogDown"}
    found = {
        name for name, each in MONITORS.items() if "show" in each["options"]["on_missing_data"]
    }
    assert found == missing
