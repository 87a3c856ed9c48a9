"""`watchdog channels`: whether people would hear of it, before there is something to hear."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from watchdog.commands import Command, add_config, shown
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.model.verdict import Severity
    from watchdog.notify.channels.channel import Channel, Outcome
    from watchdog.notify.notice import Notice

TEST = "watchdog-test"
SHADOWED = "the service tells only {} (`shadow`), and none of the others (docs/shadow.md)"


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--test",
        nargs="?",
        const="warning",
        choices=("warning", "page"),
        metavar="SEVERITY",
        help="send each channel a message that says that it is a test, and its end: `warning` (the "
        "default), or `page`, which calls who is on call where PagerDuty is set up",
    )
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    checks = asyncio.run(try_channels(settings, time.time(), arguments.test))
    if settings.notify.quiet_channel is not None:
        sys.stdout.write(f"{shown(SHADOWED.format(settings.notify.quiet_words))}\n")
    sys.stdout.write("".join(f"{shown(check.line)}\n" for check in checks))
    return 0 if all(check.outcome.sent for check in checks) else 2


class ChannelCheck(NamedTuple):
    """What a channel said."""

    name: str
    outcome: Outcome

    @property
    def line(self) -> str:
        """For people."""
        from watchdog.model.texts import clean

        words = {"sent": "works", "retry": "doesn't answer now", "refused": "refuses"}
        result = words[self.outcome.result]
        return f"{clean(self.name)}: {result} ({clean(self.outcome.detail, 300)})"


async def try_channels(
    settings: Settings, now: float, test: Severity | None
) -> tuple[ChannelCheck, ...]:
    """Ask each channel whether it takes messages.

    Args:
        settings: which channels there are.
        now: seconds since the epoch.
        test: send a message of this severity that says that it is a test, and its end; None for
            only what can be told without a message.

    Raises:
        UsageError: no channel is set up.
    """
    from watchdog.notify.channels import build_channels
    from watchdog.notify.channels.shadow import in_shadow
    from watchdog.notify.socket_mode.check import NAME, check_buttons

    quiet = in_shadow(settings)
    channels = (*build_channels(settings), *([quiet] if quiet is not None else []))
    if not channels:
        raise UsageError(
            f"channels: none is set up; {settings.channel_keys} do (docs/configuration.md)"
        )
    checks = await asyncio.gather(*(_try(channel, now, test) for channel in channels))
    buttons = await check_buttons(settings.slack)
    return (*checks, *([ChannelCheck(NAME, buttons)] if buttons is not None else []))


async def _try(channel: Channel, now: float, test: Severity | None) -> ChannelCheck:
    try:
        outcome = await channel.check()
        if outcome.sent and test is not None:
            outcome = await _tell(channel, now, test)
        return ChannelCheck(channel.name, outcome)
    finally:
        await channel.aclose()


async def _tell(channel: Channel, now: float, severity: Severity) -> Outcome:
    opening, end = _notices(now, severity)
    opening_outcome = await channel.send(opening)
    if not opening_outcome.sent:
        return opening_outcome
    end_outcome = await channel.send(end, opening_outcome.thread)
    return opening_outcome if end_outcome.sent else end_outcome


def _notices(now: float, severity: Severity) -> tuple[Notice, Notice]:
    """A message that says that it is a test, and its end."""
    from watchdog.model.instants import timestamp
    from watchdog.model.report import IncidentReport
    from watchdog.model.verdict import Cause, Verdict
    from watchdog.notify.notice import Notice

    incident = IncidentReport(
        id=f"{TEST}-{now:.0f}",
        scope="eval_set",
        subject=TEST,
        cause=Cause.UNEXPLAINED,
        since=timestamp(now),
        eval_sets=(TEST,),
        summary="This is a test of the stuck-eval watchdog's channels. Nothing is stuck.",
        severity=severity,
    )
    nothing = ("Nothing: somebody tried this channel",)
    return (
        Notice("opened", incident, now, now, actions=nothing),
        Notice("resolved", incident, now, now, Verdict.FINISHED, ended=now),
    )


COMMAND = Command(
    name="channels",
    help="try Slack, webhook and PagerDuty before you need them",
    description="Shows which channels are set up (docs/messages.md), and whether they take "
    "messages. Without --test no message is sent.",
    exit_status="0 all take messages, 2 one does not, 3 none is set up",
    example="watchdog channels --test",
    add=_add,
    run=_run,
    group="set-up",
)
