"""Slack's Web API: one call within bounded time, what may pass tried again, answers named.

Methods and errors: https://api.slack.com/methods/chat.postMessage, chat.update. Over httpx, not
slack-sdk: the few calls and their rate limit are what `posting` does already, and the tests hold
the double that they are written against to slack-sdk.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct
from pydantic import SecretStr

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.posting import base_address, exchange, may_pass, post, retry_after
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.redaction import redact

API_URL = "https://slack.com"

_PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
GONE = frozenset(
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
    details: str = ""
    """The reply in its thread that says all there is; edited with it."""


class Answer(Struct, frozen=True):
    """What Slack said to one call."""

    outcome: Outcome
    handle: Handle | None = None
    error: str = ""


class Told(Struct, frozen=True):
    """What each answer of the Web API has; those of a method have more."""

    ok: bool = False
    error: str = ""


T = TypeVar("T", bound=Told)


class SlackWeb:
    """Calls with one token. Used from one event loop."""

    def __init__(
        self,
        token: SecretStr,
        api_url: str | None = None,
        timeout: float = 10.0,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        # slack-sdk's base address ends in /api/, the contract's does not
        self.base = base_address((api_url or API_URL).rstrip("/").removesuffix("/api"))
        self._timeout = timeout
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
        )

    async def call(self, method: str, body: Mapping[str, Any]) -> Answer:
        """Call a method that takes JSON; what may pass is tried again at once, a few times."""
        answers: list[Answer] = []

        async def attempt() -> Outcome:
            answers.append(await self.call_once(method, body))
            return answers[-1].outcome

        await self._retry_policy.run(attempt)
        return answers[-1]

    async def call_once(self, method: str, body: Mapping[str, Any]) -> Answer:
        """Call a method that takes JSON, once."""
        answer = await post(self._client, self._url(method), body, self._timeout)
        return Answer(answer) if isinstance(answer, Outcome) else read(answer)

    async def ask(self, method: str, **parameters: str) -> httpx.Response | Outcome:
        """Ask a method that takes no JSON, once."""
        request = self._client.build_request("POST", self._url(method), data=parameters)
        return await exchange(request, self._client, self._timeout)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def _url(self, method: str) -> httpx.URL:
        return self.base.copy_with(path=f"{self.base.path.rstrip('/')}/api/{method}")


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
        return Answer(Outcome("refused", _no_answer(response)))
    return Answer(Outcome("refused", f"{error}{_help(error)}"), error=error)


def told_by(response: httpx.Response, kind: type[T]) -> T:
    """What a method answered; where that is no answer of Slack's, its error says so."""
    try:
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return kind(error=_no_answer(response))


def _no_answer(response: httpx.Response) -> str:
    return f"{response.status_code}: no answer of Slack's API"


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
