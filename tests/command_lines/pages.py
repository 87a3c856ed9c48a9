"""The commands that the runbook names, as they are typed."""

import re
import shlex

from tests.command_lines.filled import inner
from tests.pages import blocks
from tests.paths import ROOT

RUNBOOK = ROOT / "docs" / "runbook"
PROGRAMS = ("hawk", "inspect", "kubectl")
SPAN = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`")
FILLED = {"<epoch>": "1", "<config.yaml>": "config.yaml", "<number>": "5", "<seconds>": "600"}


def commands() -> set[str]:
    """Each command of every page, with something in place of what stands between brackets."""
    return {
        _closed(command) for path in RUNBOOK.glob("*.md") for command in _named(path.read_text())
    }


def _named(page: str) -> list[str]:
    lines = [line.strip() for block in blocks(page, "sh") for line in block.splitlines()]
    first_of_pipe = [re.split(r" \| | \|\| | > ", line)[0] for line in lines]
    shell = [line for line in first_of_pipe if line.startswith(PROGRAMS)]
    # a verb alone, as in "`hawk delete` asks first", is no call
    return [*shell, *(span for span in SPAN.findall(page) if re.search(r"<| -", span))]


def _closed(command: str) -> str:
    for place, value in FILLED.items():
        command = command.replace(place, value)
    command = re.sub(r"<[\w-]+>", "something", command)
    return shlex.join(shlex.split(command, comments=True))


def words_of(program: str) -> list[list[str]]:
    """The commands of a program, as its words, those within a container too."""
    all_words = [inner(command) for command in sorted(commands())]
    return [words[1:] for words in all_words if words[0] == program]
