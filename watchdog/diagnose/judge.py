"""Verdicts of samples, tasks and eval sets, from what is remembered of them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.clocks import by_store_clock, clock_evidence
from watchdog.diagnose.context import SampleContext
from watchdog.diagnose.eval_sets import judge_eval_set
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.frame import EvalSetContext, JudgingContext
from watchdog.diagnose.hangs import hung_setup
from watchdog.diagnose.orphans import Orphans, find_orphans
from watchdog.diagnose.overrides import eval_set_allowance, task_allowance
from watchdog.diagnose.pods import (
    Found,
    runner_trouble,
    setup_trouble,
    suspended,
)
from watchdog.diagnose.rules import RULES
from watchdog.diagnose.runner import (
    between_calls_since,
    connections,
    frozen,
    slot_holders,
)
from watchdog.diagnose.samples import blocked, judge_sample
from watchdog.model.allowances import Override
from watchdog.model.facts import SampleKey
from watchdog.model.instants import earliest, latest
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.learned import Learned
from watchdog.model.report import SampleCounts
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Verdict, combine
from watchdog.model.words import duration

_NOTHING = Learned()


def judge(  # noqa: PLR0913 - what a judgment depends on
    states: Sequence[EvalSetState],
    now: float,
    limits: Thresholds,
    max_age: float,
    orphans: Orphans | None = None,
    *,
    learned: Learned = _NOTHING,
    overrides: tuple[Override, ...] = (),
    explaining: bool = False,
) -> tuple[EvalSetJudgment, ...]:
    """Every eval set judged at `now`.

    Args:
        states: what is remembered of them, all: one is evidence for another.
        now: seconds since the epoch.
        limits: the rules' thresholds.
        max_age: seconds after which what was last read is too old, and the verdict `unknown`.
        orphans: the sandboxes that outlive their eval sets; found here where they aren't given.
        learned: the fleet's experience; by default the priors of day one.
        overrides: what the configuration says of eval sets, tasks and models.
        explaining: whether to find out what would change each verdict, which takes longer.
    """
    states = tuple(map(by_store_clock, states))
    orphans = orphans or find_orphans(states, now, limits)
    baselines = Baselines(learned, limits)
    frame = JudgingContext(
        now, limits, max_age, Fleet(states), baselines, orphans, overrides, explaining
    )
    return tuple(_judge_eval_set(frame, state) for state in states)


def _judge_eval_set(frame: JudgingContext, state: EvalSetState) -> EvalSetJudgment:
    setting = _setting(frame, state)
    tasks = tuple(
        replace(
            _judge_task(frame, setting, task),
            muted=task_allowance(frame, setting, task).muted(frame.now),
        )
        for task in state.tasks.values()
    )
    return judge_eval_set(frame, setting, tasks)


def _setting(frame: JudgingContext, state: EvalSetState) -> EvalSetContext:
    seen = _cluster_now(frame, state)
    allowance = eval_set_allowance(frame.overrides, state)
    open_logs = not state.tasks or any(t.status == "started" for t in state.tasks.values())
    return EvalSetContext(
        state=state,
        halt=frozen(frame.now, frame.limits, frame.baselines, allowance, state),
        runner=runner_trouble(seen, frame.limits, state) if open_logs else None,
        setup=setup_trouble(seen, frame.limits, state),
        suspended=suspended(state),
        allowance=allowance,
    )


def _cluster_now(frame: JudgingContext, state: EvalSetState) -> float:
    """The instant to judge the cluster's view at: a view that is too old grows no evidence."""
    at = state.cluster.view.at if state.cluster else frame.now
    return min(frame.now, at + frame.max_age)


