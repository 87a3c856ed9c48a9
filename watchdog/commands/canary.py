"""`watchdog canary`: the recorded evaluation that is stuck on purpose, through all stages, now."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, service_ledger, shown, waited
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from watchdog.config.settings import Settings
    from watchdog.pipeline.canary import CanaryRun


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--channel",
        metavar="NAME",
        help="tell another channel that is set up: slack, slack:#another-channel or webhook "
        "(default: the service's own, canary.channel or canary.url)",
    )
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog import telemetry
    from watchdog.pipeline.canary import run_canary

    # what the delivery logs is printed as stages
    telemetry.configure(settings.log_format, "error", secrets=settings.secrets)
    following = _following(settings)
    told = with_channel(settings, arguments.channel)
    run = waited("sending a test", lambda _say: run_canary(told, time.time(), following))
    sys.stdout.write("".join(f"{shown(line)}\n" for line in lines(run)))
    if run.delivered and arguments.channel in {None, settings.canary.told_by}:
        _write_down(settings, run)
    return 0 if run.delivered else 2


def _write_down(settings: Settings, run: CanaryRun) -> None:
    """Let the service know of it, whose metrics then tell its age; one to elsewhere proves less."""
    from watchdog.notify.ledger.canary import save_by_hand
    from watchdog.notify.ledger.database import LedgerError, file_of, url_of

    try:
        file = file_of(url_of(settings.state_url))
        if file is not None and not file.exists():
            return  # no service runs with these settings
        with service_ledger(settings, run.at) as ledger:
            save_by_hand(ledger, run.at, run.delay)
    except (LedgerError, UsageError) as error:
        reason = shown(str(error))
        sys.stderr.write(f"watchdog: it arrived, and the service does not know of it: {reason}\n")


def with_channel(settings: Settings, channel: str | None) -> Settings:
    """The settings with the canary's channel of `--channel`, where it was given.

    Raises:
        UsageError: that one is not set up, or is none that a canary may be told by.
    """
    from pydantic import ValidationError

    from watchdog.config.canary import Canary

    if channel is None or channel == settings.canary.told_by:
        return settings
    try:
        canary = Canary(channel=channel, interval=settings.canary.interval)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"--channel: {why}") from error
    given = settings.model_copy(update={"canary": canary})
    if not given.canary_is_heard:
        names = ", ".join(settings.channels) or "none"
        raise UsageError(f"--channel: {channel} is not set up; set up: {names}")
    return given


def _following(settings: Settings) -> str:
    from watchdog.model.words import duration

    if settings.canary.told_by is None:
        return "It was sent by hand; no further one comes by itself: canary.channel is not set."
    every = duration(settings.canary.interval)
    return f"It was sent by hand; the service sends its own every {every} besides."


def lines(run: CanaryRun) -> Iterator[str]:
    """What is printed: a line for each stage, and how it ended."""
    from watchdog.model.texts import clean

    for stage in run.stages:
        yield f"{stage.name + ':':<21}{stage.seconds:7.3f} s  {clean(stage.result, 300)}"
    if run.delivered:
        yield f"delivered to {clean(run.channel)} after {run.delay:.3f} s: all of the chain works"
    else:
        yield f"{run.outcome}: {clean(run.detail, 300)}"


COMMAND = Command(
    name="canary",
    help="send a test through all stages, from reading to a real channel",
    description="Reads a recorded evaluation that is stuck on purpose, judges it by today's rules "
    "and tells the canary's channel (docs/messages.md), as the service does once an interval. Real "
    "incidents, the pager, what was learned and the page know nothing of it. One that arrives at "
    "canary.channel is written down in the service's ledger, where there is one.",
    exit_status="0 it was delivered, 2 it was not: the last line says why, 3 no channel is set",
    example="watchdog canary --channel webhook",
    add=_add,
    run=_run,
    group="set-up",
)
