"""`watchdog incidents`: open and past ones."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_server,
    add_state,
    print_json,
    print_lines,
    shown,
    waited,
)
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.surfaces.incidents.records import IncidentList


def _add(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--open", action="store_true", help="only those that are open")
    which.add_argument("--past", action="store_true", help="only those that are over")
    parser.add_argument(
        "--since",
        default="",
        metavar="WHEN",
        help="of past ones those that ended since: 7d, 12h, or 2026-11-23T08:00:00Z",
    )
    parser.add_argument("--cause", default="", metavar="CAUSE", help="only of this cause")
    parser.add_argument(
        "-q", default="", metavar="WORDS", help="only where names and causes hold all these words"
    )
    parser.add_argument("--json", action="store_true", help="print what the API answers")
    add_server(parser)
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.surfaces.terminal.kept_incidents import kept_incident_lines

    listed = waited("reading incidents", lambda _say: _read(arguments, settings))
    if arguments.json:
        print_json(listed)
    else:
        print_lines(partial(kept_incident_lines, shown(listed)))
    return 0


async def _read(arguments: Namespace, settings: Settings) -> IncidentList:
    from watchdog.client.incidents import open_book
    from watchdog.surfaces.fleet.filters import FilterError
    from watchdog.surfaces.incidents.asked import asked_of

    state = "open" if arguments.open else "past" if arguments.past else "all"
    given = {"since": arguments.since, "cause": arguments.cause, "q": arguments.q}
    try:
        asked = asked_of([("state", state), *given.items()])
    except FilterError as error:
        raise UsageError(f"--{error}") from error
    async with open_book(arguments.server, arguments.state, settings, time.time) as book:
        sys.stderr.write(f"watchdog: reads {shown(book.said)}\n")
        return await book.incidents.listed(asked)


COMMAND = Command(
    name="incidents",
    help="open and past incidents: how long, why, who looked after them",
    description="Lists incidents, the open ones first. Asks the service at --server, at "
    "WATCHDOG_SERVER, or on this machine; without one it reads the ledger (--state, else of the "
    "--config), and makes none. The first line, on standard error, says where it read. What "
    "became of each stands on its page, `/incidents/ID`.",
    exit_status="0, or 3 where they can't be read",
    example="watchdog incidents --since 7d",
    add=_add,
    run=_run,
    group="what is stuck",
)
