"""A source whose own faults stay its own: one of this program's must not end its polls.

What the outside does is a problem by contract. What is left is a fault of the program, in reading
or in folding: it is logged once with its traceback, and costs what it happened to, for as long as
it happens.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from watchdog.collect.faults import FAULT, Faults
from watchdog.collect.inspect.positions import EvalSetPosition
from watchdog.collect.place import Place
from watchdog.collect.source import (
    NOBODY,
    Emit,
    Names,
    PodLog,
    PollResult,
    Recall,
    Source,
    position_of,
    read_history,
    resume_from,
    runner_logs,
)
from watchdog.model.cluster import Pod
from watchdog.model.facts import EvalSetUnreadable, Fact
from watchdog.model.verdict import Problem


class GuardedSource:
    """Implements `Source` over another one, under a name that no other source has."""

    def __init__(self, source: Source, name: str | None = None) -> None:
        self._source = source
        self._name = name or source.name
        self._eval_sets: set[str] = set()
        self._noted = Faults(self._name)
        self._faults: dict[str, str] = {}
        """Of this poll, by eval set."""
        self._incomplete: set[str] = set()
        """Eval sets of which a fault lost something, in this life."""

    @property
    def name(self) -> str:
        """Its own, or the one that it was given."""
        return self._name

    def place_of(self, eval_set_id: str, log: str) -> Place | None:
        """As the source's."""
        return self._source.place_of(eval_set_id, log)

    async def runner_logs(self, eval_set_id: str, pods: Sequence[Pod]) -> tuple[PodLog, ...] | None:
        """As the source's."""
        return await runner_logs(self._source, eval_set_id, pods)

    def position(self, eval_set_id: str) -> EvalSetPosition | None:
        """As the source's; none of an eval set in which a fault of the program lost something."""
        if eval_set_id in self._incomplete:
            return None
        return position_of(self._source, eval_set_id)

    def resume_from(self, recall: Recall, running: Names = NOBODY) -> None:
        """As the source's."""
        resume_from(self._source, recall, running)

    async def aclose(self) -> None:
        """As the source's."""
        await self._source.aclose()

    async def poll(self, now: float, emit: Emit) -> PollResult:
        """As the source's; a fault of the program is a problem with a reason."""
        self._faults = {}
        try:
            result = await self._source.poll(now, self._guarded(emit))
        except Exception as error:  # noqa: BLE001 - it must cost no other source anything
            result = self._failed(error, now, emit)
        if result.watched is not None:
            self._eval_sets &= result.watched
        return self._with_faults(result, now, emit)

    async def read_history(self, emit: Emit, until: float) -> None:
        """As the source's."""
        try:
            await read_history(self._source, self._guarded(emit), until)
        except Exception as error:  # noqa: BLE001 - it must cost no other source anything
            self._noted.note(error)

    def _guarded(self, emit: Emit) -> Emit:
        def guarded(fact: Fact) -> None:
            self._eval_sets.add(fact.eval_set_id)
            try:
                emit(fact)
            except Exception as error:  # noqa: BLE001 - it must cost no other eval set anything
                self._faults.setdefault(fact.eval_set_id, self._noted.note(error))
                self._incomplete.add(fact.eval_set_id)

        return guarded

    def _failed(self, error: Exception, now: float, emit: Emit) -> PollResult:
        """Nothing of it is known any better than before."""
        text = self._noted.note(error)
        for eval_set_id in sorted(self._eval_sets):
            emit(EvalSetUnreadable(eval_set_id, now, text))
        return PollResult((Problem(self.name, text),), (FAULT,), complete=False, listed=False)

    def _with_faults(self, result: PollResult, now: float, emit: Emit) -> PollResult:
        if not self._faults:
            return result
        problems = tuple(Problem(name, text) for name, text in self._faults.items())
        for name, text in self._faults.items():
            emit(EvalSetUnreadable(name, now, text))
        failures = (*result.failures, *(FAULT for _ in problems))
        return replace(result, problems=(*problems, *result.problems), failures=failures)


def guarded_sources(sources: list[Source]) -> list[GuardedSource]:
    """All of them, each under a name of its own."""
    names = [source.name for source in sources]
    return [
        GuardedSource(source, source.name if names.count(source.name) == 1 else f"{name}-{number}")
        for number, (name, source) in enumerate(zip(names, sources, strict=True), 1)
    ]
