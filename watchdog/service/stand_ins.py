"""The stand-ins for names of secret models, as the service shares them."""

from collections.abc import Callable

from watchdog.config.settings import Settings
from watchdog.masking import Key
from watchdog.model.probe import ProbeResult
from watchdog.model.report import Snapshot
from watchdog.notify.ledger.keys import stand_in_key
from watchdog.notify.ledger.ledger import Ledger
from watchdog.surfaces.secret_models import SecretModels


class StandIns:
    """Their key, and which models have one in the metrics."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        web = settings.web
        chosen = web.stand_in_key
        self.key: Key = (
            stand_in_key(ledger) if chosen is None else chosen.get_secret_value().encode()
        )
        self._models = SecretModels(self.key)
        self._shows_all = web.metrics_name_secret_models

    def take(self, snapshot: Snapshot) -> None:
        """Learn which models are secret."""
        self._models.take(snapshot.report)

    def masked(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot as the metrics show it."""
        return snapshot if self._shows_all else self._models.masked(snapshot)

    def counting(self, count: Callable[[ProbeResult], None]) -> Callable[[ProbeResult], None]:
        """Counts a direct API test under the name that the metrics show."""
        return lambda result: count(result if self._shows_all else self._models.test(result))
