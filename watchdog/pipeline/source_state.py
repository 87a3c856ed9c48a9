"""What is remembered of each source: states by eval set, standing problems, how it answers."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.collect.absence import LISTINGS, SECONDS
from watchdog.collect.source import PollResult, Source, position_of, read_history
from watchdog.model.instants import timestamp
from watchdog.model.report import SourceReport, SourceStanding
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Problem
from watchdog.pipeline.folding import SLICE, Folding
from watchdog.pipeline.names import EvalSetNames
from watchdog.pipeline.resumption import Cut, Resumption

LATE = "its poll has not come to an end"
"""Why a source is silent that neither answers nor refuses."""


class SourceState(Struct):
    """One source and all that its facts amount to. Instants in seconds since the epoch."""

    source: Source
    states: dict[str, EvalSetState] = {}
    """By the name that the source has for each."""
    problems: tuple[Problem, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()
    """Parts behind it that don't answer, each with the reason."""
    not_watched: int = 0
    """Jobs that it leaves out on purpose."""
    answered: bool = False
    """Its last poll listed everything."""
    listed_once: bool = False
    polled_at: float | None = None
    listed_at: float | None = None
    """The last poll at which it answered."""
    silent_since: dict[str, float] = {}
    """Since when it, or a part behind it, doesn't answer, by name."""
    parts: frozenset[str] = frozenset()
    """The parts that didn't answer at some time."""
    occupied: bool = False
    """Whether something is there, where it looks."""
    listings: int = 0
    """How often it was listed in full."""
    first_listed_at: float | None = None
    label: str = ""
    """What eval sets and incidents bear as their source's name, in the service."""
    names: EvalSetNames | None = None
    """The ids of its eval sets, where there are other sources; None for one look."""
    learned_until: Callable[[], float | None] = lambda: None
    """What ended before this instant was learned by an earlier life of the service."""
    learned_before: float | None = None
    """The same of what it shows at first: what other sources taught since is no part of it."""
    resumption: Resumption = field(default_factory=Resumption)
    """What an earlier life of the service left of it."""
    reads_first: bool = False
    """Its first picture is being read: no poll came to all tasks that were due yet, and one came to
    some."""
    _caught_up: bool = False
    _folding: Folding | None = None

    @property
    def name(self) -> str:
        """The source's, short and stable: a metric's label."""
        return self.source.name

    @property
    def failing(self) -> tuple[tuple[str, str], ...]:
        """What doesn't answer, each with the reason: the source itself, or parts behind it."""
        itself = () if self.answered else ((self.name, self._why()),)
        return (*itself, *self.silent)

    @property
    def known(self) -> dict[str, EvalSetState]:
        """The eval sets that it told of.

        Before it was listed, those of which more is known than that it doesn't answer.
        """
        self.publish()
        if self.listed_once:
            return self.states
        return {n: s for n, s in self.states.items() if s.listed or s.tasks or s.cluster}

    def publish(self) -> None:
        """Let `states` hold what was folded so far, also where a poll is under way."""
        if self._folding is not None:
            self._folding.publish()

    async def poll(self, now: float) -> PollResult:
        """Poll the source, fold what it says, forget the eval sets that are gone."""
        folding = self._folding or Folding(self._begin)
        folding.states, self._folding = self.states, folding
        result = await self.source.poll(now, folding.take)
        await folding.settle()
        self.problems = result.problems
        self.silent = result.silent
        self.not_watched = result.not_watched
        self.answered = result.complete
        self.polled_at = now
        self._note_listing(result, now)
        self._caught_up = self._caught_up or (result.complete and not result.late)
        self.reads_first = result.late > 0 and not self._caught_up
        if result.watched is not None:
            for name in self.states.keys() - result.watched:
                del self.states[name]
                folding.changed.discard(name)
            self.resumption.keep(result.watched)
        return result

    async def read_history(self, seconds: float) -> None:
        """Read on for so long in what the polls passed over."""
        if self._folding is not None:
            until = time.monotonic() + seconds
            await read_history(self.source, self._folding.take, until)
            await self._folding.settle()

    async def cuts(self) -> dict[str, Cut]:
        """The eval sets that changed since they were asked for last; between two polls only."""
        folding, cuts = self._folding, dict[str, Cut]()
        began = time.perf_counter()
        for name in sorted(folding.changed) if folding is not None else ():
            position = position_of(self.source, name)
            if position is not None and name in self.states:
                cuts[name] = Cut(self.states[name], position)
            if time.perf_counter() - began > SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()
        if folding is not None:
            folding.changed -= cuts.keys()
        return cuts

    def change_all(self) -> None:
        """None of its cuts is kept any more."""
        if self._folding is not None:
            self._folding.changed |= self.states.keys()

    def _note_listing(self, result: PollResult, now: float) -> None:
        self.occupied = result.occupied
        if result.complete:
            self.listed_once = True
            self.listed_at = now
            self.listings += result.listed
            self.first_listed_at = now if self.first_listed_at is None else self.first_listed_at
        failing = dict(self.failing)
        self.parts |= failing.keys() - {self.name}
        self.silent_since = {name: self.silent_since.get(name, now) for name in failing}

    def shows_absence(self, now: float) -> bool:
        """Whether what it doesn't show is gone: it showed something else for long enough."""
        if not (self.answered and self.occupied) or self.first_listed_at is None:
            return False
        return self.listings >= LISTINGS and now - self.first_listed_at >= SECONDS

    def failing_at(self, now: float, max_age: float) -> tuple[tuple[str, str], ...]:
        """The same, with itself where a poll of it goes on for longer than `max_age` seconds."""
        is_late = self.answered and self.listed_at is not None and now - self.listed_at > max_age
        return ((self.name, LATE), *self.silent) if is_late else self.failing

    def reports(self, now: float, max_age: float = float("inf")) -> Iterator[SourceReport]:
        """How it answers, and how the parts behind it do that once didn't."""
        failing = dict(reversed(self.failing_at(now, max_age)))
        is_late = failing.get(self.name) == LATE
        for name in (self.name, *sorted(self.parts)):
            is_itself = name == self.name
            is_silent = is_late or not self.answered if is_itself else name in failing
            since = self.listed_at if is_itself and is_late else self.silent_since.get(name)
            yield SourceReport(
                name=name,
                state=self._standing(is_silent),
                part_of="" if is_itself else self.name,
                reason=failing.get(name, ""),
                since=timestamp(since),
                last_complete_at=timestamp(self.listed_at) if is_itself else None,
                eval_sets=len(self.known) if is_itself else 0,
                shows_absence=is_itself and self.shows_absence(now),
            )

    def _standing(self, is_silent: bool) -> SourceStanding:
        if not self.listed_once:
            return "unread"
        return "silent" if is_silent else "answers"

    async def aclose(self) -> None:
        """Release the source."""
        await self.source.aclose()

    def _why(self) -> str:
        if self.polled_at is None:
            return "not polled yet"
        return self.problems[0].text if self.problems else "no answer"

    def _begin(self, name: str) -> EvalSetState:
        learned = self.learned_until() if self.listed_once else self.learned_before
        eval_set_id = name if self.names is None else self.names.id_of(self.label, name)
        left = self.resumption.begin(name)
        if left is not None:
            return replace(left, eval_set_id=eval_set_id, source=self.label, name=name)
        return EvalSetState(eval_set_id, learn_since=learned, source=self.label, name=name)


