"""What waits for capacity: Kueue suspends a Job, or keeps pods behind a scheduling gate.

Source: kueue.sigs.k8s.io (concepts/workload; tasks/run/jobs): a Job with a queue's label is created
suspended and resumed once its Workload is admitted; pods of a queue get the gate
`kueue.x-k8s.io/admission`, and PodScheduled=False with the reason SchedulingGated.
"""

from collections.abc import Iterable

from watchdog.diagnose.sandboxes import label
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.instants import clock, earliest
from watchdog.model.judgment import Waiting
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Evidence


def runner_held_back(limits: Thresholds, state: EvalSetState) -> Waiting | None:
    """The runner's Job is suspended, or its pod is gated."""
    view = state.view
    if view is None:
        return None
    if any(not pod.gates for pod in view.live_runners):
        return None
    gated = view.live_runners
    if gated:
        return _pods_wait(limits, view, gated, "the runner's pod")
    return _job_waits(limits, view)


def _job_waits(limits: Thresholds, view: ClusterView) -> Waiting | None:
    jobs = [job for job in view.jobs if not job.finished and job.deleting_at is None]
    if not jobs or not all(job.suspended for job in jobs):
        return None
    job = max(jobs, key=lambda job: job.created_at or 0.0)
    since = job.suspended_since or job.created_at
    if not job.queue:
        text = f"Job {job.name} is suspended{_since(since)}"
        return Waiting(
            Evidence("suspended", text, since), since, limits.capacity_wait, "its Job is suspended"
        )
    why = _why(view, {f"Job/{job.name}"})
    text = f"Kueue holds Job {job.name} back in queue {job.queue}{_since(since)}{why}"
    words = f"Kueue holds it back in queue {job.queue} until there is capacity"
    return Waiting(Evidence("capacity", text, since), since, limits.capacity_wait, words)


def sandboxes_held_back(limits: Thresholds, state: EvalSetState) -> Waiting | None:
    """Sandboxes of samples in set-up are gated."""
    if state.cluster is None:
        return None
    view = state.cluster.view
    running = {label(key.id) for task in state.tasks.values() for key in task.samples}
    gated = [
        pod
        for pod in view.sandboxes
        if pod.gates and pod.is_live and label(pod.sample_id) not in running
    ]
    return _pods_wait(limits, view, gated, "sandboxes") if gated else None


def _pods_wait(limits: Thresholds, view: ClusterView, pods: list[Pod], what: str) -> Waiting:
    since = earliest(*(pod.scheduling_since or pod.created_at for pod in pods))
    why = _why(view, {f"Pod/{pod.name}" for pod in pods})
    names = ", ".join(sorted({pod.queue for pod in pods} - {""}))
    queue = f" in queue {names}" if names else ""
    count = f"{len(pods)} {what} wait" if len(pods) > 1 else f"{what} {pods[0].name} waits"
    text = f"{count} for capacity{queue} (scheduling gate: {pods[0].gates}){_since(since)}{why}"
    words = f"pods are held back{queue} until there is capacity"
    return Waiting(Evidence("capacity", text, since), since, limits.capacity_wait, words)


def _since(since: float | None) -> str:
    return f" since {clock(since)}" if since is not None else ""


def _why(view: ClusterView, owners: Iterable[str]) -> str:
    """What Kueue says of it, where its Workloads can be read."""
    names = set(owners)
    messages = (w.message for w in view.workloads if w.owner in names and w.message)
    message = next(messages, "")
    return f": {message}" if message else ""
