"""Samples that wait for a connection which only stuck samples hold: a second look, after all.

Holders may be samples of other tasks: a run's tasks share one pool for each model (`slots.py`).
"""

from collections.abc import Mapping

from msgspec.structs import replace

from watchdog.diagnose.context import EvalSetContext, SamplePlace
from watchdog.diagnose.deadlines import deadline_for
from watchdog.diagnose.runner import idle_since
from watchdog.diagnose.slots import Pool, Stuck
from watchdog.model.allowances import Allowance
from watchdog.model.causes import main_cause
from watchdog.model.instants import earliest, latest
from watchdog.model.judgment import SampleJudgment
from watchdog.model.state import TaskState
from watchdog.model.verdict import Cause, Evidence, Verdict

Judged = Mapping[SamplePlace, SampleJudgment]
"""All running samples of an eval set, judged each by itself."""

_MOVABLE = frozenset({Verdict.STARTING, Verdict.PROGRESSING, Verdict.DEGRADED})


def with_blocked(
    eval_set: EvalSetContext, task: TaskState, allowance: Allowance, judged: Judged
) -> tuple[SampleJudgment, ...]:
    """A task's samples; those that wait for what stuck ones hold are stuck with them."""
    own = (judged[task.log, key] for key in task.samples)
    return tuple(_maybe_blocked(eval_set, task, allowance, sample, judged) for sample in own)


def _maybe_blocked(
    eval_set: EvalSetContext,
    task: TaskState,
    allowance: Allowance,
    sample: SampleJudgment,
    judged: Judged,
) -> SampleJudgment:
    since = idle_since(sample.state)
    if sample.verdict not in _MOVABLE or sample.state.streak is not None or since is None:
        return sample
    if sample.state.ending_since is not None:
        return sample
    pool, are_all = eval_set.slots.full(task, sample.state)
    if pool is None:
        return sample
    if pool.stuck is None:
        # it doesn't hold any itself, so they are the same for all that wait
        pool.stuck = _holders(pool, judged)
    if not pool.stuck.all_stuck:
        return sample
    patience = deadline_for(eval_set.judging.baselines, allowance, "step", "solver").seconds
    if not are_all and eval_set.judging.now - since < patience:
        return sample
    return _blocked(sample, pool.stuck, latest(since, pool.stuck.since) or since)


def _holders(pool: Pool, judged: Judged) -> Stuck:
    """What the samples that hold a pool have in common."""
    holders = [judged[place] for place in pool.held if place in judged]
    is_whole = bool(holders) and len(holders) == len(pool.held)
    return Stuck(
        count=len(holders),
        all_stuck=is_whole and all(holder.verdict is Verdict.STUCK for holder in holders),
        cause=main_cause(holder.cause for holder in holders),
        since=earliest(*(holder.since for holder in holders)),
    )


def _blocked(sample: SampleJudgment, holders: Stuck, since: float) -> SampleJudgment:
    cause = holders.cause or Cause.UNEXPLAINED
    text = f"it waits for a connection slot, and all {holders.count} are held by stuck samples"
    return replace(
        sample,
        verdict=Verdict.STUCK,
        cause=cause,
        since=since,
        suspicion=max(1.0, sample.suspicion),
        fixed=max(1.0, sample.fixed),
        evidence=(Evidence("blocked", text, since), *sample.evidence),
    )
