"""Learns what is normal in the fleet, from what the fold saw end by itself.

Taken once after every poll, before judging. What a stuck call would teach is kept out: only calls
that returned are learned, of each name the two longest don't count (`diagnose.baselines`), and
trouble counts only when a success ended it.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.erred_days import halved_days, with_run
from watchdog.diagnose.failing import chance_any_fails_all, group_of
from watchdog.diagnose.fleet import Fleet, Peers
from watchdog.diagnose.fleet_index import FleetIndex
from watchdog.diagnose.fleet_times import Arrivals
from watchdog.model.durations_of_calls import CallDurations
from watchdog.model.histogram import Histogram, add, bin_of, difference, halved, merge
from watchdog.model.instants import latest
from watchdog.model.learned import (
    MEMORY_WEEKS,
    NAMES_MAX,
    WEEK,
    Attempts,
    CallName,
    Learned,
    TroubleGroup,
    TroubleKind,
    TroubleName,
    trouble_name,
)
from watchdog.model.resting import calls_of
from watchdog.model.state import EvalSetState, PassedStreak, TaskState
from watchdog.model.thresholds import Thresholds

_TROUBLES_MAX = 1024
GIANT_BIN = bin_of(86_400.0)
GIANTS_MAX = 2.0
_CHANCE = 1.0
"""A streak that chance brings forth so often a week teaches the failure rate, not of trouble."""


class _Totals(Struct, frozen=True):
    """What was already taken of one log."""

    durations: CallDurations = CallDurations()
    passed: int = 0
    ok: int = 0
    finished: bool = False
    """Whether the errors of its samples were counted."""
    task: TaskState | None = None
    """As it was; none of it is gone through again where only when it was read changed."""

    def has_all(self, task: TaskState) -> bool:
        """Whether nothing came since that teaches anything."""
        last = self.task
        return last is task or (
            last is not None
            and last.samples is task.samples
            and last.durations is task.durations
            and last.passed_total == task.passed_total
            and last.calls_ok == task.calls_ok
            and (last.spec, last.status, last.completed_at)
            == (task.spec, task.status, task.completed_at)
        )


class _Trouble(Struct, frozen=True):
    """The last trouble of one kind and place: what overlaps it belongs to it."""

    since: float
    until: float
    ended_at: float


class CallWatch(Arrivals, Protocol):
    """Counts what the learner finds new. All of it is called while it learns."""

    def begin(self, now: float) -> None:
        """A poll's news follow."""

    def begin_anew(self) -> None:
        """What is told next of the fleet was told before."""

    def took(self, name: CallName, durations: Histogram, begun_at: float | None) -> None:
        """Calls that ended well took so long: since the last poll, or since `begun_at`."""

    def end(self) -> None:
        """The poll's news are taken."""


