"""Who owns an eval set, as Slack knows them: an e-mail address to a user's id, remembered.

Method: https://api.slack.com/methods/users.lookupByEmail (scope `users:read.email`). A mention is
no more than a courtesy: what can't be looked up is left out, and nothing waits for it.
"""

import re
from collections.abc import Iterable

import structlog
from msgspec import Struct

from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.slack_web import SlackWeb, Told, told_by
from watchdog.redaction import redact

USERS_MAX = 10_000
"""Addresses that are remembered; beyond that it begins anew."""
_UNKNOWN = "users_not_found"
_ID = re.compile(r"[A-Z0-9]{2,40}")

log = structlog.get_logger(__name__)


class _User(Struct, frozen=True):
    id: str = ""


class _Answer(Told, frozen=True):
    user: _User = _User()


class Users:
    """Looks users up, each address once."""

    def __init__(self, web: SlackWeb) -> None:
        self._web = web
        self._ids: dict[str, str | None] = {}

    async def mentions(self, emails: Iterable[str]) -> tuple[str, ...]:
        """`<@U…>` for each who is found."""
        users = [await self._user(email) for email in emails]
        return tuple(f"<@{user}>" for user in users if user is not None)

    async def _user(self, email: str) -> str | None:
        if email not in self._ids:
            answer = await self._ask(email)
            if answer is None or not (answer.ok or answer.error == _UNKNOWN):
                return None
            if len(self._ids) >= USERS_MAX:
                self._ids.clear()
            self._ids[email] = answer.user.id if _ID.fullmatch(answer.user.id) else None
        return self._ids[email]

    async def _ask(self, email: str) -> _Answer | None:
        response = await self._web.ask("users.lookupByEmail", email=email)
        if isinstance(response, Outcome):
            log.warning("owner_not_looked_up", reason=response.detail)
            return None
        answer = told_by(response, _Answer)
        if not answer.ok and answer.error != _UNKNOWN:
            log.warning("owner_not_looked_up", reason=clean(redact(answer.error), 60))
        return answer
