"""The verdict of an eval set: from its tasks, and from what only the cluster can tell."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

from msgspec.structs import replace

from watchdog.diagnose.context import CauseFinding, EvalSetContext, JudgingContext
from watchdog.diagnose.erring import LEAST, ended_badly
from watchdog.diagnose.exceptions import no_page_of
from watchdog.diagnose.failing_sandbox import of_sandboxes
from watchdog.diagnose.leftovers import cost, leftovers
from watchdog.diagnose.lifecycle import deletion_stuck, hung_teardown, overdue_wait
from watchdog.diagnose.owners import unusable
from watchdog.diagnose.pods import restarts, warnings
from watchdog.diagnose.versions import untested
from watchdog.diagnose.words import actions, steps, summary
from watchdog.model.causes import main_of_counts
from watchdog.model.instants import clock, earliest, latest
from watchdog.model.judgment import Caution, Erring, EvalSetJudgment, TaskJudgment, Waiting
from watchdog.model.state import EvalSetState
from watchdog.model.told import Since, told
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Verdict, combine
from watchdog.model.words import count, duration

_TASKS_TOLD = 5
"""So many exceptions of single tasks are told with the eval set; each stands with its task."""


def judge_eval_set(context: EvalSetContext, tasks: tuple[TaskJudgment, ...]) -> EvalSetJudgment:
    """An eval set's verdict, cause, and the words for it."""
    state, now = context.state, context.judging.now
    verdict = _eval_set_verdict(state, tasks)
    stuck = [task for task in tasks if task.verdict in STUCK_VERDICTS]
    base = EvalSetJudgment(
        state=state,
        verdict=verdict,
        tasks=tasks,
        cause=_eval_set_cause(verdict, tasks),
        since=earliest(*(task.since for task in stuck)),
        evidence=(
            *_evidence(state, verdict),
            *untested(state),
            *_allowance_evidence(context),
            *islice(_of_tasks(tasks), _TASKS_TOLD),
        ),
        deleted_at=context.deletion.since if context.deletion else None,
        runner_started_at=_runner_started_at(state),
        muted=context.allowance.muted(now),
        no_page=no_page_of(context.exceptions),
    )
    base = base if tasks else _without_logs(context, base)
    base = _at_risk(context, base)
    held_back = context.suspended
    if tasks and held_back is not None and base.verdict is Verdict.WAITING:
        base = replace(base, evidence=(held_back.evidence, *base.evidence))
    base = _erring(context, _begun_anew(context, base))
    base = _ended_late(context, _deleted(context, base))
    base = _orphaned(context.judging, _waits_long(context, base))
    by_cause = steps(base)
    first = by_cause[0][1] if by_cause else actions(base)
    return replace(base, summary=summary(base), actions=first, steps=by_cause)


