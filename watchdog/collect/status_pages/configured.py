"""JSON of any shape, read along the paths of its configuration."""

from collections.abc import Iterator

from watchdog.collect.status_pages.feeds import Feed
from watchdog.collect.status_pages.wording import address, among, instant, names_one, words
from watchdog.model.status_page import StatusPageIncident


def read_configured(feed: Feed, document: object, now: float) -> Iterator[StatusPageIncident]:
    """The items that aren't over and touch the right component.

    Raises:
        ValueError: there is no list where the items should be, or none of them has a title.
    """
    items = _items(feed, document)
    if items and not any(_first(item, feed.title) for item in items):
        raise ValueError(f"no item has a title at {feed.title!r}")
    for item in items:
        if _first(item, feed.title) and not _over(feed, item, now) and _ours(feed, item):
            yield _incident(feed, item)


def values_at(value: object, path: str) -> list[object]:
    """What stands at the end of a dotted path; several values where it leads through lists."""
    values = [value]
    for step in path.split(".") if path else ():
        values = [child for value in values for child in _step(value, step)]
    return values


def _step(value: object, step: str) -> Iterator[object]:
    if isinstance(value, dict):
        if step in value:
            yield value[step]
    elif isinstance(value, list) and step.isdecimal():
        yield from value[int(step[:9]) :][:1]
    elif isinstance(value, list):
        yield from (item[step] for item in value if isinstance(item, dict) and step in item)


def _items(feed: Feed, document: object) -> list[object]:
    lists = [items for items in values_at(document, feed.items) if isinstance(items, list)]
    if not lists:
        raise ValueError(f"no list at {feed.items!r}" if feed.items else "not a list")
    return [item for items in lists for item in items]


def _incident(feed: Feed, item: object) -> StatusPageIncident:
    links = (address(value, feed.url) for value in _at(item, feed.link))
    times = (instant(value) for value in _at(item, feed.since))
    return StatusPageIncident(
        provider=feed.provider,
        title=_first(item, feed.title),
        status=_first(item, feed.status),
        url=next((link for link in links if link), ""),
        since=next((at for at in times if at is not None), None),
    )


def _over(feed: Feed, item: object, now: float) -> bool:
    ends = [end for end in _at(item, feed.end) if words(end)]
    passed = any((at := instant(end)) is None or at <= now for end in ends)
    return passed or among(_first(item, feed.status), feed.over)


def _ours(feed: Feed, item: object) -> bool:
    names = (words(name) for path in feed.parts for name in _at(item, path))
    return names_one(names, feed.component)


def _at(item: object, path: str) -> list[object]:
    return values_at(item, path) if path else []


def _first(item: object, path: str) -> str:
    return next((text for value in _at(item, path) if (text := words(value))), "")
