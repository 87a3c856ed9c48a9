"""What a run that ended teaches of errors: the share of its samples that erred. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from watchdog.model.histogram import TRACE
from watchdog.model.learned import NAMES_MAX, SHARE_BINS, ErredDays, Learned
from watchdog.model.state import TaskState

_LEAST = 5
"""Samples that ended: fewer tell nothing of what is usual."""
_DAY = 86_400.0


def with_run(learned: Learned, task: TaskState, at: float) -> Learned:
    """With what a finished run teaches.

    Args:
        learned: what is known already.
        task: the run.
        at: when it ended, in seconds since the epoch.
    """
    errored = task.ended_counts.get("errored", 0) + len(task.deaths)
    ended = errored + task.ended_counts.get("completed", 0)
    if task.spec is None or ended < _LEAST:
        return learned
    days = learned.erred.get(task.spec.task, ErredDays())
    days = _with_day(days, int(at // _DAY), errored * SHARE_BINS // ended)
    return replace(learned, erred=_most_seen({**learned.erred, task.spec.task: days}))


def _with_day(days: ErredDays, day: int, share: int) -> ErredDays:
    """A day counts once, with the least share of its runs: one outage spoils many runs."""
    shares = dict(days.shares)
    is_same = day <= days.day and bool(shares)
    if is_same and share >= days.share:
        return days
    if is_same:
        left = shares.get(days.share, 0.0) - 1
        shares = {number: n for number, n in shares.items() if number != days.share}
        shares |= {days.share: left} if left > 0 else {}
    shares[share] = shares.get(share, 0.0) + 1
    return ErredDays(shares, max(day, days.day), share)


def _most_seen(erred: dict[str, ErredDays]) -> dict[str, ErredDays]:
    if len(erred) <= NAMES_MAX:
        return erred
    names = sorted(erred, key=lambda name: -erred[name].day)[:NAMES_MAX]
    return {name: erred[name] for name in names}


def halved_days(erred: Mapping[str, ErredDays]) -> dict[str, ErredDays]:
    """Half of each task's days; what has come down to a trace is forgotten."""
    halves = {
        name: replace(days, shares={b: n / 2 for b, n in days.shares.items() if n > TRACE})
        for name, days in erred.items()
    }
    return {name: days for name, days in halves.items() if days.shares}
