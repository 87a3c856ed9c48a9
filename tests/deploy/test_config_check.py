"""docs/upgrade.md: what is wrong under `config` is named before an upgrade, by its own command."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.deploy.chart import CHART, NEEDED, merged
from tests.deploy.conftest import part
from tests.documents.ways import commands_of
from tests.paths import ROOT
from watchdog import cli

CONFIGURATION = ROOT / "docs" / "configuration.md"
(RENDER,) = [text for text in commands_of("cluster", "docs/upgrade.md") if "config.yaml" in text]
"""The command that writes the settings into `config.yaml`."""


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """Renders settings as the page says."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "helm").symlink_to(part("helm"))
    (tmp_path / "helm").symlink_to(ROOT / "helm")
    for name in [name for name in os.environ if name.startswith("WATCHDOG_")]:
        monkeypatch.delenv(name)

    def run(config):
        (tmp_path / "watchdog.yaml").write_text(json.dumps(merged(NEEDED, {"config": config})))
        path = f"{programs}:{os.environ['PATH']}"
        env = {"PATH": path, "HOME": str(tmp_path)}
        subprocess.run(["sh", "-c", RENDER], cwd=tmp_path, env=env, check=True)
        return tmp_path / "config.yaml"

    return run


def test_a_wrong_value_is_named(rendered, capsys):
    file = rendered({"notify": {"quiet": "22:00 to 07:00"}})
    assert cli.main(["channels", "--config", str(file)]) == 3
    assert "notify.quiet" in capsys.readouterr().err


TYPOS = {
    "intervall": ({"intervall": 30}, "at '/config'"),
    "quite": ({"notify": {"quite": "22:00-07:00"}}, "at '/config/notify'"),
    "stor": ({"kubernetes": {"stor": "s3://b/evals/{eval_set_id}"}}, "at '/config/kubernetes'"),
    "nme": ({"slack": {"people": [{"nme": "a"}]}}, "at '/config/slack/people/0'"),
}


@pytest.mark.parametrize("key", TYPOS)
def test_helm_names_a_typo_and_renders_nothing(helm, key, tmp_path):
    config, place = TYPOS[key]
    values = tmp_path / "watchdog.yaml"
    values.write_text(json.dumps(merged(NEEDED, {"config": config})))
    where = ("template", "watchdog", str(CHART), "--kube-version", "1.28.0")
    done = helm(*where, "--values", str(values))
    assert done.returncode != 0
    assert f"{place}: additional properties '{key}' not allowed" in done.stderr
    assert done.stdout == ""


def test_helm_takes_every_setting_that_there_is():
    """Each key of docs/configuration.md, whatever its value: those are checked by the service."""
    settings = json.loads((CHART / "values.schema.json").read_text())["definitions"]["settings"]
    rows = re.compile(r"^\| `([a-z0-9_.]+)` \| `WATCHDOG_", re.MULTILINE)
    keys = rows.findall(CONFIGURATION.read_text())
    assert len(keys) > 100
    for key in keys:
        place = settings
        for name in key.split("."):
            place = place.get("items", place)["properties"][name]


def test_what_holds_is_taken_from_standard_input_too(rendered):
    file = rendered({"notify": {"quiet": "22:00-07:00"}})
    command = [sys.executable, "-m", "watchdog", "channels", "--config", "/dev/stdin"]
    done = subprocess.run(
        command, input=file.read_text(), capture_output=True, text=True, check=False
    )
    assert "channels: none is set up" in done.stderr
