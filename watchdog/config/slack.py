"""The group `slack`."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watchdog.config.channel import ChannelSection
from watchdog.config.section import (
    PositiveSeconds,
    SecretWebAddress,
    Section,
    Texts,
    WebAddress,
)

ELSEWHERE = "slack:"
"""Begins the name of a channel of Slack's that only routes name: `slack:#team-a`."""


def _token(value: SecretStr) -> SecretStr:
    """A file's last line end is no part of it; what no header can hold is no token."""
    token = value.get_secret_value().strip()
    if not (token and token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("should be a token of Slack's, such as xoxb-… or xapp-…")
    return SecretStr(token)


class SlackPeople(Section):
    """Whose groups somebody has who presses a button, by the address that Slack confirmed."""

    emails: Texts = ()
    """Addresses or patterns: `ann@example.org, *@red.example.org`."""
    groups: Texts = ()
    """Of models, as the page's users have them: `model-access-A`; one of `web.admins` sees all."""


class Slack(ChannelSection):
    """Slack, by bot token (threads, messages that are edited) or by incoming webhook."""

    ways = (("bot_token", "channel"), ("webhook_url",))

    bot_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """A bot's token with the scope `chat:write`. Weighs more than a webhook."""
    channel: str | None = None
    """Where the bot posts: the channel's id, or its name."""
    app_token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """An app-level token with the scope `connections:write`. With it the bot's messages have
    buttons to acknowledge, silence and judge; presses come over a connection that the watchdog
    opens (Socket Mode), so nothing has to reach it. The bot needs `users:read` and
    `users:read.email` too, to know who it was."""
    people: tuple[SlackPeople, ...] = ()
    """The groups of those who press buttons: who may not see all models of an incident may not act
    on it. Nobody has any by default, so everybody in the channel may act on what is no secret."""
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
        if self.app_token is not None and self.bot_token is None:
            raise ValueError("app_token: needs bot_token and channel")
        return self

    def channels(self, name: str, routed: Iterable[str]) -> tuple[str, ...]:
        """Its own, and with a bot those others of Slack's that routes name."""
        own = super().channels(name, routed)
        if self.bot_token is None:
            return own
        return (*own, *(channel for channel in routed if channel.startswith(ELSEWHERE)))
