"""Judgments to the contract's report, and to the snapshot that all surfaces read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import inf

from msgspec.structs import replace

from watchdog.model.causes import main_cause
from watchdog.model.digest import Digest, digest_of, due_after, kinds_of, oldest
from watchdog.model.instants import earliest, latest, timestamp
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment, Waiting
from watchdog.model.lazy_samples import LazySamples
from watchdog.model.probe import Conclusion
from watchdog.model.probe_reports import probe_report
from watchdog.model.report import (
    CauseSteps,
    ConclusionReport,
    ErroredSample,
    EvalSetFigures,
    EvalSetReport,
    EvidenceItem,
    IncidentReport,
    OutsideReport,
    PendingItem,
    ProblemReport,
    Ramp,
    Report,
    RunningSample,
    Snapshot,
    SourceReport,
    TaskCalls,
    TaskFigures,
    TaskReport,
    restriction_text,
    secret_models,
)
from watchdog.model.resting import calls_of
from watchdog.model.state import ErroredEntry
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.texts import cut, first_line
from watchdog.model.told import said
from watchdog.model.verdict import (
    STUCK_VERDICTS,
    Cause,
    Evidence,
    EvidenceKind,
    Incident,
    Problem,
    Verdict,
    worst,
)
from watchdog.model.weighing import NOT_ENOUGH
from watchdog.model.words import outcomes

_TEXT_MAX = 1000
_MODELS_MAX = 500
_AWAITED: dict[EvidenceKind, str] = {"approval": "approval", "input": "answer"}
_PENDING_KIND = {"model": "model", "tool": "tool", "sandbox": "tool", "input": "input"}


def snapshot(  # noqa: PLR0913, PLR0917 - all that it is made of
    eval_sets: tuple[EvalSetJudgment, ...],
    incidents: tuple[Incident, ...],
    problems: Iterable[Problem],
    now: float,
    troubled: frozenset[str] = frozenset(),
    not_watched: int = 0,
    figures: tuple[EvalSetFigures, ...] | None = None,
) -> Snapshot:
    """Everything that one evaluation found, ready to be shown; `figures` where they are there."""
    if figures is None:
        figures = tuple(figures_of(eval_set, now) for eval_set in eval_sets)
    verdict = worst([eval_set.verdict for eval_set in eval_sets])
    sources: dict[str, set[str]] = {}
    for eval_set in eval_sets:
        sources.setdefault(eval_set.state.eval_set_id, set()).add(eval_set.state.source)
    secret = {f.report.eval_set_id: secret_models(f.report) for f in figures}
    half_read = frozenset(e.state.eval_set_id for e in eval_sets if e.state.half_read)
    report = Report(
        now=timestamp(now),
        verdict=verdict,
        cause=_cause_of(verdict, eval_sets),
        eval_sets=tuple(figure.report for figure in figures),
        incidents=tuple(
            _incident(incident, sources, secret, half_read=bool(half_read))
            for incident in incidents
        ),
        problems=tuple(ProblemReport(_cut(p.where), _cut(p.text), p.source) for p in problems),
        not_watched=not_watched,
    )
    undecided = frozenset(e.state.eval_set_id for e in eval_sets if _undecided(e))
    subjects = {incident.id: incident.subjects for incident in incidents if incident.subjects}
    return Snapshot(
        now, report, figures, undecided, half_read=half_read, troubled=troubled, subjects=subjects
    )


def with_sources(
    evaluation: Snapshot, sources: tuple[SourceReport, ...], max_age: float
) -> Snapshot:
    """With how the sources answer: of what one holds that isn't heard of nobody can say much."""
    report = replace(evaluation.report, sources=sources)
    if any(_is_unheard(source, evaluation.at, max_age) for source in sources if not source.part_of):
        verdict = worst((report.verdict, Verdict.UNKNOWN))
        cause = report.cause if verdict is report.verdict else None
        report = replace(report, verdict=verdict, cause=cause)
    return replace(evaluation, report=report)


