"""The channel of Slack's that weekly reports are told to."""

from watchdog.config.settings import Settings
from watchdog.config.slack import ELSEWHERE
from watchdog.notify.channels import slack
from watchdog.notify.channels.shadow import quiet_channel
from watchdog.notify.channels.slack_bot import SlackBot


def weekly_channel(settings: Settings) -> slack.SlackWebhook | SlackBot | None:
    """A channel that nobody else uses; None where there is none."""
    name = settings.weekly_told_by
    if name is None:
        return None
    if name == settings.notify.quiet_channel:
        quiet = quiet_channel(settings)
        return quiet if isinstance(quiet, slack.SlackWebhook | SlackBot) else None
    if name.startswith(ELSEWHERE):
        return slack.bot_at(settings, name)
    return slack.from_settings(settings)[0]
