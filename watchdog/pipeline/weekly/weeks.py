"""Which week is meant, and where its days begin: weeks have 167 or 169 hours twice a year."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchdog.model.weekly import Span

DAYS = 7
_YEAR = r"(19[89][0-9]|20[0-9]{2}|21[0-8][0-9])"
WEEK = rf"^({_YEAR}-W(0[1-9]|[1-4][0-9]|5[0-3]))?$"
"""An ISO week; the 53rd of a year that has none is the first of the next."""
_DAY = (
    r"(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|[12][0-9])"
)
DATE = rf"^({_YEAR}-({_DAY}))?$"
"""A day; of a February that has no 29th the next one is meant."""


class WeekError(ValueError):
    """What is asked for is no week; the text says why."""


class FutureWeekError(WeekError):
    """It has not begun."""


def midnight(day: date, zone: str) -> float:
    """When a day begins: where clocks skip midnight, the first instant after it."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).timestamp()


def day_of(instant: float, zone: str) -> tuple[int, int]:
    """When the day of an instant begins and when it ends, in whole seconds since the epoch."""
    day = datetime.fromtimestamp(instant, ZoneInfo(zone)).date()
    return round(midnight(day, zone)), round(midnight(day + timedelta(1), zone))


def seven_days(first: date, zone: str) -> Span:
    """The seven days from a day on."""
    begin, end = midnight(first, zone), midnight(first + timedelta(DAYS), zone)
    return Span(begin, end, zone, _name(first))


def week_named(text: str, zone: str) -> Span:
    """An ISO week: `2026-W48`.

    Raises:
        WeekError: it is none.
    """
    if not text or not text.isascii() or not re.fullmatch(WEEK, text):
        raise WeekError("week: such as 2026-W48")
    first = date.fromisocalendar(int(text[:4]), 1, 1)
    return seven_days(first + timedelta(DAYS * (int(text[6:]) - 1)), zone)


def week_since(text: str, zone: str) -> Span:
    """The seven days from a date on: `2026-11-23`.

    Raises:
        WeekError: it is none.
    """
    if not text or not text.isascii() or not re.fullmatch(DATE, text):
        raise WeekError("since: a day such as 2026-11-23")
    month = date(int(text[:4]), int(text[5:7]), 1)
    return seven_days(month + timedelta(int(text[8:]) - 1), zone)


def week_until(now: float, zone: str) -> Span:
    """The seven days that end now."""
    return Span(now - DAYS * 86_400.0, now, zone)


def week_before(now: float, zone: str) -> Span:
    """The seven days that ended with the last midnight: on a Monday the last ISO week."""
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    return seven_days(today - timedelta(DAYS), zone)


def asked_week(week: str, since: str, zone: str, now: float) -> Span:
    """The week that somebody asks for: by its name, else by a day, else the seven days until now.

    Raises:
        WeekError: it is none.
        FutureWeekError: it has not begun.
    """
    if not week and not since:
        return week_until(now, zone)
    span = week_named(week, zone) if week else week_since(since, zone)
    if span.begin > now:
        asked = f"week: {week}" if week else f"since: {since}"
        raise FutureWeekError(f"{asked} is in the future")
    return span


def _name(first: date) -> str:
    year, week, weekday = first.isocalendar()
    return f"{year}-W{week:02}" if weekday == 1 else ""