class Learner:
    """The only one that changes what is learned. Not for several threads."""

    def __init__(
        self,
        learned: Learned | None = None,
        limits: Thresholds | None = None,
        memory_weeks: float = MEMORY_WEEKS,
        watch: CallWatch | None = None,
    ) -> None:
        """Args: memory_weeks: when so much was seen, all of it is halved; watch: counts calls."""
        self.learned = learned or Learned()
        self.limits = limits or Thresholds()
        """By which it tells trouble from chance."""
        self._memory_weeks = memory_weeks
        self._watch = watch
        self._index = FleetIndex(watch)
        self._totals: dict[tuple[str, str], _Totals] = {}
        self._troubles: dict[str, _Trouble] = {}
        self._giants: dict[tuple[str, CallName], float] = {}
        """Calls of more than a day that an eval set taught so far."""
        self._taken_at: float | None = None
        self._is_first_life = self.learned.until is None
        self._begun_at: float | None = None
        """How far back what the buffers told of counts as watched."""

    @property
    def watched_seconds(self) -> float:
        """Time watched that the experience rests on."""
        return self.learned.weeks * WEEK

    @property
    def learned_until(self) -> float | None:
        """What ended before this instant is counted already."""
        return self.learned.until

    def take(self, states: Sequence[EvalSetState], now: float, fleet: Fleet | None = None) -> None:
        """Learn what is new in these states; `now` in seconds since the epoch.

        `fleet` is theirs, where somebody has it already.
        """
        names = {state.eval_set_id for state in states}
        self._giants = {key: n for key, n in self._giants.items() if key[0] in names}
        previous = self._totals
        self._totals = {}
        if self._watch is not None:
            self._watch.begin(now)
        try:
            fleet = fleet or self._index.update(states)
            for state in states:
                for task in state.tasks.values():
                    key = (state.eval_set_id, task.log)
                    self._totals[key] = self._of_task(state, task, previous.get(key), fleet)
        except Exception:
            # nothing half updated stays, and nothing is learned twice
            self._index, self._totals = FleetIndex(self._watch), previous | self._totals
            if self._watch is not None:
                self._watch.begin_anew()
            raise
        if self._watch is not None:
            self._watch.end()
        self._pass_time(states, now)

    def _of_task(
        self, state: EvalSetState, task: TaskState, previous: _Totals | None, fleet: Fleet
    ) -> _Totals:
        if previous is not None and previous.has_all(task):
            return previous if previous.task is task else replace(previous, task=task)
        totals = previous or _first_totals(task)
        if task.durations is not totals.durations:
            begun_at = (
                _begun_at(task) if previous is None or _is_behind(previous.task, task) else None
            )
            self._durations(state.eval_set_id, task.durations, totals.durations, begun_at)
        new = task.passed_total - totals.passed
        for streak in task.passed[-new:] if new > 0 else ():
            self._passed_streak(state, streak, fleet)
        ok = _calls_ok(task)
        if ok > totals.ok and task.spec is not None:
            self._attempts(task.spec.model, ok=ok - totals.ok)
        finished = totals.finished or self._finished(task)
        return _Totals(task.durations, task.passed_total, max(ok, totals.ok), finished, task)

    def _finished(self, task: TaskState) -> bool:
        """Whether a task has ended by itself; what share of its samples erred is counted then."""
        if task.status not in {"success", "error"} or task.completed_at is None:
            return False
        if task.learn_since is None or task.completed_at > task.learn_since:
            self.learned = with_run(self.learned, task, task.completed_at)
        return True

    def _durations(
        self,
        eval_set_id: str,
        current: CallDurations,
        previous: CallDurations,
        begun_at: float | None,
    ) -> None:
        durations, before = dict(self.learned.durations), previous.unpacked()
        for name, histogram in current.items():
            past = before.get(name)
            if histogram == past:
                continue
            more = histogram if past is None else difference(histogram, past)
            if self._watch is not None:
                self._watch.took(name, more, begun_at)
            more = self._possible(eval_set_id, name, more)
            durations[name] = merge(durations.get(name, Histogram()), more)
        self.learned = replace(self.learned, durations=_most_seen(durations))

    def _possible(self, eval_set_id: str, name: CallName, more: Histogram) -> Histogram:
        """Of calls that took more than a day, an eval set teaches too few to move a limit alone.

        That begins at the third longest call (`diagnose.baselines`): whatever one eval set says,
        it can't make the fleet wait for days, and two that agree can.
        """
        if not any(number >= GIANT_BIN for number in more.counts):
            return more
        key = (eval_set_id, name)
        left = max(0.0, GIANTS_MAX - self._giants.get(key, 0.0))
        more = with_giants(more, left)
        giants = sum(count for number, count in more.counts.items() if number >= GIANT_BIN)
        self._giants[key] = GIANTS_MAX - left + giants
        return more

    def _passed_streak(self, state: EvalSetState, streak: PassedStreak, fleet: Fleet) -> None:
        """Trouble that a success ended: chance, an outage (of all, or of many), or its own."""
        baselines = Baselines(self.learned, self.limits)
        group = group_of(streak.cause)
        usual = baselines.usual_failing(streak.model)
        if baselines.streaks(streak.model) * usual**streak.independent >= _CHANCE:
            self._attempts(streak.model, failed=streak.independent, streaks=1)
            return
        kind = _kind(baselines, fleet, streak, group)
        place = f"{state.eval_set_id} {streak.model}" if kind == "own" else streak.model
        self._trouble(trouble_name(kind, group), place, streak)

    def _trouble(self, kind: TroubleName, place: str, streak: PassedStreak) -> None:
        """Count it, or lengthen the one that it is part of."""
        key = f"{kind} {place}"
        last = self._troubles.pop(key, None)
        histogram = self.learned.troubles.get(kind, Histogram())
        since, until, ended_at = streak.first_at, streak.last_at, streak.ended_at
        if last is not None and since <= last.ended_at:
            histogram = _without(histogram, last.until - last.since)
            since, until = min(since, last.since), max(until, last.until)
            ended_at = max(ended_at, last.ended_at)
        histogram = add(histogram, (until - since,))
        self._troubles[key] = _Trouble(since, until, ended_at)
        if len(self._troubles) > _TROUBLES_MAX:
            del self._troubles[next(iter(self._troubles))]
        self.learned = replace(self.learned, troubles={**self.learned.troubles, kind: histogram})

    def _attempts(self, model: str, ok: int = 0, failed: int = 0, streaks: int = 0) -> None:
        past = self.learned.attempts.get(model, Attempts())
        more = Attempts(past.ok + ok, past.failed + failed, past.streaks + streaks)
        attempts = {**self.learned.attempts, model: more}
        if len(attempts) > NAMES_MAX:
            del attempts[min(attempts, key=lambda name: attempts[name].ok)]
        self.learned = replace(self.learned, attempts=attempts)

    def _pass_time(self, states: Iterable[EvalSetState], now: float) -> None:
        """Weeks of observation: from the first poll on, and before it what the buffers tell of."""
        since = self._since(states, now)
        more_weeks = min(max(0.0, now - since) / WEEK, self._memory_weeks)
        weeks = self.learned.weeks + more_weeks
        self._taken_at = now
        self.learned = replace(self.learned, weeks=weeks, until=now)
        if weeks > self._memory_weeks:
            self.learned = forgetting(self.learned)

    def _since(self, states: Iterable[EvalSetState], now: float) -> float:
        """Where the time begins that is new: a source that answers later tells of its past then."""
        if self._taken_at is not None and not self._is_first_life:
            return self._taken_at
        first = self._first(states, now)
        if self._taken_at is None or self._begun_at is None:
            self._begun_at = first
            return first
        earlier = max(0.0, self._begun_at - first)
        self._begun_at = min(self._begun_at, first)
        return self._taken_at - earlier

    def _first(self, states: Iterable[EvalSetState], now: float) -> float:
        """Where the watched time begins: nobody knows what was missed while we were away."""
        if not self._is_first_life:
            return now
        beginnings = [
            task.spec.created_at
            for state in states
            for task in state.tasks.values()
            if task.spec is not None and task.spec.created_at is not None and task.samples
        ]
        return min(beginnings, default=now)


