"""Who owns an eval set, as Slack knows them: an e-mail address to a user's id, remembered.

Method: https://api.slack.com/methods/users.lookupByEmail (scope `users:read.email`). A mention is
no more than a courtesy: what can't be looked up is left out, and nothing waits for it.
"""

import re
from collections.abc import Iterable

import httpx
import msgspec
import structlog
from msgspec import Struct

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.posting import exchange
from watchdog.redaction import redact

USERS_MAX = 10_000
"""Addresses that are remembered; beyond that it begins anew."""
_UNKNOWN = "users_not_found"
_ID = re.compile(r"[A-Z0-9]{2,40}")

log = structlog.get_logger(__name__)


class _User(Struct, frozen=True):
    id: str = ""


class _Said(Struct, frozen=True):
    ok: bool = False
    error: str = ""
    user: _User = _User()


class Users:
    """Looks users up, each address once."""

    def __init__(self, client: httpx.AsyncClient, base: httpx.URL, timeout: float) -> None:
        self._client = client
        self._url = base.copy_with(path=f"{base.path.rstrip('/')}/api/users.lookupByEmail")
        self._timeout = timeout
        self._known: dict[str, str | None] = {}

    async def mentions(self, emails: Iterable[str]) -> tuple[str, ...]:
        """`<@U…>` for each who is found."""
        found = [await self._user(email) for email in emails]
        return tuple(f"<@{user}>" for user in found if user is not None)

    async def _user(self, email: str) -> str | None:
        if email not in self._known:
            said = await self._ask(email)
            if said is None or not (said.ok or said.error == _UNKNOWN):
                return None
            if len(self._known) >= USERS_MAX:
                self._known.clear()
            self._known[email] = said.user.id if _ID.fullmatch(said.user.id) else None
        return self._known[email]

    async def _ask(self, email: str) -> _Said | None:
        request = self._client.build_request("GET", self._url, params={"email": email})
        answer = await exchange(request, self._client, self._timeout)
        if isinstance(answer, Outcome):
            log.warning("owner_not_looked_up", reason=answer.detail)
            return None
        try:
            said = msgspec.json.decode(answer.content, type=_Said)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            said = _Said(error=f"{answer.status_code}: no answer of Slack's API")
        if not said.ok and said.error != _UNKNOWN:
            log.warning("owner_not_looked_up", reason=clean(redact(said.error), 60))
        return said