def _is_unheard(source: SourceReport, now: float, max_age: float) -> bool:
    since = instant(source.since)
    is_old = source.state == "silent" and since is not None and now - since > max_age
    return source.state == "unread" or is_old


def _undecided(eval_set: EvalSetJudgment) -> bool:
    """Whether something that could confirm or end an incident could not be read."""
    if eval_set.verdict is Verdict.UNKNOWN:
        return True
    kinds = (kind for task in eval_set.tasks for kind, _ in kinds_of(task.samples))
    verdicts = {verdict for _, verdict, _ in kinds}
    return Verdict.UNKNOWN in verdicts | {task.verdict for task in eval_set.tasks}


def _cause_of(verdict: Verdict, eval_sets: tuple[EvalSetJudgment, ...]) -> Cause | None:
    return main_cause(eval_set.cause for eval_set in eval_sets if eval_set.verdict is verdict)


Anew = Callable[[str, SampleJudgment], SampleJudgment]
"""A sample's judgment for whoever reads it, by its log's name and what is kept."""


def _as_kept(_log: str, judgment: SampleJudgment) -> SampleJudgment:
    return judgment


def figures_of(
    eval_set: EvalSetJudgment, now: float, *, lazily: bool = False, anew: Anew = _as_kept
) -> EvalSetFigures:
    """What surfaces show of an eval set.

    Args:
        eval_set: as it was judged.
        now: seconds since the epoch.
        lazily: whether its samples are told only when they are read.
        anew: what is to be told of a sample then.
    """
    cluster = eval_set.state.cluster
    name = eval_set.state.eval_set_id
    tasks = tuple(
        _task_figures(name, task, now, anew if lazily else None) for task in eval_set.tasks
    )
    report = EvalSetReport(
        eval_set_id=eval_set.state.eval_set_id,
        verdict=eval_set.verdict,
        cause=eval_set.cause,
        summary=said(eval_set.summary, now),
        started_at=timestamp(earliest(*(_created(task) for task in eval_set.tasks))),
        last_progress_at=timestamp(latest(*(task.last_progress_at for task in eval_set.tasks))),
        stuck_since=timestamp(eval_set.since),
        stuck_seconds=_elapsed(eval_set.since, now),
        estimated_stuck_seconds=max((t.estimated_stuck_seconds for t in tasks), default=0.0),
        actions=tuple(action.told for action in eval_set.actions),
        tasks=tuple(task.report for task in tasks),
        evidence=_evidence(eval_set.evidence, now),
        submitter=_cut(cluster.view.created_by) if cluster else "",
        email=_cut(cluster.view.email) if cluster else "",
        model_access=_cut(cluster.view.model_access) if cluster else "",
        model_groups=eval_set.state.access,
        models=_models(eval_set, tasks),
        team=_cut(cluster.view.team) if cluster else "",
        runner_started_at=timestamp(eval_set.runner_started_at),
        deleted_at=timestamp(eval_set.deleted_at),
        source=eval_set.state.source,
        name=eval_set.state.own_name,
        inspect_id=_inspect_id(eval_set),
        steps=tuple(CauseSteps(c, tuple(a.told for a in some)) for c, some in eval_set.steps),
    )
    no_page = eval_set.is_warned_of is not None
    return EvalSetFigures(report, tasks, _is_muted(eval_set), no_page, eval_set.summary)


def _inspect_id(eval_set: EvalSetJudgment) -> str:
    state = eval_set.state
    return "" if state.inspect_id in {state.own_name, state.eval_set_id} else state.inspect_id


def _models(eval_set: EvalSetJudgment, tasks: Iterable[TaskFigures]) -> tuple[str, ...]:
    called = (_cut(name) for task in eval_set.tasks for name in digest_of(task.samples).called)
    names = (*(task.report.model for task in tasks), *eval_set.state.model_names, *called)
    return tuple(dict.fromkeys(name for name in names if name))[:_MODELS_MAX]


