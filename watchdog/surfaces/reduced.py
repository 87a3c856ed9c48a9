"""A report reduced to one eval set."""

from msgspec.structs import replace

from watchdog.model.report import EvalSetReport, ProblemReport, Report


def reduced(report: Report, eval_set_id: str) -> Report | None:
    """What concerns one eval set; None where it is not in the report."""
    chosen = [each for each in report.eval_sets if each.eval_set_id == eval_set_id]
    if not chosen:
        return None
    own = _names(chosen[0])
    others = {
        name
        for each in report.eval_sets
        if each.eval_set_id != eval_set_id
        for name in _names(each)
    } - own
    return replace(
        report,
        verdict=chosen[0].verdict,
        cause=chosen[0].cause,
        eval_sets=tuple(chosen),
        incidents=tuple(each for each in report.incidents if eval_set_id in each.eval_sets),
        problems=tuple(each for each in report.problems if _concerns(each, own, others)),
    )


def _names(eval_set: EvalSetReport) -> set[str]:
    logs = (task.log.removesuffix(".eval") for task in eval_set.tasks)
    return {name for name in (eval_set.eval_set_id, *logs) if name}


def _concerns(problem: ProblemReport, own: set[str], others: set[str]) -> bool:
    """A problem that names no eval set, a whole source perhaps, concerns them all."""
    if any(name in problem.where for name in own):
        return True
    return not any(name in problem.where for name in others)
