"""A long history whose newest rows are read first, and the rest of it in order behind them.

The newest rows are folded as after a hole: what they show by themselves counts. The same rows, with
those before them, are folded a second time into a state of their own, which takes the place of the
first once it has caught up. Only the second time teaches how long calls take.
"""

from msgspec.structs import replace

from watchdog.fold.lessons import Lessons
from watchdog.fold.rows import fold_rows
from watchdog.fold.tasks import fails_in_silence, holed, taught
from watchdog.model.facts import HistoryBegun, HistoryRead, RowsLost, SampleKey
from watchdog.model.state import History, SampleState, TaskState
from watchdog.model.successes import joined


def history_begun(task: TaskState, fact: HistoryBegun) -> TaskState:
    """From here on rows of these samples are missing, until their history was read."""
    keys = frozenset(fact.keys)
    samples = {
        key: replace(sample, partial=True) if key in keys else sample
        for key, sample in task.samples.items()
    }
    return replace(task, samples=samples, history=History(dict(task.samples), task.successes))


def history_read(task: TaskState, fact: HistoryRead) -> TaskState:
    """More of the history; with the last of it what is known is whole."""
    if task.history is None:
        return task
    task = _with_parts(task, task.history, fact)
    return _caught_up(task) if fact.complete else task


def _with_parts(task: TaskState, history: History, fact: HistoryRead) -> TaskState:
    begun_at = task.spec.created_at if task.spec is not None else None
    lessons, silent = Lessons(task.learn_since, begun_at), fails_in_silence(task.spec)
    samples = {key: _of(history, key, sample) for key, sample in task.samples.items()}
    for part in fact.parts:
        sample = samples.get(part.key)
        if sample is None:
            continue
        samples[part.key] = (
            holed(sample)
            if isinstance(part, RowsLost)
            else fold_rows(sample, part.rows, lessons, silent_failures=silent)
        )
    commands = any(sample.command_at is not None for sample in samples.values())
    successes = task.successes
    task = taught(task, lessons)
    return replace(
        task,
        successes=successes,
        runs_commands=task.runs_commands or commands,
        history=History(samples, lessons.successes_with(history.successes)),
    )


def _of(history: History, key: SampleKey, newest: SampleState) -> SampleState:
    """How far the history of a sample was read; of one that begins anew there is none."""
    known = history.samples.get(key)
    if known is not None and (known.uuid, known.started_at) == (newest.uuid, newest.started_at):
        return known
    return SampleState(key=key, uuid=newest.uuid, started_at=newest.started_at)


def _caught_up(task: TaskState) -> TaskState:
    history = task.history or History()
    samples = {key: _whole(s, history.samples.get(key)) for key, s in task.samples.items()}
    successes = joined(task.successes, history.successes)
    return replace(task, samples=samples, successes=successes, history=None)


def _whole(newest: SampleState, whole: SampleState | None) -> SampleState:
    """What its rows say from the first on, and what the runner's log says of it."""
    if whole is None or whole.last_row < newest.last_row:
        return replace(newest, partial=False)
    return replace(
        whole,
        announced_wait=newest.announced_wait,
        announced_at=newest.announced_at,
        announced_attempt=newest.announced_attempt,
        announced_error=newest.announced_error,
        restarts=newest.restarts,
        restarted_at=newest.restarted_at,
    )
