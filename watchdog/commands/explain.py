"""`watchdog explain`: the evidence, its weight, the bound, and what would change the verdict."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    add_now,
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
    parser.add_argument("target", metavar="TARGET", help="as for `watchdog check`")
    parser.add_argument(
        "sample",
        nargs="?",
        metavar="SAMPLE",
        help="id, id/epoch, task/id/epoch, or uuid (default: all that run)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print a JSON array of one object for each eval set"
    )
    add_now(parser, "explain")
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from rich.text import Text

    from watchdog.pipeline.explain import explain
    from watchdog.surfaces.explained import lines

    settings = with_groups(settings, arguments.groups)
    explained = waited(
        f"reading {arguments.target}",
        lambda _say: explain(
            arguments.target, arguments.sample, settings, arguments.now, time.time()
        ),
    )
    if arguments.json:
        print_json(explained)
        return 0
    for number, eval_set in enumerate(explained):
        print_lines([(0, Text())] if number else [])
        print_lines(lines(shown(eval_set)))
    return 0


COMMAND = Command(
    name="explain",
    help="show the evidence behind a verdict, and what would change it",
    description="Shows for each running sample what was weighed: how often something as bad passes "
    "by itself, how often that is tolerated, and what would change the verdict. Uses what the "
    "service has learned where its state is at hand (`state` in the settings, WATCHDOG_STATE).",
    exit_status="0, or 3 where there is no such target or sample",
    example="watchdog explain ./logs 42/1",
    add=_add,
    run=_run,
    group="one look, and why",
)
