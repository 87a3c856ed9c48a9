"""How a call of the program ends: exit status, and one line that says what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from watchdog import __version__, cli
from watchdog.commands import Command
from watchdog.errors import ConfigError, UsageError


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = cli.main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("check",), "TARGET"),
        (("chekc",), "chekc"),
        (("check", "--now", "yesterday", "x"), "--now"),
        (("check", "/nowhere/at/all"), "/nowhere/at/all"),
        (("check", "pyproject.toml"), "pyproject.toml"),
        (("check", "s3://"), "s3://"),
        (("run",), "--logs"),
        (("run", "--logs", "/nowhere"), "/nowhere"),
        (("run", "--logs", ".", "--interval", "0"), "interval"),
        (("run", "--logs", ".", "--interval", "soon"), "--interval"),
        (("run", "--logs", ".", "--listen", "nowhere"), "listen"),
        (("run", "--logs", ".", "--listen", "0.0.0.0:0"), "web.open"),
        (("run", "--logs", ".", "--listen", "[::]:0"), "web.open"),
        (("run", "--logs", ".", "--state", "nosuchdb://x"), "state"),
        (("run", "--config", "/nowhere.yaml"), "/nowhere.yaml"),
        (("silence", "a", "--for", "soon"), "watchdog silence --help"),
        (("mute", "a", "--for", "soon"), "watchdog mute --help"),
        (("--jsno",), "--jsno"),
    ],
)
def test_wrong_usage_is_one_line_and_status_3(capsys, arguments, named):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (3, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("watchdog: ")
    assert named in err


def test_without_a_command_there_is_help_and_status_3(capsys):
    status, out, err = run(capsys)
    assert (status, err) == (3, "")
    assert out == cli.build_parser().format_help()


@pytest.mark.parametrize(
    "arguments", [("--help",), *((command.name, "--help") for command in cli.COMMANDS)]
)
def test_help_says_what_there_is(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    assert ended.value.code == 0
    assert "usage: watchdog" in capsys.readouterr().out


def test_a_command_s_help_tells_exit_status_and_an_example(capsys):
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 all well, 1 degraded" in text
    assert text.endswith("Example: watchdog check ./logs")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"watchdog {__version__}\n")


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (UsageError("x: no"), 3, "watchdog: x: no\n"),
        (ConfigError("a: no\nb: no"), 3, "watchdog: a: no\nwatchdog: b: no\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_ends_a_command(capsys, monkeypatch, raised, status, said):
    monkeypatch.setattr(cli, "COMMANDS", (ending_in(raised),))
    assert run(capsys, "end") == (status, "", said)


PRINTING = """
import sys
from pathlib import Path
from watchdog import cli
from watchdog.commands import Command, print_lines
from rich.text import Text

def end(_arguments, _settings):
    if sys.argv[1] == "lines":
        print_lines([(0, Text("a verdict"))])
    else:
        sys.stdout.write("a verdict" + " " * int(sys.argv[1]))
    return 2

def add(parser):
    parser.set_defaults(config=None)

cli.COMMANDS = (Command("end", "", "", "", "", add, end),)
sys.exit(cli.main(["end"]))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("printed", ["0", "1000000", "lines"])
def test_a_reader_that_goes_away_gets_no_traceback_and_no_other_status(printed, unbuffered):
    """Whether it is noticed while the report is written, or only at its end."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        ended = subprocess.run(
            [sys.executable, "-c", PRINTING, printed],
            check=False,
            stdout=closed,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert (ended.returncode, ended.stderr) == (2, b"")


def ending_in(raised):
    def end(_arguments, _settings):
        raise raised

    def add(parser):
        parser.set_defaults(config=None)

    return Command("end", "", "", "", "", add, end)


def test_the_settings_file_may_be_named_in_the_environment(capsys, monkeypatch, tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text("interval: never\n")
    monkeypatch.setenv("WATCHDOG_CONFIG", str(file))
    assert cli.main(["mute"]) == 3
    assert "interval: " in capsys.readouterr().err
    monkeypatch.setenv("WATCHDOG_CONFIG", "")
    monkeypatch.setenv("WATCHDOG_STATE", str(tmp_path / "state.sqlite3"))
    assert cli.main(["mute"]) == 0


LOADED = """
import sys
from pathlib import Path
before = set(sys.modules)
from watchdog.cli import build_parser
build_parser().format_help()
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names))
"""


def test_help_waits_for_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["watchdog"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: Linux has one")
def test_a_full_disk_is_one_line_and_no_verdict(tmp_path):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "watchdog", "check", str(tmp_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "watchdog: can't write: No space left on device\n")


def test_a_target_of_a_variable_that_is_not_set(capsys):
    assert cli.main(["check", ""]) == 3
    assert "an empty TARGET" in capsys.readouterr().err
