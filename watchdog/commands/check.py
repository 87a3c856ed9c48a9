"""`watchdog check`: looks once."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    add_now,
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


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="an Inspect log directory, s3://bucket/prefix, a bundle, or the id of an eval set in "
        "the cluster",
    )
    parser.add_argument(
        "--all", action="store_true", help="all eval sets of the cluster, beside any TARGET"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    add_verbose(parser)
    add_now(parser, "judge")
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.model.verdict import EXIT_STATUS
    from watchdog.pipeline.once import check
    from watchdog.pipeline.stand_ins import HINT, for_terminal
    from watchdog.surfaces.terminal import brief_lines, lines

    settings = with_groups(settings, arguments.groups)
    if not arguments.targets and not arguments.all:
        raise UsageError("check: give a TARGET, or --all for the cluster's eval sets")
    report = waited(
        f"reading {', '.join(arguments.targets) or 'the cluster'}",
        lambda _say: check(
            arguments.targets, settings, arguments.now, time.time(), all_eval_sets=arguments.all
        ),
    )
    report, replaced = for_terminal(report, settings)
    if replaced:
        sys.stderr.write(f"{HINT}\n")
    if arguments.json:
        print_json(report)
    else:
        report = shown(report)
        print_lines(lines(report) if arguments.verbose else partial(brief_lines, report))
    status = EXIT_STATUS[report.verdict]
    return 1 if status == 0 and report.incidents else status


COMMAND = Command(
    name="check",
    help="look once, print a report, and exit",
    description="Looks once at log directories, s3:// prefixes, evidence bundles, or eval sets in "
    "the cluster (the one it runs in, else kubectl's). Needs no service, and writes nothing.",
    exit_status="0 all well, 1 degraded or an open incident, 2 stuck or partially stuck, "
    "3 unknown or not possible",
    example="watchdog check ./logs",
    add=_add,
    run=_run,
    group="one look, and why",
)
