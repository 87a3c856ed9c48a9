"""`watchdog samples`: all samples of one eval set, with their state."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from watchdog.client.options import add_eval_set, add_place, only_eval_set, reading
from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    print_json,
    print_lines,
    shown,
    waited,
    with_groups,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.model.samples import SampleList

STATES = ("stuck", "running", "waiting", "queued", "errored", "cancelled", "completed")


def _add(parser: ArgumentParser) -> None:
    add_eval_set(parser)
    parser.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        choices=STATES,
        metavar="STATE",
        help=f"only these: {', '.join(STATES)}; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print what the API answers")
    add_place(parser)
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.surfaces.terminal.samples import samples_lines

    settings = with_groups(settings, arguments.groups)
    samples = waited("reading samples", lambda _say: _read(arguments, settings))
    if arguments.json:
        print_json(samples)
    else:
        print_lines(partial(samples_lines, shown(samples)))
    return 0


async def _read(arguments: Namespace, settings: Settings) -> SampleList:
    async with reading(arguments, settings, time.time) as place:
        return await place.reader.samples(await only_eval_set(place), arguments.states)


COMMAND = Command(
    name="samples",
    help="all samples of an eval set, with their state",
    description="Lists the samples of one eval set, the stuck ones first, those that ended last: "
    "for how long, why, their last calls, what they wait for. Reads where `watchdog status` does.",
    exit_status="0, or 3 where there is no such eval set, or it can't be read",
    example="watchdog samples my-eval-set --state stuck --state errored",
    add=_add,
    run=_run,
    group="what is stuck",
)
