"""Slack by bot token: one message for each incident, edited as things change, with a thread.

The message is short enough for a phone (`slack_head`); the first reply says the rest.
"""

from typing import Any

import msgspec
import structlog
from msgspec.structs import replace
from pydantic import SecretStr

from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack_blocks import details, details_text, reply
from watchdog.notify.channels.slack_buttons import buttons
from watchdog.notify.channels.slack_digest import digest_details, digest_head, digest_text
from watchdog.notify.channels.slack_head import head, head_text
from watchdog.notify.channels.slack_shadow import marked
from watchdog.notify.channels.slack_users import Users
from watchdog.notify.channels.slack_web import GONE, Answer, Handle, SlackWeb
from watchdog.notify.notice import Notice

log = structlog.get_logger(__name__)


class SlackBot:
    """A channel of Slack, behind a bot token."""

    digests = True

    def __init__(  # noqa: PLR0913
        self,
        token: SecretStr,
        channel: str,
        *,
        api_url: str | None = None,
        templates: Templates | None = None,
        timeout: float = 10.0,
        retry_policy: RetryPolicy | None = None,
        name: str = "slack",
        mention_owner: bool = False,
        has_buttons: bool = False,
    ) -> None:
        """A bot in one channel.

        Args:
            token: the bot's.
            channel: where it posts: its id or name.
            api_url: replaces Slack's base address.
            templates: the addresses that messages link to.
            timeout: seconds for one request.
            retry_policy: how often what may pass is tried again.
            name: what the channel is called here.
            mention_owner: whether who started an eval set is mentioned.
            has_buttons: whether somebody answers them.
        """
        self.name = name
        self._channel = channel
        self._templates = templates or Templates()
        self._web = SlackWeb(token, api_url, timeout, retry_policy)
        self._users = Users(self._web) if mention_owner else None
        self._has_buttons = has_buttons

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Post the incident's message, or go on with it: edit its head, reply in its thread."""
        handle, changed = _handle(thread), None
        if handle is None or notice.kind == "opened":
            return await self._post(notice)
        if not handle.shared:
            answer = await self._edit(notice, handle)
            if answer.error in GONE:
                return await self._post(notice)
            if not answer.outcome.sent:
                return answer.outcome
            if answer.handle is not None and answer.handle != handle:
                changed = _text(answer.handle)
        if notice.kind == "edited":
            return Outcome("sent", "ok: in place", thread=changed)
        answer = await self._reply(notice, handle)
        if answer.error in GONE:
            return await self._post(notice)
        return replace(answer.outcome, thread=changed)

    async def say(self, text: str) -> Outcome:
        """Post a text that is about no incident."""
        body = {"channel": self._channel, "text": text, "unfurl_links": False}
        return (await self._web.call("chat.postMessage", body)).outcome

    async def check(self) -> Outcome:
        """Whether its token holds (https://api.slack.com/methods/auth.test), not more."""
        outcome = (await self._web.call("auth.test", {})).outcome
        detail = "its token holds; only a message tells whether the channel takes it"
        return Outcome("sent", detail) if outcome.sent else outcome

    async def aclose(self) -> None:
        """Release connections."""
        await self._web.aclose()

    async def _post(self, notice: Notice) -> Outcome:
        body = await self._body(notice, self._channel)
        answer = await self._web.call("chat.postMessage", body)
        if answer.handle is None:
            return answer.outcome
        handle = replace(answer.handle, shared=notice.kind == "digest")
        more = await self._more(notice, handle)
        if more.handle is not None:
            handle = more.handle
        elif not more.outcome.sent:  # the message is there: the next edit tries this again
            log.warning("slack_details_not_posted", detail=more.outcome.detail)
        return replace(answer.outcome, thread=_text(handle))

    async def _edit(self, notice: Notice, handle: Handle) -> Answer:
        """The head, then what its thread says of it; the handle where that is another now."""
        body = await self._body(notice, handle.channel)
        answer = await self._web.call("chat.update", {**body, "ts": handle.ts})
        if not answer.outcome.sent:
            return answer
        more = await self._more(notice, handle)
        if more.outcome.result == "retry":
            return more
        return replace(answer, handle=more.handle or handle)

    async def _more(self, notice: Notice, handle: Handle) -> Answer:
        """The rest, in the thread: posted once and edited from then on."""
        text, content = _rest(notice)
        if not content:
            return Answer(Outcome("sent", "ok: nothing more"))
        body = {
            "channel": handle.channel,
            "text": text,
            "blocks": content,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if handle.details:
            answer = await self._web.call("chat.update", {**body, "ts": handle.details})
            return replace(answer, handle=handle)
        answer = await self._web.call("chat.postMessage", {**body, "thread_ts": handle.ts})
        if answer.handle is None:
            return answer
        return replace(answer, handle=replace(handle, details=answer.handle.ts))

    async def _reply(self, notice: Notice, handle: Handle) -> Answer:
        body = {
            "channel": handle.channel,
            "thread_ts": handle.ts,
            "text": marked(notice, reply(notice, named=handle.shared)),
            "unfurl_links": False,
            # who only watches the channel must hear of these
            "reply_broadcast": notice.kind in {"escalated", "reminded", "reopened"},
        }
        return await self._web.call("chat.postMessage", body)

    async def _body(self, notice: Notice, channel: str) -> dict[str, Any]:
        owners = await self._users.mentions(notice.owners) if self._users else ()
        text = digest_text if notice.members else head_text
        content = digest_head if notice.members else head
        answered = buttons(notice) if self._has_buttons else []
        return {
            "channel": channel,
            "text": text(notice, self._templates, owners),
            "blocks": [*content(notice, self._templates, owners), *answered],
            "unfurl_links": False,
            "unfurl_media": False,
        }


def _rest(notice: Notice) -> tuple[str, list[dict[str, Any]]]:
    """Text and blocks of the first reply in the thread; of what is over it stays as it was."""
    if notice.kind in {"resolved", "canary"}:
        return "", []
    if notice.members:
        return marked(notice, "All of them"), digest_details(notice)
    return marked(notice, details_text(notice)), details(notice)


def _handle(thread: str | None) -> Handle | None:
    """What an earlier message left; what another kind of channel left is none."""
    try:
        return msgspec.json.decode(thread, type=Handle) if thread else None
    except msgspec.MsgspecError:
        return None


def _text(handle: Handle) -> str:
    return msgspec.json.encode(handle).decode()
