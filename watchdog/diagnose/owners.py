"""What an eval set's owner says of it, in metadata or annotations: bounded, and never a silence.

It holds for so long from the start of what it stands on, a mute is a warning in place of a page,
and a wait on purpose excuses silence, not failures.
"""

from collections.abc import Iterator
from functools import reduce

from msgspec.structs import replace

from watchdog.diagnose.exceptions import Exceptions
from watchdog.model.allowances import (
    NO_ALLOWANCE,
    OWNER_LONGEST,
    Allowance,
    NoPage,
    agreed,
)
from watchdog.model.instants import clock
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.words import duration

OWNER = "its owner"
ANNOTATION = "annotation of the runner's Job"
METADATA = "metadata of the log"
_UNUSABLE_MAX = 20
_CLOCKS_APART = 86_400.0
"""Seconds that a start may lie ahead by a clock that is wrong; one later still is none."""


def of_open_logs(state: EvalSetState, now: float, limits: Thresholds) -> Exceptions | None:
    """What the metadata of all open logs agree on."""
    logs = [of_log(task, now, limits) for task in _open(state)]
    return reduce(_agreed, logs) if logs else None


def _open(state: EvalSetState) -> list[TaskState]:
    tasks = state.tasks.values()
    return [task for task in tasks if task.spec is not None and task.status == "started"]


def _agreed(one: Exceptions | None, other: Exceptions | None) -> Exceptions | None:
    if one is None or other is None:
        return None
    allowance = agreed(one.allowance, other.allowance)
    wishes = [wish for wish in (one.no_page, other.no_page) if wish is not None]
    earliest = min(wishes, key=lambda wish: wish.until or 0.0) if len(wishes) == 2 else None
    return replace(one, allowance=allowance, no_page=earliest)


def of_jobs(state: EvalSetState, now: float, limits: Thresholds) -> Iterator[Exceptions]:
    """What annotations of its Jobs say, the newest Job's last."""
    jobs = state.cluster.view.jobs if state.cluster else ()
    for job in sorted(jobs, key=lambda job: job.created_at or 0.0):
        exceptions = _of_owner(job.allowance, job.created_at, ANNOTATION, now, limits)
        if exceptions is not None:
            yield exceptions


def of_log(task: TaskState, now: float, limits: Thresholds) -> Exceptions | None:
    """What the metadata of a task's log say."""
    if task.spec is None:
        return None
    return _of_owner(task.spec.allowance, task.spec.created_at, METADATA, now, limits)


def _of_owner(
    allowance: Allowance, created: float | None, where: str, now: float, limits: Thresholds
) -> Exceptions | None:
    """An owner's word within its bounds; None where there is none, or none any more."""
    if allowance == NO_ALLOWANCE:
        return None
    end = _end(created, now, limits)
    until = min(end, allowance.until if allowance.until is not None else end)
    if now >= until:
        return None
    silence = allowance.expected_silence
    if silence is None and allowance.waiting is not None:
        silence = OWNER_LONGEST
    no_page = _owners_no_page(allowance, until, now)
    bounded = replace(
        allowance,
        until=until,
        expected_silence=silence,
        waiting=None,
        waiting_in_silence=allowance.waiting,
        page=False if no_page is not None else allowance.page,
        mute_until=None,
        mute_reason="",
        reason=no_page.reason if no_page is not None else allowance.reason,
    )
    return Exceptions(OWNER, where, bounded, no_page)


def _end(created: float | None, now: float, limits: Thresholds) -> float:
    """Until when an owner's word may hold; the beginning of time where nobody knows its start."""
    if created is None or created > now + _CLOCKS_APART:
        return 0.0
    return created + limits.owner_exceptions


def _owners_no_page(allowance: Allowance, until: float, now: float) -> NoPage | None:
    if allowance.page is False:
        return NoPage(OWNER, until, allowance.reason)
    muted = allowance.muted(now)
    if muted is None:
        return None
    return NoPage(OWNER, min(until, muted[0]), muted[1] or allowance.reason)


def unusable(state: EvalSetState, now: float, limits: Thresholds) -> tuple[str, ...]:
    """What of its owner's word doesn't hold, each with the reason."""
    texts: dict[str, None] = {}
    for job in state.cluster.view.jobs if state.cluster else ():
        texts |= dict.fromkeys(job.ignored)
        texts |= _beyond_bounds(job.allowance, job.created_at, ANNOTATION, now, limits)
    for spec in (task.spec for task in _open(state) if task.spec is not None):
        texts |= dict.fromkeys(spec.ignored)
        texts |= _beyond_bounds(spec.allowance, spec.created_at, METADATA, now, limits)
    return tuple(texts)[:_UNUSABLE_MAX]


def _beyond_bounds(
    allowance: Allowance, created: float | None, where: str, now: float, limits: Thresholds
) -> dict[str, None]:
    if allowance == NO_ALLOWANCE:
        return {}
    end = _end(created, now, limits)
    if end == 0.0:
        return {f"{where}: when it began isn't known, so its owner's exceptions don't hold": None}
    latest = max(allowance.until or 0.0, allowance.mute_until or 0.0)
    if latest <= end:
        return {}
    span = duration(limits.owner_exceptions)
    text = f"{clock(latest)} is beyond what an owner may say: {span} after the start, {clock(end)}"
    return {f"{where}: {text}": None}
