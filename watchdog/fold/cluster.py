"""Handlers for what the cluster shows: the present view, and what must outlive it.

A killed pod is soon replaced and forgotten by the API server; why it was killed is the cause of a
standstill hours later. So deaths are remembered, and the runner's Job as it was last seen: one that
was healthy and is gone was deleted, one that had failed was taken away.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec.structs import replace

from watchdog.fold.lessons import Lessons
from watchdog.model import pod_reasons
from watchdog.model.cluster import ClusterView, Container, Pod, PodEvent, newest_job
from watchdog.model.durations_of_calls import CallDurations
from watchdog.model.facts import ClusterRead, RunnerLogSampled
from watchdog.model.instants import earliest, latest
from watchdog.model.learned import STARTUP, call_name
from watchdog.model.state import DEATHS_MAX, ClusterState, EvalSetState, PodDeath, Served

Role = Literal["runner", "sandbox"]


def cluster_read(state: EvalSetState, fact: ClusterRead) -> EvalSetState:
    """The cluster's view now. A kind that could not be read keeps what was known of it."""
    before = state.cluster
    view = _with_known(before.view, fact.view) if before else fact.view
    before = before or ClusterState(view)
    listed = view.lists_runners
    alone = listed and not view.runners and not view.jobs
    serving = _serving(view) if "pods" in fact.view.known else before.sandboxes
    job_gone = listed and not view.jobs
    return replace(
        state,
        cluster=ClusterState(
            view=view,
            deaths=_remember(before.deaths, _deaths(view, {**before.sandboxes, **serving})),
            replaced=_remember(before.replaced, _replaced(before.sandboxes, view)),
            sandboxes=serving,
            job=view.job_after(before.job),
            job_gone_since=(before.job_gone_since or view.at) if job_gone else None,
            deleting_since=_deleting_since(before, view),
            ended_unasked=_ended_unasked(view) or before.ended_unasked,
            healthy_at=view.at if _is_healthy(view) else before.healthy_at,
            runner_started_at=runner_started(view.runners) or before.runner_started_at,
            startup_learned_of=before.startup_learned_of,
            runner_away_at=view.at if _is_away(view) else before.runner_away_at,
            held_back_at=view.at if _is_held_back(view) else before.held_back_at,
            runner_live_at=view.at if view.live_runners else before.runner_live_at,
            runner_seen_at=before.runner_seen_at if alone else view.at,
            no_runner_since=(before.no_runner_since or view.at) if alone else None,
        ),
    )


def _deleting_since(before: ClusterState, view: ClusterView) -> float | None:
    """When its deletion began, kept until a Job is there that stays."""
    is_there = any(not view.is_leaving(job) for job in view.jobs)
    return None if is_there else earliest(before.deleting_since, view.deleting_since)


def _ended_unasked(view: ClusterView) -> str:
    ended = (job.uid for job in view.jobs if job.finished and not view.is_leaving(job))
    return next(ended, "")


def runner_started(pods: Iterable[Pod]) -> float | None:
    """When the container of the runner that is at work was started; None where none is."""
    newest = max((p for p in pods if p.is_live), key=lambda p: p.created_at or 0.0, default=None)
    containers = newest.containers if newest is not None else ()
    return latest(*(c.running_since for c in containers if not c.is_init))


def _is_away(view: ClusterView) -> bool:
    """Whether the runner's node doesn't answer: then nothing that it does gets on.

    Where nodes can't be read, its pod tells: of a node that is away the control plane calls every
    pod not ready.
    """
    unready = {node.name for node in view.nodes}
    runners = [pod for pod in view.live_runners if pod.phase == "Running"]
    return any(
        pod.node in unready or (pod.unready_since is not None and not pod.ready) for pod in runners
    )


def _is_held_back(view: ClusterView) -> bool:
    """Whether Kueue holds back its Job or some of its pods."""
    pods = (*view.runners, *view.sandboxes)
    return any(job.suspended for job in view.jobs) or any(pod.gates for pod in pods)


def _is_healthy(view: ClusterView) -> bool:
    """Whether its runner is at work, waits for capacity, or is about to start."""
    job = newest_job(view.jobs)
    if job is None or job.finished:
        return False
    return bool(view.live_runners) or job.suspended or not (job.failed or view.runners)


