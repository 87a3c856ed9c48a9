"""A report reduced to one eval set."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, ProblemReport, Report


def reduced(report: Report, eval_set_id: str) -> Report | None:
    """What concerns one eval set; None where it is not in the report."""
    eval_sets = [e for e in report.eval_sets if e.eval_set_id == eval_set_id]
    if not eval_sets:
        return None
    own_names = Names(eval_sets)
    other_names = Names(e for e in report.eval_sets if e.eval_set_id != eval_set_id)
    return replace(
        report,
        verdict=eval_sets[0].verdict,
        cause=eval_sets[0].cause,
        eval_sets=tuple(eval_sets),
        incidents=tuple(i for i in report.incidents if eval_set_id in i.eval_sets),
        problems=tuple(p for p in report.problems if _concerns(p, own_names, other_names)),
    )


class Names:
    """How problems name some eval sets, by source: a name is that of another in another source."""

    def __init__(self, eval_sets: Iterable[EvalSetReport]) -> None:
        self._names: dict[str, set[str]] = {}
        for eval_set in eval_sets:
            self._names.setdefault(eval_set.source, set()).update(names_of(eval_set))
        self._all = frozenset().union(*self._names.values())

    def of(self, problem: ProblemReport) -> AbstractSet[str]:
        """Those that a problem may be about."""
        if not problem.source:
            return self._all
        return self._names.get(problem.source, set()) | self._names.get("", set())

    def concern(self, problem: ProblemReport, but: AbstractSet[str] = frozenset()) -> bool:
        """Whether it names one of them by a name that isn't left out."""
        return any(name in problem.where for name in self.of(problem) - but)


def names_of(eval_set: EvalSetReport) -> set[str]:
    """How problems name an eval set: its id and name, its logs without their ending."""
    logs = (task.log.removesuffix(".eval").removesuffix(".json") for task in eval_set.tasks)
    return {name for name in (eval_set.eval_set_id, eval_set.name, *logs) if name}


def _concerns(problem: ProblemReport, own_names: Names, other_names: Names) -> bool:
    """A problem that names no eval set, a whole source perhaps, concerns them all."""
    if own_names.concern(problem):
        return True
    return not other_names.concern(problem, but=own_names.of(problem))
