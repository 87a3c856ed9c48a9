"""Sandbox pods that nobody uses any more: they cost, and are no other sample's trouble.

Where the installation of a sandbox fails, its pods stay until the eval ends, Pending for ever; the
sample has long ended in an error. A runner that died, or was preempted, leaves its own behind.
"""

from watchdog.diagnose.sandboxes import label
from watchdog.fold.clock_lag import LEAST
from watchdog.model.cluster import ClusterView, Pod
from watchdog.model.state import ClusterState, EvalSetState
from watchdog.model.verdict import Evidence
from watchdog.model.words import count


def leftovers(state: EvalSetState) -> frozenset[str]:
    """UIDs of the sandbox pods of an earlier runner, and of those whose sample erred since.

    A sample of several epochs has as many sandboxes: as many of its oldest ones are left over as
    ends in an error came after them.
    """
    if state.cluster is None:
        return frozenset()
    errors, left = _errors(state), _of_earlier_runner(state.cluster)
    for sample_id, releases in _releases(state.cluster.view.sandboxes).items():
        ends = list(errors.get(sample_id, ()))
        for release in releases:
            end = next((at for at in ends if at >= min(map(_made, release))), None)
            if end is not None:
                ends.remove(end)
                left |= {pod.uid for pod in release}
    return frozenset(left)


def cost(state: EvalSetState, left: frozenset[str]) -> tuple[Evidence, ...]:
    """What is left over, said as cost: of samples that erred, or of a runner that is no more."""
    if state.cluster is None:
        return ()
    view = state.cluster.view
    boxes = sum(pod.is_live for pod in view.sandboxes)
    if boxes and _has_no_runner(view):
        text = f"{count(boxes, 'sandbox pod')} still there, of a runner that is gone: only cost"
        return (Evidence("cost", text),)
    if not left:
        return ()
    what = f"{count(len(left), 'sandbox pod')} {'is' if len(left) == 1 else 'are'} left over"
    text = (
        f"{what}, of samples that ended in an error or of an earlier runner: no use, and not in "
        "the way of others"
    )
    return (Evidence("cost", text),)


def _has_no_runner(view: ClusterView) -> bool:
    """Whether no runner is at work, and none is about to be."""
    is_due = any(not job.finished for job in view.jobs)
    return view.lists_runners and not is_due and not view.live_runners


def _of_earlier_runner(cluster: ClusterState) -> set[str]:
    """Those that were there long before the runner that is at work: it starts its own."""
    started_at = cluster.runner_started_at
    if started_at is None:
        return set()
    return {
        pod.uid
        for pod in cluster.view.sandboxes
        if pod.created_at is not None and pod.created_at + LEAST < started_at
    }


def _errors(state: EvalSetState) -> dict[str, list[float]]:
    """When samples ended in an error, oldest first, by their id as a label has it."""
    errors: dict[str, list[float]] = {}
    for task in state.tasks.values():
        for key, end in task.ended.items():
            if end.state == "errored" and end.at is not None:
                errors.setdefault(label(key.id), []).append(end.at)
    return {sample_id: sorted(ends) for sample_id, ends in errors.items()}


def _releases(pods: tuple[Pod, ...]) -> dict[str, list[list[Pod]]]:
    """The pods of each sample by Helm release, the oldest release first."""
    releases: dict[str, dict[str, list[Pod]]] = {}
    for pod in pods:
        if pod.sample_id and pod.deleting_at is None:
            of_sample = releases.setdefault(label(pod.sample_id), {})
            of_sample.setdefault(pod.instance or pod.owner or pod.uid, []).append(pod)
    return {
        sample_id: sorted(groups.values(), key=lambda group: min(map(_made, group)))
        for sample_id, groups in releases.items()
    }


def _made(pod: Pod) -> float:
    return pod.created_at or 0.0