def with_giants(histogram: Histogram, most: float) -> Histogram:
    """With at most so many of the calls that took more than a day."""
    counts = dict(histogram.counts)
    for number in sorted(number for number in counts if number >= GIANT_BIN):
        counts[number] = min(counts[number], most)
        most -= counts[number]
    counts = {number: count for number, count in counts.items() if count > 0}
    return Histogram(counts, sum(counts.values()))


def learned_from(states: Sequence[EvalSetState], now: float, limits: Thresholds) -> Learned:
    """What one look at targets teaches, without experience from before."""
    learner = Learner(limits=limits)
    learner.take(states, now)
    return learner.learned


def _first_totals(task: TaskState) -> _Totals:
    """A log seen for the first time; calls that an earlier life may have counted are left out."""
    return _Totals() if task.learn_since is None else _Totals(ok=_calls_ok(task))


def _begun_at(task: TaskState) -> float | None:
    """From when on calls are in its durations, of a log seen for the first time."""
    return latest(task.spec.created_at if task.spec is not None else None, task.learn_since)


def _is_behind(before: TaskState | None, task: TaskState) -> bool:
    """Whether what came of a log may be older than the last poll: not all of it was read then."""
    last = before or task
    return any(one.history is not None or one.backlog is not None for one in (last, task))


def _calls_ok(task: TaskState) -> int:
    return task.calls_ok + calls_of(task.samples)[0]


def _kind(
    baselines: Baselines, fleet: Fleet, streak: PassedStreak, group: TroubleGroup
) -> TroubleKind:
    """An outage, a partial one, or trouble of its own: whatever explains it best.

    What others had meanwhile decides, as in the verdict itself: in a partial outage some succeed.
    """
    since = min(streak.first_at + 2 * baselines.independent_seconds, streak.last_at)
    first_ok = fleet.first_ok(streak.model, since)
    if first_ok is None or first_ok > streak.last_at:
        return "shared"
    meanwhile = fleet.meanwhile(streak.model, since, streak.last_at)
    peers = Peers(meanwhile.ok, max(0, meanwhile.failed - streak.attempts))
    seconds = streak.last_at - streak.first_at
    chance = chance_any_fails_all(
        fleet.samples(streak.model), peers.failing_share, streak.independent
    )
    partial = baselines.trouble("partial", group, seconds) * chance
    return "partial" if partial >= baselines.trouble("own", group, seconds) else "own"


def forgetting(learned: Learned) -> Learned:
    """Half of everything: what is old weighs less and less."""
    return replace(
        learned,
        weeks=learned.weeks / 2,
        durations={name: halved(seconds) for name, seconds in learned.durations.items()},
        troubles={name: halved(seconds) for name, seconds in learned.troubles.items()},
        attempts={
            model: Attempts(attempts.ok / 2, attempts.failed / 2, attempts.streaks / 2)
            for model, attempts in learned.attempts.items()
        },
        erred=halved_days(learned.erred),
    )


def _most_seen(durations: dict[CallName, Histogram]) -> dict[CallName, Histogram]:
    if len(durations) <= NAMES_MAX:
        return durations
    names = sorted(durations, key=lambda name: -durations[name].total)[:NAMES_MAX]
    return {name: durations[name] for name in names}


def _without(histogram: Histogram, seconds: float) -> Histogram:
    return difference(histogram, add(Histogram(), (seconds,)))
