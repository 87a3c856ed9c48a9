"""Causes in the runner itself, as far as the store shows them.

A silent log or store proves nothing: in a long back-off, or a long call, nothing is written. What
a living runner does within seconds is the step from one call to the next. So the runner is frozen
when all of it is silent and a sample stands between two calls, unless that sample may wait for a
connection (`slots.py`), or its solver may have a command run in the sandbox (`commands.py`).
"""

from collections.abc import Iterable, Mapping

from watchdog.diagnose.commands import command_deadline
from watchdog.diagnose.context import (
    CauseSpec,
    Finding,
    JudgingContext,
    OnPurpose,
    SampleContext,
)
from watchdog.diagnose.deadlines import Deadline, deadline_for, excused, overdue
from watchdog.diagnose.heartbeat import cores_of, is_assumed, log_deadline, sooner, stands_still
from watchdog.diagnose.retries import next_attempt_at, next_wait
from watchdog.diagnose.sample_limits import time_limit_of
from watchdog.diagnose.signs import last_life
from watchdog.diagnose.slots import Slots, run_of
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.allowances import Allowance
from watchdog.model.instants import latest
from watchdog.model.state import EvalSetState, SampleState, TaskState
from watchdog.model.told import Since, told
from watchdog.model.verdict import Cause, Evidence

_PEERS_FACTOR = 10
_QUEUE_FACTOR = 4.0
"""So many times longer than between two calls a sample may be silent while others work."""


def between_calls_since(sample: SampleState) -> float | None:
    """Since when a sample has stood between two calls; None when something explains its silence."""
    if sample.scorer_spans or sample.ending_since is not None or sample.setup_since is not None:
        return None
    return idle_since(sample)


def idle_since(sample: SampleState) -> float | None:
    """The same of one that may be at its scorers."""
    if sample.open_calls or sample.human_since is not None:
        return None
    if sample.lost or sample.holed:
        return None
    if next_wait(sample) is not None:
        return latest(sample.last_event_at, next_attempt_at(sample))
    return latest(sample.last_event_at, sample.started_at)


def frozen(  # noqa: PLR0913, PLR0917 - all that runs are judged by
    judging: JudgingContext,
    allowance: Allowance,
    state: EvalSetState,
    purpose: OnPurpose,
    slots: Slots,
    at_work: Iterable[TaskState],
) -> Mapping[str, Finding]:
    """The evidence that a runner is frozen, by the run that it does; what waits on purpose is none.

    Logs of an earlier runner, and of a process that is gone, say nothing of one that lives.

    Args:
        judging: the instant, the thresholds, the fleet.
        allowance: what people said of the eval set.
        state: the eval set.
        purpose: who waits on purpose.
        slots: who may wait for a connection.
        at_work: the logs that a living runner may write.
    """
    runs: dict[str, list[TaskState]] = {}
    for task in at_work:
        runs.setdefault(run_of(task), []).append(task)
    findings = {
        run: _frozen_run(judging, allowance, state, purpose, slots, tasks)
        for run, tasks in runs.items()
    }
    return {run: finding for run, finding in findings.items() if finding is not None}


def _frozen_run(  # noqa: PLR0913, PLR0917 - all that a run is judged by
    judging: JudgingContext,
    allowance: Allowance,
    state: EvalSetState,
    purpose: OnPurpose,
    slots: Slots,
    tasks: list[TaskState],
) -> Finding | None:
    now, limits = judging.now, judging.limits
    deadline = deadline_for(judging.baselines, allowance, "step", "solver")
    life = last_life(tasks, state.last_log_line_at)
    cores = cores_of(state)
    if cores is not None and cores >= limits.idle_cores:
        return None
    stopped = stands_still(now, limits, allowance, life, cores)
    if stopped is not None:
        return stopped
    deadline = sooner(deadline, allowance, log_deadline(now, limits, state))
    between_calls = [
        (since, task, sample)
        for task in tasks
        for sample in task.samples.values()
        if (since := between_calls_since(sample)) is not None
        and not slots.may_wait(task, sample)
        and not purpose.excuses(task.log, sample, now)
        and not _may_run_command(judging, allowance, task, sample, since)
    ]
    idle = [task for task in tasks if _all_ended(task)]
    if life is None or not (between_calls or idle):
        return None
    since = latest(life, min((s for s, _, _ in between_calls), default=None))
    return _frozen_finding(now, deadline, latest(life, since) or life, between_calls, idle)


def _frozen_finding(
    now: float,
    deadline: Deadline,
    since: float,
    between_calls: list[tuple[float, TaskState, SampleState]],
    idle: list[TaskState],
) -> Finding:
    if between_calls:
        _, _, sample = min(between_calls, key=lambda pause: pause[0])
        sign = f"sample {sample.key.id} (epoch {sample.key.epoch}) stands between two calls"
    else:
        sign = f"all samples of {idle[0].log} have ended, yet the log is not finished"
    text = told(
        "{}, which takes a living runner seconds; the whole runner has written nothing for {}",
        sign,
        Since(since),
    )
    return overdue(
        now, since, deadline, "the runner is silent", (Evidence("silence", text, since),)
    )


