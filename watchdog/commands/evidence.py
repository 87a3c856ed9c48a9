"""`watchdog evidence`: writes all that is known of an eval set, for an escalation."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, shown, waited

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.evidence.bundle import Written

MAX_BYTES = 2 * 1024**3


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "eval_set_id",
        metavar="TARGET",
        help="what `check` takes (a log directory, s3://bucket/prefix or bundle of one eval set), "
        "its id in the cluster, or, with --logs, its folder's name or Inspect's id",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the directory to make, or a file that ends in .tar.gz (default: ./ID-TIME)",
    )
    parser.add_argument(
        "--logs",
        action="append",
        metavar="TARGET",
        help="look for its logs here, without any cluster; may be given several times",
    )
    parser.add_argument(
        "--content",
        action="store_true",
        help="show the texts of the failing requests in the report, which may be sensitive",
    )
    parser.add_argument(
        "--no-tests",
        action="store_true",
        help="don't test the APIs of its models; the report then says less of whose fault it is",
    )
    parser.add_argument(
        "--no-store",
        action="store_true",
        help="leave out the eval set's logs and buffers, which hold all conversations",
    )
    parser.add_argument(
        "--max-bytes",
        type=int,
        default=MAX_BYTES,
        metavar="N",
        help=f"copy at most so much of logs and buffers, running tasks first (default: {MAX_BYTES},"
        " 2 GiB)",
    )
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.evidence.bundle import evidence
    from watchdog.evidence.named import named
    from watchdog.evidence.report import Wanted

    contents = Wanted(
        content=arguments.content, tests=not arguments.no_tests, store=not arguments.no_store
    )
    output, max_bytes = arguments.output, arguments.max_bytes

    async def write() -> Written:
        one = await named(arguments.eval_set_id, settings, tuple(arguments.logs or ()))
        given = {} if one.target is None else {"logs": (one.target,)}
        its = settings.model_copy(update=given)
        return await evidence(
            one.eval_set_id, its, time.time(), output, max_bytes, contents, bundle=one.bundle
        )

    bundle = waited("gathering evidence", lambda _say: write())
    sys.stderr.write("".join(f"{note}\n" for note in shown(bundle.notes)))
    sys.stdout.write(f"{bundle.path}\n")
    return 0


COMMAND = Command(
    name="evidence",
    help="write all that is known of an eval set into a directory",
    description="Writes a bundle: a report for people (report.md), the logs, the cluster's objects "
    "and the runners' logs of one eval set, as they are now, without secrets; of a bundle, as they "
    "were then. `watchdog check "
    "BUNDLE` says later what it says now. Prints the bundle's path, and what had to be left out.",
    exit_status="0 written, 3 where there is no such eval set, or it can't be written",
    example="watchdog evidence my-eval-set --output evidence.tar.gz",
    add=_add,
    run=_run,
    group="what to do",
)
