"""The command line: the table of commands, and how a call ends.

A command is a file in `watchdog/commands/` and a line in COMMANDS.
"""

from __future__ import annotations

import argparse
import errno
import shutil
import sys
import textwrap
from contextlib import nullcontext
from typing import TYPE_CHECKING

from watchdog import __version__
from watchdog.arguments import Parser
from watchdog.commands import (
    GROUPS,
    Command,
    canary,
    channels,
    check,
    completion,
    doctor,
    evidence,
    explain,
    incidents,
    logs,
    mark,
    mute,
    probe,
    purge,
    replay,
    report,
    run,
    samples,
    secrets_directory,
    status,
    transcript,
    watch,
)
from watchdog.errors import ConfigError, UsageError
from watchdog.output import discard, unread_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMANDS: tuple[Command, ...] = (
    status.COMMAND,
    watch.COMMAND,
    samples.COMMAND,
    transcript.COMMAND,
    logs.COMMAND,
    incidents.COMMAND,
    report.COMMAND,
    check.COMMAND,
    run.COMMAND,
    evidence.COMMAND,
    explain.COMMAND,
    replay.COMMAND,
    probe.COMMAND,
    mark.COMMAND,
    mute.COMMAND,
    purge.COMMAND,
    channels.COMMAND,
    doctor.COMMAND,
    canary.COMMAND,
    completion.COMMAND,
)
"""In the order in which `watchdog --help` lists them."""

SETTINGS = ("logs", "listen", "interval", "state", "log_level")
"""Arguments that are settings too, which weigh more than the configuration."""

UNDONE = 3
"""Exit status where what was asked for could not be done, wrong usage included."""

INTERRUPTED = 130
"""As shells have it for SIGINT."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""There is no room for what is written."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    try:
        status = _called(argv)
        sys.stdout.flush()
    except (UsageError, ConfigError) as error:
        sys.stderr.write("".join(f"watchdog: {line}\n" for line in _redacted(error).splitlines()))
        return UNDONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # of what goes on until somebody ends it
        discard(sys.stdout)
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        sys.stderr.write(f"watchdog: can't write: {error.strerror}\n")
        discard(sys.stdout)
        return UNDONE
    return status


def _redacted(error: Exception) -> str:
    from watchdog.redaction import redact  # noqa: PLC0415

    return redact(str(error))


def _called(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    arguments = parser.parse_args(argv)
    arguments.parser = parser
    if arguments.command is None:
        parser.print_help()
        return UNDONE
    command: Command = arguments.command
    with command.around():
        # takes longer to import than all else here, and `--help` needs none of it
        from watchdog.config.origin import Origin  # noqa: PLC0415
        from watchdog.config.secrets import learn_secrets  # noqa: PLC0415
        from watchdog.redaction import redacted_stderr  # noqa: PLC0415

        given = {name: getattr(arguments, name, None) for name in SETTINGS}
        with redacted_stderr():
            arguments.origin = Origin(given, arguments.config, secrets_directory())
            settings = arguments.origin.load()
            learn_secrets(settings)
            with nullcontext() if command.endless else unread_output():
                return command.run(arguments, settings)


def build_parser() -> Parser:
    """The parser of the whole command line; `command` is the one that was called, or None."""
    parser = Parser(
        prog="watchdog",
        usage="watchdog [-h] [--version] COMMAND …",
        description=_filled(
            "Finds stuck Inspect AI evaluations and says why. --help after a COMMAND tells what "
            "it takes, and how it exits.",
        ),
        epilog=_filled(
            "Settings may also come from a YAML file (--config, WATCHDOG_CONFIG) or from the "
            "environment (WATCHDOG_INTERVAL, WATCHDOG_SLACK_WEBHOOK_URL, …), or files of such "
            "names in the directory that WATCHDOG_SECRETS_DIR names; docs/configuration.md lists "
            "them."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"watchdog {__version__}")
    parser.set_defaults(command=None)
    # listed below by group instead
    subparsers = parser.add_subparsers(
        prog="watchdog", metavar="COMMAND", help=argparse.SUPPRESS, parser_class=Parser
    )
    for command in COMMANDS:
        _add(subparsers.add_parser(command.name, help=command.help), command)
        if command.alias is not None:
            # a parser of its own: usage and errors name what was typed
            _add(subparsers.add_parser(command.alias), command)
    for group in GROUPS:
        parser.add_argument_group(group, "\n".join(_listed(group)))
    return parser


def _listed(group: str) -> Iterator[str]:
    """A line each of a group's commands."""
    for command in COMMANDS:
        if command.group == group:
            yield f"{command.name:<12}{command.help}"


def _filled(text: str) -> str:
    return textwrap.fill(text, max(40, shutil.get_terminal_size().columns - 2))


def _add(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.description = f"{command.description} Exit status: {command.exit_status}."
    parser.epilog = f"Example: {command.example}"
    command.add(parser)
    parser.set_defaults(command=command)
