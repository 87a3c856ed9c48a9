"""What other samples on the same model experienced: evidence on whose trouble it is."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from msgspec import Struct

from watchdog.model.instants import latest
from watchdog.model.state import (
    RECENT,
    RETIRED_MAX,
    EvalSetState,
    Outcome,
    SampleState,
    Streak,
    TaskState,
)

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


class _Times(Struct):
    """When all attempts on a model ended (or, failed, began), in order."""

    ok: list[float] = []
    failed: list[float] = []
    samples: set[int] = set()
    """The running ones that called it lately, by identity."""
    many: dict[float, int] = {}
    """Where one instant stands for several successes: how many."""
    counts: list[int] = []
    """Successes before each of `ok`, and all of them at its end."""
    taken_on: float = float("-inf")
    """When the last of the calls that succeeded was sent."""
    open: list[float] = []
    """When calls were sent that have no answer yet."""
    failing: list[float] = []
    """The last failure of each sample whose calls fail now."""

    def in_order(self) -> None:
        """To be asked from now on."""
        self.ok.sort()
        self.failed.sort()
        self.failing.sort()
        self.open.sort()
        self.counts = [0, *accumulate(self.many.get(at, 1) for at in self.ok)]

    def was_sent(self, since: float, until: float) -> bool:
        """Whether a call that is still open was sent from `since` to `until`, both included."""
        index = bisect_left(self.open, since)
        return index < len(self.open) and self.open[index] <= until

    def succeeded(self, since: float, until: float) -> int:
        """Successes from `since` to `until`, both included."""
        begin, end = bisect_left(self.ok, since), bisect_right(self.ok, until)
        return max(0, self.counts[end] - self.counts[begin]) if end else 0


class Fleet:
    """All eval sets watched: the evidence that one sample can be for another.

    In an outage every sample asks for its peers, so a model's outcomes are put in order once.
    """

    def __init__(self, eval_sets: Iterable[EvalSetState]) -> None:
        self._eval_sets = tuple(eval_sets)
        self._times: dict[str, _Times] | None = None
        self._independent: dict[tuple[str, float, float], list[float]] = {}

    def others(self, sample: SampleState, model: str, since: float, until: float) -> Peers:
        """Attempts beside a streak of `sample` on `model` from `since` to `until`, both included.

        In a streak nothing of its own succeeds: what does is an agent side by side with it.
        """
        times = self._of(model)
        own = [o for o in sample.recent if o.model == model and _within(o.at, since, until)]
        return Peers(
            ok=times.succeeded(since, until),
            failed=max(0, _count(times.failed, since, until) - sum(not o.ok for o in own)),
        )

    def meanwhile(self, model: str, since: float, until: float) -> Peers:
        """Attempts of all samples on `model` from `since` to `until`, both included."""
        times = self._of(model)
        return Peers(times.succeeded(since, until), _count(times.failed, since, until))

    def failing_since(self, model: str, now: float) -> float | None:
        """The first failure of anybody in an outage of everybody; None where there is none.

        Nothing that was sent since then has succeeded, or may yet: a call that has been open for
        longer than a refusal takes was taken on. Where there is one, nobody's success since the
        failure counts, whenever it was sent.
        """
        times = self._of(model)
        since = _after(times.failed, times.taken_on)
        if since is None or times.was_sent(since, now - REFUSED_WITHIN):
            return _after(times.failed, times.ok[-1] if times.ok else float("-inf"))
        return since

    def failing_samples(self, model: str, since: float) -> int:
        """Running samples whose calls on the model fail, and last did at or after `since`."""
        failing = self._of(model).failing
        return len(failing) - bisect_left(failing, since)

    def last_failed(self, model: str) -> float:
        """When an attempt on a model that fails last failed."""
        return self._of(model).failed[-1]

    def independent_failures(self, model: str, since: float, until: float, least: float) -> int:
        """Failed attempts on `model` from `since` to `until`, each `least` after the one before.

        In an outage every sample asks, and all for the same `since`: it is gone through once.
        """
        key = (model, since, least)
        if key not in self._independent:
            times = self._of(model).failed
            self._independent[key] = thinned(times[bisect_left(times, since) :], least)
        return bisect_right(self._independent[key], until)

    def first_ok(self, model: str, since: float) -> float | None:
        """When a call on `model` first succeeded at or after `since`."""
        times = self._of(model).ok
        index = bisect_left(times, since)
        return times[index] if index < len(times) else None

    def last_ok(self, model: str, until: float) -> float | None:
        """When a call on `model` last succeeded at or before `until`."""
        times = self._of(model).ok
        index = bisect_right(times, until)
        return times[index - 1] if index else None

    def failing_span(self, model: str) -> tuple[float, float] | None:
        """From the first to the last failure of anybody since the last success of anybody."""
        times = self._of(model)
        since = times.ok[-1] if times.ok else float("-inf")
        index = bisect_right(times.failed, since)
        return (times.failed[index], times.failed[-1]) if index < len(times.failed) else None

    def samples(self, model: str) -> int:
        """Running samples that called the model lately."""
        return len(self._of(model).samples)

    def _of(self, model: str) -> _Times:
        if self._times is None:
            self._times = _by_model(self._eval_sets)
        return self._times.get(model) or _Times()


def _by_model(eval_sets: Iterable[EvalSetState]) -> dict[str, _Times]:
    by_model: dict[str, _Times] = {}
    for state in eval_sets:
        for task in state.tasks.values():
            for sample in task.samples.values():
                for times in _add(by_model, sample.recent):
                    times.samples.add(id(sample))
                _add_present(by_model, sample)
            _add(by_model, task.retired)
            _add_ended(by_model, task)
            _add_forgotten(by_model, task)
    for times in by_model.values():
        times.in_order()
    return by_model


def _add(by_model: dict[str, _Times], outcomes: Iterable[Outcome]) -> list[_Times]:
    """Add outcomes to their models' times, by the store's clock; the models that they were of."""
    times_of: dict[str, _Times] = {}
    for outcome in outcomes:
        if outcome.at is None:
            continue
        model = outcome.model
        times = times_of.get(model)
        if times is None:
            times = times_of[model] = by_model.setdefault(model, _Times())
        if outcome.ok:
            times.ok.append(outcome.at)
            times.taken_on = max(times.taken_on, outcome.began or outcome.at)
        else:
            times.failed.append(outcome.at)
    return list(times_of.values())


def _add_present(by_model: dict[str, _Times], sample: SampleState) -> None:
    """What a running sample is at: failing, or waiting for an answer."""
    for streak in sample.streaks:
        if streak.last_at is not None:
            by_model.setdefault(streak.model, _Times()).failing.append(streak.last_at)
    for call in sample.open_calls:
        if call.kind == "model" and call.since is not None:
            by_model.setdefault(call.name, _Times()).open.append(call.since)


def _add_ended(by_model: dict[str, _Times], task: TaskState) -> None:
    """A sample that ended well had its answers, where nothing else is remembered of it."""
    if task.spec is None or task.retired:
        return
    ends = [e.at for e in task.ended.values() if e.state == "completed" and not e.limited]
    times = by_model.setdefault(task.spec.model, _Times())
    instants = [at for at in ends if at is not None]
    times.ok.extend(instants)
    times.taken_on = max([times.taken_on, *instants])


def _add_forgotten(by_model: dict[str, _Times], task: TaskState) -> None:
    """Successes that no sample remembers any more.

    Without them two that fail beside a busy one would each take the other for an outage.
    """
    horizon = _remembered_since(task)
    if horizon is None:
        return
    for model, successes in task.successes.items():
        times = by_model.setdefault(model, _Times())
        for at, count in successes.before(horizon):
            times.ok.append(at)
            times.taken_on = max(times.taken_on, at)
            times.many[at] = count


def _remembered_since(task: TaskState) -> float | None:
    """From when on every sample remembers all its outcomes; None where they always did."""
    full = [s.recent for s in task.samples.values() if len(s.recent) >= RECENT]
    full += [task.retired] if len(task.retired) >= RETIRED_MAX else []
    return latest(*(outcome.at for recent in full for outcome in recent[:1]))


def _after(times: list[float], instant: float) -> float | None:
    index = bisect_right(times, instant)
    return times[index] if index < len(times) else None


def _count(times: list[float], since: float, until: float) -> int:
    return max(0, bisect_right(times, until) - bisect_left(times, since))


def _within(at: float | None, since: float, until: float) -> bool:
    return at is not None and since <= at <= until


def thinned(instants: Iterable[float], least: float) -> list[float]:
    """Those that come at least so many seconds after the one taken before."""
    independent: list[float] = []
    for at in instants:
        if not independent or at - independent[-1] >= least:
            independent.append(at)
    return independent


def failures_of(sample: SampleState, streak: Streak) -> list[Outcome]:
    """A streak's failures that are still remembered, oldest first."""
    failures = [o for o in reversed(sample.recent) if not o.ok and o.model == streak.model]
    return failures[: streak.count][::-1]
