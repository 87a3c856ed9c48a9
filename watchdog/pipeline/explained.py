"""From judgments to what `watchdog explain` tells."""

from collections.abc import Iterable

from msgspec import Struct

from watchdog.diagnose.baselines import SHARES
from watchdog.model.explained import (
    Explained,
    ExplainedExplanation,
    ExplainedSample,
    ExplainedTask,
    ExplainedWeighing,
    Knob,
)
from watchdog.model.instants import timestamp
from watchdog.model.judgment import EvalSetJudgment, SampleJudgment, TaskJudgment
from watchdog.model.learned import Learned
from watchdog.model.report import EvidenceItem
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import said
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.weighing import Weighing
from watchdog.model.words import outcomes

MAX_SAMPLES = 20


class Experience(Struct, frozen=True):
    """What was learned, and where."""

    learned: Learned
    origin: str


def explained_eval_set(
    judgment: EvalSetJudgment,
    sample: str | None,
    limits: Thresholds,
    now: float,
    experience: Experience,
) -> Explained:
    """An eval set with its most suspicious samples, or with those of a name alone.

    Args:
        judgment: of `judge`, asked to explain.
        sample: what a person calls the sample that is asked for; None for all of them.
        limits: the knob.
        now: the instant that was judged at, seconds since the epoch.
        experience: what was judged by.
    """
    samples = [_sample(task, entry, now) for task in judgment.tasks for entry in task.samples]
    matches = [entry for entry in samples if sample is None or sample in _names(entry)]
    matches.sort(key=lambda entry: -entry.suspicion)
    return Explained(
        eval_set_id=judgment.state.eval_set_id,
        now=timestamp(now),
        verdict=judgment.verdict,
        cause=judgment.cause,
        summary=said(judgment.summary, now),
        knob=Knob(
            limits.false_pages_per_week,
            limits.false_warnings_per_week,
            {str(family): share for family, share in SHARES.items()},
        ),
        learned_weeks=experience.learned.weeks,
        learned_from=experience.origin,
        tasks=() if sample else tuple(_task(task, now) for task in judgment.tasks),
        samples=tuple(matches[:MAX_SAMPLES]),
        left_out=max(0, len(matches) - MAX_SAMPLES),
    )


def _names(sample: ExplainedSample) -> frozenset[str | None]:
    """What a person may call it."""
    short = f"{sample.id}/{sample.epoch}"
    return frozenset({sample.id, short, f"{sample.task}/{short}", sample.uuid})


def _task(task: TaskJudgment, now: float) -> ExplainedTask:
    """A task with what was weighed of itself."""
    return ExplainedTask(task.name, task.verdict, task.cause, _weighings(task.weighings, now))


def _sample(task: TaskJudgment, sample: SampleJudgment, now: float) -> ExplainedSample:
    """A running sample with everything that was weighed."""
    state = sample.state
    return ExplainedSample(
        task=task.name,
        id=state.key.id,
        epoch=state.key.epoch,
        uuid=state.uuid,
        verdict=sample.verdict,
        cause=sample.cause,
        phase=sample.phase,
        stuck_since=timestamp(sample.since),
        suspicion=sample.suspicion,
        recent=outcomes(state.recent),
        evidence=tuple(_evidence(item, now) for item in sample.evidence),
        weighings=_weighings(sample.weighings, now),
    )


def _evidence(evidence: Evidence, now: float) -> EvidenceItem:
    return EvidenceItem(timestamp(evidence.at), evidence.kind, evidence.said(now))


def _weighings(
    by_cause: Iterable[tuple[Cause, Weighing]], now: float
) -> tuple[ExplainedWeighing, ...]:
    weighings = [_weighing(cause, weighing, now) for cause, weighing in by_cause]
    return tuple(sorted(weighings, key=lambda weighing: -weighing.suspicion))


def _weighing(cause: Cause, weighing: Weighing, now: float) -> ExplainedWeighing:
    by_odds = weighing.limit is None
    return ExplainedWeighing(
        cause=cause,
        subject=said(weighing.subject, now),
        suspicion=weighing.suspicion,
        explanations=tuple(
            ExplainedExplanation(e.name, said(e.text, now), e.expected_per_week, e.tolerated)
            for e in weighing.explanations
        ),
        change=tuple(said(text, now) for text in weighing.change),
        enough=weighing.enough,
        weight=weighing.weight if by_odds else None,
        bound=weighing.bound if by_odds else None,
        lasted_seconds=weighing.lasted,
        limit_seconds=weighing.limit,
    )
