"""RSS 2.0 and Atom, by feedparser.

Two shapes of history are known, newest update first: Statuspage's (`<strong>Resolved</strong> -
text`) and incident.io's (`<b>Status: Resolved</b>`). Google's says it in the title
(`RESOLVED: …`), others in a sentence.
"""

import calendar
import html
import re
from collections.abc import Iterator
from io import BytesIO
from time import struct_time
from typing import Any

import feedparser  # type: ignore[import-untyped]

from watchdog.collect.status_pages.feeds import Feed
from watchdog.collect.status_pages.wording import address, among, names_one, words
from watchdog.model.status_page import StatusPageIncident

_LOOKED_AT = 20_000
"""Characters of an item's text that are looked at."""
_ITEMS = 1000
_TAGS_MAX = 50_000
"""Elements take feedparser up to 20 µs each: a feed of nothing else would keep it busy for long."""
_TAG = re.compile(r"<[^<>]{0,500}>")
_STATES = frozenset(
    {"scheduled", "in progress", "verifying", "completed", "closed", "update"}
    | {"investigating", "identified", "monitoring", "resolved", "postmortem"}
)


def read_syndicated(feed: Feed, body: bytes, now: float) -> Iterator[StatusPageIncident]:
    """The items of the last `max_age` seconds that don't say that they are over.

    Raises:
        ValueError: it is neither RSS nor Atom.
    """
    for entry in _entries(body)[:_ITEMS]:
        title = words(_text(entry, "title"))
        lines = [title, *_lines(_text(entry, "summary") or _content(entry))]
        status = _state(lines[1:])
        fresh = _fresh(feed, entry, now)
        if title and fresh and not _over(feed, lines, status) and names_one(lines, feed.component):
            link = address(entry.get("link"), feed.url)
            since = _time(entry, "published_parsed") or _time(entry, "updated_parsed")
            yield StatusPageIncident(feed.provider, title, status, link, since)


def _entries(body: bytes) -> list[Any]:
    if body.count(b"<") > _TAGS_MAX:
        raise ValueError("too many elements")
    # A file object: bytes that look like a path would be opened as one.
    source = BytesIO(body)
    try:
        document = feedparser.parse(source, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # it has failed in many ways on what is no feed
        raise ValueError("neither RSS nor Atom") from error
    if not document.get("version"):
        raise ValueError("neither RSS nor Atom")
    return list(document.entries)


def _text(entry: Any, key: str) -> str:  # noqa: ANN401 feedparser has no types
    value = entry.get(key)
    return value[:_LOOKED_AT] if isinstance(value, str) else ""


def _content(entry: Any) -> str:  # noqa: ANN401
    return next((_text(part, "value") for part in entry.get("content") or ()), "")


def _lines(text: str) -> list[str]:
    parts = html.unescape(_TAG.sub("\n", text)).splitlines()
    return [line for part in parts if (line := words(part))]


def _state(lines: list[str]) -> str:
    """The newest update's status."""
    for line in lines:
        state = line.casefold().removeprefix("status:").split(" - ")[0].strip(" :.-")
        if state in _STATES:
            return state
    return ""


def _over(feed: Feed, lines: list[str], status: str) -> bool:
    if status:
        return among(status, feed.over) or _says_over(feed, lines[:1])
    return _says_over(feed, lines[:3])


def _says_over(feed: Feed, lines: list[str]) -> bool:
    over = "|".join(re.escape(word.casefold()) for word in feed.over)
    pattern = re.compile(rf"(?<!not )(?<!not yet )(?<!not been )(?<!\bbe )\b(?:{over})\b")
    return bool(over) and any(pattern.search(line.casefold()) for line in lines)


def _fresh(feed: Feed, entry: Any, now: float) -> bool:  # noqa: ANN401
    times = (_time(entry, "updated_parsed"), _time(entry, "published_parsed"))
    # Nor from the future, which announces at best.
    return any(at is not None and abs(now - at) <= feed.max_age for at in times)


def _time(entry: Any, key: str) -> float | None:  # noqa: ANN401
    if key not in entry:  # asked first: feedparser warns where it answers with another time
        return None
    value = entry[key]
    try:
        return float(calendar.timegm(value)) if isinstance(value, struct_time) else None
    except (ValueError, OverflowError):
        return None
