"""`watchdog status`: the fleet, or one eval set, as it is now."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from watchdog.client.options import add_filters, add_place, filters_in, reading
from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    add_verbose,
    print_json,
    print_lines,
    shown,
    waited,
    with_groups,
)
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.surfaces.fleet.view import Status


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "eval_set",
        nargs="?",
        metavar="ID",
        help="one eval set: its id, or a target as for `watchdog check` (default: all)",
    )
    add_filters(parser)
    parser.add_argument("--json", action="store_true", help="print what the API answers")
    add_verbose(parser)
    add_place(parser)
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.model.verdict import EXIT_STATUS
    from watchdog.surfaces.fleet.view import verdict_of
    from watchdog.surfaces.terminal.status import status_lines

    settings = with_groups(settings, arguments.groups)
    status = waited("reading", lambda _say: _read(arguments, settings))
    if arguments.json:
        print_json(getattr(status, "fleet", status))
    else:
        print_lines(partial(status_lines, shown(status)))
    return EXIT_STATUS[verdict_of(status)]


async def _read(arguments: Namespace, settings: Settings) -> Status:
    from watchdog.client.status import read_status

    filters = filters_in(arguments)
    if arguments.verbose and filters.pairs:
        raise UsageError("-v tells of all in full: it takes no filters")
    async with reading(arguments, settings, time.time) as place:
        return await read_status(place, filters, in_full=arguments.verbose)


COMMAND = Command(
    name="status",
    help="the fleet, or one eval set, as a table",
    description="Shows what is stuck, for how long and why, the worst first; of one eval set also "
    "what to do. Asks the service at --server, at WATCHDOG_SERVER, or on this machine; without one "
    "it looks itself, as `watchdog check` does. The first line, on standard error, says where it "
    "read. The filters are those of the page (docs/page.md).",
    exit_status="as of `watchdog check`, for what is shown: 0 all well, 1 degraded, 2 stuck or "
    "partially stuck, 3 unknown or not possible",
    example="watchdog status --verdict stuck --owner ann",
    add=_add,
    run=_run,
    group="what is stuck",
)
