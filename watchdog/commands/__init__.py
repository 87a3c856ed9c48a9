"""The commands: a file each, which holds its arguments and its run.

A command is the `COMMAND` of its file and a line in `watchdog.cli.COMMANDS`. Commands don't know
each other, so what they have in common stands here. What a command works with is imported when it
runs: `--help` and a slip of the finger wait for none of it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import ArgumentTypeError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, get_args

from watchdog.arguments import UnfitError
from watchdog.errors import UsageError
from watchdog.model.durations import parse_duration

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    from watchdog.config.settings import Settings
    from watchdog.notify.ledger.ledger import Ledger
    from watchdog.surfaces.terminal import Line
    from watchdog.surfaces.terminal.progress import Say


T = TypeVar("T")

Group = Literal["what is stuck", "one look, and why", "what to do", "the service", "set-up"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""Headings of `watchdog --help`."""


class Command(NamedTuple):
    """A command as the command line, its help and docs/commands.md know it."""

    name: str
    help: str
    """A few words for the list of commands."""
    description: str
    exit_status: str
    example: str
    add: Callable[[ArgumentParser], None]
    """Adds its arguments."""
    run: Callable[[Namespace, Settings], int]
    """Does it, and returns the exit status.

    Raises:
        UsageError: it can't be done.
    """
    group: Group = "the service"
    """The heading that `watchdog --help` lists it under."""
    alias: str | None = None
    """Another name, which stays."""
    endless: bool = False
    """Whether it goes on until somebody ends it, so that a reader who goes away does."""
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    """Entered before the settings are read, which takes a while, and left after `run`."""


def add_config(parser: ArgumentParser) -> None:
    """Add `--config`."""
    path = os.environ.get("WATCHDOG_CONFIG")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(path) if path else None,
        metavar="FILE",
        help="settings in YAML (default: the file that WATCHDOG_CONFIG names)",
    )


def add_verbose(parser: ArgumentParser) -> None:
    """Add `-v`."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="all of each eval set: evidence, each stuck sample, what to do",
    )


def add_server(parser: ArgumentParser) -> None:
    """Add `--server`, of what a service or its ledger can tell."""
    parser.add_argument(
        "--server",
        metavar="URL",
        help="the service to ask (default: WATCHDOG_SERVER, else one on this machine; without any "
        "the ledger)",
    )


def secrets_directory() -> Path | None:
    """The directory with a file for each secret setting, where the environment names one."""
    path = os.environ.get("WATCHDOG_SECRETS_DIR")
    return Path(path) if path else None


def add_logs(parser: ArgumentParser) -> None:
    """Add `--logs`."""
    parser.add_argument(
        "--logs",
        action="append",
        metavar="TARGET",
        help="an Inspect log directory or s3://bucket/prefix; may be given several times (default: "
        "the cluster)",
    )


def add_state(parser: ArgumentParser) -> None:
    """Add `--state`."""
    parser.add_argument(
        "--state",
        metavar="URL",
        help="the service's ledger: a file or an SQLAlchemy URL (default: in the user's state "
        "directory)",
    )


def add_groups(parser: ArgumentParser) -> None:
    """Add `--groups`."""
    parser.add_argument(
        "--groups",
        metavar="A,B",
        help="your groups: models of eval sets that ask for others are shown by a stand-in; `*` "
        "for all (default: WATCHDOG_GROUPS)",
    )


def with_groups(settings: Settings, groups: str | None) -> Settings:
    """The settings with the groups of `--groups`, where it was given."""
    if groups is None:
        return settings
    names = tuple(part.strip() for part in groups.split(",") if part.strip())
    return settings.model_copy(update={"groups": names})


def add_now(parser: ArgumentParser, does: str) -> None:
    """Add `--now`: what the command `does` as of another time."""
    parser.add_argument(
        "--now",
        type=instant,
        metavar="ISO8601",
        help=f"{does} as of this time, e.g. 2026-11-23T08:00:00Z (default: when a bundle was "
        "captured, else the present)",
    )


def instant(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no ISO 8601 time such as 2026-11-23T08:00:00Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def duration(text: str, unit: str = "h") -> float:
    """Seconds of a duration such as `8h`; a bare number is refused, as nobody knows of what.

    Args:
        text: what was typed.
        unit: what is meant most likely.
    """
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: {error}") from None
    if text.strip()[-1].isalpha():
        return seconds
    raise UnfitError(f"{text!r} has no unit (s, m, h, d); did you mean", f"{text.strip()}{unit}")


def brief_time(text: str) -> float:
    """As `duration`, where seconds are usual."""
    return duration(text, "s")


@contextmanager
def service_ledger(settings: Settings, now: float) -> Iterator[Ledger]:
    """The ledger that the service uses, to be written beside it.

    Raises:
        UsageError: it can't be opened, or written.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from watchdog.notify.ledger.database import LedgerError, open_ledger

    try:
        opened_ledger = open_ledger(settings.state_url, now, settings.watch)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    if opened_ledger.warnings:
        # one in memory would forget at once what is written
        opened_ledger.ledger.close()
        raise UsageError(f"state: {opened_ledger.warnings[0]}")
    try:
        yield opened_ledger.ledger
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UsageError(f"state: it can't be written: {reason}") from error
    finally:
        opened_ledger.ledger.close()


def waited(what: str, make: Callable[[Say], Coroutine[object, object, T]]) -> T:
    """What a coroutine returns; that it takes long is said on a terminal.

    Args:
        what: is being done, for people.
        make: gives the coroutine, which may tell how far it is.
    """
    from watchdog.surfaces.terminal.progress import progress

    with progress(what) as say:
        return asyncio.run(make(say))


def print_json(record: object) -> None:
    """Print a record, indented and without secrets."""
    import msgspec

    encoded = msgspec.json.encode(shown(record)).decode()
    sys.stdout.write(msgspec.json.format(encoded, indent=2) + "\n")


def shown(record: T) -> T:
    """A record as it may leave: without secrets."""
    from watchdog.redaction import without_secrets

    return without_secrets(record)


def print_lines(lines: Iterable[Line] | Callable[[int], Iterable[Line]]) -> None:
    """Print lines for people, or those that are made for a width, as wide as the terminal is."""
    from watchdog.surfaces import terminal

    console = terminal.Terminal()
    terminal.print_lines(lines(console.columns) if callable(lines) else lines, console)
