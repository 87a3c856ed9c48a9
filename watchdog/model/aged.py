"""Durations as of now: what is known of an eval set doesn't change while nothing happens, they do.

Records hold instants; a duration beside one is what it was when the record was made. Pure.
"""

from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.instants import from_timestamp
from watchdog.model.lazy_samples import LazySamples
from watchdog.model.report import (
    EvalSetFigures,
    EvalSetReport,
    PendingItem,
    RunningSample,
    TaskFigures,
    TaskReport,
)
from watchdog.model.told import said

S = TypeVar("S", bound=Struct)


def elapsed(since: str | None, now: float) -> float:
    """Seconds since a report's instant; 0 where there is none, or where it is still to come."""
    instant = from_timestamp(since)
    return max(0.0, now - instant) if instant is not None else 0.0


def aged(figures: EvalSetFigures, now: float) -> EvalSetFigures:
    """The same with the durations that it has at `now`; itself where none of them changes.

    Args:
        figures: of an eval set, as of any instant.
        now: seconds since the epoch.
    """
    tasks = tuple(_task_figures(task, now) for task in figures.tasks)
    reports = {id(old.report): new.report for old, new in zip(figures.tasks, tasks, strict=True)}
    in_report = tuple(reports.get(id(task)) or _task(task, now) for task in figures.report.tasks)
    report = _changed(
        figures.report,
        tasks=_same(figures.report.tasks, in_report),
        stuck_seconds=elapsed(figures.report.stuck_since, now),
        estimated_stuck_seconds=_estimated(figures, tasks),
        summary=said(figures.summary, now) if figures.summary else figures.report.summary,
    )
    return _changed(figures, report=report, tasks=_same(figures.tasks, tasks))


def aged_heads(figures: EvalSetFigures, now: float) -> EvalSetFigures:
    """The same, but of its own durations and its tasks' figures alone: what metrics show."""
    if not grows(figures):
        return figures
    tasks = tuple(_head(task, now) for task in figures.tasks)
    report = _changed(
        figures.report,
        stuck_seconds=elapsed(figures.report.stuck_since, now),
        estimated_stuck_seconds=_estimated(figures, tasks),
    )
    return replace(figures, report=report, tasks=tasks)


def grows(figures: EvalSetFigures) -> bool:
    """Whether a duration of the eval set, or of one of its tasks, changes with time alone."""
    report: EvalSetReport = figures.report
    return report.stuck_since is not None or any(
        task.rising or task.estimates or task.report.stuck_since is not None
        for task in figures.tasks
    )


def _estimated(figures: EvalSetFigures, tasks: tuple[TaskFigures, ...]) -> float:
    if not any(task.estimates for task in tasks):
        return figures.report.estimated_stuck_seconds
    return max(task.estimated_stuck_seconds for task in tasks)


def _task_figures(figures: TaskFigures, now: float) -> TaskFigures:
    report = _task(figures.report, now)
    return _changed(_head(figures, now), report=report)


def _head(figures: TaskFigures, now: float) -> TaskFigures:
    """A task's own durations, without its report's."""
    rising = figures.rising
    return _changed(
        figures,
        stuck_seconds=elapsed(figures.report.stuck_since, now),
        estimated_stuck_seconds=_of_samples(figures, now),
        suspicion=max((figures.suspicion, *(ramp.at(now) for ramp in rising)))
        if rising
        else figures.suspicion,
    )


def _of_samples(figures: TaskFigures, now: float) -> float:
    """The longest of the streaks of its samples."""
    return max((figures.estimated_stuck_seconds, *(ramp.at(now) for ramp in figures.estimates)))


def _task(task: TaskReport, now: float) -> TaskReport:
    stuck_seconds = elapsed(task.stuck_since, now)
    if isinstance(task.running, LazySamples):
        return replace(task, stuck_seconds=stuck_seconds, running=task.running.at(now))
    running = _running(tuple(task.running), now)
    return _changed(task, stuck_seconds=stuck_seconds, running=running)


def _running(samples: tuple[RunningSample, ...], now: float) -> tuple[RunningSample, ...]:
    return _same(samples, tuple(_sample(sample, now) for sample in samples))


def _sample(sample: RunningSample, now: float) -> RunningSample:
    """Of many: what doesn't change is found out first. Their estimates stay as they were."""
    pending = _pending(sample.pending, now)
    if sample.stuck_since is None and sample.stuck_seconds == 0.0:
        return sample if pending is sample.pending else replace(sample, pending=pending)
    return _changed(sample, stuck_seconds=elapsed(sample.stuck_since, now), pending=pending)


def _pending(pending: PendingItem | None, now: float) -> PendingItem | None:
    if pending is None:
        return None
    seconds = elapsed(pending.since, now)
    if seconds == pending.seconds:
        return pending
    return PendingItem(pending.kind, pending.name, pending.since, seconds)


def _changed(record: S, **fields: Any) -> S:  # noqa: ANN401 - any record's
    """A record with these fields; itself where they are what it has."""
    for name, value in fields.items():
        before = getattr(record, name)
        if before is not value and before != value:
            return replace(record, **fields)
    return record


def _same(before: tuple[S, ...], after: tuple[S, ...]) -> tuple[S, ...]:
    """The tuple that was there, where the same records are in it."""
    return before if all(a is b for a, b in zip(before, after, strict=True)) else after
