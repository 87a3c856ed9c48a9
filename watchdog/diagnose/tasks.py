"""The verdict of a task: from its running samples, and from what is due and doesn't come."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.attempts import attempt_evidence
from watchdog.diagnose.blocked import Judged, with_blocked
from watchdog.diagnose.clocks import clock_evidence
from watchdog.diagnose.context import (
    CauseFinding,
    EvalSetContext,
    Finding,
    JudgingContext,
    SampleContext,
)
from watchdog.diagnose.erring import with_errors
from watchdog.diagnose.exceptions import Exceptions, no_page_of, together
from watchdog.diagnose.hangs import hung_setup, never_finished
from watchdog.diagnose.lifecycle import is_older_than
from watchdog.diagnose.memo import basis_of
from watchdog.diagnose.overrides import task_exceptions
from watchdog.diagnose.rules import RULES
from watchdog.diagnose.samples import grown, judge_sample, phase_of
from watchdog.diagnose.slots import run_of
from watchdog.diagnose.writers import is_left, writer_gone
from watchdog.model.allowances import Allowance
from watchdog.model.causes import main_cause, main_of_counts
from watchdog.model.instants import clock, earliest, latest
from watchdog.model.judgment import SampleJudgment, TaskJudgment
from watchdog.model.report import SampleCounts
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Verdict, combine
from watchdog.model.words import duration


class _Draft(Struct, frozen=True):
    """A task on the way to its judgment."""

    task: TaskState
    exceptions: tuple[Exceptions, ...]
    settled: TaskJudgment | None
    """Where its samples need no look of their own."""

    @property
    def allowance(self) -> Allowance:
        """What people said of it."""
        return together(self.exceptions)


def judge_tasks(eval_set: EvalSetContext) -> tuple[TaskJudgment, ...]:
    """The verdict of each task, its cause, and what was weighed of it.

    Samples first, those of all tasks: one may wait for what another holds.
    """
    drafts = [_draft(eval_set, task) for task in eval_set.state.tasks.values()]
    samples: Judged = {
        (draft.task.log, sample.key): sample
        for draft in drafts
        if draft.settled is None
        for sample in _judge_samples(eval_set, draft.task, draft.allowance)
    }
    return tuple(_judge_task(eval_set, draft, samples) for draft in drafts)


def _draft(eval_set: EvalSetContext, task: TaskState) -> _Draft:
    judging = eval_set.judging
    exceptions = task_exceptions(
        task, eval_set.state, judging.overrides, judging.now, judging.limits
    )
    return _Draft(task, exceptions, _settled(eval_set, task))


def _judge_task(eval_set: EvalSetContext, draft: _Draft, samples: Judged) -> TaskJudgment:
    judging, task, exceptions = eval_set.judging, draft.task, draft.exceptions
    allowance = draft.allowance
    judgment = draft.settled or _running(eval_set, task, allowance, samples)
    is_over = task.status in {"success", "cancelled"} or eval_set.deletion is not None
    tried = () if is_over else attempt_evidence(eval_set.state, task)
    evidence = () if judgment.verdict is Verdict.FINISHED else _own(eval_set, exceptions)
    return replace(
        judgment,
        muted=allowance.muted(judging.now),
        no_page=no_page_of(exceptions),
        evidence=(*judgment.evidence, *tried, *evidence),
    )


def _own(eval_set: EvalSetContext, exceptions: tuple[Exceptions, ...]) -> tuple[Evidence, ...]:
    """What is said of the task and not of the whole eval set."""
    words = {item.words for item in eval_set.exceptions}
    return tuple(i.evidence for i in exceptions if i.is_told and i.words not in words)


def _settled(eval_set: EvalSetContext, task: TaskState) -> TaskJudgment | None:
    unheard = _unheard(eval_set)
    if task.status is not None and task.status != "started":
        return _finished(task) if unheard is None else _unknown(task, unheard)
    if eval_set.deletion is not None:
        return _left(task, Verdict.FINISHED, Evidence("deletion", eval_set.deletion.text))
    unwritten = eval_set.unwritten.get(task.log)
    if unwritten is not None:
        return _unwritten(task, unwritten)
    why = _why_unknown(task, eval_set.judging)
    why = unheard if why is not None and unheard is not None else why
    if why is not None and not (is_left(task) and task.spec is not None):
        return _by_attempts(eval_set, task) or _unknown(task, why)
    return _left_by_earlier_runner(eval_set, task)


def _by_attempts(eval_set: EvalSetContext, task: TaskState) -> TaskJudgment | None:
    """A task that was begun anew a moment ago, and has no buffer yet: those before decide."""
    judging = eval_set.judging
    is_new = not task.manifest_seen and task.former and task.spec is not None
    if not is_new or task.read_at is None or is_stale(task, judging):
        return None
    base = replace(_unknown(task, ""), verdict=Verdict.STARTING, evidence=())
    base = with_errors(judging, base)
    return base if base.erring is not None else None


def _left_by_earlier_runner(eval_set: EvalSetContext, task: TaskState) -> TaskJudgment | None:
    """What the log of a runner before the present one says no more."""
    if eval_set.suspended is not None:
        return None
    if eval_set.restarted is not None:
        return _of_earlier_runner(eval_set, task, eval_set.restarted)
    if is_older_than(task, eval_set.runner_made_at):
        text = "its log was begun by an earlier runner; the present one has not come to it yet"
        return _left(task, Verdict.STARTING, Evidence("startup", text))
    return None


def _running(
    eval_set: EvalSetContext, task: TaskState, allowance: Allowance, judged: Judged
) -> TaskJudgment:
    """By its samples."""
    samples = with_blocked(eval_set, task, allowance, judged)
    base = TaskJudgment(
        state=task,
        verdict=_running_verdict(task, samples),
        counts=_counts(task, samples),
        samples=samples,
        cause=_cause_of(samples),
        since=earliest(*(s.since for s in samples if s.verdict is Verdict.STUCK)),
        suspicion=max((s.suspicion for s in samples), default=0.0),
        last_progress_at=_last_progress(task),
        evidence=(*_growth(task), *clock_evidence(task), *_rhythm(task)),
    )
    if eval_set.suspended is not None:
        return base if samples else replace(base, verdict=Verdict.WAITING)
    if eval_set.gated is not None and not samples and base.counts.queued:
        base = replace(
            base,
            verdict=Verdict.WAITING,
            evidence=(eval_set.gated.evidence, *base.evidence),
        )
    return with_errors(
        eval_set.judging, _with_idle(base, _idle_findings(eval_set, base, allowance))
    )


def _growth(task: TaskState) -> tuple[Evidence, ...]:
    """How the runner's own retry counter grew when it last did."""
    if task.http_retries is None or task.http_retries_before is None:
        return ()
    count, since = task.http_retries_before
    has_times = since is not None and task.http_retries_at is not None
    span = f" within {duration(task.http_retries_at - since)}" if has_times else ""  # type: ignore[operator]
    more = task.http_retries - count
    text = f"the runner counts {task.http_retries:,} HTTP retries, {more:,} more{span}"
    return (Evidence("http_retries", text, task.http_retries_at),)


