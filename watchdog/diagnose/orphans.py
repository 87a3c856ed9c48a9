"""Sandboxes that outlive their eval set.

When most of a cluster looks orphaned, the selector is to blame (a renamed label hides the runners),
and that is said instead of a hundred incidents.
"""

from collections.abc import Sequence

from msgspec import Struct

from watchdog.diagnose.deletion import deletion
from watchdog.diagnose.signs import last_life
from watchdog.model.instants import latest
from watchdog.model.state import ClusterState, EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Problem

_FEW = 4
"""Below so many eval sets with sandboxes a share says nothing."""


class Orphans(Struct, frozen=True):
    """Which eval sets left sandboxes behind, since when; or why that can't be told."""

    since: dict[str, float]
    problem: Problem | None = None


def find_orphans(states: Sequence[EvalSetState], now: float, limits: Thresholds) -> Orphans:
    """The eval sets whose sandboxes remain for too long after their end."""
    with_sandboxes = [state for state in states if _has_sandboxes(state)]
    alone = {state.eval_set_id: at for state in with_sandboxes if (at := _alone_since(state))}
    if len(with_sandboxes) >= _FEW and len(alone) > limits.orphaned_share * len(with_sandboxes):
        text = (
            f"{len(alone)} of {len(with_sandboxes)} eval sets with sandboxes have no runner: "
            "rather than orphans this looks like a label selector that finds no runners any more "
            "(kubernetes.app_names, kubernetes.label_prefix)"
        )
        return Orphans({}, Problem("kubernetes", text))
    old = {name: at for name, at in alone.items() if now - at >= limits.orphaned}
    return Orphans(old)


def _has_sandboxes(state: EvalSetState) -> bool:
    cluster = state.cluster
    return cluster is not None and any(p.is_live for p in cluster.view.sandboxes)


def _alone_since(state: EvalSetState) -> float | None:
    """Since when sandboxes are there without an eval set; None where one may still run."""
    cluster = state.cluster
    if cluster is None or not cluster.view.lists_runners:
        return None
    if cluster.view.runners or any(not job.finished for job in cluster.view.jobs):
        return None
    tasks = state.tasks.values()
    jobs_ended_at = latest(*(job.completed_at for job in cluster.view.jobs))
    if any(task.status == "started" for task in tasks):
        return _deleted_since(state, cluster)
    logs_ended_at = latest(*(task.completed_at for task in tasks))
    return latest(logs_ended_at, jobs_ended_at) or cluster.no_runner_since


def _deleted_since(state: EvalSetState, cluster: ClusterState) -> float | None:
    """Since when the sandboxes of a deleted eval set, whose log has no end, are alone.

    Where nobody saw it go, the last that was heard of it is the best that is known.
    """
    removal = deletion(state)
    if removal is None:
        return None
    heard_at = last_life(state.tasks.values(), state.last_log_line_at)
    return removal.since or heard_at or cluster.no_runner_since
