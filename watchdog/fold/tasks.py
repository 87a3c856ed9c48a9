"""Handlers for the facts about one log: its specification, its samples, its rows."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby
from typing import cast

from msgspec.structs import replace

from watchdog.fold.errors import CANCELLED
from watchdog.fold.lessons import LEAST_GAP, Lessons
from watchdog.fold.rows import fold_rows
from watchdog.fold.sample_errors import cause_of_end, kind_of
from watchdog.model.durations_of_calls import CallDurations
from watchdog.model.ends import Ended, EndState
from watchdog.model.facts import (
    AttemptsRead,
    EndedRead,
    FormerEndsRead,
    ManifestRead,
    RowsLost,
    RowsRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskBacklog,
    TaskRead,
    TaskSpec,
    TaskUnreadable,
    WriterRead,
)
from watchdog.model.instants import earliest, latest
from watchdog.model.learned import TEARDOWN, call_name
from watchdog.model.outcomes import last_of
from watchdog.model.packed import Packed
from watchdog.model.repetition import PackedRepetition
from watchdog.model.spans import OpenSpans
from watchdog.model.state import (
    ERRORED_MAX,
    FORMER_MAX,
    PASSED_MAX,
    RETIRED_MAX,
    Death,
    ErroredEntry,
    PassedStreak,
    PassedStreaks,
    SampleState,
    TaskState,
    ToolTurns,
)

FAILURES_WRITTEN = (0, 3, 172)
"""The first Inspect that writes a failed attempt's end (`model/_model.py`)."""
_CANCELLED_ERRORS = ("CancelledError", *CANCELLED)


def spec_read(task: TaskState, fact: SpecRead) -> TaskState:
    """The log's specification and status; a finished log has no running samples any more."""
    task = replace(
        task,
        spec=fact.spec,
        status=fact.status,
        error=fact.error,
        completed_at=fact.completed_at,
    )
    if fact.status == "started":
        return task
    return replace(_retire(task, list(task.samples)), history=None)


def ended_read(task: TaskState, fact: EndedRead) -> TaskState:
    """Samples that the log says have ended."""
    task = _end(task, (sample for sample in fact.samples))
    return _retire(task, [sample.key for sample in fact.samples])


def former_ends_read(task: TaskState, fact: FormerEndsRead) -> TaskState:
    """What ended in errors in the attempts before this one."""
    deaths = tuple(
        Death(one.key, one.completed_at, cause_of_end(one), kind_of(one.error), one.error)
        for one in fact.samples
        if one.error is not None and end_state(one) == "errored"
    )
    return replace(
        task,
        former=deaths[-FORMER_MAX:],
        former_begun_at=earliest(*fact.begun),
        former_count=len(fact.begun),
    )


def manifest_read(
    task: TaskState, fact: ManifestRead, hindered_at: float | None = None
) -> TaskState:
    """The buffer's present samples: new ones appear, completed and flushed ones leave.

    Until `hindered_at` nothing could be set up: that teaches nothing of how long it takes.
    """
    running = {
        sample.key: sample
        for sample in fact.samples
        if not sample.completed and not _is_over(task.ended.get(sample.key), sample)
    }
    task = _end(task, (s for s in fact.samples if s.completed), again=running)
    task = _retire(task, [key for key in task.samples if key not in running])
    lessons = _set_up(task, running.values(), hindered_at)
    task = replace(
        task,
        samples={state.key: state for state in _all_met(task, running.values())},
        manifest_seen=True,
        last_start_at=latest(task.last_start_at, *(s.started_at for s in running.values())),
    )
    return taught(task, lessons) if lessons else task


def _set_up(
    task: TaskState, running: Iterable[SampleSummary], hindered_at: float | None
) -> Lessons:
    """How long it took until the next sample appeared: its set-up is part of that."""
    lessons = Lessons(task.learn_since)
    created_at = task.spec.created_at if task.spec else None
    before = latest(created_at, task.last_ended_at, task.last_start_at, hindered_at)
    for summary in running:
        started = summary.started_at
        if summary.key in task.samples or started is None or before is None:
            continue
        if started - before >= LEAST_GAP:
            lessons.took(call_name("setup", setup_kind(task)), started - before, started)
    return lessons


def setup_kind(task: TaskState) -> str:
    """What set-ups of this task are learned together with."""
    return "sandbox" if task.spec is not None and task.spec.has_sandbox else "plain"


