"""A command is a file and a line in the table; README and docs/commands.md know the same ones."""

import re
from argparse import ArgumentParser

import pytest

from tests.pages import calls
from tests.paths import ROOT
from watchdog.cli import COMMANDS, SETTINGS, build_parser
from watchdog.config.load import load
from watchdog.config.settings import Settings

NAMES = [command.name for command in COMMANDS]
DOCS = (ROOT / "docs" / "commands.md").read_text()


def called(text):
    """The commands that a text calls."""
    return {call.split()[1] for call in calls(text)}


def test_every_file_is_in_the_table():
    files = {path.stem for path in (ROOT / "watchdog" / "commands").glob("*.py")}
    assert sorted(NAMES) == sorted(files - {"__init__"})


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_command_stands_in_the_file_of_its_name(command):
    assert command.run.__module__ == f"watchdog.commands.{command.name}"
    assert command.add.__module__ == f"watchdog.commands.{command.name}"


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_shows_it(name):
    assert name in called((ROOT / "README.md").read_text())


def test_the_page_has_a_section_for_each_in_the_order_of_the_table():
    assert re.findall(r"^## `watchdog (\S+)`$", DOCS, re.MULTILINE) == NAMES


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_its_example_is_of_itself(command):
    assert called(f"```\n{command.example}\n```") == {command.name}
    assert f"```\n{command.example}\n```" in DOCS


def test_an_alias_is_the_same_command_and_told():
    aliases = {command.alias: command for command in COMMANDS if command.alias}
    assert set(aliases) == {"silence"}
    for alias, command in aliases.items():
        assert build_parser().parse_args([alias]).command is command
        assert f"`watchdog {alias}`" in DOCS
        assert alias in command.help


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_its_help_is_whole(command):
    parser = ArgumentParser()
    command.add(parser)
    assert [action.dest for action in parser._actions if not action.help] == []
    assert all((command.help, command.description, command.exit_status))


def test_arguments_that_are_settings_are_called_as_they_are():
    assert set(SETTINGS) <= set(Settings.model_fields)
    values = ["--logs", "a", "--listen", "x:1", "--interval", "9", "--state", "b"]
    run = build_parser().parse_args(["run", *values, "--log-level", "debug"])
    settings = load({name: getattr(run, name) for name in SETTINGS})
    assert (settings.logs, settings.listen, settings.interval) == (("a",), "x:1", 9)
    assert (settings.state, settings.log_level) == ("b", "debug")


@pytest.mark.parametrize("flag", ["listen", "interval", "log_level"])
def test_run_s_help_tells_the_settings_default(flag):
    default = Settings.model_fields[flag].default
    (row,) = re.findall(rf"^\| `--{flag.replace('_', '-')} .*$", DOCS, re.MULTILINE)
    assert row.endswith(f"(default: {default}) |")
