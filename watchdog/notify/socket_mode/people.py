"""Who pressed a button: Slack's id to a person, as Slack knows them; remembered for a while.

Method: https://api.slack.com/methods/users.info (scopes `users:read`, `users:read.email`).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

import structlog
from msgspec import Struct, field

from watchdog.config.slack import SlackPeople
from watchdog.model.acts import BY_MAX
from watchdog.model.texts import clean
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.slack_buttons import Press
from watchdog.notify.channels.slack_web import SlackWeb, Told, told_by
from watchdog.redaction import redact

KNOWN_MAX = 1000
FRESH_SECONDS = 600.0
EMAIL_MAX = 254
"""Characters of an address (RFC 5321)."""

log = structlog.get_logger(__name__)


class Person(Struct, frozen=True):
    """Somebody in Slack."""

    name: str
    """What they are called; nobody has verified it."""
    email: str = ""
    """Where it is known, Slack has confirmed that it is theirs; in small letters."""
    is_foreign: bool = False
    """Of another workspace: a channel that is shared with one."""

    def groups(self, people: Iterable[SlackPeople]) -> frozenset[str]:
        """Those that the settings give to who has this address."""
        if not self.email:
            return frozenset()
        mine = (one for one in people if any(_fits(self.email, each) for each in one.emails))
        return frozenset(group for one in mine for group in one.groups)


class _Profile(Struct, frozen=True):
    email: str = ""
    display_name: str = ""
    real_name: str = ""


class _Enterprise(Struct, frozen=True):
    enterprise_id: str = ""


class _User(Struct, frozen=True):
    team_id: str = ""
    enterprise_user: _Enterprise = field(default_factory=_Enterprise)
    profile: _Profile = field(default_factory=_Profile)
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    is_email_confirmed: bool = False


class _Answer(Told, frozen=True):
    user: _User = field(default_factory=_User)


class People:
    """Looks people up. Used from one event loop."""

    def __init__(self, web: SlackWeb, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._web = web
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, Person]] = OrderedDict()

    async def who(self, press: Press) -> Person:
        """Who pressed; where Slack doesn't say, what it calls them, unverified."""
        at, person = self._known.get(press.user, (0.0, None))
        if person is not None and self._monotonic() - at < FRESH_SECONDS:
            return person
        answer = await self._ask(press.user)
        name = clean(press.name or press.user, BY_MAX)
        if answer is None:
            return Person(name)
        person = _person(answer.user, press, name)
        self._known[press.user] = self._monotonic(), person
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return person

    async def _ask(self, user: str) -> _Answer | None:
        response = await self._web.ask("users.info", user=user)
        if isinstance(response, Outcome):
            log.warning("slack_user_not_looked_up", reason=response.detail)
            return None
        answer = told_by(response, _Answer)
        if not answer.ok:
            log.warning("slack_user_not_looked_up", reason=clean(redact(answer.error), 60))
            return None
        return answer


def _person(user: _User, press: Press, name: str) -> Person:
    known = clean(user.profile.display_name or user.profile.real_name, BY_MAX) or name
    return Person(known, _email(user), _is_foreign(user, press))


def _email(user: _User) -> str:
    """The address, where it is surely theirs; else none."""
    email = user.profile.email.strip().casefold()
    is_theirs = user.is_email_confirmed and not (user.deleted or user.is_bot)
    is_address = "@" in email and email == clean(email, EMAIL_MAX)
    return email if is_theirs and is_address else ""


def _is_foreign(user: _User, press: Press) -> bool:
    """Of a workspace that a channel is shared with; those of one organization are none."""
    if press.home in {"", user.team_id}:
        return user.is_stranger
    return not press.enterprise or user.enterprise_user.enterprise_id != press.enterprise


def _fits(email: str, pattern: str) -> bool:
    return fnmatchcase(email, pattern.strip().casefold())
