"""The channel that the canary is told by: one that is set up, or an address of its own."""

from pydantic import SecretStr

from watchdog.config.settings import Settings
from watchdog.config.slack import ELSEWHERE
from watchdog.notify.channels import program, slack
from watchdog.notify.channels.channel import Channel
from watchdog.notify.channels.shadow import quiet_channel


def canary_channel(settings: Settings) -> Channel | None:
    """A channel that nobody else uses, so that neither waits for the other; None where it is off.

    In the shadow it is told by the quiet channel, but where it has an address of its own. At an
    address of the canary's own the JSON webhook is signed as ever (`webhook.secret`), but
    `webhook.token` stays where it belongs.
    """
    canary = settings.canary
    name = canary.told_by
    if name is None:
        return None
    if canary.url is None and settings.notify.quiet_channel is not None:
        return quiet_channel(settings)
    if name.startswith(ELSEWHERE):
        return slack.bot_at(settings, name)
    if name == "slack":
        own = {"webhook_url": canary.url, "bot_token": None, "channel": None}
        given = _with(settings, "slack", own) if canary.url is not None else settings
        return slack.from_settings(given)[0]
    own = {"url": canary.url, "token": canary.token}
    given = _with(settings, "webhook", own) if canary.url is not None else settings
    return program.webhook_from(given)[0]


def _with(settings: Settings, group: str, values: dict[str, SecretStr | None]) -> Settings:
    changed = getattr(settings, group).model_copy(update=values)
    return settings.model_copy(update={group: changed})
