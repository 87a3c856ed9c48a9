"""The verdict of an eval set: from its tasks, and from what only the cluster can tell."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from watchdog.diagnose.context import EvalSetContext, JudgingContext
from watchdog.diagnose.exceptions import no_page_of
from watchdog.diagnose.owners import unusable
from watchdog.diagnose.pods import restarts, warnings
from watchdog.diagnose.words import actions, summary
from watchdog.model.causes import main_of_counts
from watchdog.model.instants import clock, earliest
from watchdog.model.judgment import EvalSetJudgment, TaskJudgment
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Verdict, combine
from watchdog.model.words import duration

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
            *_allowance_evidence(context),
            *islice(_of_tasks(tasks), _TASKS_TOLD),
        ),
        muted=context.allowance.muted(now),
        no_page=no_page_of(context.exceptions),
    )
    base = base if tasks else _without_logs(context, base)
    base = _orphaned(context.judging, base)
    return replace(base, summary=summary(base, now), actions=actions(base))


def _without_logs(context: EvalSetContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """No log was written yet, or ever: only the cluster can tell."""
    cluster, judging = context.state.cluster, context.judging
    if cluster is None:
        return base
    if judging.now - cluster.view.at > judging.max_age:
        return replace(base, verdict=Verdict.UNKNOWN)
    if context.suspended:
        return replace(base, verdict=Verdict.WAITING)
    if not (cluster.view.jobs or cluster.view.runners):
        return replace(base, verdict=Verdict.FINISHED) if context.state.listed else base
    trouble = context.runner
    if trouble is None or trouble[1].suspicion < 1:
        return base
    cause, finding = trouble
    evidence = (*finding.evidence, *base.evidence)
    return replace(base, verdict=Verdict.STUCK, cause=cause, since=finding.since, evidence=evidence)


def _orphaned(judging: JudgingContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """A finished eval set whose sandboxes remain stays finished, with that cause."""
    since = judging.orphans.since.get(base.state.eval_set_id)
    if since is None or base.verdict is not Verdict.FINISHED:
        return base
    pods = len(base.state.cluster.view.sandboxes) if base.state.cluster else 0
    text = f"{pods} sandbox pods are still there, {duration(judging.now - since)} after its end"
    evidence = (Evidence("sandboxes", text, since), *base.evidence)
    return replace(base, cause=Cause.ORPHANED_SANDBOX, since=since, evidence=evidence)


def _eval_set_verdict(state: EvalSetState, tasks: tuple[TaskJudgment, ...]) -> Verdict:
    if not tasks:
        return Verdict.UNKNOWN if state.unreadable or not state.listed else Verdict.STARTING
    relevant = [task for task in tasks if task.samples or task.verdict in _TOLD_WITHOUT_SAMPLES]
    return combine([task.verdict for task in relevant or tasks])


_TOLD_WITHOUT_SAMPLES = STUCK_VERDICTS | {Verdict.UNKNOWN, Verdict.WAITING}


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
    return (*log_restarts, *restarts(state)[-5:], *cluster_warnings, *rates, *_sampled(state))


def _allowance_evidence(context: EvalSetContext) -> Iterator[Evidence]:
    """What people said of it, and what could not be used of that."""
    muted = context.allowance.muted(context.judging.now)
    if muted is not None:
        until, reason = muted
        text = f"muted until {clock(until)}" + (f": {reason}" if reason else "")
        yield Evidence("muted", text, until)
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
                yield replace(evidence, text=f"{task.name}: {evidence.text}")


def _rates(state: EvalSetState) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "throughput",
            f"{rate.model}: {rate.requests_per_minute:g} requests and {rate.retries_per_minute:g} "
            f"retries a minute, {rate.in_backoff} calls in back-off",
            rate.at,
        )
        for rate in state.throughput.values()
    )


def _sampled(state: EvalSetState) -> tuple[Evidence, ...]:
    if state.log_gap is None:
        return ()
    since, until = state.log_gap
    length = f", the last time {duration(until - since)} of it" if since is not None else ""
    text = f"the runner writes more than is read of its log: {state.log_gaps} gaps{length}"
    return (Evidence("log_sampled", text, until),)
