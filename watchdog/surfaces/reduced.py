"""A report reduced to one eval set."""

from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, ProblemReport, Report


def reduced(report: Report, eval_set_id: str) -> Report | None:
    """What concerns one eval set; None where it is not in the report."""
    eval_sets = [e for e in report.eval_sets if e.eval_set_id == eval_set_id]
    if not eval_sets:
        return None
    own_names = names_of(eval_sets[0])
    other_names = {
        name
        for eval_set in report.eval_sets
        if eval_set.eval_set_id != eval_set_id
        for name in names_of(eval_set)
    } - own_names
    return replace(
        report,
        verdict=eval_sets[0].verdict,
        cause=eval_sets[0].cause,
        eval_sets=tuple(eval_sets),
        incidents=tuple(i for i in report.incidents if eval_set_id in i.eval_sets),
        problems=tuple(p for p in report.problems if _concerns(p, own_names, other_names)),
    )


def names_of(eval_set: EvalSetReport) -> set[str]:
    """How problems name an eval set: its id, its logs without their ending."""
    logs = (task.log.removesuffix(".eval").removesuffix(".json") for task in eval_set.tasks)
    return {name for name in (eval_set.eval_set_id, *logs) if name}


def _concerns(problem: ProblemReport, own_names: set[str], other_names: set[str]) -> bool:
    """A problem that names no eval set, a whole source perhaps, concerns them all."""
    if any(name in problem.where for name in own_names):
        return True
    return not any(name in problem.where for name in other_names)
