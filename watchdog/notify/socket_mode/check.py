"""Whether buttons would answer, without a connection: before somebody presses one."""

import httpx

from watchdog.config.slack import Slack
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.slack_web import SlackWeb
from watchdog.notify.socket_mode.gateway import Gateway

NAME = "slack buttons"
WANTED = ("users:read", "users:read.email")
"""What the bot needs to know who pressed, beside what it posts with."""
SCOPES = "x-oauth-scopes"
"""The header in which Slack lists what a token may do."""


async def check_buttons(slack: Slack) -> Outcome | None:
    """What Slack says of the app's token; None where there are no buttons."""
    if slack.app_token is None or slack.bot_token is None:
        return None
    gateway = Gateway(slack.app_token, slack.api_url, slack.timeout)
    web = SlackWeb(slack.bot_token, slack.api_url, slack.timeout)
    try:
        address = await gateway.address()
        if isinstance(address, Outcome):
            return address
        lacking = _lacking(await web.ask("auth.test"))
    finally:
        await gateway.aclose()
        await web.aclose()
    if lacking:
        why = "who presses stays unverified, without groups"
        return Outcome("refused", f"the bot lacks the scopes {', '.join(lacking)}: {why}")
    return Outcome("sent", "its app token holds")


def _lacking(response: httpx.Response | Outcome) -> list[str]:
    """The scopes that are missing; none where Slack doesn't list any."""
    listed = "" if isinstance(response, Outcome) else response.headers.get(SCOPES, "")
    scopes = {scope.strip() for scope in listed.split(",")} - {""}
    return [scope for scope in WANTED if scope not in scopes] if scopes else []
