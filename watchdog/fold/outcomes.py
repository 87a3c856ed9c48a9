"""A sample's outcomes while a batch of rows is folded: unpacked where a row is about one."""

from array import array
from math import nan

from watchdog.model.names import shared_name
from watchdog.model.outcomes import (
    DIGEST_BYTES,
    KINDS_MAX,
    Kind,
    Outcomes,
    digest,
    in_columns,
    renumbered,
)
from watchdog.model.state import RECENT
from watchdog.model.verdict import Cause

MOST = 4 * RECENT
"""Outcomes that are kept within a batch."""


class RecentOutcomes:
    """A private, mutable copy. Places count from the oldest."""

    def __init__(self, before: Outcomes) -> None:
        self._before = before
        self._digests = before.digests
        self._times: array[float] | None = None
        self._numbers = bytearray()
        self._kinds: list[Kind] = []
        self._began: dict[int, float] = {}

    def place_of(self, event_id: str) -> int | None:
        """Where an event's is that is still remembered."""
        own, end = digest(event_id), len(self._digests)
        while (at := self._digests.rfind(own, 0, end)) >= 0:
            if at % DIGEST_BYTES == 0:
                return at // DIGEST_BYTES
            end = at + len(own) - 1
        return None

    def has_failed(self, place: int) -> bool:
        """Whether that one is a failure."""
        self._unpack()
        return self._kinds[self._numbers[place]][1] is not None

    def append(
        self, at: float | None, cause: Cause | None, model: str, event_id: str, began: float | None
    ) -> None:
        """One more."""
        times = self._unpack()
        if began is not None:
            self._began[len(times)] = began
        times.append(nan if at is None else at)
        number = self._number(model, cause)  # which may make room among the numbers
        self._numbers.append(number)
        self._digests += digest(event_id)
        if len(times) > MOST:
            self._keep_last(times)

    def ended_at(self, place: int, at: float) -> None:
        """When that one ended, as is known now."""
        self._unpack()[place] = at

    def forget(self, place: int) -> Cause | None:
        """That one was none; what it was said to have failed by."""
        times, begin = self._unpack(), place * DIGEST_BYTES
        del times[place]
        self._digests = self._digests[:begin] + self._digests[begin + DIGEST_BYTES :]
        self._began = {n - (n > place): at for n, at in self._began.items() if n != place}
        return self._kinds[self._numbers.pop(place)][1]

    def done(self) -> Outcomes:
        """The last of them."""
        times = self._times
        if times is None:
            return self._before
        self._keep_last(times)
        if len(self._kinds) > 1:
            self._numbers, self._kinds = renumbered(self._numbers, self._kinds)
        return in_columns(
            times.tobytes(), bytes(self._numbers), self._kinds, self._digests, self._began
        )

    def _number(self, model: str, cause: Cause | None) -> int:
        kind = (model, cause)
        if kind not in self._kinds:
            if len(self._kinds) >= KINDS_MAX:
                self._numbers, self._kinds = renumbered(self._numbers, self._kinds)
            self._kinds.append((shared_name(model), cause))
        return self._kinds.index(kind)

    def _unpack(self) -> "array[float]":
        if self._times is None:
            before = self._before
            self._times = array("d", before.columns[: 8 * len(before)])
            self._numbers = bytearray(before.numbers)
            self._kinds = list(before.kinds)
            self._began = before.began
        return self._times

    def _keep_last(self, times: "array[float]") -> None:
        left_out = len(times) - RECENT
        if left_out > 0:
            del times[:left_out], self._numbers[:left_out]
            self._digests = self._digests[left_out * DIGEST_BYTES :]
            if self._began:
                self._began = {n - left_out: at for n, at in self._began.items() if n >= left_out}