def _is_over(end: Ended | None, sample: SampleSummary) -> bool:
    """Whether a sample that a manifest calls running is known to have ended since.

    Log and manifest are two objects: the log may be the newer. A sample that runs again (Inspect
    retries it) has another uuid.
    """
    if end is None:
        return False
    if end.uuid is not None and sample.uuid is not None:
        return end.uuid == sample.uuid
    if end.at is None or sample.started_at is None:
        return False
    return sample.started_at <= end.at


def rows_taken(task: TaskState, facts: Iterable[RowsRead | RowsLost]) -> TaskState:
    """New rows of samples, and holes in them; of one that isn't running they say nothing any more.

    Many at once: each time all samples of the task are copied, and of a sample all that is packed.
    """
    begun_at = task.spec.created_at if task.spec is not None else None
    samples, lessons = dict(task.samples), Lessons(task.learn_since, begun_at)
    silent, runs_commands, clock_lag = fails_in_silence(task.spec), task.runs_commands, None
    for key, group in _by_sample(facts, samples.keys()).items():
        sample = samples[key]
        for is_lost, together in groupby(group, lambda fact: isinstance(fact, RowsLost)):
            if is_lost:
                sample = holed(sample)
                continue
            read = cast("list[RowsRead]", list(together))
            rows = chain.from_iterable(fact.rows for fact in read)
            sample = fold_rows(sample, rows, lessons, silent_failures=silent)
            runs_commands = runs_commands or sample.command_at is not None
            clock_lag = earliest(clock_lag, *map(_lag, read))
        samples[key] = sample
    task = replace(
        task,
        samples=samples,
        runs_commands=runs_commands,
        clock_lag=earliest(task.clock_lag, clock_lag),
    )
    if task.history is not None:  # the same rows teach once more, in their order
        return replace(task, successes=lessons.successes_with(task.successes))
    return taught(task, lessons) if lessons else task


def _by_sample(
    facts: Iterable[RowsRead | RowsLost], running: Collection[SampleKey]
) -> dict[SampleKey, list[RowsRead | RowsLost]]:
    """The facts about each running sample, in their order."""
    groups: dict[SampleKey, list[RowsRead | RowsLost]] = {}
    for fact in facts:
        if fact.key in running:
            groups.setdefault(fact.key, []).append(fact)
    return groups


def fails_in_silence(spec: TaskSpec | None) -> bool:
    """Whether a failed attempt leaves no row but its beginning."""
    version = spec.inspect_version if spec is not None else None
    return version is not None and version < FAILURES_WRITTEN


def _lag(fact: RowsRead) -> float | None:
    """Seconds from the newest instant that these rows name to when they were stored."""
    newest = latest(*(latest(row.at, row.completed_at) for row in fact.rows))
    if newest is None or fact.stored_at is None:
        return None
    return fact.stored_at - newest


def taught(task: TaskState, lessons: Lessons) -> TaskState:
    """With what a batch of rows taught."""
    return replace(
        task,
        durations=CallDurations.of(lessons.added_to(task.durations)),
        successes=lessons.successes_with(task.successes),
        passed=_last_passed(task, lessons),
        passed_total=task.passed_total + len(lessons.passed),
    )


def _last_passed(task: TaskState, lessons: Lessons) -> Packed[PassedStreak]:
    if not lessons.passed:
        return task.passed
    passed = sorted(lessons.passed, key=lambda streak: streak.ended_at)
    return PassedStreaks.of((*task.passed, *passed)[-PASSED_MAX:])


def holed(sample: SampleState) -> SampleState:
    """A hole in a sample's rows: what stood open or in a row before it may have ended in it.

    Only rows that come after it tell what the sample is at.
    """
    return replace(
        sample,
        streaks=(),
        open_calls=(),
        spans=OpenSpans(),
        turns=ToolTurns(),
        repetition=PackedRepetition(),
        lost=True,
        holed=True,
    )


def writer_read(task: TaskState, fact: WriterRead) -> TaskState:
    """Which process writes the log, as far as is known now."""
    return replace(task, writer=fact.writer)


def task_read(task: TaskState, fact: TaskRead) -> TaskState:
    """All of it was read, or found unchanged."""
    stored_at = latest(task.stored_at, fact.stored_at)
    return replace(
        task,
        read_at=fact.at,
        read_interval=fact.interval,
        unreadable=None,
        backlog=None,
        stored_at=stored_at,
    )


def attempts_read(task: TaskState, fact: AttemptsRead) -> TaskState:
    """The task's older logs."""
    return replace(task, logs=fact.count, earlier=fact.earlier)


