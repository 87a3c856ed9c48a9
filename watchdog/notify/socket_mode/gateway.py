"""Where Slack tells at which address the next Socket Mode connection is opened, good for one.

https://api.slack.com/methods/apps.connections.open
"""

import httpx
from pydantic import SecretStr

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.posting import may_pass, retry_after
from watchdog.notify.channels.slack_web import SlackWeb, Told, told_by
from watchdog.redaction import redact

ADDRESS_MAX = 2000
_PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable"})
_HELP = {
    "invalid_auth": "check slack.app_token",
    "not_authed": "check slack.app_token",
    "not_allowed_token_type": "slack.app_token needs an app-level token, xapp-…",
    "token_revoked": "make a new slack.app_token",
    "token_expired": "make a new slack.app_token",
    "account_inactive": "the app or its workspace was deactivated",
    "missing_scope": "the app-level token needs the scope connections:write",
    "forbidden": "switch Socket Mode on in the app's settings",
    "socket_mode_not_enabled": "switch Socket Mode on in the app's settings",
}


class _Opened(Told, frozen=True):
    url: str = ""


class Gateway:
    """Where connections are opened (https://api.slack.com/methods/apps.connections.open)."""

    def __init__(self, app_token: SecretStr, api_url: str | None, timeout: float) -> None:
        self._web = SlackWeb(app_token, api_url, timeout)

    async def address(self) -> httpx.URL | Outcome:
        """Where the next connection leads, good for one; or why there is none."""
        response = await self._web.ask("apps.connections.open")
        if isinstance(response, Outcome):
            return response
        told = told_by(response, _Opened)
        if may_pass(response) or told.error in _PASSING:
            detail = f"{response.status_code} {clean(redact(told.error), 60)}".strip()
            return Outcome("retry", detail, retry_after(response))
        if not told.ok:
            error = clean(redact(told.error), 60)
            help_ = f": {_HELP[error]}" if error in _HELP else ""
            return Outcome("refused", f"{error}{help_}")
        return self._allowed(told.url)

    async def aclose(self) -> None:
        """Release connections."""
        await self._web.aclose()

    def _allowed(self, url: str) -> httpx.URL | Outcome:
        """Without encryption only where the base address has none either: in tests."""
        try:
            address = httpx.URL(url[:ADDRESS_MAX])
        except httpx.InvalidURL:
            return Outcome("retry", "no address in Slack's answer")
        schemes = {"wss"} if self._web.base.scheme == "https" else {"wss", "ws"}
        if address.scheme not in schemes or not address.host:
            return Outcome("retry", "no address in Slack's answer")
        return address
