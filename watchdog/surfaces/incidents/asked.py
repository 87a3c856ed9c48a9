"""Which incidents an address asks for: `?state=past&since=7d&cause=rate_limited&q=mmlu`. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from watchdog.model.texts import clean
from watchdog.model.verdict import Cause
from watchdog.surfaces.fleet.filters import LENGTH_MAX, VALUES_MAX, FilterError

STATES = ("open", "past", "all")
NAMES = ("state", "since", "cause", "q", "cursor")
CURSOR = r"^(o~[0-9T:.Z-]{0,40}|p~[0-9]{1,12}([.][0-9]{1,9})?)~[0-9]{1,9}~"
"""A place in the order: open or past, since when or until when, which opening, id."""
CURSOR_MAX = 700
_DAY = (
    r"(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|[12][0-9])"
)
SINCE = (
    r"^(([1-9][0-9]{0,3})([dhms])|((19[7-9]|20[0-9]|21[0-9])[0-9])-(" + _DAY + r")"
    r"(T([01][0-9]|2[0-3]):([0-5][0-9])(:([0-5][0-9])([.][0-9]{1,6})?)?Z?)?)?$"
)
"""`7d`, `12h`, or a day or an instant in UTC: `2026-11-23`, `2026-11-23T08:00:00Z`."""
_CURSOR, _SINCE = re.compile(CURSOR), re.compile(SINCE)
_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}


class Place(Struct, frozen=True):
    """The last incident of an answer."""

    is_past: bool
    at: str
    """Of an open one since when, as its report has it; of a past one its end, in seconds."""
    opening: int
    id: str

    @property
    def text(self) -> str:
        """As a cursor."""
        return f"{'p' if self.is_past else 'o'}~{self.at}~{self.opening}~{self.id}"


class Asked(Struct, frozen=True):
    """What an address asks for."""

    state: str = "all"
    since: str = ""
    """As it was written: a duration, or an instant."""
    cause: str = ""
    q: str = ""
    cursor: Place | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for, in small letters."""
        return tuple(self.q.casefold().split())[:VALUES_MAX]

    def after(self, now: float) -> float | None:
        """The instant from which on incidents are asked for; None for all."""
        return instant_of(self.since, now) if self.since else None

    def query(self, cursor: str | None = None) -> str:
        """The same from another place on, as an address has it."""
        values = {"state": self.state, "since": self.since, "cause": self.cause, "q": self.q}
        pairs = [(name, text) for name, text in values.items() if text and text != "all"]
        more = [("cursor", cursor)] if cursor else []
        return urlencode([*pairs, *more], errors="replace")


def asked_of(pairs: Iterable[tuple[str, str]]) -> Asked:
    """What an address' query asks for; what is none of its names, and what is empty, says nothing.

    Raises:
        FilterError: what it asks for is none; the text says why.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in NAMES or not value:
            continue
        if name in given:
            raise FilterError(f"{name} is given more than once")
        if len(value) > (CURSOR_MAX if name == "cursor" else LENGTH_MAX):
            raise FilterError(f"{name}: more than {LENGTH_MAX} characters")
        given[name] = value
    state = given.get("state", "all")
    if state not in STATES:
        raise FilterError(f"state: one of {', '.join(STATES)}")
    cause = given.get("cause", "")
    if cause and cause not in set(Cause):
        raise FilterError(f"cause: there is no {clean(cause, 40)!r}; one of {', '.join(Cause)}")
    since = given.get("since", "")
    if since:
        instant_of(since, 0.0)
    words = clean(given.get("q", ""), LENGTH_MAX)
    return Asked(state, since, cause, words, _place(given["cursor"]) if "cursor" in given else None)


def instant_of(text: str, now: float) -> float:
    """The instant that `SINCE` says, or so long before `now`.

    Raises:
        FilterError: it says none.
    """
    found = _SINCE.match(text)
    if not text or found is None or not text.isascii() or "\n" in text:
        raise FilterError("since: such as 7d, 12h, 2026-11-23 or 2026-11-23T08:00:00Z")
    if found[2]:
        return now - int(found[2]) * _UNITS[found[3]]
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    # of a February that has no 29th the next day is meant
    midnight = datetime(year, month, 1, tzinfo=UTC) + timedelta(days=day - 1)
    clock = text[11:].removesuffix("Z")
    hours, minutes, seconds = ([*clock.split(":"), "0", "0"] if clock else ["0"] * 3)[:3]
    past = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return (midnight + past).timestamp()


def _place(text: str) -> Place:
    if not _CURSOR.match(text):
        raise FilterError("cursor: it is none of an earlier answer")
    kind, at, opening, name = text.split("~", 3)
    return Place(kind == "p", at, int(opening), name)
