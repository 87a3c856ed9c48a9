"""The group `canary`."""

from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watchdog.config.section import Duration, SecretWebAddress, Section
from watchdog.config.slack import ELSEWHERE

WITH_ADDRESS = ("slack", "webhook")
"""Channels that can have an address of the canary's own."""


def calls_nobody(value: str) -> str:
    """A channel that calls nobody: PagerDuty is left out."""
    elsewhere = value.startswith(ELSEWHERE) and value.removeprefix(ELSEWHERE).strip("# ")
    if value not in WITH_ADDRESS and not elsewhere:
        raise ValueError("should be slack, slack:#another-channel or webhook")
    return value


class Canary(Section):
    """A recorded evaluation, stuck on purpose, that is judged and told regularly: a test of all.

    It never pages. Off where neither a channel nor an address is given.
    """

    channel: Annotated[str, AfterValidator(calls_nobody)] | None = None
    """Where it is told: `slack`, `slack:#another-channel` (needs the bot) or `webhook`; best one
    that hears of nothing else."""
    url: SecretWebAddress | None = None
    """An address of its own in place of the channel's: Slack's incoming webhook with
    `channel: slack`, else a program of yours."""
    token: SecretStr | None = None
    """A bearer token for `url` where that is a program; `webhook.token` is not sent there."""
    interval: Duration = 604_800
    """Seconds between two of them."""

    @model_validator(mode="after")
    def _can_have_an_address(self) -> Self:
        if self.url is not None and self.told_by not in WITH_ADDRESS:
            raise ValueError("url: needs `channel: slack` or `channel: webhook`")
        return self

    @property
    def told_by(self) -> str | None:
        """The channel; None where there is no canary. An address alone is a program's."""
        return "webhook" if self.channel is None and self.url is not None else self.channel