def _is_muted(eval_set: EvalSetJudgment) -> bool:
    stuck = [task for task in eval_set.tasks if task.verdict in STUCK_VERDICTS]
    all_muted = bool(stuck) and all(task.muted is not None for task in stuck)
    return eval_set.muted is not None or all_muted


def _task_figures(
    eval_set_id: str, task: TaskJudgment, now: float, anew: Anew | None
) -> TaskFigures:
    report, digest = _task(task, now, anew), digest_of(task.samples)
    return TaskFigures(
        eval_set_id=eval_set_id,
        report=report,
        calls=_calls(task),
        fail_streak=digest.fail_streak,
        suspicion=task.suspicion_at(now),
        estimated_stuck_seconds=digest.estimated(now),
        stuck_seconds=report.stuck_seconds,
        last_progress_at=task.last_progress_at,
        estimates=due_after(digest.waits, now),
        rising=_rising(task, digest),
    )


def _rising(task: TaskJudgment, digest: Digest) -> tuple[Ramp, ...]:
    """How the suspicion of the task and of its samples grows by time alone."""
    return tuple(
        Ramp(0.0, rise.since, rise.limit * (inf if rise.enough else NOT_ENOUGH), 1 / rise.limit)
        for rise in oldest((*task.rising, *digest.rises))
        if rise.limit > 0
    )


def _calls(task: TaskJudgment) -> TaskCalls:
    failed, (ok, of_samples) = Counter(dict(task.state.calls_failed)), calls_of(task.state.samples)
    failed.update(dict(of_samples))
    return TaskCalls(task.state.calls_ok + ok, dict(failed))


def _task(task: TaskJudgment, now: float, anew: Anew | None) -> TaskReport:
    tell = partial(_running_samples, task, _as_kept)
    samples = partial(_running_samples, task, anew) if anew is not None else tell
    return TaskReport(
        task=task.name,
        model=task.model,
        log=task.state.log.rsplit("/", 1)[-1],
        verdict=task.verdict,
        cause=task.cause,
        last_progress_at=timestamp(task.last_progress_at),
        stuck_since=timestamp(task.since),
        stuck_seconds=_elapsed(task.since, now),
        samples=task.counts,
        errored=tuple(_errored_sample(entry) for entry in task.state.errored),
        http_retries=task.state.http_retries,
        running=LazySamples(len(task.samples), tell, now, again=samples)
        if anew is not None
        else tuple(tell(now)),
        evidence=_evidence(task.evidence, now),
        task_id=task.state.task_id,
    )


def _errored_sample(entry: ErroredEntry) -> ErroredSample:
    summary = entry.summary
    return ErroredSample(
        id=summary.key.id,
        epoch=summary.key.epoch,
        uuid=summary.uuid,
        at=timestamp(summary.completed_at),
        cause=entry.cause,
        error=first_line(summary.error or "", _TEXT_MAX),
    )


def _fail_streak(sample: SampleJudgment) -> int:
    streak = sample.state.streak
    return streak.count if streak is not None else 0


def _running_samples(task: TaskJudgment, anew: Anew, now: float) -> Iterator[RunningSample]:
    log = task.state.log
    return (_running_sample(anew(log, sample), now) for sample in task.samples)


def _running_sample(sample: SampleJudgment, now: float) -> RunningSample:
    state = sample.state
    return RunningSample(
        id=state.key.id,
        epoch=state.key.epoch,
        uuid=state.uuid,
        verdict=sample.verdict,
        cause=sample.cause,
        phase=sample.phase,
        started_at=timestamp(state.started_at),
        last_event_at=timestamp(state.last_event_at),
        last_success_at=timestamp(state.last_success_at),
        stuck_since=timestamp(sample.since),
        stuck_seconds=_elapsed(sample.since, now),
        retries=state.fail_total,
        fail_streak=_fail_streak(sample),
        recent=outcomes(state.recent),
        pending=_pending(sample, now) or _awaited(sample.waiting, now),
        wait_seconds=sample.wait,
        next_attempt_at=timestamp(sample.next_at),
        estimated_stuck_seconds=sample.estimated(now),
        evidence=_evidence(sample.evidence, now),
    )


