"""Sentences that are put together when somebody reads them.

Most of what is judged nobody ever looks at, and what has lasted for some time has lasted longer by
the time that it is read. So a sentence keeps its parts: it is equal to another that says the same.
"""

from msgspec import Struct

from watchdog.model.instants import clock
from watchdog.model.quantities import duration, frequency


class Since(Struct, frozen=True):
    """How long ago an instant is, when it is read: `2 h 14 min`."""

    at: float

    def word(self, now: float) -> str:
        """The words, at `now` in seconds since the epoch."""
        return duration(now - self.at)


class Length(Struct, frozen=True):
    """So many seconds: `2 h 14 min`."""

    seconds: float

    def word(self, _now: float) -> str:
        """The words."""
        return duration(self.seconds)


class At(Struct, frozen=True):
    """An instant: `2026-11-23 08:00 UTC`."""

    at: float

    def word(self, _now: float) -> str:
        """The words."""
        return clock(self.at)


class OftenAs(Struct, frozen=True):
    """So often a week: `once in 5 weeks`."""

    expected_per_week: float

    def word(self, _now: float) -> str:
        """The words."""
        return frequency(self.expected_per_week)


class Share(Struct, frozen=True):
    """A share between 0 and 1: `5%`."""

    share: float

    def word(self, _now: float) -> str:
        """The words."""
        return f"{self.share:.0%}"


class Told(Struct, frozen=True):
    """A template of the program's own with `{}` for each value; values are never read as one."""

    template: str
    values: tuple["Part", ...] = ()

    def word(self, now: float) -> str:
        """The sentence, as of `now` in seconds since the epoch."""
        return self.template.format(*(said(value, now) for value in self.values))


Part = str | int | Since | Length | At | OftenAs | Share | Told
Text = str | Told
"""What people are to read: as it stands, or to be put together."""


def told(template: str, *values: Part) -> Told:
    """A sentence with these values."""
    return Told(template, values)


def said(part: Part, now: float) -> str:
    """A part of a sentence in words, as of `now` in seconds since the epoch."""
    return str(part) if isinstance(part, str | int) else part.word(now)
