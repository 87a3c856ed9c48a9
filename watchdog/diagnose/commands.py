"""Commands that a solver itself has run in its sandbox: they leave no row until they have ended.

From the store alone such a command looks like a runner that does nothing any more. So of a solver
that has run one before, outside of any tool, hours of silence are no evidence; nor of one that has
a sandbox and has not made a call yet, as its first step may be a command.
"""

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.deadlines import Deadline, deadline_for
from watchdog.model.allowances import Allowance
from watchdog.model.state import SampleState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import Length, told

_HOURS = 6.0
"""So many times as long as a step between two calls a command may take before any was seen."""


def runs_commands(task: TaskState, sample: SampleState) -> bool:
    """Whether what it does now may be a command of its solver."""
    if sample.scorer_spans or sample.ending_since is not None:
        return False
    if sample.command_at is not None or task.runs_commands:
        return True
    has_called = sample.ok_total > 0 or sample.fails or sample.recent or sample.turns
    return bool(task.spec and task.spec.has_sandbox) and not has_called


def command_deadline(  # noqa: PLR0913, PLR0917 - all that a command is judged by
    baselines: Baselines,
    limits: Thresholds,
    allowance: Allowance,
    task: TaskState,
    sample: SampleState,
    since: float,
) -> Deadline | None:
    """How long a command may have run since `since`; None where none can be under way.

    The sample's own limits end a command; else the longest time-out that one declared, or what
    commands took here.
    """
    if not runs_commands(task, sample):
        return None
    spec, grace = task.spec, limits.call_grace
    solving_since = sample.solving_since or sample.started_at
    if spec is not None and spec.time_limit is not None and solving_since is not None:
        left = solving_since + spec.time_limit - since
        why = told("the sample's time limit, {}, and grace", Length(spec.time_limit))
        return Deadline(max(0.0, left) + grace, why)
    if spec is not None and spec.working_limit is not None:
        why = told("the sample's working limit, {}, and grace", Length(spec.working_limit))
        return Deadline(spec.working_limit + grace, why)
    learned = deadline_for(baselines, allowance, "step", "command", times=_HOURS)
    timeout = sample.command_timeout
    if timeout is None or timeout + grace <= learned.seconds:
        return learned
    why = told("the time-out of its last command, {}", Length(timeout))
    return Deadline(timeout + grace, why)