def _rhythm(task: TaskState) -> tuple[Evidence, ...]:
    """That it is read less often than each poll, so that nobody takes it for up to the second."""
    if not task.read_interval:
        return ()
    return (Evidence("rhythm", "read less often than at each poll"),)


def _judge_samples(
    eval_set: EvalSetContext, task: TaskState, allowance: Allowance
) -> list[SampleJudgment]:
    contexts = (
        SampleContext(eval_set, task, sample, allowance) for sample in task.samples.values()
    )
    memo = eval_set.memo
    if memo is None:
        return [_judge_sample(context) for context in contexts]
    return memo.judged(task, contexts, basis_of(eval_set, task, allowance), _judge_sample)


def _judge_sample(context: SampleContext) -> SampleJudgment:
    return judge_sample(context, RULES)


def _unheard(eval_set: EvalSetContext) -> str | None:
    """Why it is too long ago that the eval set was listed; None where it isn't.

    A log that is finished isn't read again, and says nothing of a runner that was started since.
    """
    since, judging = eval_set.state.unreadable_since, eval_set.judging
    if since is None or not is_unheard(eval_set.state, judging.now, judging.max_age):
        return None
    return f"not to be seen since {clock(since)}: {eval_set.state.unreadable}"


def is_unheard(state: EvalSetState, now: float, max_age: float) -> bool:
    """Whether it is too long ago that the eval set was listed."""
    return state.unreadable_since is not None and now - state.unreadable_since > max_age


