"""`watchdog report`: a week, summed up."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_server,
    add_state,
    print_json,
    shown,
    waited,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.model.weekly import WeeklyReport


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--weekly", action="store_true", required=True, help="seven days: the only kind there is"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--week",
        default="",
        metavar="WEEK",
        help="an ISO week, such as 2026-W48 (default: the seven days until now)",
    )
    which.add_argument(
        "--since", default="", metavar="DATE", help="the seven days from this one on: 2026-11-23"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown (the default)")
    form.add_argument("--json", action="store_true", help="print what the API answers")
    add_server(parser)
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.surfaces.weekly.markdown import weekly_lines

    report = waited("summing up the week", lambda _say: _read(arguments, settings))
    if arguments.json:
        print_json(report)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in weekly_lines(shown(report))))
    return 0


async def _read(arguments: Namespace, settings: Settings) -> WeeklyReport:
    from watchdog.client.incidents import open_book

    async with open_book(arguments.server, arguments.state, settings, time.time) as book:
        sys.stderr.write(f"watchdog: reads {shown(book.said)}\n")
        return await book.incidents.week(arguments.week, arguments.since)


COMMAND = Command(
    name="report",
    help="a week, summed up: pages, false ones, delays, time lost",
    description="Sums up a week: incidents, pages that were told or would have been (docs/shadow.md"
    "), what people said they were worth, delays, time that eval sets lost, and what their pods "
    "held meanwhile. Asks the service at --server, at WATCHDOG_SERVER, or on this machine; without "
    "one it reads the ledger (--state, else of the --config), and makes none. The first line, on "
    "standard error, says where it read. What is not known is said, and never 0.",
    exit_status="0, or 3 where it can't be read",
    example="watchdog report --weekly --week 2026-W48",
    add=_add,
    run=_run,
    group="what is stuck",
)
