"""The metric families that a snapshot yields: a record each, with a pure function.

Label sets are bounded: eval set, task and model, never a sample, pod or error text.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.causes import ERROR_CAUSES
from watchdog.model.report import EvalSetFigures, Snapshot, TaskFigures
from watchdog.model.texts import clean
from watchdog.model.verdict import Verdict, worst

MAX_LABEL = 128
TASK = ("eval_set_id", "task", "model")

Labels = tuple[str, ...]
Sample = tuple[Labels, float]


class Series(Struct, frozen=True):
    """A snapshot by label sets; what shares one (a task run twice in an eval set) is merged."""

    eval_sets: dict[Labels, list[EvalSetFigures]]
    tasks: dict[Labels, list[TaskFigures]]
    incidents: dict[Labels, int]
    tests: dict[Labels, float]
    """1 where the newest direct API test passed, else 0."""


class Family(Struct, frozen=True):
    """A metric family."""

    name: str
    type: Literal["gauge", "counter"]
    help: str
    labels: Labels
    samples: Callable[[Series], Iterable[Sample]]
    grows: bool = False
    """Whether its values may grow while nothing happens."""


def label(value: str | None) -> str:
    """A label's value: one visible line of bounded length, empty for null."""
    return clean(value or "", MAX_LABEL)


def series(snapshot: Snapshot) -> Series:
    """Group a snapshot by label sets."""
    eval_sets, fleet = of_eval_sets(snapshot.figures), of_fleet(snapshot)
    return replace(eval_sets, incidents=fleet.incidents, tests=fleet.tests)


def of_eval_sets(all_figures: Iterable[EvalSetFigures]) -> Series:
    """Group eval sets by label sets."""
    eval_sets: dict[Labels, list[EvalSetFigures]] = {}
    tasks: dict[Labels, list[TaskFigures]] = {}
    for figures in all_figures:
        eval_sets.setdefault((label(figures.report.eval_set_id),), []).append(figures)
        for task in figures.tasks:
            names = (task.eval_set_id, task.report.task, task.report.model)
            tasks.setdefault(tuple(map(label, names)), []).append(task)
    return Series(eval_sets, tasks, {}, {})


def of_fleet(snapshot: Snapshot) -> Series:
    """Group what is told of no single eval set."""
    incidents: dict[Labels, int] = {}
    for incident in snapshot.report.incidents:
        if incident.verdict is Verdict.DEGRADED and incident.cause not in ERROR_CAUSES:
            # the alerts on a provider's and on many incidents are about what is stuck
            continue
        key = (label(incident.scope), label(incident.cause))
        incidents[key] = incidents.get(key, 0) + 1
    tests = {
        tuple(map(label, (test.route, test.provider, test.model, test.size))): float(test.passed)
        for test in snapshot.tests
    }
    return Series({}, {}, incidents, tests)


def _states(labels: Labels, current: Verdict) -> Iterator[Sample]:
    for verdict in Verdict:
        yield (*labels, verdict), float(verdict is current)


