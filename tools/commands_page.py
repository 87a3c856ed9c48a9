"""docs/commands.md, generated from the commands' own arguments and help."""

import re
from argparse import Action, ArgumentParser, HelpFormatter
from collections.abc import Iterator
from functools import partial
from textwrap import wrap

from watchdog.cli import COMMANDS
from watchdog.commands import Command

WIDTH = 96
PART = re.compile(r"\[[^\]]*\](?:\])?|\S+")
"""Of a synopsis: `[--now ISO8601]` stays in one line."""

_INTRO = """# Commands

Generated from `watchdog/commands/` by `make docs`. `watchdog check --help`, and so on, says the
same; `watchdog` alone lists the commands and exits with 3.

Whatever the command: what could not be done, wrong usage included, is one line on standard error
that names it, and exit status 3; Ctrl-C is 130, but a clean end of `watchdog run`. The settings of
[configuration.md](configuration.md) count for all of them, and an argument of a setting's name
weighs more. A time that names no zone is in UTC. A duration needs its unit: `90m`, `8h`, `2d`. No
flag is taken by half of its name. `| head` changes no exit status, and what takes longer than two
seconds says so, on a terminal alone. Colours are for terminals too, unless `NO_COLOR` is set; the
width is the terminal's, else that of `COLUMNS`, else 80.

`status`, `watch`, `samples`, `transcript` and `logs` read, in this order: `--server URL`; `--logs
TARGET`; `WATCHDOG_SERVER`; a target in place of the id, as `check` takes it; a service on this
machine (127.0.0.1:9464, or what `listen` says); what the settings watch (`logs`, else the cluster),
by one look as `check` does. The first line, on standard error, says which. A service that wants to
know who asks is shown `WATCHDOG_TOKEN` ([access.md](access.md)), where it was named by `--server`
or `WATCHDOG_SERVER`; no answer may take longer than a minute, or have more than 64 MiB. What the
guide to stuck evaluations had people type, and what does it now: [cheatsheet.md](cheatsheet.md).

| command | what |
| --- | --- |"""


def markdown() -> str:
    """The whole page."""
    parts = [_INTRO, *(f"| [`{c.name}`](#watchdog-{c.name}) | {c.help} |" for c in COMMANDS)]
    for command in COMMANDS:
        parts += _section(command)
    return "\n".join(parts) + "\n"


def _section(command: Command) -> Iterator[str]:
    parser = ArgumentParser(f"watchdog {command.name}", add_help=False)
    parser.formatter_class = partial(HelpFormatter, width=10_000)
    command.add(parser)
    yield f"\n## `watchdog {command.name}`\n"
    yield command.description
    if command.alias is not None:
        yield f"\n`watchdog {command.alias}` is the same command."
    yield f"\n```text\n{_synopsis(parser)}\n```"
    yield "\n| argument | meaning |\n| --- | --- |"
    for action in parser._actions:  # noqa: SLF001 - argparse has no other list of them
        yield f"| `{_name(action)}` | {action.help} |"
    yield f"\nExit status: {command.exit_status}."
    yield f"\n```\n{command.example}\n```"


def _synopsis(parser: ArgumentParser) -> str:
    """The usage, broken between arguments."""
    usage = parser.format_usage().removeprefix("usage: ")
    parts = [part.replace(" ", "\0") for part in PART.findall(usage)]
    lines = wrap(" ".join(parts), WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def _name(action: Action) -> str:
    metavar = str(action.metavar or "")
    if action.choices is not None and not metavar:
        metavar = f"{{{','.join(map(str, action.choices))}}}"
    if not action.option_strings:
        return metavar
    value = f"[{metavar}]" if action.nargs == "?" else metavar
    return f"{action.option_strings[0]} {value}".rstrip()
