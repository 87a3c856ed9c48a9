"""`watchdog doctor`: whether all is there that it takes, before it is missed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_logs,
    add_state,
    print_json,
    print_lines,
    shown,
    waited,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings


def _add(parser: ArgumentParser) -> None:
    add_logs(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.pipeline.doctor.checks import examine
    from watchdog.pipeline.doctor.finding import Patient
    from watchdog.surfaces.examined import examined_report, exit_status, lines

    findings = waited("examining", lambda _say: examine(Patient(settings, time.time)))
    report = shown(examined_report(findings, time.time()))
    if arguments.json:
        print_json(report)
    else:
        print_lines(lines(report))
    return exit_status(findings)


COMMAND = Command(
    name="doctor",
    help="examine rights, store, channels, tokens, clock and ledger, and say what to do",
    description="Looks, with the service's settings, whether all is there that it takes: rights in "
    "the cluster one by one (with several replicas those for their Lease too), the store, the "
    "channels, tokens and when they end, the clock, the ledger. Says of each: ok, skipped (nothing "
    "is set up that it is about), unknown (it could not be found out), warning or failed, and what "
    "to do. Changes and sends nothing; channels --test and canary send. The service does the same "
    "at its start and each hour (docs/operations.md). Call it where the service runs, with its "
    "settings: elsewhere rights and ways are others.",
    exit_status="0 nothing failed, 2 something did, 3 nothing could be found out, or the settings "
    "are faulty",
    example="watchdog doctor --json",
    add=_add,
    run=_run,
    group="set-up",
)
