"""Whether an eval set was deleted on purpose.

`hawk delete` uninstalls the release: Job and namespaces get a deletionTimestamp, pods are
Terminating for seconds to minutes, and the log may never get an end. Nobody needs to hear of it.
A death is something else, though its objects vanish as well: a TTL takes the failed Job after an
hour, a janitor its namespaces after two. So what counts is what was seen before they went. A pod's
deletionTimestamp alone is a drain or an eviction.
"""

from collections.abc import Iterable

from msgspec import Struct

from watchdog.model.cluster import Job, Pod
from watchdog.model.instants import clock
from watchdog.model.pod_reasons import EVICTIONS
from watchdog.model.state import ClusterState, EvalSetState, PodDeath


class Deletion(Struct, frozen=True):
    """That an eval set is deleted, or gone without an end of its logs."""

    text: str
    since: float | None = None
    """When it began; None where nobody saw it."""


def deletion(state: EvalSetState) -> Deletion | None:
    """That it is being deleted, or was; None where it is there, or died before it went."""
    cluster = state.cluster
    if cluster is None or not cluster.view.lists_runners:
        return None
    return _under_way(cluster) or _done(cluster)


def _under_way(cluster: ClusterState) -> Deletion | None:
    """Its Job or its runner's namespace is Terminating."""
    view = cluster.view
    since = view.deleting_since
    if since is None or _failed_before(cluster, since):
        return None
    places = view.leaving_namespaces
    jobs = [job.name for job in view.jobs if job.deleting_at is not None]
    what = f"namespace {min(places)}" if places else f"Job {min(jobs)}"
    if not (view.jobs or view.runners or cluster.job):
        text = f"{what} is Terminating since {clock(since)}, and nobody saw its runner"
        return Deletion(f"{text}: it was deleted, or it died before anyone looked")
    return Deletion(f"{what} is being deleted since {clock(since)}", since)


def _failed_before(cluster: ClusterState, since: float) -> bool:
    """Whether its runner had failed, or was gone for good, before the deletion began."""
    job, gone_since = cluster.job, cluster.no_runner_since
    if job is not None:
        return _has_failed(job, cluster, since)
    return gone_since is not None and gone_since < since


def _has_failed(job: Job, cluster: ClusterState, before: float) -> bool:
    """Whether a Job ended by itself, or its last pod did and no other came.

    The API's times are whole seconds: of the same one what was seen first decides.
    """
    at = job.completed_at
    unasked = cluster.ended_unasked == job.uid and (at is None or at <= before)
    ended = bool(job.finished) and (unasked or at is None or at < before)
    return ended or _last_pod_died(cluster, job, before)


def _last_pod_died(cluster: ClusterState, job: Job, before: float) -> bool:
    death = _last_death(cluster.deaths)
    if death is None or death.at is None or death.at >= before:
        return False
    if death.reason in EVICTIONS and _has_attempts_left(job):
        return False
    return cluster.healthy_at is None or cluster.healthy_at <= death.at


def _has_attempts_left(job: Job) -> bool:
    """Whether another pod comes in place of one that was evicted."""
    return not job.finished and (job.backoff_limit is None or job.failed < job.backoff_limit)


def _last_death(deaths: Iterable[PodDeath]) -> PodDeath | None:
    return max(
        (death for death in deaths if death.role == "runner" and death.at is not None),
        key=lambda death: death.at or 0.0,
        default=None,
    )


def _done(cluster: ClusterState) -> Deletion | None:
    """Its Job is gone, and so is its runner, or it is about to be."""
    view = cluster.view
    if view.jobs or view.live_runners:
        return None
    leaving = [pod for pod in view.runners if _is_leaving(pod)]
    if cluster.job is not None:
        return _was_seen(cluster, cluster.job)
    if leaving:
        since = min(*(pod.deleting_at or view.at for pod in leaving), view.at)
        return Deletion(f"its Job is gone and pod {leaving[0].name} Terminating: deleted", since)
    return _was_not_seen(cluster)


def _is_leaving(pod: Pod) -> bool:
    """Whether a pod that still worked is Terminating."""
    return pod.deleting_at is not None and pod.phase in {"Running", "Pending"}


def _was_seen(cluster: ClusterState, job: Job) -> Deletion | None:
    """The Job was there: one that was well and vanishes was deleted."""
    since = cluster.deleting_since or cluster.job_gone_since or cluster.view.at
    if _has_failed(job, cluster, since):
        return None
    seen = f" at {clock(cluster.healthy_at)}" if cluster.healthy_at is not None else ""
    return Deletion(f"Job {job.name} was well{seen} and is gone: it was deleted", since)


def _was_not_seen(cluster: ClusterState) -> Deletion | None:
    """Nobody saw it go. Its runner's own namespace, where it is left, tells that it died."""
    view = cluster.view
    if view.runners or any(n.is_runner and n.deleting_at is None for n in view.namespaces):
        return None
    return Deletion(
        "neither its Job nor a namespace of its runner's own is there, and its log has no end: it "
        "was deleted, or it died before anyone looked"
    )
