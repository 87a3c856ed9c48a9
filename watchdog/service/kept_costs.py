"""What stuck eval sets lose, and how much was watched: counted at each poll, kept in the ledger.

A minute of it may be lost with the process: what is stuck then is counted anew since when it is, or
since what was written down.
"""

from collections.abc import Mapping
from threading import Lock

from msgspec import Struct

from watchdog.model.cluster import ClusterView
from watchdog.model.report import Snapshot
from watchdog.notify.ledger import lost_time
from watchdog.notify.ledger.kept_text import kept_name
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.lost_time import LostTimes, WatchedTimes
from watchdog.pipeline.weekly.weeks import day_of


class Look(Struct, frozen=True):
    """What one poll came to."""

    snapshot: Snapshot
    views: Mapping[str, ClusterView | None]
    """What the cluster shows of each eval set, by id."""
    complete: bool
    """Whether the source that was polled was read in full."""
    max_age: float
    """Seconds after which what was last read is too old."""


class KeptCosts:
    """`take` belongs to the thread that judges, the rest to the event loop."""

    def __init__(self, ledger: LedgerWorker, zone: str) -> None:
        """Args: zone: in which days begin."""
        self._ledger = ledger
        self._zone = zone
        self._lock = Lock()
        self._lost: LostTimes | None = None
        """None until what was written down is known: what isn't would be counted twice."""
        self._watched: WatchedTimes | None = None
        self._now = 0.0

    def go_by(self, zone: str) -> None:
        """From now on days begin in this zone; those that have begun end as they began."""
        self._zone = zone

    def _day(self, instant: float) -> tuple[int, int]:
        return day_of(instant, self._zone)

    async def load(self, now: float) -> None:
        """Once: what an earlier life wrote down; where it can't be read, the next poll tries."""
        if self._lost is not None:
            return
        today = self._day(now)[0]
        before = await self._ledger.on_database(lambda ledger: lost_time.load(ledger, today))
        if before is not None:
            self._watched = WatchedTimes(self._day, before.watched)
            self._lost = LostTimes(self._day, before.lost, before.until, kept_name)

    def take(self, look: Look) -> None:
        """Count what lies between the last poll and this one."""
        if self._lost is None or self._watched is None:
            return
        report, now = look.snapshot.report, look.snapshot.at
        is_well = bool(report.sources) and all(s.state == "answers" for s in report.sources)
        with self._lock:
            self._now = now
            self._lost.take(report.eval_sets, look.views, now)
            self._watched.take(now, complete=look.complete, well=is_well, max_age=look.max_age)

    async def save(self) -> None:
        """Write down what is new; what can't be written is tried again."""
        if self._lost is None or self._watched is None:
            return
        with self._lock:
            lost, watched = self._lost.changed, self._watched.changed
        if not (lost or watched):
            return

        def write(ledger: Ledger) -> bool:
            lost_time.save(ledger, lost, watched)
            return True

        if await self._ledger.on_database(write):
            with self._lock:
                self._lost.saved(lost, self._now)
                self._watched.saved(watched, self._now)
