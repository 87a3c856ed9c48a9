"""Foreign values, made harmless: what a log says may be of any type and any size."""

import math
from datetime import UTC, datetime
from hashlib import blake2b

from watchdog.collect.limits import ERROR_LENGTH, ID_LENGTH, NAME_LENGTH, NUMBER

TEXT_LIMIT = ERROR_LENGTH.value
"""Characters kept of an error's text."""
END_OF_TIME = 253_402_300_800.0
"""The year 10000: from here on, and before 1970, an instant can't be written again."""
NAME_LIMIT = NAME_LENGTH.value
"""Characters kept of a name."""
CUT = "…"
"""Stands where a text was cut."""
DIGITS_MAX = 40
"""Characters of a number that is written as text."""


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
    """A number within `NUMBER` either way, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value if not isinstance(value, str) else value[:DIGITS_MAX])
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) and abs(amount) <= NUMBER.value else None


def whole(value: object) -> int | None:
    """An integer within `NUMBER` either way, also as text or with a zero fraction; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -NUMBER.value <= value <= NUMBER.value else None
    amount = number(value)
    return int(amount) if amount is not None and amount.is_integer() else None


def duration(value: object) -> float | None:
    """A positive finite number of seconds."""
    seconds = number(value)
    return seconds if seconds is not None and seconds > 0 else None


def count(value: object) -> int | None:
    """A whole number that isn't negative."""
    amount = whole(value)
    return amount if amount is not None and amount >= 0 else None


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Text of at most `limit` characters that can be encoded, marked where it was cut.

    Numbers are as they are written. None for null, for containers and for empty text.
    """
    if value is None:
        return None
    line = value if isinstance(value, str) else _digits(value)
    if line is None:
        return None
    if len(line) > limit:
        line = line[: limit - 1] + CUT
    return line if line.isascii() and line else _encodable(line) or None


def identifier(value: object, limit: int = ID_LENGTH.value) -> str | None:
    """An id that is compared: what is cut ends in a digest of the whole, so that it stays its own.

    Control characters stay. None as for `text`.
    """
    line = value if isinstance(value, str) else _digits(value)
    if line is None:
        return None
    return distinct(line, limit) or None


def distinct(line: str, limit: int) -> str:
    """Encodable text of at most `limit` characters; what is cut ends in a digest of the whole."""
    line = line if line.isascii() else _encodable(line)
    if len(line) <= limit:
        return line
    digest = blake2b(line.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return line[: limit - len(digest) - 1] + CUT + digest


def name(value: object) -> str | None:
    """A name, on one line; two that differ beyond what is kept stay different."""
    if isinstance(value, str) and len(value) <= NAME_LIMIT and value.isascii():
        return (value if value.isprintable() else printable(value)) or None
    if value is None:
        return None
    line = identifier(value, NAME_LIMIT)
    return line if line is None or line.isprintable() else printable(line)


def printable(value: str) -> str:
    """Without control characters and other invisible ones."""
    return "".join(character if character.isprintable() else " " for character in value)


def _encodable(line: str) -> str:
    return line.encode("utf-8", "replace").decode()


def _digits(value: object) -> str | None:
    """A number as it is written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python is willing to print
        return "inf"
