"""What is kept of one model: counts by minute, durations by half hour. Pure."""

from collections.abc import Mapping

from watchdog.model.histogram import Histogram, merge
from watchdog.model.instants import later
from watchdog.model.model_calls import (
    LATENCY_WINDOWS,
    WINDOWS,
    CallCount,
    CallSeconds,
    ModelCalls,
)
from watchdog.pipeline.model_calls.minutes import MINUTE, Minutes, minute_of

SLOT = 1800.0
"""Seconds whose calls' durations are kept together."""
SLOTS = 48


class OneModel:
    """Its calls of the last day. About 12 KiB, and 1 KiB for each half hour with calls."""

    def __init__(
        self,
        ok: Minutes | None = None,
        failed: Minutes | None = None,
        took: Mapping[int, Histogram] | None = None,
    ) -> None:
        self.ok, self.failed = ok or Minutes(), failed or Minutes()
        self.took = dict(took or {})
        """By number of the half hour since the epoch."""
        self.samples = 0
        self.failing = 0
        self.last_ok_at: float | None = None
        self.last_failed_at: float | None = None

    def ended(self, at: float, count: int, *, well: bool) -> None:
        """So many attempts ended at an instant."""
        (self.ok if well else self.failed).add(minute_of(at), count)
        if well:
            self.last_ok_at = later(self.last_ok_at, at)
        else:
            self.last_failed_at = later(self.last_failed_at, at)

    def lasted(self, durations: Histogram, at: float) -> None:
        """Calls that were answered about then took so long."""
        slot = int(at // SLOT)
        self.took[slot] = merge(self.took.get(slot, Histogram()), durations)
        newest = max(self.took)
        for old in [one for one in self.took if one <= newest - SLOTS]:
            del self.took[old]

    @property
    def used_at(self) -> float:
        """When it was last heard of."""
        return MINUTE * max(self.ok.newest, self.failed.newest)

    def figures(self, name: str, now: float, watched: Minutes) -> ModelCalls:
        """What is shown of it; `watched` has the minutes in which somebody watched."""
        return ModelCalls(
            model=name,
            samples=max(0, self.samples),
            in_back_off=max(0, self.failing),
            last_ok_at=self.last_ok_at,
            last_failed_at=self.last_failed_at,
            counts=tuple(self._count(seconds, now, watched) for seconds in WINDOWS),
            latency=tuple(self._seconds(seconds, now) for seconds in LATENCY_WINDOWS),
        )

    def _count(self, seconds: float, now: float, watched: Minutes) -> CallCount:
        minute, minutes = minute_of(now), int(seconds // MINUTE)
        return CallCount(
            seconds,
            MINUTE * watched.total(minute, minutes),
            self.ok.total(minute, minutes),
            self.failed.total(minute, minutes),
        )

    def _seconds(self, seconds: float, now: float) -> CallSeconds:
        """Half hours count that lie in the window, wholly or in part."""
        first = int((now - seconds) // SLOT)
        all_of_them = Histogram()
        for slot, durations in self.took.items():
            if slot >= first:
                all_of_them = merge(all_of_them, durations)
        total = all_of_them.total
        if not total:
            return CallSeconds(seconds, 0)
        p50, p95 = (all_of_them.largest(total * (1 - share)) for share in (0.5, 0.95))
        return CallSeconds(seconds, round(total), p50, p95)
