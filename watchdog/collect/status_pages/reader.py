"""Asks the status pages of the providers in trouble, and of nobody else."""

import asyncio
from collections.abc import Collection, Sequence

import httpx
from msgspec import Struct

from watchdog.collect.status_pages.feeds import DEFAULT_FEEDS, Feed
from watchdog.collect.status_pages.fetching import UnreadableError, get_page, make_client
from watchdog.collect.status_pages.parsing import parse
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.verdict import Problem

TIMEOUT = 10.0
CACHE_SECONDS = 300.0
FAILURE_SECONDS = 60.0
"""Until a page that couldn't be read is asked again."""
STALE_SECONDS = 3600.0
"""How long what a page said last stands, while it can't be read: it may suffer as well."""


class _Kept(Struct, frozen=True):
    """What is known of one feed."""

    asked_at: float
    incidents: tuple[StatusPageIncident, ...] = ()
    read_at: float | None = None
    body: bytes = b""
    tag: str = ""
    problem: str = ""


class StatusPages:
    """What providers say of themselves: cached, bounded, and harmless when they are silent."""

    def __init__(
        self,
        feeds: Sequence[Feed] = DEFAULT_FEEDS,
        *,
        cache_seconds: float = CACHE_SECONDS,
        timeout: float = TIMEOUT,
    ) -> None:
        """Reads nothing yet.

        Args:
            feeds: the pages that are known; a provider may have several.
            cache_seconds: until a page that was read is asked again.
            timeout: seconds for one page, redirects and the second attempt included.
        """
        self._feeds = tuple(feeds)
        self._cache_seconds = cache_seconds
        self._timeout = timeout
        self._client = make_client(timeout)
        self._kept: dict[Feed, _Kept] = {}
        self._locks = {feed: asyncio.Lock() for feed in self._feeds}
        self._problems: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Pages that `about` asked for last and that can't be read."""
        return self._problems

    async def about(self, providers: Collection[str], now: float) -> tuple[StatusPageIncident, ...]:
        """Current incidents of these providers, in the order of the feeds.

        Never raises for what a page does, and takes no longer than the time-out.

        Args:
            providers: their names, as Inspect has them.
            now: seconds since the epoch.
        """
        asked = [feed for feed in self._feeds if feed.provider in providers]
        kept = await asyncio.gather(*(self._know(feed, now) for feed in asked))
        self._problems = tuple(
            Problem(_where(feed), known.problem)
            for feed, known in zip(asked, kept, strict=True)
            if known.problem
        )
        return tuple(incident for known in kept for incident in known.incidents)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _know(self, feed: Feed, now: float) -> _Kept:
        async with self._locks[feed]:
            known = self._kept.get(feed)
            if known is None or not self._fresh(known, now):
                known = self._kept[feed] = await self._ask(feed, known or _Kept(now), now)
            return known

    def _fresh(self, known: _Kept, now: float) -> bool:
        lasts = self._cache_seconds
        if known.problem:
            lasts = min(FAILURE_SECONDS, lasts)
        return 0 <= now - known.asked_at < lasts

    async def _ask(self, feed: Feed, last: _Kept, now: float) -> _Kept:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._read(feed, last, now)
        except TimeoutError:
            return _failed(last, now, f"no answer within {self._timeout:g} s")
        except (UnreadableError, ValueError) as error:
            return _failed(last, now, str(error))

    async def _read(self, feed: Feed, last: _Kept, now: float) -> _Kept:
        page = await get_page(self._client, feed.url, last.tag)
        body = last.body if page.body is None else page.body
        # Also where nothing changed: items grow old. In a thread, as a hostile one takes a while.
        incidents = await asyncio.to_thread(parse, feed, body, now)
        return _Kept(now, incidents, now, body if page.tag else b"", page.tag)


def _failed(last: _Kept, now: float, problem: str) -> _Kept:
    stands = last.read_at is not None and 0 <= now - last.read_at < STALE_SECONDS
    incidents = last.incidents if stands else ()
    return _Kept(now, incidents, last.read_at, last.body, last.tag, problem)


def _where(feed: Feed) -> str:
    """Whose page, without what its address may hold of secrets."""
    try:
        host = httpx.URL(feed.url).host
    except httpx.InvalidURL:
        host = ""
    return f"status page of {feed.provider}" + (f" ({host})" if host else "")