def max_age(task: TaskState, judging: JudgingContext) -> float:
    """Seconds after which what was read of it is too old: it may have a rhythm of its own."""
    return max(judging.max_age, judging.limits.stale_intervals * task.read_interval)


def is_stale(task: TaskState, judging: JudgingContext) -> bool:
    """Whether it is too long ago that the task was read; after a clock was set back, to come."""
    return task.read_at is not None and abs(judging.now - task.read_at) > max_age(task, judging)


def _why_unknown(task: TaskState, judging: JudgingContext) -> str | None:
    """Why nothing can be said; None where it can."""
    if task.backlog is not None:
        return task.backlog
    if task.read_at is None or task.spec is None:
        return task.unreadable or "not read yet"
    if is_stale(task, judging):
        return task.unreadable or "last read too long ago"
    if task.status == "started" and not task.manifest_seen:
        return _without_buffer(task.log)
    return None


def _without_buffer(log: str) -> str:
    """Why a running log tells nothing, and what to do about it."""
    needs = "run the eval with log_shared"
    if log.endswith(".json"):  # Inspect refuses log_shared for logs in JSON
        needs = 'run the eval with log_format="eval" and log_shared'
    return f"{log} has no sample buffer beside it ({needs}), so that its samples can't be seen"


def _unknown(task: TaskState, why: str) -> TaskJudgment:
    return TaskJudgment(
        state=task,
        verdict=Verdict.UNKNOWN,
        counts=_counts(task, ()),
        last_progress_at=_last_progress(task),
        evidence=(Evidence("unreadable", why, task.read_at),),
    )


def _unwritten(task: TaskState, finding: Finding) -> TaskJudgment:
    """Its runner can't write: all that its log and its buffer tell is old."""
    base = _left(task, Verdict.UNKNOWN, finding.evidence[0])
    return replace(
        base,
        cause=Cause.LOG_WRITE_FAILED,
        suspicion=finding.suspicion,
        fixed=finding.suspicion,
        evidence=finding.evidence,
    )


def _left(task: TaskState, verdict: Verdict, evidence: Evidence) -> TaskJudgment:
    """A task that nobody works on any more, with what its samples were at."""
    samples = tuple(
        SampleJudgment(state=sample, verdict=verdict, phase=phase_of(sample))
        for sample in task.samples.values()
    )
    return TaskJudgment(
        state=task,
        verdict=verdict,
        counts=_counts(task, samples),
        samples=samples,
        last_progress_at=_last_progress(task),
        evidence=(evidence,),
    )


def _of_earlier_runner(
    eval_set: EvalSetContext, task: TaskState, started_at: float
) -> TaskJudgment:
    """Its runner was started again, and nothing of the new one is there yet."""
    text = f"its runner was started again at {clock(started_at)}; all that its log tells is older"
    base = _left(task, Verdict.STARTING, Evidence("startup", text, started_at))
    findings: list[CauseFinding] = []
    if eval_set.runner is not None:
        findings.append(eval_set.runner)
    if eval_set.startup is not None:
        findings.append((Cause.HUNG_STARTUP, eval_set.startup))
    return _with_idle(base, findings)


def _finished(task: TaskState) -> TaskJudgment:
    causes = dict(task.errored_causes) if task.status != "cancelled" else {}
    evidence = (Evidence("status", f"{task.status}: {task.error}", task.completed_at),)
    return TaskJudgment(
        state=task,
        verdict=Verdict.FINISHED,
        counts=_counts(task, ()),
        cause=main_of_counts(causes),
        last_progress_at=_last_progress(task),
        evidence=evidence if task.error else (),
    )


def _running_verdict(task: TaskState, samples: tuple[SampleJudgment, ...]) -> Verdict:
    if not samples:
        return Verdict.PROGRESSING if task.last_completed_at else Verdict.STARTING
    return combine([sample.verdict for sample in samples])


