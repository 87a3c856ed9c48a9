"""`watchdog logs`: what matters of the runner's log."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING

from watchdog.client.options import add_eval_set, add_place, only_eval_set, reading
from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    brief_time,
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
    from watchdog.model.samples import RunnerLines


def _add(parser: ArgumentParser) -> None:
    add_eval_set(parser)
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with what comes, until Ctrl-C"
    )
    parser.add_argument(
        "--every",
        type=brief_time,
        default=10.0,
        metavar="DURATION",
        help="with -f: between two questions (default: 10s)",
    )
    parser.add_argument("--json", action="store_true", help="print what the API answers")
    add_place(parser)
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.surfaces.terminal.runner_log import runner_log_lines

    settings = with_groups(settings, arguments.groups)
    if arguments.follow and arguments.json:
        raise UsageError("-f and --json: one of them")
    if arguments.follow:
        with suppress(KeyboardInterrupt):  # how it is meant to end
            return asyncio.run(_follow(arguments, settings))
        return 0
    log = waited("reading the runner's log", lambda _say: _read(arguments, settings))
    if arguments.json:
        print_json(log)
    else:
        print_lines(runner_log_lines(shown(log)))
    return 0 if log.lines or not log.not_available else 3


async def _read(arguments: Namespace, settings: Settings) -> RunnerLines:
    async with reading(arguments, settings, time.time) as place:
        return await place.reader.log(await only_eval_set(place), None)


async def _follow(arguments: Namespace, settings: Settings) -> int:
    """Goes on until it is interrupted; ends with 3 where there is no log to follow."""
    from watchdog.client.following import followed
    from watchdog.client.watching import seen_again
    from watchdog.surfaces.terminal.runner_log import line_lines, runner_log_lines

    async with reading(arguments, settings, time.time) as place:
        name = await only_eval_set(place)
        pause = partial(asyncio.sleep, arguments.every)
        read = followed(place.reader, name)
        lines, failing = runner_log_lines, False
        async with aclosing(seen_again(read, time.time, pause)) as logs:
            async for seen in logs:
                if seen.failing_since is None:
                    log = shown(seen.answer)
                    print_lines(lines(log))
                    sys.stdout.flush()
                    if lines is runner_log_lines and log.not_available and not log.lines:
                        return 3
                    lines = line_lines
                elif not failing:
                    sys.stderr.write(f"watchdog: {seen.why}; goes on trying\n")
                failing = seen.failing_since is not None
    return 0


COMMAND = Command(
    name="logs",
    help="the runner's lines that matter, repeats folded",
    description="Shows what of the runner's log tells something: warnings and errors, retries, "
    "deaths, progress, rates; lines that say the same as one, with a count. A log directory or a "
    "bucket has no runner's log: a bundle and the cluster have. Reads where `watchdog status` "
    "does.",
    exit_status="0, or 3 where there is no such eval set, or no log of its runner",
    example="watchdog logs my-eval-set -f",
    add=_add,
    run=_run,
    group="what is stuck",
)