def _judge_task(frame: JudgingContext, setting: EvalSetContext, task: TaskState) -> TaskJudgment:
    if task.status is not None and task.status != "started":
        return _finished(task)
    unknown = _why_unknown(task, frame.now, frame.max_age)
    if unknown is not None:
        return _unknown(task, unknown)
    samples = _with_blocked(task, _judge_samples(frame, setting, task))
    base = TaskJudgment(
        state=task,
        verdict=_running_verdict(task, samples),
        counts=_counts(task, samples),
        samples=samples,
        cause=_main_cause(samples),
        since=earliest(*(s.since for s in samples if s.verdict is Verdict.STUCK)),
        suspicion=max((s.suspicion for s in samples), default=0.0),
        last_progress_at=_last_progress(task),
        evidence=(*_growth(task), *clock_evidence(task)),
    )
    if setting.suspended:
        return base if samples else replace(base, verdict=Verdict.WAITING)
    return _with_idle(base, _idle_findings(frame, setting, base))


def _growth(task: TaskState) -> tuple[Evidence, ...]:
    """How the runner's own retry counter grew when it last did."""
    if task.http_retries is None or task.http_retries_before is None:
        return ()
    count, since = task.http_retries_before
    known = since is not None and task.http_retries_at is not None
    span = f" within {duration(task.http_retries_at - since)}" if known else ""  # type: ignore[operator]
    more = task.http_retries - count
    text = f"the runner counts {task.http_retries:,} HTTP retries, {more:,} more{span}"
    return (Evidence("http_retries", text, task.http_retries_at),)


def _judge_samples(
    frame: JudgingContext, setting: EvalSetContext, task: TaskState
) -> list[SampleJudgment]:
    allowance = task_allowance(frame, setting, task)
    contexts = (
        SampleContext(
            now=frame.now,
            limits=frame.limits,
            baselines=frame.baselines,
            fleet=frame.fleet,
            eval_set=setting.state,
            task=task,
            sample=sample,
            frozen=setting.halt,
            runner=setting.runner,
            suspended=setting.suspended,
            explaining=frame.explaining,
            allowance=allowance,
        )
        for sample in task.samples.values()
    )
    return [judge_sample(context, RULES) for context in contexts]


def _why_unknown(task: TaskState, now: float, max_age: float) -> str | None:
    """Why nothing can be said; None where it can."""
    if task.read_at is None or task.spec is None:
        return task.unreadable or "not read yet"
    if now - task.read_at > max_age:
        return task.unreadable or "last read too long ago"
    if task.status == "started" and not task.manifest_seen:
        return (
            "it has no sample buffer (run the eval with log_shared), so its samples can't be seen"
        )
    return None


def _unknown(task: TaskState, why: str) -> TaskJudgment:
    return TaskJudgment(
        state=task,
        verdict=Verdict.UNKNOWN,
        counts=_counts(task, ()),
        last_progress_at=_last_progress(task),
        evidence=(Evidence("unreadable", why, task.read_at),),
    )


def _finished(task: TaskState) -> TaskJudgment:
    causes = Counter(dict(task.errored_causes))
    cause = causes.most_common(1)[0][0] if causes and task.status != "cancelled" else None
    evidence = (Evidence("status", f"{task.status}: {task.error}", task.completed_at),)
    return TaskJudgment(
        state=task,
        verdict=Verdict.FINISHED,
        counts=_counts(task, ()),
        cause=cause,
        last_progress_at=_last_progress(task),
        evidence=evidence if task.error else (),
    )


def _with_blocked(task: TaskState, samples: list[SampleJudgment]) -> tuple[SampleJudgment, ...]:
    """A second look, now that it is known which holders of connection slots are stuck."""
    by_key = {sample.key: sample for sample in samples}
    return tuple(_maybe_blocked(task, sample, by_key) for sample in samples)


def _maybe_blocked(
    task: TaskState, sample: SampleJudgment, by_key: dict[SampleKey, SampleJudgment]
) -> SampleJudgment:
    movable = (Verdict.STARTING, Verdict.PROGRESSING, Verdict.DEGRADED)
    standing = between_calls_since(sample.state)
    if sample.verdict not in movable or sample.state.streak is not None or standing is None:
        return sample
    holders = [by_key[state.key] for state in slot_holders(task, sample.state)]
    if len(holders) < connections(task) or any(h.verdict is not Verdict.STUCK for h in holders):
        return sample
    since = latest(standing, earliest(*(holder.since for holder in holders)))
    return blocked(sample, holders, since if since is not None else standing)


