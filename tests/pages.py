"""Calls of the watchdog in pages and in what the program itself says, and whether they are so."""

import ast
import re
import shlex
from contextlib import redirect_stdout, suppress

from watchdog.cli import COMMANDS, build_parser
from watchdog.errors import UsageError

NAMES = {name for command in COMMANDS for name in (command.name, command.alias) if name}
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SHELL = {"", "sh", "console"}
SPAN = re.compile(r"`(watchdog\s[^`]+)`")
BARE = re.compile(r"(?:--|:) watchdog ([\w-]+)")
"""Without marks around it: `kubectl … -- watchdog mute`, "The evidence: watchdog explain …"."""


def blocks(text, *languages):
    """The fenced blocks of some languages."""
    return [block for language, block in FENCE.findall(text) if language in languages]


def calls(text):
    """Every call in a text: lines of shell blocks, what follows a prompt, and in sentences."""
    for language, block in FENCE.findall(text):
        for line in block.splitlines():
            call = line.strip().removeprefix("$ ")
            if call.startswith("watchdog ") and (language in SHELL or call != line.strip()):
                yield call
    prose = FENCE.sub("", text)
    yield from (" ".join(call.split()) for call in SPAN.findall(prose))
    yield from (f"watchdog {name}" for name in BARE.findall(prose))


def texts(source):
    """What a module's strings say, without docstrings, and with `X` for what is filled in."""
    nodes = [ast.parse(source)]
    while nodes:
        match nodes.pop():
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(p.value if isinstance(p, ast.Constant) else "X" for p in parts)
            case node:
                nodes += ast.iter_child_nodes(node)


def fault(call):
    """What is wrong with a call, None where it is taken. A name alone stands for the command."""
    _, name, *rest = shlex.split(re.sub(r"[\[\]]", "", call), comments=True)
    if not rest and not name.startswith("-"):
        return None if name in NAMES else f"there is no {name!r}"
    try:
        with suppress(SystemExit), redirect_stdout(None):
            build_parser().parse_args([name, *rest])
    except UsageError as error:
        return str(error)
    return None
