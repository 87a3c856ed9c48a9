"""Counts what people say pages were worth, wherever they say it: page, API, terminal."""

from collections.abc import Callable, Iterable

from watchdog.model.acts import holding
from watchdog.notify.decide import ENDING, Decision
from watchdog.notify.ledger import events
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.rows import Thread
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.surfaces.metrics import Judged

LOOKED_BACK = 3600.0
"""Seconds: so much later than it says of itself may a judgement come to be seen."""


class JudgedPages:
    """Remembers which judgements it counted."""

    def __init__(
        self, ledger: LedgerWorker, clock: Callable[[], float], count: Callable[[Judged], None]
    ) -> None:
        """Args: count: is told of each page, how it was judged."""
        self._ledger = ledger
        self._clock = clock
        self._count = count
        self._began_at = clock()
        self._counted: dict[tuple[Thread, int], float] = {}

    async def look(self, decisions: Iterable[Decision]) -> None:
        """Count what was judged since, and what ended without."""
        now = self._clock()
        for decision in decisions:
            is_over = decision.reason in ENDING and decision.into is None
            if is_over and decision.incident.severity == "page":
                acts = decision.entry.acts if decision.entry is not None else ()
                if holding(acts, "judgement", now) is None:
                    self._count("unjudged")
        since = max(self._began_at, now - LOOKED_BACK)

        def read(ledger: Ledger) -> dict[tuple[Thread, int], tuple[float, Judged]]:
            with ledger.engine.connect() as connection:
                made = events.judgements(connection, ledger.watch, since)
            return {
                (thread, act.place): (act.at, "true" if act.judged else "false")
                for thread, act in made
                if act.extent is not None and act.extent.severity == "page"
            }

        for key, (at, judged) in (await self._ledger.beside(read) or {}).items():
            if key not in self._counted:
                self._counted[key] = at
                self._count(judged)
        self._counted = {key: at for key, at in self._counted.items() if at >= since}
