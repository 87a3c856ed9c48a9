"""Signs that a runner's process lives besides what it writes of its samples: its CPU, its log.

A runner that only waits for its calls still turns its event loop: measured of Inspect 0.3.285 with
four pending calls, `log_shared` and the control channel, 0.2 to 0.4 millicores. One that is
stopped, or deadlocked, uses none. A log tells only by its own habits: a runner that wrote a line
each minute for hours (HTTP requests at level `http`, token refreshes, retries) and falls silent;
one that never did proves nothing.
"""

from watchdog.diagnose.context import Finding
from watchdog.diagnose.deadlines import Deadline, excused, overdue
from watchdog.model.allowances import Allowance
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import Length, Since, told
from watchdog.model.verdict import Evidence

_WATCHED = 3600.0
"""Seconds of a log that show its habits."""
_SILENCES = 10.0
"""So many times its longest silence: with Weissman's tail (docs/detection.md) one as long comes
about less often than is tolerated of steps, after an hour of it already."""
_VIEW_AGE = 180.0
"""Seconds; a view of the cluster that is older says nothing of the log either."""


def cores_of(state: EvalSetState) -> float | None:
    """CPU cores that the runner's pods use; None where the metrics API doesn't tell."""
    view = state.view
    if view is None or not view.usage:
        return None
    names = {(pod.namespace, pod.name) for pod in view.runners}
    cores = [use.cores for use in view.usage if (use.namespace, use.name) in names]
    return sum(cores) if cores else None


def stands_still(
    now: float,
    limits: Thresholds,
    allowance: Allowance,
    life: float | None,
    cores: float | None,
) -> Finding | None:
    """Not even its event loop turns, whatever its samples are at."""
    if life is None or cores is None or cores >= limits.stopped_cores:
        return None
    text = told(
        "the runner's pod uses {} millicores, less than a runner that only waits, and nothing has "
        "been written for {}",
        f"{cores * 1000:.2f}",
        Since(life),
    )
    deadline = excused(Deadline(limits.runner_stopped, "it uses no CPU at all"), allowance)
    return overdue(now, life, deadline, "the runner is idle", (Evidence("cpu", text, now),))


def log_deadline(now: float, limits: Thresholds, state: EvalSetState) -> Deadline | None:
    """How long its log may be silent, by how long it ever was; None where that tells nothing."""
    since, last = state.log_lines_since, state.last_log_line_at
    if since is None or last is None or last - since < _WATCHED:
        return None
    if state.view is not None and now - state.view.at > _VIEW_AGE:
        return None
    longest = state.log_longest_silence
    spans = Length(longest), Length(last - since)
    why = told("its log was never silent for more than {} within {}", *spans)
    return Deadline(max(limits.runner_stopped, _SILENCES * longest), why)


def sooner(deadline: Deadline, allowance: Allowance, other: Deadline | None) -> Deadline:
    """The shorter one, where nobody said how long it may be."""
    if other is None or not is_assumed(allowance) or other.seconds >= deadline.seconds:
        return deadline
    return other


def is_assumed(allowance: Allowance) -> bool:
    """Whether nobody said anything of how long a step, or silence, may be."""
    said = allowance.limit("step"), allowance.expected_silence, allowance.patience
    return all(value is None for value in said)
