"""What is remembered of each source: states by eval set, standing problems, how it answers."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from watchdog.collect.source import PollResult, Source
from watchdog.fold import fold
from watchdog.model.facts import Fact
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Problem


class SourceState(Struct):
    """One source and all that its facts amount to."""

    source: Source
    states: dict[str, EvalSetState] = {}
    problems: tuple[Problem, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()
    """Parts behind it that don't answer, each with the reason."""
    answered: bool = False
    """Its last poll listed everything."""
    listed_once: bool = False
    polled_at: float | None = None
    learned_until: Callable[[], float | None] = lambda: None
    """What ended before this instant was learned by an earlier life of the service."""

    async def poll(self, now: float) -> PollResult:
        """Poll the source, fold what it says, forget the eval sets that are gone."""
        result = await self.source.poll(now, self._take)
        self.problems = result.problems
        self.silent = result.silent
        self.answered = result.complete
        self.listed_once = self.listed_once or result.complete
        self.polled_at = now
        if result.watched is not None:
            self.states = {k: v for k, v in self.states.items() if k in result.watched}
        return result

    def _take(self, fact: Fact) -> None:
        known = self.states.get(fact.eval_set_id)
        if known is None:
            known = EvalSetState(fact.eval_set_id, learn_since=self.learned_until())
        self.states[fact.eval_set_id] = fold(known, fact)


def all_states(watched: Iterable[SourceState]) -> list[EvalSetState]:
    """The states of all sources, in order of their names."""
    states = [state for each in watched for state in each.states.values()]
    return sorted(states, key=lambda state: state.eval_set_id)


def all_problems(watched: Iterable[SourceState]) -> Iterator[Problem]:
    """The problems that stand."""
    for each in watched:
        yield from each.problems
