"""No command of the documents without a test that runs it, or a reason why none can."""

import re

import pytest

from tests.documents.lines import Line, every
from tests.documents.ways import NOT_RUN, WAYS, commands_of, is_about, way_of
from tests.paths import ROOT
from watchdog.config.load import load

LINES = every()


def test_there_are_commands_to_look_at():
    assert len(LINES) > 250
    assert {line.page.split("/")[0] for line in LINES} >= {"README.md", "docs", "deploy", "helm"}


def test_each_is_run_or_it_is_said_why_not():
    assert [line for line in LINES if way_of(line) not in {*WAYS, "not run"}] == []


def test_a_new_one_would_be_noticed():
    assert way_of(Line("docs/install.md", "terraform destroy")) is None


@pytest.mark.parametrize("record", [one for one in NOT_RUN if (ROOT / one.page).exists()])
def test_what_is_not_run_is_still_there(record):
    assert any(is_about(record, line) for line in LINES)


@pytest.mark.parametrize(("way", "file"), WAYS.items())
def test_the_file_runs_what_it_is_named_for(way, file):
    asks = "pages.commands()" if way == "parsed" else f'commands_of("{way}"'
    assert asks in (ROOT / file).read_text()
    assert commands_of(way)


def test_what_is_parsed_alone_is_the_runbook_s():
    """`tests/command_lines/pages.py` looks there, and nowhere else."""
    assert {line.page.split("/")[1] for line in LINES if way_of(line) == "parsed"} == {"runbook"}


@pytest.mark.parametrize("command", commands_of("make"))
def test_ci_runs_make_s_goals(command):
    words = command.split()
    if words[1:]:  # alone it lists them: tests/unit/tools/test_project.py
        assert re.search(rf'^step ".*" {command}\b', (ROOT / ".ci/run").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", commands_of("settings"))
def test_variables_are_settings(command, monkeypatch):
    name, _, value = command.removeprefix("export ").partition("=")
    monkeypatch.setenv(name, value.strip("'"))
    text = load({}).model_dump_json()
    assert "{eval_set_id}" in text if "STORE" in name else load({}).slack.webhook_url
