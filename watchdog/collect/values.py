"""Foreign values, made harmless: what a log says may be of any type and any size."""

import math
from datetime import UTC, datetime

TEXT_LIMIT = 4000
"""Characters kept of an error's text."""
END_OF_TIME = 253_402_300_800.0
"""The year 10000: from here on, and before 1970, an instant can't be written again."""
NAME_LIMIT = 300
"""Characters kept of a name or an id."""


def instant(value: object) -> float | None:
    """Seconds since the epoch of an ISO 8601 time (naive: UTC), None where it is impossible."""
    if not isinstance(value, str):
        return None
    try:
        return epoch(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def epoch(at: datetime | None) -> float | None:
    """Seconds since the epoch (naive: UTC), None where it is impossible."""
    if at is None:
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return seconds if 0 <= seconds < END_OF_TIME else None


def number(value: object) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value if not isinstance(value, str) else value[:40])
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) else None


def whole(value: object) -> int | None:
    """An integer, also one written as text or with a zero fraction; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    amount = number(value)
    return int(amount) if amount is not None and amount.is_integer() else None


def duration(value: object) -> float | None:
    """A positive finite number of seconds."""
    seconds = number(value)
    return seconds if seconds is not None and seconds > 0 else None


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Text of at most `limit` characters that can be encoded; numbers as they are written.

    None for null, for containers and for empty text.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    head = value[:limit] if isinstance(value, str) else _digits(value)[:limit]
    return head.encode("utf-8", "replace").decode() or None


def name(value: object) -> str | None:
    """A name or an id, on one line."""
    if isinstance(value, str) and len(value) <= NAME_LIMIT and value.isascii():
        return (value if value.isprintable() else printable(value)) or None
    line = text(value, NAME_LIMIT)
    return line if line is None or line.isprintable() else printable(line)


def printable(value: str) -> str:
    """Without control characters and other invisible ones."""
    return "".join(character if character.isprintable() else " " for character in value)


def _digits(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python is willing to print
        return "inf"
