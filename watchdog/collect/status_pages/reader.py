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


class _FeedState(Struct, frozen=True):
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
        self._states: dict[Feed, _FeedState] = {}
        self._locks = {feed: asyncio.Lock() for feed in self._feeds}
        self._problems: tuple[Problem, ...] = ()

    @property
    def providers(self) -> tuple[str, ...]:
        """Those that have a page."""
        return tuple(dict.fromkeys(feed.provider for feed in self._feeds))

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
        feeds = [feed for feed in self._feeds if feed.provider in providers]
        states = await asyncio.gather(*(self._state(feed, now) for feed in feeds))
        self._problems = tuple(
            Problem(_where(feed), state.problem)
            for feed, state in zip(feeds, states, strict=True)
            if state.problem
        )
        return tuple(incident for state in states for incident in state.incidents)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _state(self, feed: Feed, now: float) -> _FeedState:
        async with self._locks[feed]:
            state = self._states.get(feed)
            if state is None or not self._fresh(state, now):
                state = self._states[feed] = await self._ask(feed, state or _FeedState(now), now)
            return state

    def _fresh(self, state: _FeedState, now: float) -> bool:
        seconds = self._cache_seconds
        if state.problem:
            seconds = min(FAILURE_SECONDS, seconds)
        return 0 <= now - state.asked_at < seconds

    async def _ask(self, feed: Feed, last: _FeedState, now: float) -> _FeedState:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._read(feed, last, now)
        except TimeoutError:
            return _failed(last, now, f"no answer within {self._timeout:g} s")
        except (UnreadableError, ValueError) as error:
            return _failed(last, now, str(error))

    async def _read(self, feed: Feed, last: _FeedState, now: float) -> _FeedState:
        page = await get_page(self._client, feed.url, last.tag)
        body = last.body if page.body is None else page.body
        # Also where nothing changed: items grow old. In a thread, as a hostile one takes a while.
        incidents = await asyncio.to_thread(parse, feed, body, now)
        return _FeedState(now, incidents, now, body if page.tag else b"", page.tag)


def _failed(last: _FeedState, now: float, problem: str) -> _FeedState:
    current = last.read_at is not None and 0 <= now - last.read_at < STALE_SECONDS
    incidents = last.incidents if current else ()
    return _FeedState(now, incidents, last.read_at, last.body, last.tag, problem)


def _where(feed: Feed) -> str:
    """Whose page, without what its address may hold of secrets."""
    try:
        host = httpx.URL(feed.url).host
    except httpx.InvalidURL:
        host = ""
    return f"status page of {feed.provider}" + (f" ({host})" if host else "")
