"""What people said of a task: annotations of the runner's Job, then the configuration."""

from watchdog.diagnose.context import EvalSetContext
from watchdog.model.allowances import Allowance, Override, joined
from watchdog.model.state import EvalSetState, TaskState


def eval_set_allowance(overrides: tuple[Override, ...], state: EvalSetState) -> Allowance:
    """What holds for a whole eval set: its Jobs' annotations, the newest Job's weighing most."""
    allowance = Allowance()
    jobs = state.cluster.view.jobs if state.cluster else ()
    for job in sorted(jobs, key=lambda job: job.created_at or 0.0):
        allowance = joined(allowance, job.allowance)
    for override in overrides:
        if override.for_all_tasks and override.matches(state.eval_set_id, "", ""):
            allowance = joined(allowance, override.allowance)
    return allowance


def task_allowance(eval_set: EvalSetContext, task: TaskState) -> Allowance:
    """What holds for one task: the configuration's word is the last."""
    allowance = eval_set.allowance
    name, model = (task.spec.task, task.spec.model) if task.spec else (task.log, "")
    for override in eval_set.judging.overrides:
        if override.matches(eval_set.state.eval_set_id, name, model):
            allowance = joined(allowance, override.allowance)
    return allowance
