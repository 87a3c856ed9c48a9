"""Handlers for what the cluster shows: the present view, and what must outlive it.

A killed pod is soon replaced and forgotten by the API server; why it was killed is the cause of a
standstill hours later. So deaths are remembered.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from watchdog.model.cluster import ClusterView, Container, Pod
from watchdog.model.facts import ClusterRead, RunnerLogSampled
from watchdog.model.state import DEATHS_MAX, ClusterState, EvalSetState, PodDeath

Role = Literal["runner", "sandbox"]


def cluster_read(state: EvalSetState, fact: ClusterRead) -> EvalSetState:
    """The cluster's view now. A kind that could not be read keeps what was known of it."""
    before = state.cluster
    view = _with_known(before.view, fact.view) if before else fact.view
    before = before or ClusterState(view)
    uids = {f"{pod.namespace}/{pod.name}": pod.uid for pod in view.sandboxes}
    alone = "pods" in view.known and "jobs" in view.known and not view.runners and not view.jobs
    return replace(
        state,
        cluster=ClusterState(
            view=view,
            deaths=_remember(before.deaths, _deaths(view)),
            replaced=_remember(before.replaced, _replaced(before.uids, view)),
            uids=uids if "pods" in fact.view.known else before.uids,
            runner_live_at=view.at
            if any(p.is_live for p in view.runners)
            else before.runner_live_at,
            runner_seen_at=before.runner_seen_at if alone else view.at,
            no_runner_since=(before.no_runner_since or view.at) if alone else None,
        ),
    )


def runner_log_sampled(state: EvalSetState, fact: RunnerLogSampled) -> EvalSetState:
    """Part of the runner's log was left out."""
    return replace(state, log_gaps=state.log_gaps + 1, log_gap=(fact.since, fact.until))


def _with_known(before: ClusterView, now: ClusterView) -> ClusterView:
    """`now`, with what it could not read taken from before."""
    pods = "pods" in now.known
    return replace(
        now,
        known=now.known | before.known,
        jobs=now.jobs if "jobs" in now.known else before.jobs,
        runners=now.runners if pods else before.runners,
        sandboxes=now.sandboxes if pods else before.sandboxes,
        events=now.events if "events" in now.known else before.events,
        usage=now.usage if "metrics" in now.known else (),
        namespaces=now.namespaces if "namespaces" in now.known else before.namespaces,
    )


def _remember(before: tuple[PodDeath, ...], deaths: Iterator[PodDeath]) -> tuple[PodDeath, ...]:
    keys = {(death.uid, death.container, death.at, death.reason) for death in before}
    new = tuple(d for d in deaths if (d.uid, d.container, d.at, d.reason) not in keys)
    return (*before, *new)[-DEATHS_MAX:]


def _deaths(view: ClusterView) -> Iterator[PodDeath]:
    for pod in view.runners:
        yield from _pod_deaths("runner", pod)
    for pod in view.sandboxes:
        yield from _pod_deaths("sandbox", pod)


def _pod_deaths(role: Role, pod: Pod) -> Iterator[PodDeath]:
    for container in pod.containers:
        yield from _container_deaths(role, pod, container)
    if pod.eviction:
        reason = pod.eviction
        yield _death(role, pod, "", reason, None, pod.deleting_at)


def _container_deaths(role: Role, pod: Pod, container: Container) -> Iterator[PodDeath]:
    for end in (container.last_terminated, container.terminated):
        if end is not None and end.exit_code != 0:
            yield _death(role, pod, container.name, end.reason, end.exit_code, end.finished_at)


def _replaced(uids: dict[str, str], view: ClusterView) -> Iterator[PodDeath]:
    for pod in view.sandboxes:
        if uids.get(f"{pod.namespace}/{pod.name}", pod.uid) != pod.uid:
            yield _death("sandbox", pod, "", "replaced", None, pod.created_at)


def _death(  # noqa: PLR0913, PLR0917 - a record's fields
    role: Role, pod: Pod, container: str, reason: str, exit_code: int | None, at: float | None
) -> PodDeath:
    return PodDeath(
        role,
        pod.name,
        pod.uid,
        container,
        reason,
        exit_code,
        at,
        pod.sample_id,
        pod.task_name,
        pod.sample_uuid,
    )
