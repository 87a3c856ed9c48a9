"""How often a task is read, and a folder listed: a rhythm of its own for each. Pure.

Three things can turn a verdict. Time alone turns it without a read, as judging goes by what was
read last; so a task is read at each poll before that can happen, or the verdict would rest on old
data. Something that was written turns it at once where the task is near such a turn, and those
are read at each poll too. In all others nothing that is written makes a page by itself: a streak
needs minutes until it is told, and from its first failure on the task is read at each poll again.
The argument, and what may be seen later for it: docs/operations.md.
"""

from enum import StrEnum
from hashlib import blake2s

from msgspec import Struct

from watchdog.model.outlook import Outlook
from watchdog.model.verdict import Verdict

NEAR = 0.5
"""From this suspicion on a task is read at each poll. What grows by time alone grows evenly
(`model.weighing.Rise`), so from here to a verdict it takes as long again as it took to get here:
two and a half minutes of the shortest bound."""
TURNS_WITHIN = 2.0
"""So many base intervals before it is as suspicious a task is read at each poll."""
QUIET_SHARE = 0.5
"""A task that wrote nothing for so long is read again after this share of that time: what it writes
next is seen late by no more than half of what it was silent for."""
LISTING_SHARE = 0.25
"""The same of a folder in which no log was begun for so long."""
SLOWEST_LISTING = 8.0
"""So many listing intervals at most lie between two listings of one folder."""
SLOWEST_RUNNING = 4.0
"""The same while one of its logs is being written."""
SPREAD = 0.125
"""Up to this share of its interval a task is read sooner, each by its name: not all at once."""
CALM = frozenset({Verdict.PROGRESSING, Verdict.WAITING})


class Why(StrEnum):
    """What decides how soon something is read again."""

    UNREAD = "not read in full yet"
    UNJUDGED = "not judged yet"
    VERDICT = "its verdict may change with what it writes next"
    NEAR = "its verdict may turn soon"
    UNKNOWN = "nothing can be said of it"
    RESTS = "its verdict stands while all its samples wait for their next attempts"
    BACK_OFF = "all its samples wait for their next attempts"
    FAILING = "calls of it fail"
    NEAR_END = "its last sample runs"
    ENDING = "its last samples run"
    CHANGING = "it was written to a moment ago"
    QUIET = "nothing was written for a while"


class Rhythm(Struct, frozen=True):
    """Seconds until the next read, at the most, and why."""

    seconds: float
    why: Why


class Pulse(Struct):
    """What is known of a task from reading it. Seconds since the epoch."""

    read_at: float | None = None
    """None where it was never read in full, or the last attempt failed."""
    changed_at: float | None = None
    """When something of it was last stored, or seen to have changed."""
    stored_at: float | None = None
    """When its newest object was stored, by the store's clock."""
    interval: float = 0.0
    """What was promised at the last read."""
    due_since: float | None = None
    """Since when it should have been read and was not."""
    woken: bool = False
    """Whether something else told that it has changed."""

    def wake(self, now: float) -> None:
        """Something else told of news: its writer may take a minute to store it."""
        self.woken = True
        self.changed_at = now

    def note(self, now: float, stored_at: float | None) -> None:
        """It was read; a change that is seen counts from now on, whatever the store's clock."""
        is_first = self.changed_at is None
        if is_first:
            self.changed_at = now if stored_at is None else min(stored_at, now)
        elif stored_at != self.stored_at:
            self.changed_at = now
        self.read_at, self.stored_at = now, stored_at


def rhythm(
    pulse: Pulse, outlook: Outlook | None, now: float, base: float, slowest: float
) -> Rhythm:
    """How soon a task is to be read again.

    Args:
        pulse: what reading it showed.
        outlook: what the last judgment expects of it; None before the first.
        now: seconds since the epoch.
        base: seconds between two polls, the shortest interval.
        slowest: the longest.
    """
    if outlook is not None and (urgent := _urgent(outlook, now, base, slowest)):
        return urgent
    if pulse.read_at is None or outlook is None:
        return Rhythm(base, Why.UNREAD if pulse.read_at is None else Why.UNJUDGED)
    if (waits := _waits(outlook, now)) > 0:
        return Rhythm(_within(waits, base, slowest), Why.BACK_OFF)
    if outlook.failing:
        return Rhythm(base, Why.FAILING)
    if outlook.ending:
        return Rhythm(_within(2 * base, base, slowest), Why.ENDING)
    return _quiet(pulse.changed_at, now, base, slowest)


def _urgent(outlook: Outlook, now: float, base: float, slowest: float) -> Rhythm | None:
    if outlook.near_end:
        return Rhythm(base, Why.NEAR_END)
    if outlook.verdict is Verdict.UNKNOWN:
        # for want of a read, as a rule: it is in its turn, which is no later for being unknown
        return Rhythm(base, Why.UNKNOWN)
    if outlook.verdict not in CALM:
        if _waits(outlook, now) > 2 * base:
            return Rhythm(_within(2 * base, base, slowest), Why.RESTS)
        return Rhythm(base, Why.VERDICT)
    near = outlook.suspicion_at(now + TURNS_WITHIN * base) >= NEAR
    return Rhythm(base, Why.NEAR) if near else None


def _waits(outlook: Outlook, now: float) -> float:
    """Seconds in which nothing is tried in it."""
    return 0.0 if outlook.next_attempt_at is None else outlook.next_attempt_at - now


def _quiet(changed_at: float | None, now: float, base: float, slowest: float) -> Rhythm:
    silence = now - changed_at if changed_at is not None else 0.0
    seconds = _within(QUIET_SHARE * silence, base, slowest)
    return Rhythm(seconds, Why.QUIET if seconds > base else Why.CHANGING)


def _within(seconds: float, least: float, most: float) -> float:
    return max(least, min(seconds, most))


def place_of(name: str) -> float:
    """Where something stands among others, from 0 to 1, by what it is called."""
    digest = blake2s(name.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def spread(seconds: float, place: float, base: float, *, first: bool = False) -> float:
    """An interval up to `SPREAD` shorter, by its task's place among the others.

    The first one may be as short as `base`: all were read at once then.
    """
    if first:
        return base + max(0.0, seconds - base) * place
    return max(base, seconds * (1.0 - SPREAD * place))


def is_due(pulse: Pulse, seconds: float, now: float, base: float) -> bool:
    """Whether the poll after this one would come too late."""
    if pulse.woken or pulse.read_at is None or now < pulse.read_at:
        return True
    return now + base > pulse.read_at + min(seconds, pulse.interval) + base / 4


def listing_seconds(began_at: float | None, now: float, base: float, *, running: bool) -> float:
    """Seconds until a folder is listed again in which nothing is suspicious.

    Args:
        began_at: when the newest of its logs was begun, or first seen; None where it has none.
        now: seconds since the epoch.
        base: the listing interval.
        running: whether one of its logs is being written.
    """
    slowest = SLOWEST_RUNNING if running else SLOWEST_LISTING
    silence = now - began_at if began_at is not None else 0.0
    return _within(LISTING_SHARE * silence, base, slowest * base)
