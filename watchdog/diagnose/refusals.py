"""Pods that the API server refuses: a quota, a webhook, a policy.

No pod exists then, and nothing waits: only the controller that wants to make it tells so, in events
with the reason FailedCreate (Job, StatefulSet, ReplicaSet).
"""

from collections.abc import Iterable

from watchdog.diagnose.context import CauseFinding
from watchdog.diagnose.pod_trouble import aged
from watchdog.model.cluster import ClusterView, Pod, PodEvent
from watchdog.model.instants import earliest, latest
from watchdog.model.pod_reasons import REFUSED
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause

LASTING = 2 * 3600.0
"""Seconds that an event is believed: controllers try again within 17 minutes at most."""


def runner_refused(now: float, limits: Thresholds, view: ClusterView) -> CauseFinding | None:
    """The runner's pod is refused; None where one was made since."""
    names = {f"Job/{job.name}" for job in view.jobs if not job.finished}
    return _refused(now, limits, view, names, view.runners)


def sandbox_refused(now: float, limits: Thresholds, view: ClusterView) -> CauseFinding | None:
    """A sandbox's pod is refused; None where its controller made one since."""
    names = {event.object for event in view.events if _is_refusal(event)}
    names = {name for name in names if not name.startswith("Job/")}
    return _refused(now, limits, view, names, view.sandboxes)


def _refused(
    now: float, limits: Thresholds, view: ClusterView, names: Iterable[str], pods: Iterable[Pod]
) -> CauseFinding | None:
    troubles = [
        trouble
        for name in sorted(names)
        if (trouble := _of_controller(now, limits, view, name, pods)) is not None
    ]
    return max(troubles, key=lambda trouble: trouble[1].suspicion, default=None)


def _of_controller(
    now: float, limits: Thresholds, view: ClusterView, name: str, pods: Iterable[Pod]
) -> CauseFinding | None:
    refusals = [event for event in view.events if event.object == name and _is_refusal(event)]
    if not refusals:
        return None
    newest = refusals[-1]
    made_at = latest(*(pod.created_at for pod in pods if pod.owner == name))
    last_at = newest.at if newest.at is not None else now
    if now - last_at > LASTING or (made_at is not None and made_at >= last_at):
        return None
    since = earliest(*(event.first_at or event.at for event in refusals))
    since = latest(since, made_at)
    text = f"{name} can't make its pod (x{newest.count}): {newest.message}"
    return Cause.POD_REJECTED, aged(now, since, limits.pod_rejected, text)


def _is_refusal(event: PodEvent) -> bool:
    return event.warning and event.reason == REFUSED
