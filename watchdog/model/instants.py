"""Instants that may not be known: None is neither early nor late."""

from datetime import UTC, datetime


def latest(*instants: float | None) -> float | None:
    """The latest of the known instants."""
    newest: float | None = None
    for instant in instants:
        if instant is not None and (newest is None or instant > newest):
            newest = instant
    return newest


def later(one: float | None, other: float | None) -> float | None:
    """The later of two, where it is asked for each row."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def earliest(*instants: float | None) -> float | None:
    """The earliest of the known instants."""
    oldest: float | None = None
    for instant in instants:
        if instant is not None and (oldest is None or instant < oldest):
            oldest = instant
    return oldest


def from_timestamp(stamp: str | None) -> float | None:
    """Seconds since the epoch of a report's time; None where there is none."""
    if stamp is None:
        return None
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


def timestamp(instant: float | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a closing Z; None, or what no calendar has, is None."""
    if instant is None:
        return None
    try:
        moment = datetime.fromtimestamp(instant, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(instant: float) -> str:
    """An instant for people, in UTC: `2026-11-23 08:00 UTC`; what no calendar has is `never`."""
    try:
        return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "never"


def clock_of(stamp: str | None) -> str:
    """A report's time as `clock` says it; `unknown` for none."""
    return f"{stamp[:10]} {stamp[11:16]} UTC" if stamp else "unknown"


def compact(instant: float) -> str:
    """An instant as part of a name, in UTC: `20261123T080000Z`."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")
