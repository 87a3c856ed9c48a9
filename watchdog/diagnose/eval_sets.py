"""The verdict of an eval set: from its tasks, and from what only the cluster can tell."""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from watchdog.diagnose.frame import EvalSetContext, JudgingContext
from watchdog.diagnose.pods import restarts, warnings
from watchdog.diagnose.words import actions, summary
from watchdog.model.instants import clock, earliest
from watchdog.model.judgment import EvalSetJudgment, TaskJudgment
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Verdict, combine
from watchdog.model.words import duration


def judge_eval_set(
    frame: JudgingContext, setting: EvalSetContext, tasks: tuple[TaskJudgment, ...]
) -> EvalSetJudgment:
    """An eval set's verdict, cause, and the words for it."""
    state = setting.state
    verdict = _eval_set_verdict(state, tasks)
    stuck = [task for task in tasks if task.verdict in STUCK_VERDICTS]
    base = EvalSetJudgment(
        state=state,
        verdict=verdict,
        tasks=tasks,
        cause=_eval_set_cause(verdict, tasks),
        since=earliest(*(task.since for task in stuck)),
        evidence=(*_evidence(state, verdict), *_said(setting, frame.now)),
        muted=setting.allowance.muted(frame.now),
    )
    base = base if tasks else _without_logs(frame, setting, base)
    base = _orphaned(frame, base)
    return replace(base, summary=summary(base, frame.now), actions=actions(base))


def _without_logs(
    frame: JudgingContext, setting: EvalSetContext, base: EvalSetJudgment
) -> EvalSetJudgment:
    """No log was written yet, or ever: only the cluster can tell."""
    cluster = setting.state.cluster
    if cluster is None:
        return base
    if frame.now - cluster.view.at > frame.max_age:
        return replace(base, verdict=Verdict.UNKNOWN)
    if setting.suspended:
        return replace(base, verdict=Verdict.WAITING)
    if not (cluster.view.jobs or cluster.view.runners):
        return replace(base, verdict=Verdict.FINISHED) if setting.state.listed else base
    trouble = setting.runner
    if trouble is None or trouble[1].suspicion < 1:
        return base
    cause, finding = trouble
    evidence = (*finding.evidence, *base.evidence)
    return replace(base, verdict=Verdict.STUCK, cause=cause, since=finding.since, evidence=evidence)


def _orphaned(frame: JudgingContext, base: EvalSetJudgment) -> EvalSetJudgment:
    """A finished eval set whose sandboxes remain stays finished, with that cause."""
    since = frame.orphans.since.get(base.state.eval_set_id)
    if since is None or base.verdict is not Verdict.FINISHED:
        return base
    pods = len(base.state.cluster.view.sandboxes) if base.state.cluster else 0
    text = f"{pods} sandbox pods are still there, {duration(frame.now - since)} after its end"
    evidence = (Evidence("sandboxes", text, since), *base.evidence)
    return replace(base, cause=Cause.ORPHANED_SANDBOX, since=since, evidence=evidence)


def _eval_set_verdict(state: EvalSetState, tasks: tuple[TaskJudgment, ...]) -> Verdict:
    if not tasks:
        return Verdict.UNKNOWN if state.unreadable or not state.listed else Verdict.STARTING
    counted = [task for task in tasks if task.samples or task.verdict in _TOLD_WITHOUT_SAMPLES]
    return combine([task.verdict for task in counted or tasks])


_TOLD_WITHOUT_SAMPLES = STUCK_VERDICTS | {Verdict.UNKNOWN, Verdict.WAITING}


def _eval_set_cause(verdict: Verdict, tasks: tuple[TaskJudgment, ...]) -> Cause | None:
    """The cause that most samples have, of the tasks that make the verdict."""
    making = STUCK_VERDICTS if verdict in STUCK_VERDICTS else {verdict}
    weights = Counter[Cause]()
    for task in tasks:
        if task.verdict in making and task.cause is not None:
            weights[task.cause] += max(1, len(task.stuck()))
    return max(weights, key=lambda cause: weights[cause], default=None)


def _evidence(state: EvalSetState, verdict: Verdict) -> tuple[Evidence, ...]:
    """What is worth knowing of the eval set as a whole."""
    logged = tuple(Evidence("sandbox_restarted", text, at) for at, text in state.restarts[-5:])
    troubled = verdict in STUCK_VERDICTS or verdict is Verdict.DEGRADED
    rates = _rates(state) if troubled else ()
    warned = warnings(state)[-3:] if verdict in STUCK_VERDICTS else ()
    return (*logged, *restarts(state)[-5:], *warned, *rates, *_sampled(state))


def _said(setting: EvalSetContext, now: float) -> Iterator[Evidence]:
    """What people said of it, and what could not be used of that."""
    muted = setting.allowance.muted(now)
    if muted is not None:
        until, reason = muted
        text = f"muted until {clock(until)}" + (f": {reason}" if reason else "")
        yield Evidence("muted", text, until)
    for job in setting.state.cluster.view.jobs if setting.state.cluster else ():
        yield from (Evidence("annotation", f"ignored: {each}") for each in job.ignored)


def _rates(state: EvalSetState) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "throughput",
            f"{told.model}: {told.requests_per_minute:g} requests and {told.retries_per_minute:g} "
            f"retries a minute, {told.in_backoff} calls in back-off",
            told.at,
        )
        for told in state.throughput.values()
    )


def _sampled(state: EvalSetState) -> tuple[Evidence, ...]:
    if state.log_gap is None:
        return ()
    since, until = state.log_gap
    length = f", the last time {duration(until - since)} of it" if since is not None else ""
    text = f"the runner writes more than is read of its log: {state.log_gaps} gaps{length}"
    return (Evidence("log_sampled", text, until),)
