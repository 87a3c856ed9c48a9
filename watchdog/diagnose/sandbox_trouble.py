"""What happened to the sandboxes that serve a sample.

A sandbox that was killed, or replaced, while a call in it was pending never answers that call.
"""

from collections.abc import Iterable, Iterator

from watchdog.diagnose.context import CauseFinding, Finding, SampleContext
from watchdog.diagnose.pod_trouble import cause_of_death, death_evidence, pod_trouble
from watchdog.diagnose.sandboxes import DNS_CONTAINER, MAIN, belongs
from watchdog.model.cluster import Pod
from watchdog.model.instants import latest
from watchdog.model.state import PodDeath
from watchdog.model.verdict import Cause, Evidence

SETTLE = 5.0
"""Seconds by which the clocks of a runner and of the API server may differ."""


def sandbox_troubles(context: SampleContext) -> Iterator[CauseFinding]:
    """Troubles of the sample's sandboxes, each with the cause that it is."""
    cluster = context.eval_set.state.cluster
    if cluster is None:
        return
    limits = context.judging.limits.patient(context.allowance.patience)
    for pod in _pods(context):
        trouble = pod_trouble(context.now, limits, cluster.view, pod, "its sandbox")
        if trouble is not None and (trouble[0] is not Cause.NODE_NOT_READY or _is_in_use(context)):
            yield trouble
    yield from _killed_in_call(context, cluster.deaths)
    yield from _leaving_in_call(context)


def replaced_in_call(context: SampleContext) -> Finding | None:
    """All its sandboxes were made after the pending call into them began: it can't return.

    A StatefulSet makes a new pod within a second, so often nothing else is left of the old one.
    """
    since = _box_calls_since(context)
    pods = [pod for pod in _pods(context) if pod.deleting_at is None]
    made_at = [pod.created_at for pod in pods if pod.created_at is not None]
    if since is None or not made_at or len(made_at) < len(pods):
        return None
    first = min(made_at)
    if first <= since + SETTLE or (context.sample.last_event_at or 0.0) > first:
        return None
    names = ", ".join(sorted(pod.name for pod in pods)[:3])
    text = f"its sandbox {names} was made after the pending call began: that call can't return"
    suspicion = (context.now - first) / context.judging.limits.pod_explains
    return Finding(suspicion, first, (Evidence("pod", text, first),))


def _pods(context: SampleContext) -> list[Pod]:
    """The sandbox pods that are, or may be, the sample's."""
    cluster = context.eval_set.state.cluster
    pods = cluster.view.sandboxes if cluster else ()
    return [pod for pod in pods if belongs(pod, context.task, context.sample)]


def _is_in_use(context: SampleContext) -> bool:
    return _box_calls_since(context) is not None


def _box_calls_since(context: SampleContext) -> float | None:
    """When the newest pending call into its sandbox began."""
    calls = [c for c in context.sample.open_calls if c.kind in {"tool", "sandbox"}]
    return latest(*(call.since for call in calls))


def _killed_in_call(context: SampleContext, deaths: Iterable[PodDeath]) -> Iterator[CauseFinding]:
    """A sandbox was killed while a call in it was pending, and nothing has come since."""
    since = _box_calls_since(context)
    if since is None:
        return
    pods = _pods(context)
    names = {pod.name for pod in pods}
    for death in deaths:
        cause, at = cause_of_death(death), death.at if death.at is not None else since
        if cause is None or not _is_of(death, context, names) or _is_beside(death, pods):
            continue
        if at < since - SETTLE or (context.sample.last_event_at or 0.0) > at + SETTLE:
            continue
        suspicion = (context.now - at) / context.judging.limits.pod_explains
        evidence = (death_evidence(death, "its sandbox"),)
        yield cause, Finding(suspicion, at, evidence)


def _is_beside(death: PodDeath, pods: list[Pod]) -> bool:
    """Whether what died is not where commands run: the helper for names, or another service.

    Source: inspect_k8s_sandbox's chart: each service is a pod, `default` the one that commands run
    in, with a container `coredns` beside it.
    """
    if death.container == DNS_CONTAINER:
        return True
    at_work = [pod for pod in pods if pod.is_live and pod.service == MAIN]
    return any(pod.name != death.pod for pod in at_work)


def _leaving_in_call(context: SampleContext) -> Iterator[CauseFinding]:
    """All its sandboxes are Terminating while a call in them is pending: a drain, an eviction."""
    since, pods = _box_calls_since(context), _pods(context)
    leaving_at = [pod.deleting_at for pod in pods if pod.deleting_at is not None]
    if since is None or not pods or len(leaving_at) < len(pods):
        return
    at = min(*leaving_at, context.now)
    if at < since or (context.sample.last_event_at or 0.0) > at:
        return
    text = f"its sandbox {pods[0].name} is Terminating: the pending call can't return"
    suspicion = (context.now - at) / context.judging.limits.pod_explains
    yield Cause.EVICTED, Finding(suspicion, at, (Evidence("pod", text, at),))


def _is_of(death: PodDeath, context: SampleContext, pods: set[str]) -> bool:
    """By its labels; of one that is only told of, by the name that its successor has too."""
    if death.role != "sandbox":
        return False
    return death.pod in pods or belongs(death, context.task, context.sample)
