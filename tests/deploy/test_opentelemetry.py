"""The collector's example: whole, and about metrics and labels that there are."""

import re

import yaml

from tests.deploy.expressions import DEPLOY
from tests.deploy.known import exported
from watchdog.surfaces.families import FAMILIES
from watchdog.surfaces.metrics import SELF_FAMILIES

COLLECTOR = yaml.safe_load((DEPLOY / "opentelemetry" / "collector.yaml").read_text())
LABELS = {family.name: set(family.labels) for family in (*FAMILIES, *SELF_FAMILIES)}
README = (DEPLOY / "README.md").read_text()
CLUSTER = "k8s.cluster.name"


def test_pipelines_are_of_what_is_set_up_and_nothing_is_left_out():
    pipelines = COLLECTOR["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for each in pipelines for name in each[kind]} == set(COLLECTOR[kind])
    for each in pipelines:
        assert each["processors"][0] == "memory_limiter"
        assert each["processors"][-1] == "batch"


def test_it_scrapes_the_service_s_port():
    (scrape,) = COLLECTOR["receivers"]["prometheus"]["config"]["scrape_configs"]
    ((target,),) = [each["targets"] for each in scrape["static_configs"]]
    assert target.endswith(":9464")
    assert "metrics_path" not in scrape


def declared():
    """What CloudWatch gets: names with their dimensions."""
    for each in COLLECTOR["exporters"]["awsemf"]["metric_declarations"]:
        for selector in each["metric_name_selectors"]:
            matching = [name for name in exported() if re.search(selector, name)]
            assert len(matching) == 1, selector
            for dimensions in each["dimensions"]:
                yield matching[0], dimensions


def test_cloudwatch_gets_metrics_that_there_are_by_their_labels():
    for name, (first, *dimensions) in declared():
        assert first == CLUSTER
        assert set(dimensions) in (set(), LABELS[name]), name
    (cluster,) = COLLECTOR["processors"]["resource"]["attributes"]
    assert cluster["key"] == CLUSTER
    assert COLLECTOR["exporters"]["awsemf"]["resource_to_telemetry_conversion"]["enabled"]


def test_what_the_filter_lets_through_is_what_cloudwatch_declares():
    let_through = COLLECTOR["processors"]["filter/alarms"]["metrics"]["include"]
    assert let_through["match_type"] == "strict"
    assert set(let_through["metric_names"]) == {name for name, _ in declared()}


def test_the_alarms_of_the_readme_are_on_what_is_declared():
    alarms = re.findall(r"--namespace (\S+) --metric-name (\S+) --dimensions Name=(\S+),", README)
    assert len(alarms) == 2
    for namespace, name, dimension in alarms:
        assert namespace == COLLECTOR["exporters"]["awsemf"]["namespace"]
        assert (name, [dimension]) in list(declared())
