"""Slack by bot token: one message for each incident, edited as things change, with a thread.

Methods and errors: https://api.slack.com/methods/chat.postMessage and chat.update. Over httpx, not
slack-sdk: the two calls and their rate limit are what `slack` does already, and the tests hold the
double that they are written against to slack-sdk.
"""

from typing import Any

import httpx
import msgspec
from msgspec import Struct
from pydantic import SecretStr

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.posting import base_address, may_pass, post, retry_after
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack_blocks import blocks, mention, reply
from watchdog.notify.channels.slack_digest import digest_blocks, whole
from watchdog.notify.channels.slack_users import Users
from watchdog.notify.notice import Notice
from watchdog.redaction import redact

API_URL = "https://slack.com"

_PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "thread_not_found",
        # where another channel was configured when it began
        "channel_not_found",
        "is_archived",
        "not_in_channel",
    }
)
"""The message can't be gone on with: a new one is posted, where it is configured now."""
_HELP = {
    "not_in_channel": "invite the bot to the channel: /invite @…",
    "channel_not_found": "check slack.channel; a private channel needs the bot in it",
    "invalid_auth": "check slack.bot_token",
    "not_authed": "check slack.bot_token",
    "not_allowed_token_type": "slack.bot_token needs a bot's token, xoxb-…",
    "token_revoked": "make a new slack.bot_token",
    "token_expired": "make a new slack.bot_token",
    "account_inactive": "the bot or its workspace was deactivated",
    "missing_scope": "the bot needs the scope chat:write",
    "is_archived": "the channel is archived",
    "no_permission": "the workspace doesn't let the bot post there",
    "restricted_action": "the workspace doesn't let the bot post there",
    "restricted_action_thread_only_channel": "only replies are allowed in the channel",
    "restricted_action_read_only_channel": "the channel is read-only for the bot",
}


class Handle(Struct, frozen=True, omit_defaults=True):
    """Where an incident's message is."""

    channel: str
    ts: str
    shared: bool = False
    """It tells of others too: it is not edited, and the thread names each."""


class Answer(Struct, frozen=True):
    """What Slack said to one call."""

    outcome: Outcome
    handle: Handle | None = None
    error: str = ""


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
    ) -> None:
        self.name = name
        self._channel = channel
        # slack-sdk's base address ends in /api/, the contract's does not
        self._base = base_address((api_url or API_URL).rstrip("/").removesuffix("/api"))
        self._templates = templates or Templates()
        self._timeout = timeout
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
        )
        self._users = Users(self._client, self._base, timeout) if mention_owner else None

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Post the incident's message, or go on with it: edit its head, reply in its thread."""
        handle = _handle(thread)
        if handle is None or notice.kind == "opened":
            return await self._post(notice)
        if not handle.shared:
            answer = await self._edit(notice, handle)
            if answer.error in _GONE:
                return await self._post(notice)
            if not answer.outcome.sent:
                return answer.outcome
        if notice.kind == "edited":
            return Outcome("sent", "ok: in place")
        answer = await self._reply(notice, handle)
        return await self._post(notice) if answer.error in _GONE else answer.outcome

    async def check(self) -> Outcome:
        """Whether its token holds (https://api.slack.com/methods/auth.test), not more."""
        outcome = (await self._call("auth.test", {})).outcome
        detail = "its token holds; only a message tells whether the channel takes it"
        return Outcome("sent", detail) if outcome.sent else outcome

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _post(self, notice: Notice) -> Outcome:
        body = await self._body(notice, self._channel)
        answer = await self._call("chat.postMessage", body)
        if answer.handle is None:
            return answer.outcome
        handle = msgspec.structs.replace(answer.handle, shared=notice.kind == "digest")
        thread = msgspec.json.encode(handle).decode()
        return msgspec.structs.replace(answer.outcome, thread=thread)

    async def _edit(self, notice: Notice, handle: Handle) -> Answer:
        body = await self._body(notice, handle.channel)
        return await self._call("chat.update", {**body, "ts": handle.ts})

    async def _reply(self, notice: Notice, handle: Handle) -> Answer:
        body = {
            "channel": handle.channel,
            "thread_ts": handle.ts,
            "text": reply(notice, named=handle.shared),
            "unfurl_links": False,
            # who only watches the channel must hear of these
            "reply_broadcast": notice.kind in {"escalated", "reminded", "reopened"},
        }
        return await self._call("chat.postMessage", body)

    async def _body(self, notice: Notice, channel: str) -> dict[str, Any]:
        content = (digest_blocks if notice.members else blocks)(notice, self._templates)
        owners = await self._users.mentions(notice.owners) if self._users else ()
        return {
            "channel": channel,
            "text": whole(notice, self._templates),
            "blocks": [*content, *mention(owners)],
            "unfurl_links": False,
            "unfurl_media": False,
        }

    async def _call(self, method: str, body: dict[str, Any]) -> Answer:
        answers: list[Answer] = []

        async def attempt() -> Outcome:
            answers.append(await self._try(method, body))
            return answers[-1].outcome

        await self._retry_policy.run(attempt)
        return answers[-1]

    async def _try(self, method: str, body: dict[str, Any]) -> Answer:
        url = self._base.copy_with(path=f"{self._base.path.rstrip('/')}/api/{method}")
        answer = await post(self._client, url, body, self._timeout)
        return Answer(answer) if isinstance(answer, Outcome) else read(answer)


def read(response: httpx.Response) -> Answer:
    """What an answer of the Web API says."""
    after, status = retry_after(response), response.status_code
    answer = _object(response)
    error = clean(redact(str(answer.get("error") or "")), 60)
    if may_pass(response):
        return Answer(Outcome("retry", f"{status} {error}".strip(), after))
    if response.is_success and answer.get("ok") is True:
        return Answer(Outcome("sent", "ok"), _place(answer))
    if error in _PASSING:
        return Answer(Outcome("retry", error, after), error=error)
    if not error:
        return Answer(Outcome("refused", f"{status}: no answer of Slack's API"))
    return Answer(Outcome("refused", f"{error}{_help(error)}"), error=error)


def _help(error: str) -> str:
    return f": {_HELP[error]}" if error in _HELP else ""


def _place(answer: dict[str, Any]) -> Handle | None:
    channel, ts = answer.get("channel"), answer.get("ts")
    if isinstance(channel, str) and isinstance(ts, str):
        return Handle(channel, ts)
    return None


def _object(response: httpx.Response) -> dict[str, Any]:
    """What it holds; nothing where it is no JSON object."""
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return {}


def _handle(thread: str | None) -> Handle | None:
    """What an earlier message left; what another kind of channel left is none."""
    try:
        return msgspec.json.decode(thread, type=Handle) if thread else None
    except msgspec.MsgspecError:
        return None