def _all_ended(task: TaskState) -> bool:
    total = task.spec.total_samples if task.spec else None
    return total is not None and not task.samples and len(task.ended) >= total > 0


def _may_run_command(
    judging: JudgingContext,
    allowance: Allowance,
    task: TaskState,
    sample: SampleState,
    since: float,
) -> bool:
    """Whether its solver may have a command run that takes no longer than such do."""
    deadline = command_deadline(judging.baselines, judging.limits, allowance, task, sample, since)
    return deadline is not None and judging.now - since < deadline.seconds


def runner_frozen(context: SampleContext) -> Finding | None:
    """The eval set's runner is frozen, and nothing explains this sample's silence."""
    finding, sample = context.eval_set.frozen.get(run_of(context.task)), context.sample
    if finding is None or sample.human_since is not None:
        return None
    if any(call.kind == "input" or call.batch for call in sample.open_calls):
        return None
    attempt_at = next_attempt_at(sample)
    deadline = deadline_for(context.judging.baselines, context.allowance, "step", "solver")
    limit = finding.weighing.limit if finding.weighing is not None else None
    least = min(deadline.seconds, limit if limit is not None else deadline.seconds)
    in_back_off = attempt_at is not None and context.now < attempt_at + least
    is_patient = _is_task_patient(context.now, context.allowance, finding, deadline)
    return None if in_back_off or is_patient else finding


def _is_task_patient(
    now: float, allowance: Allowance, finding: Finding, deadline: Deadline
) -> bool:
    """Whether people allow more silence of this task than of the eval set, and it isn't over."""
    weighing = finding.weighing
    if weighing is None or weighing.limit is None or finding.since is None:
        return False
    if is_assumed(allowance):
        return False
    return weighing.limit < deadline.seconds and now < finding.since + deadline.seconds


def unexplained(context: SampleContext) -> Finding | None:
    """A sample stands between two calls for hours while others work: it waits for no slot."""
    since, task = between_calls_since(context.sample), context.task
    if since is None:
        return None
    past_limit = _past_time_limit(context, since)
    if past_limit is not None:
        return past_limit
    model = task.spec.model if task.spec else ""
    deadline = _patience(context, since)
    if context.now - since < deadline.seconds:
        return None
    slots = context.eval_set.slots
    peers = context.judging.fleet.others(context.sample, model, since, context.now)
    is_passed_over = peers.ok >= _PEERS_FACTOR * max(1, slots.competitors(task) - 1)
    if slots.may_wait(task, context.sample) and not is_passed_over:
        return None
    others = f", while other samples on {model} made {peers.ok} calls" if peers.ok else ""
    text = told(
        "nothing has been heard of it for {}{}: it does not wait for a connection slot",
        Since(since),
        others,
    )
    evidence = (Evidence("silence", text, since),)
    return overdue(context.now, since, deadline, "the sample stands between two calls", evidence)


def _patience(context: SampleContext, since: float) -> Deadline:
    """How long a sample may be silent between two calls while others work."""
    judging, allowance = context.judging, context.allowance
    baselines, task, sample = judging.baselines, context.task, context.sample
    step = deadline_for(baselines, allowance, "step", "solver", times=_QUEUE_FACTOR)
    command = command_deadline(baselines, judging.limits, allowance, task, sample, since)
    return max((d for d in (step, command) if d is not None), key=lambda d: d.seconds)


def _past_time_limit(context: SampleContext, since: float) -> Finding | None:
    """It stands between two calls long after its own time limit, which Inspect enforces."""
    limit = time_limit_of(context.task, context.sample)
    if limit is None or since > limit.at or context.now <= limit.at:
        return None
    deadline = excused(Deadline(context.judging.limits.call_grace, "grace"), context.allowance)
    text = told(
        "it goes on for {} beyond {}, and nothing has been heard of it for {}",
        Since(limit.at),
        limit.why,
        Since(since),
    )
    evidence = (Evidence("limit", text, limit.at),)
    return overdue(context.now, limit.at, deadline, "the sample is beyond its limit", evidence)


SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.RUNNER_FROZEN,
        "is in a runner that does nothing any more",
        (
            advice.STACKTRACE,
            advice.PROCESS_STACK,
            advice.ANOMALIES,
            advice.EVIDENCE,
            *advice.NEW_RUNNER,
            *advice.ANEW_LOCALLY,
        ),
        runner_frozen,
    ),
    CauseSpec(
        Cause.SANDBOX_RESTARTED,
        "had its sandbox restarted",
        (Action("wait", "Nothing to do: Inspect retries the sample by itself"),),
    ),
    CauseSpec(
        Cause.UNEXPLAINED,
        "gets nothing done, and nothing known explains it",
        (
            advice.EVIDENCE,
            advice.RUNNER_LOG,
            advice.TRANSCRIPT,
            advice.STACKTRACE,
            advice.PROCESS_STACK,
            advice.ANOMALIES,
            advice.STOP_SAMPLE,
            *advice.ENDED_LOCALLY,
        ),
        unexplained,
    ),
)
