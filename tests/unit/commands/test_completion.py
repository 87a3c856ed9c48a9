"""The shell's own completion, with the script that the program prints."""

import shutil
import subprocess

import pytest

from watchdog import cli
from watchdog.commands.completion import SHELLS

ASK = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
{function}
echo "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("completion") / "watchdog.bash"
    with pytest.MonkeyPatch.context() as patch, path.open("w") as out:
        patch.setattr("sys.stdout", out)
        assert cli.main(["completion", "bash"]) == 0
    return path


def completed(script, words):
    bash = shutil.which("bash") or pytest.fail("no bash")
    text = ASK.format(script=script, words=words, function="_shtab_watchdog")
    done = subprocess.run([bash, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("watchdog st", ["status"]),
        ("watchdog c", ["check", "channels", "canary", "completion"]),
        ("watchdog check --js", ["--json"]),
        ("watchdog samples x --state st", ["stuck"]),
        ("watchdog completion ", ["bash", "zsh", "tcsh"]),
    ],
)
def test_bash_completes(script, words, answers):
    words = f"{words} ''" if words.endswith(" ") else words
    assert sorted(completed(script, words)) == sorted(answers)


def test_files_are_completed(script, tmp_path, monkeypatch):
    (tmp_path / "some-logs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert completed(script, "watchdog check some") == ["some-logs"]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_one(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    assert "watchdog" in capsys.readouterr().out
