"""`watchdog replay`: a series of bundles, judged in the order in which they were captured."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "bundles", nargs="+", metavar="BUNDLE", help="a bundle, or a directory of bundles"
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="show beside it what simple rules would say: the last 10 model calls failed (guide), "
        "nothing written for 2 hours (idle), a call pending for 30 minutes (pending)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.pipeline.replay import replay
    from watchdog.surfaces.replayed import lines

    settings = with_groups(settings, arguments.groups)
    replayed = waited(
        "replaying", lambda say: replay(arguments.bundles, settings, time.time(), say)
    )
    if arguments.json:
        print_json(replayed)
    else:
        print_lines(lines(shown(replayed), compare=arguments.compare))
    return 0


COMMAND = Command(
    name="replay",
    help="judge a series of bundles in order: when did each verdict fall?",
    description="Judges bundles of one eval set, as `watchdog evidence` writes them, in the order "
    "in which they were captured, and prints when each verdict fell, and why.",
    exit_status="0, or 3 where they can't be used",
    example="watchdog replay ./bundles --compare",
    add=_add,
    run=_run,
    group="one look, and why",
)
