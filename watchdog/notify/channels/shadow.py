"""The quiet channel of the shadow: one that is set up, or an address of its own."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdog.config.settings import Settings
from watchdog.config.slack import ELSEWHERE
from watchdog.model.shadow import SHADOW
from watchdog.notify.channels import build_channels, program, slack
from watchdog.notify.channels.channel import Channel, Outcome
from watchdog.notify.notice import Notice
from watchdog.notify.shadow import Shadow


class QuietChannel:
    """A channel under the shadow's name, in the ledger and in metrics."""

    name = SHADOW

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.digests = channel.digests

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """As the channel behind it does."""
        return await self._channel.send(notice, thread)

    async def check(self) -> Outcome:
        """The same."""
        return await self._channel.check()

    async def aclose(self) -> None:
        """The same."""
        await self._channel.aclose()


def quiet_channel(settings: Settings) -> Channel | None:
    """What `notify.shadow` names, under its own name; None where there is no shadow.

    Nobody is mentioned there. At an address of its own the JSON webhook is signed as ever
    (`webhook.secret`), but `webhook.token` stays where it belongs.
    """
    name, url = settings.notify.quiet_channel, settings.notify.shadow_url
    if name is None:
        return None
    settings = _with(settings, "slack", {"mention_owner": False})
    if name.startswith(ELSEWHERE):
        return slack.bot_at(settings, name)
    if name == "slack":
        own = {"webhook_url": url, "bot_token": None, "channel": None}
        given = _with(settings, "slack", own) if url is not None else settings
        return slack.from_settings(given)[0]
    given = _with(settings, "webhook", {"url": url, "token": None}) if url is not None else settings
    return program.webhook_from(given)[0]


def in_shadow(settings: Settings) -> QuietChannel | None:
    """The quiet channel as delivery tells it; None where there is no shadow."""
    channel = quiet_channel(settings)
    return None if channel is None else QuietChannel(channel)


def shadow_of(settings: Settings) -> Shadow | None:
    """Who would be told in place of the quiet channel; None where there is no shadow."""
    notify, duty = settings.notify, settings.pagerduty
    if notify.quiet_channel is None:
        return None

    def takes(name: str, notice: Notice) -> bool:
        if name == "pagerduty" and duty.routing_key is not None:
            return program.hears(notice, warnings=duty.warnings)
        is_hook = name == "slack" and settings.slack.bot_token is None
        return not (is_hook and notice.kind in slack.NOT_EDITED)

    own = notify.shadow_url is not None
    return Shadow(notify.quiet_channel, settings.channels, takes, has_own_address=own)


def _with(
    settings: Settings, group: str, values: Mapping[str, SecretStr | bool | None]
) -> Settings:
    changed = getattr(settings, group).model_copy(update=values)
    return settings.model_copy(update={group: changed})


def delivering_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that are told: the quiet one alone in the shadow, else all that are set up."""
    quiet = in_shadow(settings)
    return build_channels(settings) if quiet is None else (quiet,)
