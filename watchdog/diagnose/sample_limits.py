"""A sample's own limits, as its log declares them: Inspect ends what goes beyond.

`time_limit` counts from the beginning of the solvers, and half of it again for the scorers;
`working_limit` leaves out what a sample waits for (inspect_ai/_eval/task/run.py, util/_limit.py).
What goes on long after such a limit can't be ended by it: it hangs where nothing is cancelled.
"""

from msgspec import Struct

from watchdog.model.state import OpenCall, SampleState, TaskState
from watchdog.model.told import Length, Text, told

_SCORING_SHARE = 0.5


class SampleLimit(Struct, frozen=True):
    """When a limit was to end something, and which."""

    at: float
    why: Text


def time_limit_of(task: TaskState, sample: SampleState) -> SampleLimit | None:
    """When its time limit was to end what it is at; None where none is declared, or is kept.

    A sample that got on after that was given more time while it ran.
    """
    limit = task.spec.time_limit if task.spec else None
    if limit is None or sample.ending_since is not None:
        return None
    since = sample.solving_since or sample.started_at
    if sample.scorer_spans:
        since, limit = sample.scoring_since, _SCORING_SHARE * limit
    if since is None:
        return None
    at = since + limit
    if sample.last_progress_at is not None and sample.last_progress_at > at:
        return None
    share = "the scorers' share of " if sample.scorer_spans else ""
    return SampleLimit(at, told("{}its sample's time limit, {}", share, Length(limit)))


def limit_of_call(task: TaskState, sample: SampleState, call: OpenCall) -> SampleLimit | None:
    """When the sample's limits were to end an open call: the first of them."""
    limits = []
    by_time = time_limit_of(task, sample)
    if by_time is not None and (call.since is None or call.since <= by_time.at):
        limits.append(by_time)
    working = task.spec.working_limit if task.spec else None
    if working is not None and call.since is not None and not sample.scorer_spans:
        why = told("its sample's working limit, {}", Length(working))
        limits.append(SampleLimit(call.since + working, why))
    return min(limits, key=lambda limit: limit.at, default=None)