def _serving(view: ClusterView) -> dict[str, Served]:
    return {
        f"{pod.namespace}/{pod.name}": Served(
            pod.uid, pod.sample_id, pod.task_name, pod.sample_uuid
        )
        for pod in view.sandboxes
    }


def started(state: EvalSetState, log: str) -> EvalSetState:
    """A log's specification was read: how long its runner took to write its first one is learned.

    Nothing is learned where the start isn't known, or another log of this runner came before.
    """
    task, cluster = state.tasks[log], state.cluster
    started_at = cluster.runner_started_at if cluster is not None else None
    created_at = task.spec.created_at if task.spec else None
    if started_at is None or created_at is None or created_at < started_at:
        return state
    if cluster is None or cluster.startup_learned_of == started_at:
        return state
    lessons = Lessons(task.learn_since)
    lessons.took(call_name("setup", STARTUP), created_at - started_at, created_at)
    task = replace(task, durations=CallDurations.of(lessons.added_to(task.durations)))
    cluster = replace(cluster, startup_learned_of=started_at)
    return replace(state, tasks={**state.tasks, log: task}, cluster=cluster)


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
        nodes=now.nodes if "nodes" in now.known else (),
        workloads=now.workloads if "workloads" in now.known else (),
    )


def _remember(before: tuple[PodDeath, ...], deaths: Iterator[PodDeath]) -> tuple[PodDeath, ...]:
    keys = {(death.uid, death.container, death.at, death.reason) for death in before}
    new = tuple(d for d in deaths if (d.uid, d.container, d.at, d.reason) not in keys)
    return (*before, *new)[-DEATHS_MAX:]


def _deaths(view: ClusterView, sandboxes: dict[str, Served]) -> Iterator[PodDeath]:
    for pod in view.runners:
        yield from _pod_deaths("runner", pod)
    for pod in view.sandboxes:
        yield from _pod_deaths("sandbox", pod)
    for pod in view.given_up:
        role: Role = "runner" if pod.owner.startswith("Job/") else "sandbox"
        yield _death(role, pod, "", pod.eviction, None, pod.given_up_at)
    present = {(pod.namespace, f"Pod/{pod.name}"): pod for pod in (*view.runners, *view.sandboxes)}
    for event in view.events:
        if is_eviction(event) and not _is_told(event, present.get((event.namespace, event.object))):
            yield _told_death(event, view, sandboxes)


def is_eviction(event: PodEvent) -> bool:
    """Whether an event tells that a pod was given up."""
    return (
        event.object.startswith("Pod/")
        and event.reason in pod_reasons.EVICTION_EVENTS
        and not event.message.startswith(pod_reasons.CANCELLED_EVICTION)
    )


def _is_told(event: PodEvent, pod: Pod | None) -> bool:
    """Whether the pod itself tells it: one of the same name that is newer is another one."""
    if pod is None or not pod.eviction or pod.given_up_at is None:
        return False
    return event.at is None or pod.created_at is None or pod.created_at <= event.at


def _told_death(event: PodEvent, view: ClusterView, sandboxes: dict[str, Served]) -> PodDeath:
    """The death of a pod of which only an event is left: a StatefulSet replaces it in a second."""
    name = event.object.partition("/")[2]
    served = sandboxes.get(f"{event.namespace}/{name}")
    places = {namespace.name for namespace in view.namespaces if namespace.is_runner}
    is_runner = served is None and event.namespace in places | {view.runner_namespace}
    role: Role = "runner" if is_runner else "sandbox"
    _, *labels = served or Served("")
    return PodDeath(role, name, "", "", event.reason, None, event.at, *labels)


def _pod_deaths(role: Role, pod: Pod) -> Iterator[PodDeath]:
    for container in pod.containers:
        yield from _container_deaths(role, pod, container)
    if pod.eviction:
        yield _death(role, pod, "", pod.eviction, None, pod.given_up_at)


def _container_deaths(role: Role, pod: Pod, container: Container) -> Iterator[PodDeath]:
    for end in (container.last_terminated, container.terminated):
        if end is not None and end.exit_code != 0:
            yield _death(role, pod, container.name, end.reason, end.exit_code, end.finished_at)


def _replaced(before: dict[str, Served], view: ClusterView) -> Iterator[PodDeath]:
    for pod in view.sandboxes:
        served = before.get(f"{pod.namespace}/{pod.name}")
        if served is not None and served.uid != pod.uid:
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
