"""What is remembered of each source: states by eval set, standing problems, how it answers."""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from watchdog.collect.source import PollResult, Source
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Problem
from watchdog.pipeline.folding import Folding


class SourceState(Struct):
    """One source and all that its facts amount to."""

    source: Source
    states: dict[str, EvalSetState] = {}
    problems: tuple[Problem, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()
    """Parts behind it that don't answer, each with the reason."""
    not_watched: int = 0
    """Jobs that it leaves out on purpose."""
    answered: bool = False
    """Its last poll listed everything."""
    listed_once: bool = False
    polled_at: float | None = None
    learned_until: Callable[[], float | None] = lambda: None
    """What ended before this instant was learned by an earlier life of the service."""
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
        self.listed_once = self.listed_once or result.complete
        self.polled_at = now
        if result.watched is not None:
            self.states = {k: v for k, v in self.states.items() if k in result.watched}
        return result

    async def aclose(self) -> None:
        """Release the source."""
        await self.source.aclose()

    def _why(self) -> str:
        if self.polled_at is None:
            return "not polled yet"
        return self.problems[0].text if self.problems else "no answer"

    def _begin(self, eval_set_id: str) -> EvalSetState:
        return EvalSetState(eval_set_id, learn_since=self.learned_until())


def all_states(sources: Iterable[SourceState]) -> list[EvalSetState]:
    """The states of all sources, in order of their names."""
    states = [state for source in sources for state in source.states.values()]
    return sorted(states, key=lambda state: state.eval_set_id)


def all_not_watched(sources: Iterable[SourceState]) -> int:
    """How many jobs are left out on purpose, scans above all."""
    return sum(source.not_watched for source in sources)


def all_problems(sources: Iterable[SourceState]) -> Iterator[Problem]:
    """The problems that stand."""
    for source in sources:
        yield from source.problems
