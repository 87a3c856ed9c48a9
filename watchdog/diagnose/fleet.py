"""What other samples on the same model experienced: evidence on whose trouble it is."""

from bisect import bisect_right
from collections.abc import Iterable

from msgspec import Struct

from watchdog.diagnose.fleet_times import FleetTimes
from watchdog.diagnose.model_times import ModelTimes
from watchdog.model.state import EvalSetState, SampleState, Streak

REFUSED_WITHIN = 60.0
"""Seconds; a call that a provider in an outage is to refuse is refused within these."""


class Peers(Struct, frozen=True):
    """Attempts of other samples on a model within a window of time."""

    ok: int
    failed: int

    @property
    def failing_share(self) -> float:
        """The share that failed, by Laplace's rule on the cautious side: 1 where nothing is known.

        One success is not imagined, one failure is: nobody's success is no evidence.
        """
        return (self.failed + 1) / (self.ok + self.failed + 1)


class Fleet:
    """All eval sets watched: the evidence that one sample can be for another.

    In an outage every sample asks for its peers, so a model's outcomes are put in order once.
    """

    def __init__(
        self, eval_sets: Iterable[EvalSetState] = (), times: FleetTimes | None = None
    ) -> None:
        """Of these eval sets; or of what `times` holds, until that is brought up to date."""
        self._eval_sets = tuple(eval_sets)
        self._times = times
        self._update = times.updates if times is not None else 0
        self._independent: dict[tuple[str, float, float], list[float]] = {}
        self.asked: set[str] = set()
        """Models that were asked about; whoever wants to know takes another set."""

    def others(self, sample: SampleState, model: str, since: float, until: float) -> Peers:
        """Attempts beside a streak of `sample` on `model` from `since` to `until`, both included.

        In a streak nothing of its own succeeds: what does is an agent side by side with it.
        """
        times = self._of(model)
        own = sum(since <= at <= until for at in sample.recent.failed_at(model))
        return Peers(
            ok=times.succeeded(since, until),
            failed=max(0, times.failed.between(since, until) - own),
        )

    def meanwhile(self, model: str, since: float, until: float) -> Peers:
        """Attempts of all samples on `model` from `since` to `until`, both included."""
        times = self._of(model)
        return Peers(times.succeeded(since, until), times.failed.between(since, until))

    def failing_since(self, model: str, now: float) -> float | None:
        """The first failure of anybody in an outage of everybody; None where there is none.

        Nothing that was sent since then has succeeded, or may yet: a call that has been open for
        longer than a refusal takes was taken on. Where there is one, nobody's success since the
        failure counts, whenever it was sent.
        """
        times = self._of(model)
        since = times.failed.first_after(times.taken_on)
        if since is None or times.was_sent(since, now - REFUSED_WITHIN):
            return times.failed.first_after(times.last_ok)
        return since

    def failing_samples(self, model: str, since: float) -> int:
        """Running samples whose calls on the model fail, and last did at or after `since`."""
        return self._of(model).failing.count_from(since)

    def last_failed(self, model: str) -> float:
        """When an attempt on a model that fails last failed.

        Raises:
            LookupError: none did.
        """
        last = self._of(model).failed.last
        if last is None:
            raise LookupError(f"no attempt on {model} failed")
        return last

    def independent_failures(self, model: str, since: float, until: float, least: float) -> int:
        """Failed attempts on `model` from `since` to `until`, each `least` after the one before.

        In an outage every sample asks, and all for the same `since`: it is gone through once.
        """
        times = self._of(model)
        if least <= 0:
            return times.failed.between(since, until)
        independent = self._independent.setdefault((model, since, least), [])
        at = (
            times.failed_later(independent[-1], least)
            if independent
            else times.failed.first_from(since)
        )
        while at is not None and at <= until:
            independent.append(at)
            at = times.failed_later(at, least)
        return bisect_right(independent, until)

    def first_ok(self, model: str, since: float) -> float | None:
        """When a call on `model` first succeeded at or after `since`."""
        return self._of(model).first_ok_from(since)

    def last_ok(self, model: str, until: float) -> float | None:
        """When a call on `model` last succeeded at or before `until`."""
        return self._of(model).last_ok_until(until)

    def failing_span(self, model: str) -> tuple[float, float] | None:
        """From the first to the last failure of anybody since the last success of anybody."""
        times = self._of(model)
        first, last = times.failed.first_after(times.last_ok), times.failed.last
        return (first, last) if first is not None and last is not None else None

    def samples(self, model: str) -> int:
        """Running samples that called the model lately."""
        self.asked.add(model)
        return self._held().samples(model)

    def version(self, model: str) -> int:
        """Another one each time that anything changed that an answer on a model rests on.

        0 for a model that nobody called.
        """
        return self._held().version(model)

    def _of(self, model: str) -> ModelTimes:
        self.asked.add(model)
        return self._held().of(model)

    def _held(self) -> FleetTimes:
        if self._times is None:
            self._times = FleetTimes()
            self._times.update(self._eval_sets)
            self._update = self._times.updates
        if self._times.updates != self._update:
            raise RuntimeError("the fleet has changed since: ask the one of the last update")
        return self._times


def thinned(instants: Iterable[float], least: float) -> list[float]:
    """Those that come at least so many seconds after the one taken before."""
    independent: list[float] = []
    for at in instants:
        if not independent or at - independent[-1] >= least:
            independent.append(at)
    return independent


def failures_of(sample: SampleState, streak: Streak) -> list[float]:
    """When those failures of a streak began that are still remembered, oldest first."""
    return sample.recent.failed_at(streak.model, streak.count)
