"""What the ledger's database keeps for the service beside messages: mutes, and what was learned."""

from collections.abc import Callable

from watchdog.model.allowances import Override
from watchdog.model.learned import Learned
from watchdog.notify.ledger.experience import load, save
from watchdog.notify.ledger.ledger import Ledger
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
        read = await self._ledger.on_database(lambda ledger: mutes(ledger, now))
        self._mutes = self._mutes if read is None else read


class KeptExperience:
    """Writes down what was learned, where it changed."""

    def __init__(
        self, learner: Learner, ledger: LedgerWorker, clock: Clock, *, loaded: bool = True
    ) -> None:
        self._loaded = loaded
        """Else an earlier life's experience could not be read, and is not written over."""
        self._learner = learner
        self._ledger = ledger
        self._clock = clock
        self._saved = learner.learned

    async def save(self) -> None:
        """Keep what was learned, for the next start."""
        learned = self._learner.learned
        if learned is self._saved:
            return

        def write(ledger: Ledger) -> bool:
            if self._loaded or load(ledger, self._clock()).learned == Learned():
                save(ledger, learned, self._clock())
            return True

        if await self._ledger.on_database(write):
            self._saved = learned