def _running_verdict(task: TaskState, samples: tuple[SampleJudgment, ...]) -> Verdict:
    if not samples:
        return Verdict.PROGRESSING if task.ended else Verdict.STARTING
    return combine([sample.verdict for sample in samples])


def _idle_findings(
    frame: JudgingContext, setting: EvalSetContext, base: TaskJudgment
) -> list[Found]:
    """Why nothing new runs although samples are due, or the log should have been finished.

    In order of depth: what the cluster says explains a set-up better than its length.
    """
    task, counts = base.state, base.counts
    free = _free_slots(task, counts)
    found: list[Found] = []
    if setting.runner is not None and not task.samples:
        found.append(setting.runner)
    if setting.setup is not None and counts.queued and (free is None or free > 0):
        found.append(setting.setup)
    allowance = task_allowance(frame, setting, task)
    late = hung_setup(frame.now, frame.baselines, allowance, task, counts.queued, free)
    if late is not None:
        found.append((Cause.HUNG_SETUP, late))
    if setting.halt is not None and not task.samples and not counts.queued:
        found.append((Cause.RUNNER_FROZEN, setting.halt))
    return found


def _with_idle(base: TaskJudgment, found: list[Found]) -> TaskJudgment:
    if not found:
        return base
    base = replace(
        base,
        suspicion=max(base.suspicion, *(f.suspicion for _, f in found)),
        weighings=tuple((cause, f.weighing) for cause, f in found if f.weighing is not None),
    )
    stuck = next(((cause, f) for cause, f in found if f.suspicion >= 1), None)
    if stuck is None:
        return base
    cause, finding = stuck
    alone = not base.samples or base.verdict is Verdict.STUCK
    return replace(
        base,
        verdict=Verdict.STUCK if alone else Verdict.PARTIALLY_STUCK,
        cause=base.cause if base.verdict in STUCK_VERDICTS and base.cause else cause,
        since=earliest(base.since, finding.since),
        evidence=(*finding.evidence, *base.evidence),
    )


def _free_slots(task: TaskState, counts: SampleCounts) -> int | None:
    """Free sample slots; None where the log doesn't say how many there are."""
    slots = task.spec.max_samples if task.spec else None
    return max(0, slots - counts.running) if slots is not None else None


def _counts(task: TaskState, samples: Iterable[SampleJudgment]) -> SampleCounts:
    ended = task.ended_counts
    running = len(task.samples)
    seen = len(task.ended) + running
    total = task.spec.total_samples if task.spec else None
    total = max(total or 0, seen)
    return SampleCounts(
        total=total,
        completed=ended.get("completed", 0),
        errored=ended.get("errored", 0),
        cancelled=ended.get("cancelled", 0),
        running=running,
        queued=total - seen,
        stuck=sum(sample.verdict is Verdict.STUCK for sample in samples),
    )


def _main_cause(samples: Iterable[SampleJudgment]) -> Cause | None:
    """The cause of most stuck samples; where none is stuck, of most degraded ones."""
    samples = list(samples)
    for verdict in (Verdict.STUCK, Verdict.DEGRADED):
        causes = [s.cause for s in samples if s.verdict is verdict and s.cause is not None]
        if causes:
            return _most_common(causes)
    return None


def _most_common(causes: list[Cause]) -> Cause:
    """The most frequent; among equals the deepest by the rules' order."""
    order = {spec.cause: -index for index, spec in reversed(list(enumerate(RULES)))}
    return max(set(causes), key=lambda c: (causes.count(c), order.get(c, 1)))


def _last_progress(task: TaskState) -> float | None:
    return latest(task.last_ended_at, *(s.last_progress_at for s in task.samples.values()))