def _eval_set_verdict(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.eval_sets.items():
        yield from _states(labels, worst([figures.report.verdict for figures in group]))


def _eval_set_stuck(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.eval_sets.items():
        longest = max(group, key=lambda figures: figures.report.stuck_seconds).report
        yield (*labels, label(longest.cause)), longest.stuck_seconds


def _eval_set_muted(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.eval_sets.items():
        yield labels, float(all(figures.muted for figures in group))


def _eval_set_no_page(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.eval_sets.items():
        yield labels, float(all(figures.no_page for figures in group))


def _task_verdict(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.tasks.items():
        yield from _states(labels, worst([figures.report.verdict for figures in group]))


def _task_stuck(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.tasks.items():
        longest = max(group, key=lambda figures: figures.stuck_seconds)
        yield (*labels, label(longest.report.cause)), longest.stuck_seconds


def _task_samples(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.tasks.items():
        for state in ("total", "completed", "errored", "cancelled", "running", "queued", "stuck"):
            count = sum(getattr(figures.report.samples, state) for figures in group)
            yield (*labels, state), float(count)


def _task_calls(by_labels: Series) -> Iterator[Sample]:
    for labels, group in by_labels.tasks.items():
        yield (*labels, "ok", ""), float(sum(figures.calls.ok for figures in group))
        for cause in sorted({cause for figures in group for cause in figures.calls.fail}):
            failed = sum(figures.calls.fail.get(cause, 0) for figures in group)
            yield (*labels, "fail", label(cause)), float(failed)


def _incidents(by_labels: Series) -> Iterator[Sample]:
    return ((labels, float(count)) for labels, count in by_labels.incidents.items())


def _tests(by_labels: Series) -> Iterator[Sample]:
    return iter(by_labels.tests.items())


def _of_tasks(
    value: Callable[[TaskFigures], float | None],
    merge: Callable[[list[float]], float] = max,
) -> Callable[[Series], Iterator[Sample]]:
    """One value per task; a task without one has no series."""

    def samples(by_labels: Series) -> Iterator[Sample]:
        for labels, group in by_labels.tasks.items():
            values = [number for figures in group if (number := value(figures)) is not None]
            if values:
                yield labels, float(merge(values))

    return samples


FAMILIES: tuple[Family, ...] = (
    Family(
        "eval_watchdog_eval_set_verdict",
        "gauge",
        "1 for the current verdict of an eval set, 0 for the others.",
        ("eval_set_id", "verdict"),
        _eval_set_verdict,
    ),
    Family(
        "eval_watchdog_eval_set_stuck_seconds",
        "gauge",
        "How long an eval set has been stuck; 0 when it is not.",
        ("eval_set_id", "cause"),
        _eval_set_stuck,
        grows=True,
    ),
    Family(
        "eval_watchdog_eval_set_muted",
        "gauge",
        "1 while people asked not to hear of an eval set, else 0.",
        ("eval_set_id",),
        _eval_set_muted,
    ),
    Family(
        "eval_watchdog_eval_set_no_page",
        "gauge",
        "1 while people want a warning in place of a page for an eval set, else 0.",
        ("eval_set_id",),
        _eval_set_no_page,
    ),
    Family(
        "eval_watchdog_task_verdict",
        "gauge",
        "1 for the current verdict of a task, 0 for the others.",
        (*TASK, "verdict"),
        _task_verdict,
    ),
    Family(
        "eval_watchdog_task_stuck_seconds",
        "gauge",
        "How long the longest stuck sample of a task has been stuck; 0 when none is.",
        (*TASK, "cause"),
        _task_stuck,
        grows=True,
    ),
    Family(
        "eval_watchdog_task_estimated_stuck_seconds",
        "gauge",
        "Retry count times wait, summed over the real waits of the current streak.",
        TASK,
        _of_tasks(lambda task: task.estimated_stuck_seconds),
        grows=True,
    ),
    Family(
        "eval_watchdog_task_samples",
        "gauge",
        "Samples of a task by state; stuck ones are among the running.",
        (*TASK, "state"),
        _task_samples,
    ),
    Family(
        "eval_watchdog_task_http_retries",
        "gauge",
        "The runner's own counter of HTTP retries, as last seen; no series where unknown.",
        TASK,
        _of_tasks(lambda task: task.report.http_retries, sum),
    ),
    Family(
        "eval_watchdog_task_fail_streak",
        "gauge",
        "Failed model calls since the last success, of the sample with the longest such streak.",
        TASK,
        _of_tasks(lambda task: task.fail_streak),
    ),
    Family(
        "eval_watchdog_task_suspicion",
        "gauge",
        "Evidence for stuck over the bound at which the verdict falls: 1 and above is stuck.",
        TASK,
        _of_tasks(lambda task: task.suspicion),
        grows=True,
    ),
    Family(
        "eval_watchdog_task_last_progress_timestamp_seconds",
        "gauge",
        "When a task last made progress, in seconds since the epoch; no series where unknown.",
        TASK,
        _of_tasks(lambda task: task.last_progress_at),
    ),
    Family(
        "eval_watchdog_model_calls_total",
        "counter",
        "Attempted model calls since the task's log began, by outcome (ok, fail) and cause.",
        (*TASK, "outcome", "cause"),
        _task_calls,
    ),
    Family(
        "eval_watchdog_incidents_open",
        "gauge",
        "Open incidents; calls that only fail more often than usual are none here.",
        ("scope", "cause"),
        _incidents,
    ),
    Family(
        "eval_watchdog_probe_success",
        "gauge",
        "1 where the last direct API test passed, 0 where it failed; no series without a test, "
        "nor an hour after nobody asked for one.",
        ("route", "provider", "model", "size"),
        _tests,
    ),
)
