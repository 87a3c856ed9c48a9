"""`watchdog watch`: `status`, again and again."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING

from watchdog.client.options import add_filters, add_place, filters_in, reading
from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    brief_time,
    shown,
    with_groups,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.client.watching import Seen
    from watchdog.config.settings import Settings
    from watchdog.surfaces.fleet.view import Status
    from watchdog.surfaces.terminal.live import View

SERVICE_SECONDS = 5.0
"""Between two questions to a service, which mostly answers that nothing changed."""


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "eval_set",
        nargs="?",
        metavar="ID",
        help="one eval set: its id, or a target as for `watchdog check` (default: all)",
    )
    add_filters(parser)
    parser.add_argument(
        "--every",
        type=brief_time,
        metavar="DURATION",
        help="between two questions, such as 10s (default: 5s for a service, else the settings' "
        "`interval`)",
    )
    add_place(parser)
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    with suppress(KeyboardInterrupt):  # how it is meant to end
        asyncio.run(_watch(arguments, with_groups(settings, arguments.groups)))
    return 0


async def _watch(arguments: Namespace, settings: Settings) -> None:
    from watchdog.client.status import read_status
    from watchdog.client.watching import seen_again
    from watchdog.surfaces.terminal.live import view

    filters = filters_in(arguments)
    async with reading(arguments, settings, time.time) as place:
        every = arguments.every or (settings.interval if place.is_look else SERVICE_SECONDS)
        read, pause = partial(read_status, place, filters), partial(asyncio.sleep, every)
        async with aclosing(seen_again(read, time.time, pause)) as views:
            seen = await anext(views)
            with view(place.said, time.time) as screen:
                _show(screen, seen)
                async for later in views:
                    _show(screen, later)


def _show(screen: View, seen: Seen[Status]) -> None:
    from watchdog.surfaces.terminal.status import status_lines

    if seen.failing_since is None:
        screen.show(partial(status_lines, shown(seen.answer)), seen.at)
    else:
        screen.fails(seen.failing_since, seen.why)


COMMAND = Command(
    name="watch",
    help="the same, live",
    description="Shows what `watchdog status` shows, again and again, as large as the terminal is. "
    "Where what it asks doesn't answer, it says since when, keeps what it had, and goes on. Into a "
    "file or a pipe it prints what changed. Ctrl-C ends it.",
    exit_status="0 after Ctrl-C, 3 where nothing could be read at first",
    example="watchdog watch --verdict stuck --verdict partially_stuck",
    add=_add,
    run=_run,
    group="what is stuck",
    endless=True,
)
