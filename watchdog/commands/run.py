"""`watchdog run`: goes on looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, add_logs, add_state

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from contextlib import AbstractContextManager

    from watchdog.config.settings import Settings


def _add(parser: ArgumentParser) -> None:
    add_logs(parser)
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="where page and metrics are served (default: 127.0.0.1:9464)",
    )
    parser.add_argument(
        "--interval", type=float, metavar="SECONDS", help="between two polls (default: 30)"
    )
    add_state(parser)
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        help="the least that is logged (default: info)",
    )
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.service.loop_monitor import LoopMonitor, run_measured
    from watchdog.service.run import serve

    monitor = LoopMonitor()
    service = serve(settings, loop_held=monitor.take, origin=arguments.origin)
    return run_measured(service, monitor)


def _around() -> AbstractContextManager[object]:
    from watchdog.service.stopping import stopping

    return stopping(to_the_end=True)


COMMAND = Command(
    name="run",
    help="watch until stopped: page, metrics, messages",
    description="Watches log directories, s3:// prefixes, or the cluster (the one it runs in, else "
    "kubectl's). Serves a page, a report and metrics, and tells people (Slack, PagerDuty, a "
    "webhook: docs/messages.md) when something gets stuck and when it is over.",
    exit_status="0 after SIGTERM or Ctrl-C, 3 where it can't start or leads no more",
    example="watchdog run --logs ./logs",
    add=_add,
    run=_run,
    group="the service",
    endless=True,
    around=_around,
)
