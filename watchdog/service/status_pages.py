"""Asks providers' status pages while incidents touch them, beside everything else."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from watchdog.collect.status_pages.reader import StatusPages
from watchdog.model.status_page import StatusPageIncident

Clock = Callable[[], float]


class StatusPageRounds:
    """One round at a time, as the prober has them. Used from one event loop."""

    def __init__(
        self,
        pages: StatusPages,
        clock: Clock,
        *,
        on_round: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._pages = pages
        self._clock = clock
        self.on_round = on_round
        """Called when the pages say something else than before."""
        self._incidents: tuple[StatusPageIncident, ...] = ()
        self._round: asyncio.Task[None] | None = None

    @property
    def incidents(self) -> tuple[StatusPageIncident, ...]:
        """What the pages said last."""
        return self._incidents

    @property
    def providers(self) -> tuple[str, ...]:
        """Those that have a page."""
        return self._pages.providers

    def take(self, providers: Collection[str]) -> None:
        """Ask about these providers, none where no incident touches any: begin a round if due."""
        under_way = self._round is not None and not self._round.done()
        if not under_way and (providers or self._incidents):
            self._round = asyncio.create_task(self._run(frozenset(providers)))

    async def aclose(self) -> None:
        """Cancel what is under way, and release connections."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)
        await self._pages.aclose()

    async def _run(self, providers: frozenset[str]) -> None:
        incidents = await self._pages.about(providers, self._clock())
        if incidents == self._incidents:
            return
        self._incidents = incidents
        if self.on_round is not None:
            await self.on_round()
