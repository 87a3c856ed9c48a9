"""The fleet from poll to poll: what did not change is not gone through again."""

from collections.abc import Iterable

from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.fleet_times import Arrivals, FleetTimes
from watchdog.model.state import EvalSetState


class FleetIndex:
    """Holds what is known of each model between polls. Not for several threads."""

    def __init__(self, arrivals: Arrivals | None = None) -> None:
        """Args: arrivals: is told what changes."""
        self._times = FleetTimes(arrivals)

    def update(self, eval_sets: Iterable[EvalSetState]) -> Fleet:
        """The fleet of these eval sets, by the store's clock (`clocks.py`).

        It answers until the next update; what is to be worded later must hold the answers.
        """
        self._times.update(eval_sets)
        return Fleet(times=self._times)
