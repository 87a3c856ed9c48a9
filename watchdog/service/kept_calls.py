"""How calls of models went: counted while the learner learns, kept for the next start."""

import structlog

from watchdog.model.model_calls import FleetCalls
from watchdog.notify.ledger import model_calls as ledger_calls
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.model_calls.kept import decoded, encoded
from watchdog.pipeline.model_calls.watch import ModelWatch

KEPT_SECONDS = 60.0
"""Between two texts that are made of it."""

log = structlog.get_logger(__name__)


class KeptCalls:
    """`figures` belongs to the thread that learns, `save` to the event loop."""

    def __init__(self, ledger: Ledger, worker: LedgerWorker, now: float) -> None:
        """Goes on with what the ledger keeps; what can't be used is begun anew, and said."""
        self._worker = worker
        self.watch = ModelWatch()
        text = ledger_calls.load(ledger)
        if text is not None:
            try:
                self.watch = decoded(text, now)
            except ValueError as error:
                log.warning("model_calls", detail=f"what was kept can't be used: {error!s:.200}")
        self._made: tuple[str, float] | None = None
        self._saved: str | None = None

    def figures(self, now: float) -> FleetCalls:
        """What is shown at `now`, in seconds since the epoch."""
        if self._made is None or not 0 <= now - self._made[1] < KEPT_SECONDS:
            self._made = encoded(self.watch), now
        return self.watch.figures(now)

    async def save(self) -> None:
        """Keep what was counted, where it is new."""
        if self._made is None or self._made[0] == self._saved:
            return
        text, at = self._made

        def write(ledger: Ledger) -> bool:
            ledger_calls.save(ledger, text, at)
            return True

        if await self._worker.on_database(write):
            self._saved = text
