"""Each command is given to the command line that it is for, and must be taken."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.command_lines import pages
from tests.command_lines.filled import HOSTILE, filled, inner
from tests.command_lines.hawk_cli import NoHawkError, python_with_hawk
from tests.control_plane.build.parts import module_of
from tests.control_plane.build.resolve import MissingPartError, cache, resolve
from tests.pages import fault

pytestmark = pytest.mark.acceptance

SCRIPT = Path(__file__).parent / "parse_click.py"
FILLED = tuple(filled())
COMMANDS = sorted({command for one in FILLED for command in one.commands})
NOT_PARSED = {"aws", "cp", "curl", "df", "find", "kill", "ps", "py-spy"}
"""Programs of one form each, `ps aux` and the like, with parsers that can't be asked alone."""
NOWHERE = "http://127.0.0.1:1"
"""An API server that isn't there: kubectl says so once it has understood its words."""


def of(program):
    """The commands of a program, as its words."""
    words = [inner(command) for command in COMMANDS]
    return [each[1:] for each in words if each[0] == program]


def is_ci():
    """Whether nothing may be skipped for want of a part."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def refuse(reason: str) -> NoReturn:
    """Skip and say why; in CI, fail."""
    if is_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def asked(python, module, attribute, calls, folder):
    """What a click program makes of each call."""
    (folder / "config.yaml").write_text("tasks: []\n")
    done = subprocess.run(
        [str(python), str(SCRIPT), module, attribute],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return list(zip(calls, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def inspect(tmp_path_factory):
    """How Inspect's own command line takes its commands."""
    folder = tmp_path_factory.mktemp("inspect")
    calls = of("inspect") + pages.words_of("inspect")
    return asked(sys.executable, "inspect_ai._cli.main", "inspect", calls, folder)


@pytest.fixture(scope="module")
def hawk(tmp_path_factory):
    """How Hawk's own command line takes its commands."""
    try:
        python = python_with_hawk()
    except NoHawkError as error:
        refuse(str(error))
    calls = of("hawk") + pages.words_of("hawk")
    return asked(python, "hawk.cli.cli", "cli", calls, tmp_path_factory.mktemp("hawk"))


@pytest.fixture(scope="module")
def kubectl():
    """The real kubectl: of the control plane's build, else an installed one."""
    built = cache(module_of("kubectl")) / "kubectl"
    if built.is_file():
        return built
    if is_ci():
        try:
            return resolve("kubectl")
        except MissingPartError as error:
            refuse(str(error))
    installed = shutil.which("kubectl")
    return Path(installed) if installed else refuse("there is no kubectl: make control-plane")


def test_nobody_s_commands_are_passed_over():
    programs = {inner(command)[0] for command in COMMANDS}
    assert programs <= {"inspect", "hawk", "kubectl", "watchdog"} | NOT_PARSED


def test_inspect_takes_its_commands(inspect):
    assert [(call, answer["error"]) for call, answer in inspect if "error" in answer] == []
    verbs = {tuple(call[1:3]) for call, _ in inspect if call[0] == "ctl"}
    assert verbs >= {("sample", v) for v in ("cancel", "cancel-tool-call", "requeue", "show")}


def test_inspect_understands_which_sample_is_meant(inspect):
    meant = {
        (answer["params"]["task"], answer["params"]["sample_id"], answer["params"]["epoch"])
        for call, answer in inspect
        if call[:3] == ["ctl", "sample", "cancel"]
    }
    assert meant >= {(name, name, "2") for name in HOSTILE}


def test_a_cancelled_sample_is_scored_only_where_that_is_said(inspect):
    cancels = [
        (call, answer["params"]["action"])
        for call, answer in inspect
        if call[:3] == ["ctl", "sample", "cancel"]
    ]
    assert {action for _, action in cancels} == {"cancel", "score"}
    assert all("--action" in call for call, _ in cancels)
    told = [f.text for f in filled() if "--action score" in f.text]
    assert told != []
    assert all("score what it has" in text for text in told)


def test_hawk_takes_its_commands(hawk):
    assert [(call, answer["error"]) for call, answer in hawk if "error" in answer] == []
    assert {call[0] for call, _ in hawk} >= {"stop", "delete", "eval-set", "stacktrace", "logs"}


def test_hawk_understands_which_sample_is_to_stop(hawk):
    stops = [answer["params"] for call, answer in hawk if call[0] == "stop" and "--sample" in call]
    assert {params["sample_uuid"] for params in stops} >= {"u1", "HumanEval/2", "$(touch pwned)"}
    assert {params["eval_set_id"] for params in stops} >= {"set-1", 'it\'s "2"'}


def test_kubectl_takes_its_commands(kubectl):
    commands = [shlex.split(c)[1:] for c in COMMANDS if c.startswith("kubectl ")]
    shapes = {_shape(words): words for words in commands}
    assert {shape: said for shape, words in shapes.items() if (said := _said(kubectl, words))} == {}


def test_kubectl_takes_the_runbook_s_commands(kubectl):
    commands = [c for c in pages.commands() if c.startswith("kubectl ")]
    assert len(commands) > 30
    asking = {command: _said(kubectl, shlex.split(command)[1:]) for command in commands}
    assert {command: said for command, said in asking.items() if said} == {}


def test_the_runbook_s_commands_in_a_pod_name_the_container():
    in_pods = [c for c in pages.commands() if c.startswith(("kubectl exec ", "kubectl logs "))]
    assert in_pods
    assert [command for command in in_pods if " -c " not in command.split(" -- ")[0]] == []


def test_kubectl_s_refusal_would_be_seen(kubectl):
    assert "unknown flag" in _said(kubectl, ["get", "pods", "--srt-by=x"])
    assert "not supported" in _said(kubectl, ["exec", "-n", "x", "pod", "ps"])


def _shape(words):
    """Its words without names: kubectl's parser does the same with every name."""
    ours = words[: words.index("--")] if "--" in words else words
    return tuple(word for word in ours if word.startswith("-") or word in {"exec", "get", "top"})


def _said(kubectl, words):
    """What kubectl has against its words; empty where it got as far as asking the server."""
    done = subprocess.run(
        [str(kubectl), "--server", NOWHERE, *words],
        capture_output=True,
        text=True,
        env={"KUBECONFIG": "/dev/null", "HOME": "/nonexistent"},
        timeout=60,
        check=False,
    )
    return "" if f"{NOWHERE.rpartition('/')[2]} was refused" in done.stderr else done.stderr


def test_the_watchdog_takes_its_commands():
    commands = [command for command in COMMANDS if command.startswith("watchdog ")]
    assert {command: said for command in commands if (said := fault(command))} == {}
