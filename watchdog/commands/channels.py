"""`watchdog channels`: whether people would hear of it, before there is something to hear."""

import asyncio

from msgspec import Struct

from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.model.report import IncidentReport, timestamp
from watchdog.model.texts import clean
from watchdog.model.verdict import Cause, Severity, Verdict
from watchdog.notify.channels import build_channels
from watchdog.notify.channels.channel import Channel, Outcome
from watchdog.notify.notice import Notice

TEST = "watchdog-test"


class Tried(Struct, frozen=True):
    """What a channel said."""

    name: str
    outcome: Outcome

    @property
    def line(self) -> str:
        """For people."""
        words = {"sent": "works", "retry": "doesn't answer now", "refused": "refuses"}
        said = words[self.outcome.result]
        return f"{clean(self.name)}: {said} ({clean(self.outcome.detail, 300)})"


async def try_channels(settings: Settings, now: float, test: Severity | None) -> tuple[Tried, ...]:
    """Ask each channel whether it takes messages.

    Args:
        settings: which channels there are.
        now: seconds since the epoch.
        test: send a message of this severity that says that it is a test, and its end; None for
            only what can be told without a message.

    Raises:
        UsageError: no channel is set up.
    """
    channels = build_channels(settings)
    if not channels:
        raise UsageError(
            f"channels: none is set up; {settings.channel_keys} do (docs/configuration.md)"
        )
    return tuple(await asyncio.gather(*(_try(each, now, test) for each in channels)))


async def _try(channel: Channel, now: float, test: Severity | None) -> Tried:
    try:
        outcome = await channel.check()
        if outcome.sent and test is not None:
            outcome = await _tell(channel, now, test)
        return Tried(channel.name, outcome)
    finally:
        await channel.aclose()


async def _tell(channel: Channel, now: float, severity: Severity) -> Outcome:
    opened = trial(now, severity)
    begun = await channel.send(opened)
    if not begun.sent:
        return begun
    over = Notice("resolved", opened.incident, now, now, Verdict.FINISHED, ended=now)
    ended = await channel.send(over, begun.thread)
    return begun if ended.sent else ended


def trial(now: float, severity: Severity) -> Notice:
    """A message that says that it is a test."""
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
    return Notice("opened", incident, now, now, actions=("Nothing: somebody tried this channel",))
