"""A report reduced to one eval set."""

from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, ProblemReport, Report
from watchdog.surfaces.names import NameIndex


def reduced(report: Report, eval_set_id: str) -> Report | None:
    """What concerns one eval set; None where it is not in the report."""
    eval_sets = [e for e in report.eval_sets if e.eval_set_id == eval_set_id]
    if not eval_sets:
        return None
    own_names, all_names = Names(eval_sets), Names(report.eval_sets)
    return replace(
        report,
        verdict=eval_sets[0].verdict,
        cause=eval_sets[0].cause,
        eval_sets=tuple(eval_sets),
        incidents=tuple(i for i in report.incidents if eval_set_id in i.eval_sets),
        problems=tuple(p for p in report.problems if _concerns(p, own_names, all_names)),
    )


class Names:
    """How problems name some eval sets, by source: a name is that of another in another source."""

    def __init__(self, eval_sets: Iterable[EvalSetReport]) -> None:
        names: dict[str, set[str]] = {}
        for eval_set in eval_sets:
            names.setdefault(eval_set.source, set()).update(names_of(eval_set))
        self._by_source = {source: NameIndex(group) for source, group in names.items()}

    def concern(self, problem: ProblemReport) -> bool:
        """Whether it names one of them, of its source where it has one."""
        sources = {problem.source, ""} if problem.source else self._by_source.keys()
        indexes = (self._by_source[source] for source in sources if source in self._by_source)
        return any(index.stand_in(problem.where) for index in indexes)


def names_of(eval_set: EvalSetReport) -> set[str]:
    """How problems name an eval set: its id and name, its logs without their ending."""
    logs = (task.log.removesuffix(".eval").removesuffix(".json") for task in eval_set.tasks)
    return {name for name in (eval_set.eval_set_id, eval_set.name, *logs) if name}


def _concerns(problem: ProblemReport, own_names: Names, all_names: Names) -> bool:
    """A problem that names no eval set, a whole source perhaps, concerns them all."""
    return own_names.concern(problem) or not all_names.concern(problem)
