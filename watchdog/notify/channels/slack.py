"""Slack by incoming webhook.

Slack's answers: https://api.slack.com/messaging/webhooks#handling_errors. The URL is a secret.
"""

import httpx
from pydantic import SecretStr

from watchdog.addresses import is_address
from watchdog.config.links import KNOWN
from watchdog.config.settings import Settings
from watchdog.config.slack import ELSEWHERE
from watchdog.notify.channels.channel import UNTRIED, Outcome
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.posting import judged, post
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack_bot import SlackBot
from watchdog.notify.channels.slack_digest import digest_text, digest_whole
from watchdog.notify.channels.slack_head import head_text
from watchdog.notify.channels.slack_shadow import marked
from watchdog.notify.channels.slack_text import message
from watchdog.notify.notice import Notice

NOT_EDITED = frozenset({"edited", "updated"})
"""Kinds of messages that a webhook leaves out."""


class SlackWebhook:
    """A channel of Slack, behind an incoming webhook."""

    name = "slack"
    digests = True

    def __init__(
        self,
        webhook_url: SecretStr,
        *,
        api_url: str | None = None,
        templates: Templates | None = None,
        timeout: float = 10.0,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        self._url = _address(webhook_url.get_secret_value(), api_url)
        self._templates = templates or Templates()
        self._retry_policy = retry_policy or RetryPolicy()
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Post it; what may pass is tried again at once, a few times.

        A webhook can't change what it posted, so what only brings a message up to date is left out.
        That a warning became a page is a message of its own.
        """
        del thread
        if notice.kind in NOT_EDITED:
            return Outcome("sent", "left out: a webhook can't edit")
        return await self.say(told(notice, self._templates))

    async def say(self, text: str) -> Outcome:
        """Post a text that is about no incident."""
        body: dict[str, object] = {"text": text, "unfurl_links": False}
        return await self._retry_policy.run(lambda: self._post(body))

    async def check(self) -> Outcome:
        """A webhook can't be asked."""
        return UNTRIED

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _post(self, body: dict[str, object]) -> Outcome:
        answer = await post(self._client, self._url, body, self._timeout)
        return answer if isinstance(answer, Outcome) else judged(answer)


def told(notice: Notice, templates: Templates) -> str:
    """What a webhook says: a phone's screen full where the page has the rest, else all of it."""
    has_page = is_address(templates.page or "")
    if not has_page:
        whole = digest_whole if notice.members else _message
        return marked(notice, whole(notice, templates))
    if notice.members:
        return digest_text(notice, templates)
    return head_text(notice, templates, changes=True)


def _message(notice: Notice, templates: Templates) -> str:
    return message(notice, templates, changes=True)


def from_settings(settings: Settings) -> tuple[SlackWebhook | SlackBot, ...]:
    """Slack as configured: by bot token, with all channels that are named, else by webhook."""
    slack = settings.slack
    if slack.bot_token is not None and slack.channel is not None:
        elsewhere = [name for name in settings.channels if name.startswith(ELSEWHERE)]
        places = {"slack": slack.channel, **{n: n.removeprefix(ELSEWHERE) for n in elsewhere}}
        return tuple(_bot(settings, slack.bot_token, *place) for place in places.items())
    if slack.webhook_url is None:
        return ()
    hook = SlackWebhook(
        slack.webhook_url,
        api_url=slack.api_url,
        templates=templates(settings),
        timeout=slack.timeout,
    )
    return (hook,)


def bot_at(settings: Settings, name: str) -> SlackBot | None:
    """The bot in a channel of Slack's, `slack:#another-channel`; None where there is no bot."""
    token = settings.slack.bot_token
    return _bot(settings, token, name, name.removeprefix(ELSEWHERE)) if token else None


def _bot(settings: Settings, token: SecretStr, name: str, channel: str) -> SlackBot:
    slack = settings.slack
    return SlackBot(
        token,
        channel,
        api_url=slack.api_url,
        templates=templates(settings),
        timeout=slack.timeout,
        name=name,
        mention_owner=slack.mention_owner,
        has_buttons=slack.app_token is not None,
    )


def templates(settings: Settings) -> Templates:
    """The addresses that messages link to."""
    return Templates(page=settings.external_url, **settings.links.model_dump(exclude=set(KNOWN)))


def _address(webhook_url: str, api_url: str | None) -> httpx.URL:
    try:
        url = httpx.URL(webhook_url)
        base = httpx.URL(api_url) if api_url else url
    except httpx.InvalidURL:
        raise ValueError("slack: the webhook or the base address is not a URL") from None
    if base.scheme not in {"http", "https"} or not base.host:
        raise ValueError("slack: the webhook needs an http or https address")
    return url.copy_with(scheme=base.scheme, host=base.host, port=base.port)
