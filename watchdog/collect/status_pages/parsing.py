"""From a feed's bytes to what it says. Pure."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from watchdog.collect.status_pages.configured import read_configured
from watchdog.collect.status_pages.feeds import Feed
from watchdog.collect.status_pages.statuspage import read_statuspage
from watchdog.collect.status_pages.syndicated import read_syndicated
from watchdog.model.status_page import StatusPageIncident

INCIDENTS_MAX = 10
"""Kept of one feed, in its order: pages put the newest first."""


def parse(feed: Feed, body: bytes, now: float) -> tuple[StatusPageIncident, ...]:
    """The current incidents of a feed, a few at most.

    Args:
        feed: what is read, and how.
        body: the document.
        now: seconds since the epoch.

    Raises:
        ValueError: it isn't what the feed should be. The text holds nothing of the document.
    """
    return tuple(islice(_read(feed, body, now), INCIDENTS_MAX))


def _read(feed: Feed, body: bytes, now: float) -> Iterator[StatusPageIncident]:
    if feed.format == "rss":
        return read_syndicated(feed, body, now)
    if feed.format == "json":
        return read_configured(feed, _decode(body), now)
    return read_statuspage(feed, _decode(body))


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError("not JSON") from error
