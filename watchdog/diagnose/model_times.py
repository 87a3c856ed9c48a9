"""When attempts on one model ended, in order."""

from collections import Counter
from collections.abc import Mapping

from watchdog.diagnose.fleet_parts import Change, Part
from watchdog.diagnose.newest import Newest
from watchdog.diagnose.sorted_instants import SortedInstants
from watchdog.model.instants import earliest, latest


class ModelTimes:
    """When all attempts on a model ended (or, failed, began). Seconds since the epoch."""

    def __init__(self) -> None:
        self.failed = SortedInstants()
        self.failing = SortedInstants()
        """The last failure of each sample whose calls fail now."""
        self.open = SortedInstants()
        """When calls were sent that have no answer yet."""
        self._ok = SortedInstants()
        self._buckets = SortedInstants(counted=True)
        """Successes that no sample remembers, several by the first of them."""
        self._sent = Newest()

    def extend(self, part: Part) -> None:
        """Take in a part, before the first question; `settle` follows."""
        self._ok.extend(part.ok)
        self.failed.extend(part.failed)
        self.failing.extend(part.failing)
        self.open.extend(part.open)
        self._buckets.extend([at for at, _ in part.buckets], [calls for _, calls in part.buckets])
        if part.sent and max(part.sent) > self._sent.floor:
            self._sent.change(Counter(part.sent))

    def settle(self) -> None:
        """Put all in order."""
        for instants in (self._ok, self._buckets, self.failed, self.failing, self.open):
            instants.settle()

    def change(self, change: Change) -> None:
        """Take in what came, take out what went."""
        _change(self._ok, change.ok)
        _change(self.failed, change.failed)
        _change(self.failing, change.failing)
        _change(self.open, change.open)
        for (at, calls), count in change.buckets.items():
            for _ in range(count):
                self._buckets.add(at, calls)
            for _ in range(-count):
                self._buckets.remove(at, calls)
        self._sent.change(change.sent)

    @property
    def is_complete(self) -> bool:
        """False where they have to be gathered anew: what was sent last was forgotten."""
        return self._sent.is_known

    @property
    def taken_on(self) -> float:
        """When the last of the calls that succeeded was sent; before all time for none."""
        return self._sent.last

    @property
    def last_ok(self) -> float:
        """When a call last succeeded; before all time for none."""
        last = latest(self._ok.last, self._buckets.last)
        return float("-inf") if last is None else last

    def succeeded(self, since: float, until: float) -> int:
        """Successes from `since` to `until`, both included."""
        return self._ok.between(since, until) + self._buckets.between(since, until)

    def first_ok_from(self, since: float) -> float | None:
        """The first success at or after an instant."""
        return earliest(self._ok.first_from(since), self._buckets.first_from(since))

    def last_ok_until(self, until: float) -> float | None:
        """The last success at or before an instant."""
        return latest(self._ok.last_until(until), self._buckets.last_until(until))

    def was_sent(self, since: float, until: float) -> bool:
        """Whether a call that is still open was sent from `since` to `until`, both included."""
        first = self.open.first_from(since)
        return first is not None and first <= until

    def failed_later(self, before: float, least: float) -> float | None:
        """The first failure at least so many seconds after another; `least` is above 0.

        By their difference, which a sum may miss by its rounding.
        """
        at = self.failed.first_from(before + least)
        sooner = self.failed.last_before(float("inf") if at is None else at)
        while sooner is not None and sooner > before and sooner - before >= least:
            at, sooner = sooner, self.failed.last_before(sooner)
        while at is not None and at - before < least:
            at = self.failed.first_after(at)
        return at


def _change(instants: SortedInstants, counts: Mapping[float, int]) -> None:
    for at, count in counts.items():
        for _ in range(count):
            instants.add(at)
        for _ in range(-count):
            instants.remove(at)