def _pending(sample: SampleJudgment, now: float) -> PendingItem | None:
    """What it waits for: the call that hangs, else the innermost open one, the newest."""
    call = sample.open_call
    if call is None:
        return None
    if call.kind == "sandbox":
        call = next((c for c in reversed(sample.state.open_calls) if c.kind == "tool"), call)
    kind = _PENDING_KIND[call.kind]
    return PendingItem(kind, _cut(call.name), timestamp(call.since), _elapsed(call.since, now))  # type: ignore[arg-type]


def _awaited(waiting: Waiting | None, now: float) -> PendingItem | None:
    """A person who is waited for without an open call."""
    name = _AWAITED.get(waiting.evidence.kind) if waiting is not None else None
    if waiting is None or name is None:
        return None
    return PendingItem("input", name, timestamp(waiting.since), _elapsed(waiting.since, now))


def _evidence(items: Iterable[Evidence], now: float) -> tuple[EvidenceItem, ...]:
    return tuple(
        EvidenceItem(timestamp(item.at), item.kind, _cut(item.said(now))) for item in items
    )


def _incident(
    incident: Incident,
    sources: Mapping[str, set[str]],
    secret: Mapping[str, tuple[str, ...]],
    *,
    half_read: bool,
) -> IncidentReport:
    names = {source for name in incident.eval_sets for source in sources.get(name, ())}
    models = (name for eval_set_id in incident.eval_sets for name in secret.get(eval_set_id, ()))
    return IncidentReport(
        id=incident.id,
        scope=incident.scope,
        subject=incident.subject,
        cause=incident.cause,
        since=timestamp(incident.since),
        eval_sets=incident.eval_sets,
        summary=incident.summary,
        actions=tuple(action.told for action in incident.actions),
        models=incident.models,
        muted_until=timestamp(incident.muted_until),
        muted_reason=_cut(incident.muted_reason),
        severity=incident.severity,
        verdict=incident.verdict,
        restriction=restriction_text(incident.restricted_to),
        stuck_samples=incident.stuck_samples,
        peers=_cut(incident.peers),
        conclusions=tuple(conclusion_report(conclusion) for conclusion in incident.conclusions),
        outside=tuple(_outside(report) for report in incident.outside),
        in_cluster=incident.in_cluster,
        runner_died=incident.runner_died,
        sources=tuple(sorted(names - {""})),
        secret_models=tuple(dict.fromkeys(models))[:_MODELS_MAX],
        half_read=half_read,
        reading=incident.reading,
    )


def conclusion_report(conclusion: Conclusion) -> ConclusionReport:
    """What direct API tests mean, as the report has it."""
    return ConclusionReport(
        model=conclusion.model,
        meaning=conclusion.meaning,
        confidence=conclusion.confidence,
        sentence=_cut(conclusion.sentence),
        at=timestamp(conclusion.at),
        next_attempt_at=timestamp(conclusion.next_attempt_at),
        tests=tuple(probe_report(result, _TEXT_MAX) for result in conclusion.results),
    )


def _outside(incident: StatusPageIncident) -> OutsideReport:
    return OutsideReport(
        provider=incident.provider,
        title=_cut(incident.title),
        status=_cut(incident.status),
        url=_cut(incident.url),
        since=timestamp(incident.since),
    )


def _created(task: TaskJudgment) -> float | None:
    return task.state.spec.created_at if task.state.spec else None


def _elapsed(since: float | None, now: float) -> float:
    return max(0.0, now - since) if since is not None else 0.0


def _cut(text: str) -> str:
    return cut(text, _TEXT_MAX)