def _at_risk(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Its runner can't write what it does."""
    if context.never_written is not None:
        evidence = (*context.never_written.evidence[:1], *base.evidence)
        cause = Cause.LOG_WRITE_FAILED
        base = replace(base, verdict=Verdict.UNKNOWN, cause=cause, since=None, evidence=evidence)
    caution = context.at_risk
    if caution is None or base.verdict is Verdict.FINISHED:
        return base
    of_tasks = (e for task in base.tasks for e in task.evidence if e.kind == "log_write")
    evidence = tuple(dict.fromkeys((*of_tasks, *base.evidence)))
    return replace(base, evidence=evidence, cautions=(caution, *base.cautions))


def _runner_started_at(state: EvalSetState) -> float | None:
    jobs = state.cluster.view.jobs if state.cluster else ()
    return latest(*(job.created_at for job in jobs))


def _begun_anew(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Its logs are all finished, and a runner that was started since works on."""
    if base.verdict is not Verdict.FINISHED or context.restarted is None or not base.tasks:
        return base
    text = f"a runner was started again at {clock(context.restarted)}; its logs are older"
    evidence = (Evidence("startup", text, context.restarted), *base.evidence)
    base = replace(base, verdict=Verdict.STARTING, cause=None, evidence=evidence)
    return _never_going(context, base)


def _deleted(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """It was deleted, or is being deleted: nothing runs any more, whatever its logs say."""
    deletion = context.deletion
    if deletion is None:
        return base
    open_logs = any(task.status == "started" for task in context.state.tasks.values())
    evidence = base.evidence
    if open_logs or deletion.since is not None:
        evidence = (Evidence("deletion", deletion.text, deletion.since), *evidence)
    base = replace(base, verdict=Verdict.FINISHED, since=None, evidence=evidence)
    base = replace(base, cause=None) if open_logs else base
    judging = context.judging
    late = deletion_stuck(judging.now, judging.limits, context.state, deletion)
    return _cautioned(base, (Cause.DELETION_STUCK, late)) if late is not None else base


def _erring(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Its samples err: a warning for each cause, unless that is told of what is stuck already."""
    if base.verdict is Verdict.FINISHED:
        return base if context.deletion is not None else _ended_badly(context, base)
    by_cause: dict[Cause, list[tuple[TaskJudgment, Erring]]] = {}
    for task in base.tasks:
        findings = (task.erring, of_sandboxes(task), _badly_ended(context, task))
        for finding in filter(None, findings):
            by_cause.setdefault(finding.cause, []).append((task, finding))
    told = {sample.cause for task in base.tasks for sample in task.stuck()}
    told |= {task.cause for task in base.tasks if task.verdict in STUCK_VERDICTS}
    cautions = tuple(
        _of_errors(cause, findings) for cause, findings in by_cause.items() if cause not in told
    )
    return replace(base, cautions=(*base.cautions, *cautions))


def _badly_ended(context: EvalSetContext, task: TaskJudgment) -> Erring | None:
    """One of several tasks that is over, and most of its samples erred; the others go on."""
    is_over = task.verdict is Verdict.FINISHED and context.deletion is None
    ended = task.counts.completed + task.counts.errored
    return ended_badly(context.judging, (task,)) if is_over and ended >= LEAST else None


def _ended_badly(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """It is over, and more of its samples erred than completed."""
    badly = ended_badly(context.judging, base.tasks) if base.tasks else None
    if badly is None:
        return base
    caution = Caution(badly.cause, badly.since, badly.text)
    evidence = (*badly.evidence, *base.evidence)
    return replace(base, cause=badly.cause, evidence=evidence, cautions=(*base.cautions, caution))


def _of_errors(cause: Cause, findings: list[tuple[TaskJudgment, Erring]]) -> Caution:
    task, first = findings[0]
    texts = list(dict.fromkeys(finding.text for _, finding in findings))
    text = told("{}: {}", task.name, first.text) if len(findings) == 1 else first.text
    if len(texts) > 1:
        text = told("{}; and so in {} more of its tasks", text, len(findings) - 1)
    since = earliest(*(finding.since for _, finding in findings))
    tasks = tuple(task for task, _ in findings)
    return Caution(cause, since, text, tasks)


def _ended_late(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Its logs are finished, and the runner stays."""
    if base.verdict is not Verdict.FINISHED or context.deletion is not None:
        return base
    late = hung_teardown(context.judging.now, context.judging.limits, context.state)
    return _cautioned(base, (Cause.HUNG_TEARDOWN, late)) if late is not None else base


def _waits_long(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Something waits on purpose for longer than it should."""
    if base.verdict in _OVER:
        return base
    late = overdue_wait(context.judging.now, _waits(context, base.tasks))
    if late is None:
        return base
    evidence = tuple(dict.fromkeys((*base.evidence, *late[1].evidence)))
    return replace(base, evidence=evidence, cautions=_cautioned(base, late).cautions)


def _waits(context: EvalSetContext, tasks: tuple[TaskJudgment, ...]) -> Iterator[Waiting]:
    for task in tasks:
        for sample in task.samples:
            if sample.waiting is not None:
                yield sample.waiting
    if context.suspended is not None:
        yield context.suspended
    if context.gated is not None and any(task.counts.queued for task in tasks):
        yield context.gated


def _cautioned(base: EvalSetJudgment, finding: CauseFinding) -> EvalSetJudgment:
    """With a warning, where its time has come."""
    cause, late = finding
    if late.suspicion < 1:
        return base
    caution = Caution(cause, late.since, late.evidence[0].text)
    return replace(
        base,
        cause=cause,
        since=late.since,
        evidence=tuple(dict.fromkeys((*late.evidence, *base.evidence))),
        cautions=(*base.cautions, caution),
    )


_OVER = STUCK_VERDICTS | {Verdict.FINISHED, Verdict.UNKNOWN}


def _without_logs(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """No log was written yet, or ever: only the cluster can tell."""
    cluster, judging = context.state.cluster, context.judging
    if cluster is None:
        return base
    if judging.now - cluster.view.at > judging.max_age:
        return replace(base, verdict=Verdict.UNKNOWN)
    if context.suspended is not None:
        evidence = (context.suspended.evidence, *base.evidence)
        return replace(base, verdict=Verdict.WAITING, evidence=evidence)
    if not (cluster.view.jobs or cluster.view.runners or cluster.job):
        return replace(base, verdict=Verdict.FINISHED) if context.state.listed else base
    return _never_going(context, base)


def _never_going(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """Its runner is in trouble, or runs and writes no log."""
    startup = context.startup
    late = [(Cause.HUNG_STARTUP, startup)] if startup and base.verdict is Verdict.STARTING else []
    troubles = [context.runner] if context.runner is not None else []
    stuck = next((trouble for trouble in chain(troubles, late) if trouble[1].suspicion >= 1), None)
    if stuck is None:
        return base
    cause, finding = stuck
    evidence = (*finding.evidence, *base.evidence)
    return replace(base, verdict=Verdict.STUCK, cause=cause, since=finding.since, evidence=evidence)


def _orphaned(judging: JudgingContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """A finished eval set whose sandboxes remain stays finished, with that cause."""
    since = judging.orphans.since.get(base.state.eval_set_id)
    if since is None or base.verdict is not Verdict.FINISHED:
        return base
    pods = len(base.state.cluster.view.sandboxes) if base.state.cluster else 0
    text = told("{} sandbox pods are still there, {} after its end", pods, Since(since))
    evidence = (Evidence("sandboxes", text, since), *base.evidence)
    return replace(base, cause=Cause.ORPHANED_SANDBOX, since=since, evidence=evidence)


def _eval_set_verdict(state: EvalSetState, tasks: tuple[TaskJudgment, ...]) -> Verdict:
    if not tasks:
        return Verdict.UNKNOWN if state.unreadable or not state.listed else Verdict.STARTING
    relevant = [task for task in tasks if task.samples or task.verdict in _TOLD_WITHOUT_SAMPLES]
    return combine([task.verdict for task in relevant or tasks])


_TOLD_WITHOUT_SAMPLES = STUCK_VERDICTS | {Verdict.UNKNOWN, Verdict.WAITING, Verdict.DEGRADED}


def _eval_set_cause(verdict: Verdict, tasks: tuple[TaskJudgment, ...]) -> Cause | None:
    """The cause that most samples have, of the tasks that make the verdict."""
    verdicts = STUCK_VERDICTS if verdict in STUCK_VERDICTS else {verdict}
    samples: Counter[Cause] = Counter()
    for task in tasks:
        if task.verdict in verdicts and task.cause is not None:
            samples[task.cause] += max(1, len(task.stuck()))
    return main_of_counts(samples)


def _evidence(state: EvalSetState, verdict: Verdict) -> tuple[Evidence, ...]:
    """What is worth knowing of the eval set as a whole."""
    log_restarts = tuple(
        Evidence("sandbox_restarted", text, at) for at, text in state.restarts[-5:]
    )
    is_troubled = verdict in STUCK_VERDICTS or verdict is Verdict.DEGRADED
    rates = _rates(state) if is_troubled else ()
    cluster_warnings = warnings(state)[-3:] if verdict in STUCK_VERDICTS else ()
    left = cost(state, leftovers(state)) if verdict is not Verdict.FINISHED else ()
    told = (*log_restarts, *restarts(state)[-5:], *cluster_warnings)
    return (*told, *rates, *_sampled(state), *left)


def _allowance_evidence(context: EvalSetContext) -> Iterator[Evidence]:
    """What people said of it, and what could not be used of that."""
    muted = context.allowance.muted(context.judging.now)
    if muted is not None:
        until, reason = muted
        text = f"muted until {clock(until)}" + (f": {reason}" if reason else "")
        yield Evidence("muted", text)  # since when nobody wrote down
    for text in unusable(context.state, context.judging.now, context.judging.limits):
        yield Evidence("annotation", f"ignored: {text}")
    tasks = context.state.tasks.values()
    if not tasks or any(task.status == "started" for task in tasks):
        yield from (item.evidence for item in context.exceptions if item.is_told)


def _of_tasks(tasks: tuple[TaskJudgment, ...]) -> Iterator[Evidence]:
    """What people said of some of its tasks."""
    for task in tasks:
        for evidence in task.evidence:
            if evidence.kind == "told":
                yield replace(evidence, text=told("{}: {}", task.name, evidence.text))


def _rates(state: EvalSetState) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "throughput",
            f"{rate.model}: {_each(rate.requests_per_minute, 'request', 'requests')} and "
            f"{_each(rate.retries_per_minute, 'retry', 'retries')} a minute, "
            f"{count(rate.in_backoff, 'call')} in back-off",
            rate.at,
        )
        for rate in state.throughput.values()
    )


def _each(rate: float, singular: str, plural: str) -> str:
    number = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
    return f"{number} {singular if number == '1' else plural}"


def _sampled(state: EvalSetState) -> tuple[Evidence, ...]:
    if state.log_gap is None:
        return ()
    since, until = state.log_gap
    length = f", the last time {duration(until - since)} of it" if since is not None else ""
    text = f"the runner writes more than is read of its log: {state.log_gaps} gaps{length}"
    return (Evidence("log_sampled", text, until),)