def _idle_findings(
    eval_set: EvalSetContext, base: TaskJudgment, allowance: Allowance
) -> list[CauseFinding]:
    """Why nothing new runs although samples are due, or the log should have been finished.

    In order of depth: what the cluster says explains a set-up better than its length.
    """
    task, counts = base.state, base.counts
    free = _free_slots(eval_set, task, counts)
    findings: list[CauseFinding] = []
    left = writer_gone(eval_set.judging.now, task)
    if left is not None and not task.samples:
        findings.append((Cause.RUNNER_GONE, left))
    if eval_set.runner is not None and not task.samples:
        findings.append(eval_set.runner)
    if eval_set.setup is not None and counts.queued and (free is None or free > 0):
        findings.append(eval_set.setup)
    judging, placed_at = eval_set.judging, eval_set.placed_at
    late = hung_setup(
        judging.now, judging.baselines, allowance, task, counts.queued, free, placed_at
    )
    stop = eval_set.on_purpose.stop
    held_back = eval_set.gated is not None or (
        stop is not None and stop.excuses(eval_set.judging.now)
    )
    if late is not None and not held_back:
        findings.append((Cause.HUNG_SETUP, late))
    frozen = eval_set.frozen.get(run_of(task))
    if frozen is not None and not task.samples and not counts.queued:
        findings.append((Cause.RUNNER_FROZEN, frozen))
    if (unfinished := never_finished(judging.now, judging.baselines, allowance, task)) is not None:
        findings.append((Cause.HUNG_TEARDOWN, unfinished))
    return findings


def _with_idle(base: TaskJudgment, findings: list[CauseFinding]) -> TaskJudgment:
    if not findings:
        return base
    fixed, rising = grown([finding for _, finding in findings])
    base = replace(
        base,
        suspicion=max(base.suspicion, *(f.suspicion for _, f in findings)),
        fixed=fixed,
        rising=rising,
        weighings=tuple((cause, f.weighing) for cause, f in findings if f.weighing is not None),
    )
    stuck = next(((cause, f) for cause, f in findings if f.suspicion >= 1), None)
    if stuck is None:
        return base
    cause, finding = stuck
    alone = not base.samples or base.verdict in {Verdict.STUCK, Verdict.STARTING}
    return replace(
        base,
        verdict=Verdict.STUCK if alone else Verdict.PARTIALLY_STUCK,
        cause=base.cause if base.verdict in STUCK_VERDICTS and base.cause else cause,
        since=earliest(base.since, finding.since),
        evidence=(*finding.evidence, *base.evidence),
    )


def _free_slots(eval_set: EvalSetContext, task: TaskState, counts: SampleCounts) -> int | None:
    """Free sample slots; None where the log doesn't say how many there are."""
    slots = task.spec.max_samples if task.spec else None
    sandboxes = eval_set.slots.free_sandboxes(task)
    if slots is None:
        return 0 if sandboxes == 0 else None
    free = max(0, slots - counts.running)
    return free if sandboxes is None else min(free, sandboxes)


def _counts(task: TaskState, samples: Iterable[SampleJudgment]) -> SampleCounts:
    by_state = task.ended_counts
    running = len(task.samples)
    subtotal = len(task.ended) + running
    total = task.spec.total_samples if task.spec else None
    total = max(total or 0, subtotal)
    return SampleCounts(
        total=total,
        completed=by_state.get("completed", 0),
        errored=by_state.get("errored", 0),
        cancelled=by_state.get("cancelled", 0),
        running=running,
        queued=total - subtotal,
        stuck=sum(sample.verdict is Verdict.STUCK for sample in samples),
    )


def _cause_of(samples: Sequence[SampleJudgment]) -> Cause | None:
    """The main cause of the stuck samples; where none is stuck, of the degraded ones."""
    stuck = main_cause(sample.cause for sample in samples if sample.verdict is Verdict.STUCK)
    degraded = (sample.cause for sample in samples if sample.verdict is Verdict.DEGRADED)
    return stuck or main_cause(degraded)


def _last_progress(task: TaskState) -> float | None:
    """When something last worked: an end in an error, or by somebody's will, is no progress."""
    within = (sample.last_progress_at for sample in task.samples.values())
    return latest(task.last_completed_at, task.last_worked_at, *within)
