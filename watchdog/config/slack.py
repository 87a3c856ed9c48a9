"""The group `slack`."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watchdog.config.channel import ChannelSection
from watchdog.config.section import PositiveSeconds, SecretWebAddress, WebAddress

ELSEWHERE = "slack:"
"""Begins the name of a channel of Slack's that only routes name: `slack:#team-a`."""


def _token(value: SecretStr) -> SecretStr:
    """A file's last line end is no part of it; what no header can hold is no token."""
    token = value.get_secret_value().strip()
    if not (token and token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("should be a bot's token, such as xoxb-…")
    return SecretStr(token)


class Slack(ChannelSection):
    """Slack, by bot token (threads, messages that are edited) or by incoming webhook."""

    ways = (("bot_token", "channel"), ("webhook_url",))

    bot_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """A bot's token with the scope `chat:write`. Weighs more than a webhook."""
    channel: str | None = None
    """Where the bot posts: the channel's id, or its name."""
    webhook_url: SecretWebAddress | None = None
    """The incoming webhook's address."""
    api_url: WebAddress | None = None
    """Replaces Slack's base address."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""
    mention_owner: bool = False
    """Mention who started an eval set; the bot needs the scope `users:read.email`."""

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.bot_token is None) != (self.channel is None):
            raise ValueError("bot_token and channel: one needs the other")
        return self

    def channels(self, name: str, routed: Iterable[str]) -> tuple[str, ...]:
        """Its own, and with a bot those others of Slack's that routes name."""
        own = super().channels(name, routed)
        if self.bot_token is None:
            return own
        return (*own, *(channel for channel in routed if channel.startswith(ELSEWHERE)))
