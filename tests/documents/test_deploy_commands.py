"""deploy/README.md's commands for files: as they stand, in a copy of the folder."""

import shutil
import subprocess

import pytest

from tests.deploy.binaries import need
from tests.documents.ways import commands_of
from tests.paths import ROOT

COMMANDS = commands_of("deploy")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of what the commands need, and a folder for each address that is a machine's own."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("deploy", "tools"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "etc").mkdir()
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_it_does_what_the_page_says(command, place):
    """In the page's order: one copies what the next one checks."""
    for program in ("promtool", "amtool"):
        if program in command:
            need(program)
    text = command.replace("/etc/prometheus/rules", str(place / "etc"))
    text = text.replace("/tmp/deploy", str(place / "made"))
    # there is no Prometheus to be told
    text = text.replace("kill -HUP $(pidof prometheus)", "true").replace("python -m", "python3 -m")
    done = subprocess.run(
        ["sh", "-c", text], cwd=place, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "tools.deploy" in text:
        rules = (place / "made" / "prometheus" / "rules.yaml").read_text()
        assert "https://git.example.org/watchdog/docs/runbook" in rules
    if "routes test" in text:
        assert done.stdout.strip()
