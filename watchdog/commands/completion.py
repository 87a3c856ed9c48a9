"""`watchdog completion`: what a shell needs to complete commands, options and files."""

from __future__ import annotations

import sys
from argparse import SUPPRESS
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings

FILES = frozenset({"TARGET", "FILE", "DIR", "BUNDLE", "ID"})
"""What stands for a file or folder, or may."""
SHELLS = ("bash", "zsh", "tcsh")


def _add(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or tcsh")
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    import shtab

    del settings
    parser: ArgumentParser = arguments.parser
    for each in (parser, *_below(parser)):
        for action in each._actions:  # noqa: SLF001 - argparse has no other list of them
            if action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            if action.choices and action.help == SUPPRESS:
                action.help = "COMMAND"  # what no help lists is not completed
    sys.stdout.write(f"{shtab.complete(parser, arguments.shell)}\n")
    return 0


def _below(parser: ArgumentParser) -> list[ArgumentParser]:
    """The commands' parsers."""
    choices = (action.choices for action in parser._actions)  # noqa: SLF001
    return [one for each in choices if isinstance(each, dict) for one in each.values()]


COMMAND = Command(
    name="completion",
    help="a script that completes commands in your shell",
    description="Prints a script that completes commands, options and files. For bash it belongs "
    "into ~/.local/share/bash-completion/completions/watchdog, for zsh into a file _watchdog in a "
    "folder of $fpath.",
    exit_status="0",
    example="watchdog completion bash",
    add=_add,
    run=_run,
    group="set-up",
)
