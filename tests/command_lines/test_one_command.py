"""Each command is one: it can be pasted, and does nothing that it doesn't say."""

import re
import shlex
import subprocess

import pytest

from tests.command_lines.filled import HOSTILE, UNTYPABLE, filled, inner

FILLED = tuple(filled())
COMMANDS = sorted({command for one in FILLED for command in one.commands})
SHELL = {"cp", "df", "find", "kill", "ps", "py-spy"}
KNOWN = {"aws", "curl", "hawk", "inspect", "kubectl", "watchdog", *SHELL}


def operators(command: str) -> list[str]:
    """What a shell would take for more than words: `;`, `&&`, `|`, `>` and the like."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return [word for word in lexer if set(word) <= set("();<>|&")]


def test_there_are_commands_of_every_kind():
    assert {shlex.split(command)[0] for command in COMMANDS} >= KNOWN - SHELL
    assert len(COMMANDS) > 300


def test_a_shell_takes_each_as_it_stands():
    script = "\n".join(COMMANDS)
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_none_is_a_chain():
    assert {command: found for command in COMMANDS if (found := operators(command))} == {}


@pytest.mark.parametrize("command", ["a; b", "a && b", "a | b", "a > b", "a & b"])
def test_a_chain_would_be_seen(command):
    assert operators(command)


def test_each_begins_with_a_program_that_is_known():
    assert {inner(command)[0] for command in COMMANDS} | {"kubectl"} == KNOWN


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_arrives_as_one_word(name):
    commands = [c for one in FILLED if one.sample == name for c in one.commands]
    by_id = [inner(c) for c in commands if "inspect ctl sample cancel" in c]
    assert by_id
    pairs = [pair for words in by_id for pair in zip(words, words[1:], words[2:], strict=False)]
    assert pairs.count((name, name, "2")) == len(by_id), "task, sample and epoch"
    uuids = [words for c in commands if "--sample" in (words := inner(c))]
    assert all(words[words.index("--sample") + 1] in {name, "something"} for words in uuids)


@pytest.mark.parametrize("name", UNTYPABLE)
def test_a_name_that_can_not_be_typed_leaves_its_placeholder(name):
    texts = [one.text for one in FILLED if one.sample == name]
    assert any("sample cancel <task-id> <sample-id> 2 --action cancel`" in text for text in texts)
    assert not any(name in text.replace("{model}", "") for text in texts if name != "<pod>")


def test_a_pod_s_command_names_the_container():
    of_pods = [c for c in COMMANDS if re.match(r"kubectl (exec|logs) ", c)]
    assert of_pods
    assert all(" -c " in command.split(" -- ")[0] for command in of_pods)


def test_cancelling_and_requeueing_are_two_steps():
    steps = {one.template.text for one in FILLED if "sample cancel " in one.template.text}
    assert steps
    assert not any("requeue" in text for text in steps)
