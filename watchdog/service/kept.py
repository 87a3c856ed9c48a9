"""What the ledger's database keeps for the service beside messages: mutes, and what was learned."""

from collections.abc import Callable

from watchdog.model.allowances import Override
from watchdog.notify.ledger.experience import save
from watchdog.notify.ledger.mutes import Mute, mutes
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.learner import Learner

Clock = Callable[[], float]


class KeptMutes:
    """What was muted by hand; while the ledger can't be read, what was muted before."""

    def __init__(self, ledger: LedgerWorker, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._mutes: tuple[Mute, ...] = ()

    @property
    def overrides(self) -> tuple[Override, ...]:
        """As the rules take them."""
        return tuple(mute.override for mute in self._mutes)

    async def read(self) -> None:
        """Read them anew."""
        now = self._clock()
        read = await self._ledger.read(lambda ledger: mutes(ledger, now))
        self._mutes = self._mutes if read is None else read


class KeptExperience:
    """Writes down what was learned, where it changed."""

    def __init__(self, learner: Learner, ledger: LedgerWorker, clock: Clock) -> None:
        self._learner = learner
        self._ledger = ledger
        self._clock = clock
        self._saved = learner.learned

    async def save(self) -> None:
        """Keep what was learned, for the next start."""
        learned = self._learner.learned
        if learned is not self._saved:
            await self._ledger.write(lambda ledger: save(ledger, learned, self._clock()))
            self._saved = learned
