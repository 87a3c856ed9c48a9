"""The dashboards as far as that can be told without Grafana: tests/deploy/test_prometheus.py runs
their queries."""

import json
import re

import pytest

from tests.deploy.expressions import DASHBOARDS, panels, variables
from tools.dashboards import DASHBOARDS as DESCRIPTIONS
from tools.dashboards.parts import CHOSEN, VERDICTS, or_none
from watchdog.model.verdict import NUMERIC

ALL = {path.name: json.loads(path.read_text()) for path in DASHBOARDS}
each_dashboard = pytest.mark.parametrize("name", ALL)


def test_there_is_a_file_for_each_description():
    assert set(ALL) == set(DESCRIPTIONS)


@each_dashboard
def test_every_panel_has_its_own_place_and_number(name):
    found = ALL[name]["panels"]
    assert [panel["id"] for panel in found] == list(range(1, len(found) + 1))
    taken = [
        (x, y)
        for panel in found
        for spot in [panel["gridPos"]]
        for x in range(spot["x"], spot["x"] + spot["w"])
        for y in range(spot["y"], spot["y"] + spot["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == 23


@each_dashboard
def test_every_panel_asks_the_chosen_source_and_has_a_unit(name):
    for panel in panels(ALL[name]):
        assert panel["title"], panel["id"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_dashboard
def test_variables_are_all_there_and_all_used(name):
    declared = {each["name"] for each in variables(ALL[name])}
    queries = json.dumps([panel["targets"] for panel in panels(ALL[name])])
    asked = queries + json.dumps([each["definition"] for each in variables(ALL[name])])
    assert {"cluster", "namespace", "job"} < declared
    used = set(re.findall(r"\$(\w+)", asked)) - {"__rate_interval", "__range"}
    assert used == declared | ({"1"} & used)
    sources = [each for each in ALL[name]["templating"]["list"] if each["type"] == "datasource"]
    assert [(each["name"], each["query"]) for each in sources] == [("datasource", "prometheus")]


def test_links_lead_to_dashboards_that_are_there():
    uids = {dashboard["uid"] for dashboard in ALL.values()}
    assert len(uids) == len(ALL)
    linked = set(re.findall(r"/d/([\w-]+)", json.dumps(list(ALL.values()))))
    rules = (DASHBOARDS[0].parents[1] / "prometheus" / "rules.yaml").read_text()
    alerts = set(re.findall(r"grafana\.example\.org/d/([\w-]+)", rules))
    assert linked == {"eval-watchdog-eval-set"}
    assert alerts == uids


def test_tables_name_each_of_their_queries():
    for dashboard in ALL.values():
        for panel in (each for each in panels(dashboard) if each["type"] == "table"):
            named = panel["transformations"][1]["options"]["renameByName"]
            refs = [target["refId"] for target in panel["targets"]]
            values = ["Value"] if len(refs) == 1 else [f"Value #{ref}" for ref in refs]
            assert [key for key in named if key.startswith("Value")] == values
            assert {target["format"] for target in panel["targets"]} == {"table"}


def test_verdicts_have_the_contract_s_numbers():
    assert {name: place for place, (name, _) in enumerate(VERDICTS)} == NUMERIC


def test_nothing_is_zero_only_while_a_watchdog_reports():
    assert or_none("x") == f"x or on () 0 * sum(eval_watchdog_build_info{{{CHOSEN}}})"


SERIES = re.compile(r"\b(?:eval_watchdog_|process_|scrape_)\w+(\{[^}]*\})?")
ALSO = re.compile(r"and on \([^)]*\) $|unless on \([^)]*\) $")
"""Before what only narrows series that were chosen."""


@each_dashboard
def test_every_query_is_of_the_watchdogs_that_are_chosen(name):
    chosen = 'cluster=~"$cluster",namespace=~"$namespace",job=~"$job"'
    dashboard = ALL[name]
    texts = [t["expr"] for panel in panels(dashboard) for t in panel["targets"]]
    texts += [each["expr"] for each in dashboard["annotations"]["list"]]
    assert texts
    for text in texts:
        for found in SERIES.finditer(text):
            if ALSO.search(text[: found.start()]) is None:
                assert (found[1] or "").startswith("{" + chosen), f"{found[0]} in {text}"


@each_dashboard
def test_what_is_merged_over_watchdogs_is_told_apart_first(name):
    for panel in panels(ALL[name]):
        for target in panel["targets"]:
            for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", target["expr"]):
                told = {label.strip() for label in labels.split(",")}
                if "job" in told or "instance" in told:
                    assert {"cluster", "namespace", "job"} <= told, target["expr"]


@each_dashboard
def test_a_dashboard_leads_to_the_page_and_the_runbook(name):
    urls = [link["url"] for link in ALL[name]["links"] if link["type"] == "link"]
    assert any(url.startswith("https://watchdog.example.org/") for url in urls)
    assert "https://runbook.example.org/" in urls


def test_incidents_are_marked_and_verdicts_drawn_over_time():
    for name in ("fleet.json", "eval-set.json"):
        assert "Incident opened" in [each["name"] for each in ALL[name]["annotations"]["list"]]
        drawn = [each for each in panels(ALL[name]) if each["type"] == "state-timeline"]
        assert any("erdict" in each["title"] for each in drawn), name