def task_unreadable(task: TaskState, fact: TaskUnreadable) -> TaskState:
    """It could not be read now; what was known stays, with its age."""
    return replace(task, unreadable=fact.text)


def task_backlog(task: TaskState, fact: TaskBacklog) -> TaskState:
    """Its rows are read in part: what they say is of some time ago."""
    return replace(task, backlog=fact.text, unreadable=None)


def end_state(summary: SampleSummary) -> EndState:
    """How a sample ended. A cancelled one carries a `CancelledError` and `completed: true`."""
    if summary.cancelled or (summary.error or "").startswith(_CANCELLED_ERRORS):
        return "cancelled"
    return "errored" if summary.error is not None else "completed"


def _all_met(task: TaskState, running: Iterable[SampleSummary]) -> Iterator[SampleState]:
    return (_met(task.samples.get(summary.key), summary) for summary in running)


def _met(sample: SampleState | None, summary: SampleSummary) -> SampleState:
    """The known state of a sample, or a new one where it started (again)."""
    if sample is not None and (sample.uuid, sample.started_at) == (
        summary.uuid,
        summary.started_at,
    ):
        return sample
    return SampleState(key=summary.key, uuid=summary.uuid, started_at=summary.started_at)


def _end(
    task: TaskState, summaries: Iterable[SampleSummary], again: Collection[SampleKey] = ()
) -> TaskState:
    """Take in samples that ended; those that run `again` have not, after all."""
    by_key = {summary.key: summary for summary in summaries}
    ends = {key: _ended(summary) for key, summary in by_key.items()}
    before = task.ended.some([*ends, *again])
    new = {key: end for key, end in ends.items() if before.get(key) != end}
    taken_back = [key for key in again if key in before and key not in ends]
    if not new and not taken_back:
        return task
    replaced = [before[key] for key in (*new, *taken_back) if key in before]
    errored = {e.summary.key: e for e in task.errored if e.summary.key not in (*ends, *again)}
    errored |= {
        key: ErroredEntry(by_key[key], end.cause)
        for key, end in ends.items()
        if end.state == "errored"
    }
    completed = (end.at for end in new.values() if end.state == "completed")
    states, causes = Counter(task.ended_counts), Counter(dict(task.errored_causes))
    states.update(end.state for end in new.values())
    states.subtract(end.state for end in replaced)
    causes.update(end.cause for end in new.values() if end.cause)
    causes.subtract(end.cause for end in replaced if end.cause)
    return replace(
        task,
        ended=task.ended.changed(new, taken_back),
        ended_counts=dict(+states),
        last_ended_at=latest(task.last_ended_at, *(end.at for end in new.values())),
        last_completed_at=latest(task.last_completed_at, *completed),
        errored=tuple(errored.values())[-ERRORED_MAX:],
        errored_causes=tuple((+causes).items()),
    )


def _ended(summary: SampleSummary) -> Ended:
    state = end_state(summary)
    erred = state == "errored"
    cause = cause_of_end(summary) if erred else None
    limited = summary.limit is not None
    kind = kind_of(summary.error or "") if erred else ""
    return Ended(state, summary.uuid, summary.completed_at, cause, limited, kind)


def _retire(task: TaskState, keys: Iterable[SampleKey]) -> TaskState:
    """Samples that run no more: their calls go on to the task's totals."""
    samples, lessons = dict(task.samples), Lessons(task.learn_since)
    retired = [task.retired]
    failed = Counter(dict(task.calls_failed))
    ok = task.calls_ok
    worked_at = task.last_worked_at
    for key in keys:
        sample = samples.pop(key, None)
        if sample is not None:
            ok += sample.ok_total
            failed.update(dict(sample.fails))
            retired.append(sample.recent)
            _taken_down(sample, task.ended.get(key), lessons)
            worked_at = latest(worked_at, sample.last_progress_at)
    return replace(
        taught(task, lessons) if lessons else task,
        samples=samples,
        calls_ok=ok,
        calls_failed=tuple(failed.items()),
        retired=last_of(retired, RETIRED_MAX) if len(retired) > 1 else task.retired,
        last_worked_at=worked_at,
    )


def _taken_down(sample: SampleState, end: Ended | None, lessons: Lessons) -> None:
    """How long its clean-up took, from its scorers' end to its own."""
    since = sample.ending_since
    if end is None or end.at is None or since is None or end.at - since < LEAST_GAP:
        return
    lessons.took(call_name("setup", TEARDOWN), end.at - since, end.at)
