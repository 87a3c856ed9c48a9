"""docs/upgrade.md: what is wrong under `config` is named before an upgrade, by its own command."""

import json
import os
import subprocess
import sys

import pytest

from tests.deploy.chart import NEEDED, merged
from tests.deploy.conftest import part
from tests.documents.ways import commands_of
from tests.paths import ROOT
from watchdog import cli

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


def test_a_typo_is_named(rendered, capsys):
    file = rendered({"notify": {"quite": "22:00-07:00"}})
    assert cli.main(["channels", "--config", str(file)]) == 3
    assert "notify.quite: unknown key" in capsys.readouterr().err


def test_what_holds_is_taken_from_standard_input_too(rendered):
    file = rendered({"notify": {"quiet": "22:00-07:00"}})
    command = [sys.executable, "-m", "watchdog", "channels", "--config", "/dev/stdin"]
    done = subprocess.run(
        command, input=file.read_text(), capture_output=True, text=True, check=False
    )
    assert "channels: none is set up" in done.stderr
