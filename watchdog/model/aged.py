"""Durations as of now: what is known of an eval set doesn't change while nothing happens, they do.

Records hold instants; a duration beside one is what it was when the record was made. Pure.
"""

from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.instants import from_timestamp
from watchdog.model.report import (
    EvalSetFigures,
    EvalSetReport,
    PendingItem,
    Ramp,
    RunningSample,
    TaskFigures,
    TaskReport,
)

S = TypeVar("S", bound=Struct)


def elapsed(since: str | None, now: float) -> float:
    """Seconds since a report's instant; 0 where there is none, or where it is still to come."""
    instant = from_timestamp(since)
    return max(0.0, now - instant) if instant is not None else 0.0


def aged(figures: EvalSetFigures, now: float, *, samples: bool = True) -> EvalSetFigures:
    """The same with the durations that it has at `now`; itself where none of them changes.

    Args:
        figures: of an eval set, as of any instant.
        now: seconds since the epoch.
        samples: whether those of the single samples are wanted too.
    """
    if not samples and not grows(figures):
        return figures
    tasks = tuple(_task_figures(task, now, samples) for task in figures.tasks)
    reports = {id(old.report): new.report for old, new in zip(figures.tasks, tasks, strict=True)}
    report = _changed(
        figures.report,
        tasks=_same(
            figures.report.tasks,
            tuple(
                reports.get(id(task)) or _task(task, now, (), samples)
                for task in figures.report.tasks
            ),
        ),
        stuck_seconds=elapsed(figures.report.stuck_since, now),
        estimated_stuck_seconds=_estimated(figures, tasks),
    )
    return _changed(figures, report=report, tasks=_same(figures.tasks, tasks))


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


def _task_figures(figures: TaskFigures, now: float, samples: bool) -> TaskFigures:
    report = _task(figures.report, now, figures.estimates, samples)
    return _changed(
        figures,
        report=report,
        stuck_seconds=report.stuck_seconds,
        estimated_stuck_seconds=_of_samples(figures, now),
        suspicion=max((figures.suspicion, *(ramp.at(now) for ramp in figures.rising))),
    )


def _of_samples(figures: TaskFigures, now: float) -> float:
    """The longest of the streaks of its samples."""
    if not figures.estimates:
        return figures.estimated_stuck_seconds
    pairs = zip(figures.report.running, figures.estimates, strict=True)
    return max(_estimate(sample, ramp, now) for sample, ramp in pairs)


def _estimate(sample: RunningSample, ramp: Ramp | None, now: float) -> float:
    return sample.estimated_stuck_seconds if ramp is None else ramp.at(now)


def _task(
    task: TaskReport, now: float, estimates: tuple[Ramp | None, ...], samples: bool
) -> TaskReport:
    running = _running(task.running, now, estimates) if samples else task.running
    return _changed(task, stuck_seconds=elapsed(task.stuck_since, now), running=running)


def _running(
    samples: tuple[RunningSample, ...], now: float, estimates: tuple[Ramp | None, ...]
) -> tuple[RunningSample, ...]:
    ramps = estimates or (None,) * len(samples)
    pairs = zip(samples, ramps, strict=True)
    return _same(samples, tuple(_sample(sample, ramp, now) for sample, ramp in pairs))


def _sample(sample: RunningSample, ramp: Ramp | None, now: float) -> RunningSample:
    pending = sample.pending
    if sample.stuck_since is None and ramp is None and (pending is None or pending.since is None):
        return sample
    return _changed(
        sample,
        stuck_seconds=elapsed(sample.stuck_since, now),
        pending=_pending(pending, now) if pending is not None else None,
        estimated_stuck_seconds=_estimate(sample, ramp, now),
    )


def _pending(pending: PendingItem, now: float) -> PendingItem:
    return _changed(pending, seconds=elapsed(pending.since, now))


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
