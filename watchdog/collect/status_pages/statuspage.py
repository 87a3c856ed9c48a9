"""Statuspage's `/api/v2/summary.json`, and what others offer in its format.

Format: https://metastatuspage.com/api#summary. Pages by incident.io have it too, often without
saying which components an incident touches.
"""

from collections.abc import Iterator

from watchdog.collect.status_pages.feeds import Feed
from watchdog.collect.status_pages.wording import address, among, instant, names_one, words
from watchdog.model.status_page import StatusPageIncident

_UNDER_WAY = frozenset({"in_progress", "verifying", "maintenance_in_progress"})
_WELL = frozenset({"", "operational"})

Entry = dict[str, object]


def read_statuspage(feed: Feed, document: object) -> Iterator[StatusPageIncident]:
    """Incidents and maintenance that are going on, then components that ail without either.

    Raises:
        ValueError: the document is no such summary.
    """
    if not isinstance(document, dict) or not {"incidents", "components"} & document.keys():
        raise ValueError("no Statuspage summary: neither incidents nor components")
    current = [entry for entry in _entries(document, "incidents") if not _over(feed, entry)]
    maintenance = _entries(document, "scheduled_maintenances")
    current += [work for work in maintenance if words(work.get("status")).casefold() in _UNDER_WAY]
    page = _page(feed, document)
    for entry in current:
        if words(entry.get("name")) and names_one(_touched(entry, "name"), feed.component):
            yield _incident(feed, entry, page)
    covered = {part for entry in current for part in _touched(entry, "id")}
    yield from _ailing(feed, _entries(document, "components"), covered, page)


def _over(feed: Feed, entry: Entry) -> bool:
    return among(words(entry.get("status")), feed.over) or bool(entry.get("resolved_at"))


def _incident(feed: Feed, entry: Entry, page: str) -> StatusPageIncident:
    beginnings = (instant(entry.get(key)) for key in ("started_at", "scheduled_for", "created_at"))
    return StatusPageIncident(
        provider=feed.provider,
        title=words(entry.get("name")),
        status=_status(entry),
        url=address(entry.get("shortlink"), feed.url) or page,
        since=next((at for at in beginnings if at is not None), None),
    )


def _status(entry: Entry) -> str:
    status, impact = words(entry.get("status"), 100), words(entry.get("impact"), 100)
    return f"{status} ({impact})" if status and impact not in {"", "none"} else status


def _ailing(
    feed: Feed, components: list[Entry], covered: set[str], page: str
) -> Iterator[StatusPageIncident]:
    for part in components:
        name, status = words(part.get("name")), words(part.get("status"))
        redundant = part.get("group") is True or words(part.get("id")) in covered
        ails = name and not redundant and status.casefold() not in _WELL
        if ails and names_one((name,), feed.component):
            yield StatusPageIncident(feed.provider, name, status, page)


def _touched(entry: Entry, key: str) -> list[str]:
    return [text for part in _entries(entry, "components") if (text := words(part.get(key)))]


def _page(feed: Feed, document: Entry) -> str:
    page = document.get("page")
    return address(page.get("url"), feed.url) if isinstance(page, dict) else ""


def _entries(document: Entry, key: str) -> list[Entry]:
    items = document.get(key)
    return [entry for entry in items if isinstance(entry, dict)] if isinstance(items, list) else []
