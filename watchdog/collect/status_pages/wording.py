"""Texts, addresses and times of status feeds, made harmless. All of them are foreign."""

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from watchdog.collect import values

TEXT_LIMIT = 300
"""Characters kept of a text; an address that is longer is left out."""
_LOOKED_AT = 4 * TEXT_LIMIT
_UNSAFE = frozenset("\"'<>\\^`{|}")
_MILLISECONDS = 1e11
"""A number from here on can't be seconds: it would be after the year 5000."""


def words(value: object, limit: int = TEXT_LIMIT) -> str:
    """One visible line of at most `limit` characters; empty for anything but text and numbers."""
    text = values.text(value, _LOOKED_AT) or ""
    line = " ".join(values.printable(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def address(value: object, base: str) -> str:
    """An http(s) address without credentials, resolved against `base`; empty for all others."""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        return ""
    try:
        url = urljoin(base, value.strip())
        parts = urlsplit(url)
        at_host = parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        return ""
    web = parts.scheme in {"http", "https"} and at_host
    return url if value and web and _safe(url) else ""


def instant(value: object) -> float | None:
    """Seconds since the epoch, of ISO 8601 or of (milli)seconds; None where it is impossible."""
    if isinstance(value, str) and (at := values.instant(value)) is not None:
        return at
    seconds = values.number(value)
    if seconds is None or seconds <= 0:
        return None
    seconds = seconds / 1000 if seconds >= _MILLISECONDS else seconds
    return seconds if seconds < values.END_OF_TIME else None


def names_one(names: Iterable[str], terms: Iterable[str]) -> bool:
    """Whether one of the names contains one of the words, in any case; no names: yes."""
    texts = [name.casefold() for name in names if name]
    parts = [term.casefold() for term in terms]
    return not texts or not parts or any(part in text for part in parts for text in texts)


def among(status: str, over: Iterable[str]) -> bool:
    """Whether a status is one of these, in any case."""
    return status.casefold() in {word.casefold() for word in over}


def _safe(url: str) -> bool:
    printable = url.isascii() and url.isprintable() and " " not in url
    return printable and len(url) <= TEXT_LIMIT and not _UNSAFE & set(url)
