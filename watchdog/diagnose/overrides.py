"""What people said of a task: metadata, annotations of the runner's Job, then the configuration.

Each weighs more than the one before it.
"""

from watchdog.diagnose.exceptions import Exceptions
from watchdog.diagnose.owners import of_jobs, of_log, of_open_logs
from watchdog.model.allowances import Allowance, NoPage, Override
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds

OPERATOR = "the configuration"


def eval_set_exceptions(
    state: EvalSetState, overrides: tuple[Override, ...], now: float, limits: Thresholds
) -> tuple[Exceptions, ...]:
    """What holds for a whole eval set, what weighs most last.

    Of metadata only what all open logs agree on; of Jobs' annotations the newest weigh most.
    """
    common = of_open_logs(state, now, limits)
    return (
        *((common,) if common else ()),
        *of_jobs(state, now, limits),
        *_of_operator(overrides, now, state),
    )


def task_exceptions(
    task: TaskState,
    state: EvalSetState,
    overrides: tuple[Override, ...],
    now: float,
    limits: Thresholds,
) -> tuple[Exceptions, ...]:
    """What holds for one task, what weighs most last."""
    own = of_log(task, now, limits)
    name, model = (task.spec.task, task.spec.model) if task.spec else (task.log, "")
    return (
        *((own,) if own else ()),
        *of_jobs(state, now, limits),
        *_of_operator(overrides, now, state, (name, model)),
    )


def _of_operator(
    overrides: tuple[Override, ...],
    now: float,
    state: EvalSetState,
    task: tuple[str, str] | None = None,
) -> tuple[Exceptions, ...]:
    """What the configuration says of an eval set, or of a task and its model, while it holds."""
    return tuple(
        _exceptions(override.allowance)
        for override in overrides
        if (task is not None or override.for_all_tasks)
        and _concerns(override, state, *(task or ("", "")))
        and (override.allowance.until is None or now < override.allowance.until)
    )


def _concerns(override: Override, state: EvalSetState, task: str, model: str) -> bool:
    """By id or name; what keeps people from being told only by id, which is one eval set's."""
    hushes = override.allowance.mute_until is not None or override.allowance.page is False
    names = {state.eval_set_id} if hushes else {state.eval_set_id, state.own_name}
    return any(override.matches(name, task, model) for name in names)


def _exceptions(allowance: Allowance) -> Exceptions:
    is_warned = allowance.page is False
    no_page = NoPage(OPERATOR, allowance.until, allowance.reason) if is_warned else None
    return Exceptions(OPERATOR, "overrides", allowance, no_page, by_owner=False)
