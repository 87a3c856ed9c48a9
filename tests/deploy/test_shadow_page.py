"""docs/shadow.md's snippets: in the shadow Alertmanager tells of the watchdog itself alone."""

import pytest
import yaml

from tests.control_plane.waiting import wait_for
from tests.deploy.alertmanagers import alertmanager_with
from tests.deploy.binaries import run
from tests.deploy.expressions import DEPLOY, rules
from tests.pages import blocks
from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

SNIPPETS = [yaml.safe_load(text) for text in blocks((ROOT / "docs/shadow.md").read_text(), "yaml")]
((RULE,),) = [each for each in SNIPPETS if isinstance(each, list)]
(OURS,) = [each for each in SNIPPETS if "inhibit_rules" in each]
EXAMPLE = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yaml").read_text())
SHADOW = {"alertname": RULE["alert"], **RULE["labels"]}
ALERTS = [{"alertname": rule["alert"], **rule["labels"]} for rule in rules("alert")]
OF_ONE = {"namespace": "evals", "job": "watchdog"}


def test_the_rule_is_one(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "shadow", "rules": [RULE]}]}))
    status, said = run("promtool", "check", "rules", file)
    assert status == 0, said


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    """The example's configuration with the page's route in front."""
    routes = [*OURS["route"]["routes"], *EXAMPLE["route"]["routes"]]
    both = {**EXAMPLE, "route": {**EXAMPLE["route"], "routes": routes}}
    file = tmp_path_factory.mktemp("routes") / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(both))
    return file


@pytest.mark.parametrize("labels", [SHADOW, *ALERTS], ids=lambda each: each["alertname"])
def test_nobody_hears_of_the_shadow_and_each_other_goes_its_way(routes, labels):
    ways = {"critical": "evals-page", "warning": "evals-ticket"}
    receiver = ways.get(labels["severity"], OURS["receivers"][0]["name"])
    pairs = [f"{key}={value}" for key, value in labels.items()]
    arguments = [f"--config.file={routes}", f"--verify.receivers={receiver}", *pairs]
    status, said = run("amtool", "config", "routes", "test", *arguments)
    assert status == 0, said


def test_every_alert_but_those_on_the_watchdog_itself_is_inhibited(tmp_path):
    """With the page's inhibition alone: the example's own would hide what it leaves out."""
    config = {
        "route": {"receiver": "default"},
        "receivers": [{"name": "default"}],
        "inhibit_rules": OURS["inhibit_rules"],
    }
    others = [{**each, **OF_ONE, "job": "another"} for each in ALERTS]
    alerts = [{**each, **OF_ONE} for each in (SHADOW, *ALERTS)]
    inhibited = {each["alertname"] for each in ALERTS if each["scope"] != "watchdog"}
    with alertmanager_with(config, tmp_path) as client:
        body = [{"labels": each} for each in (*alerts, *others)]
        client.post("/api/v2/alerts", json=body).raise_for_status()

        def as_expected():
            found = client.get("/api/v2/alerts").json()
            silent = [each["labels"] for each in found if each["status"]["inhibitedBy"]]
            jobs = {each["job"] for each in silent}
            names = {each["alertname"] for each in silent}
            return len(found) == len(body) and (names, jobs) == (inhibited, {"watchdog"})

        wait_for(as_expected, "exactly these are inhibited", timeout=20)
    assert {"EvalStuckProviderWide", "EvalIncidentsMany", "EvalSandboxesOrphaned"} <= inhibited
