"""`watchdog mark`: what a page was worth."""

from __future__ import annotations

import getpass
import sys
import time
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, add_server, add_state, shown, waited
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.surfaces.incidents.records import IncidentRow

OPENING_MAX = 1_000_000


def _add(parser: ArgumentParser) -> None:
    parser.add_argument("incident", metavar="INCIDENT", help="its id, or its beginning")
    parser.add_argument(
        "judged", choices=("true", "false"), help="true: it was stuck; false: nothing was wrong"
    )
    parser.add_argument("--why", default="", metavar="TEXT", help="shown with the incident")
    parser.add_argument("--by", metavar="NAME", help="who says so (default: your user name)")
    parser.add_argument(
        "--opening",
        type=int,
        metavar="N",
        help="which time it was open, from 1 (default: the last)",
    )
    add_server(parser)
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.model.texts import clean
    from watchdog.surfaces.terminal.kept_incidents import named

    row = waited("marking", lambda _say: _mark(arguments, settings))
    worth = "worth a page" if arguments.judged == "true" else "a false page"
    sys.stdout.write(f"{shown(f'{clean(row.id, 100)}, {named(row)}: {worth}')}\n")
    return 0


async def _mark(arguments: Namespace, settings: Settings) -> IncidentRow:
    from watchdog.client.incidents import Mark, open_book
    from watchdog.model.acts import BY_MAX, WHY_MAX
    from watchdog.model.texts import clean

    by = clean(arguments.by if arguments.by is not None else _user(), BY_MAX)
    if not by:
        raise UsageError("say who you are: --by NAME")
    if arguments.opening is not None and not 0 < arguments.opening <= OPENING_MAX:
        raise UsageError(f"--opening: should be a number from 1 to {OPENING_MAX:,}")
    why = shown(clean(arguments.why, WHY_MAX))
    judged = arguments.judged == "true"
    mark = Mark(arguments.incident, judged, shown(by), why, arguments.opening)
    async with open_book(arguments.server, arguments.state, settings, time.time) as book:
        return await book.incidents.mark(mark)


def _user() -> str:
    """Empty where this machine knows no name for who calls."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


COMMAND = Command(
    name="mark",
    help="say whether an incident was worth a page",
    description="Writes down what an incident was worth, open or past: it stands on its page, in "
    "`eval_watchdog_pages_total` and in the weekly report. The last word counts. Goes to the "
    "service, or into the ledger, as `watchdog incidents` does.",
    exit_status="0, or 3 where there is no such incident, or it can't be written",
    example="watchdog mark 3f2a9c41d07b false --why 'the model was warming up'",
    add=_add,
    run=_run,
    group="what to do",
)