def all_states(sources: Iterable[SourceState]) -> list[EvalSetState]:
    """The states of all sources, in order of their names."""
    for source in sources:
        source.publish()
    states = [state for source in sources for state in source.states.values()]
    return sorted(states, key=lambda state: state.eval_set_id)


def known_states(sources: Iterable[SourceState]) -> list[EvalSetState]:
    """The same without what stands for a source that was never listed."""
    states = [state for source in sources for state in source.known.values()]
    return sorted(states, key=lambda state: state.eval_set_id)


def all_reports(
    sources: Iterable[SourceState], now: float, max_age: float
) -> tuple[SourceReport, ...]:
    """How all sources answer."""
    return tuple(report for source in sources for report in source.reports(now, max_age))


def all_not_watched(sources: Iterable[SourceState]) -> int:
    """How many jobs are left out on purpose, scans above all."""
    return sum(source.not_watched for source in sources)


def all_problems(sources: Iterable[SourceState]) -> Iterator[Problem]:
    """The problems that stand: the sources' own, and what two of them watch."""
    owners: dict[str, list[str]] = {}
    for source in sources:
        yield from (replace(problem, source=source.label) for problem in source.problems)
        for state in source.known.values() if source.label else ():
            owners.setdefault(state.eval_set_id, []).append(source.label)
    for eval_set_id, names in owners.items():
        if len(names) > 1:
            where = " and ".join(names)
            text = f"{where} both watch its folder: it is shown twice; leave it to one of them"
            yield Problem(eval_set_id, text)
