"""Causes that only the cluster knows: what happened to the runner's pod and to the sandboxes.

A pod's trouble is the deepest cause: it explains a pending call, a set-up or a silence better than
any time-out. The runner's trouble concerns every running sample, a sandbox's the sample it serves.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.diagnose.context import CauseFinding, CauseSpec, Detect, Finding, SampleContext
from watchdog.diagnose.sandboxes import belongs, unclaimed
from watchdog.diagnose.signs import last_life
from watchdog.model import advice, pod_reasons
from watchdog.model.action import Action
from watchdog.model.cluster import Container, Job, Pod
from watchdog.model.instants import latest
from watchdog.model.state import ClusterState, EvalSetState, PodDeath
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.words import duration


def runner_trouble(now: float, limits: Thresholds, state: EvalSetState) -> CauseFinding | None:
    """What keeps the eval set's runner from working; None where it works or isn't known."""
    cluster = state.cluster
    if cluster is None or not {"pods", "jobs"} <= cluster.view.known or suspended(state):
        return None
    live = [pod for pod in cluster.view.runners if pod.is_live]
    if live:
        troubles = [f for pod in live if (f := pod_trouble(now, limits, pod, "the runner's pod"))]
        return max(troubles, key=lambda f: f[1].suspicion, default=None)
    return _no_runner(now, limits, state, cluster)


def suspended(state: EvalSetState) -> bool:
    """Whether the runner's Job is suspended: it waits on purpose."""
    if state.cluster is None:
        return False
    jobs = [job for job in state.cluster.view.jobs if not job.finished]
    live = any(pod.is_live for pod in state.cluster.view.runners)
    return bool(jobs) and not live and all(job.suspended for job in jobs)


def _no_runner(
    now: float, limits: Thresholds, state: EvalSetState, cluster: ClusterState
) -> CauseFinding:
    job = _newest(cluster.view.jobs)
    death = next((d for d in reversed(cluster.deaths) if d.role == "runner"), None)
    since, limit, text = _absence(limits, state, cluster, job)
    since = latest(since, death.at if death and job is not None else None)
    elapsed = now - since if since is not None else limit
    evidence = [Evidence("runner", text, since)]
    if death is not None:
        evidence.append(_death_evidence(death, "the runner"))
    cause = _cause_of_death(death) if death is not None else Cause.RUNNER_GONE
    return cause or Cause.RUNNER_GONE, Finding(elapsed / limit, since, tuple(evidence))


def _absence(
    limits: Thresholds, state: EvalSetState, cluster: ClusterState, job: Job | None
) -> tuple[float | None, float, str]:
    """Since when there is no runner, how long that may be, and what is seen instead."""
    if job is None:
        was_seen = cluster.runner_seen_at is not None
        life = last_life(state.tasks.values(), state.last_log_line_at)
        since = cluster.no_runner_since if was_seen else life
        return since, limits.runner_gone, "neither its Job nor its pod is there any more"
    if job.finished == "Failed":
        reason = f" ({job.finished_reason})" if job.finished_reason else ""
        return job.completed_at, limits.runner_gone, f"its Job has failed{reason}: no pod follows"
    if job.finished == "Complete":
        return job.completed_at, limits.runner_restart, "its Job is complete, its logs are not"
    text = f"its Job has no pod at work ({job.failed} have failed)"
    since = latest(job.started_at, job.created_at, cluster.runner_live_at)
    return since, limits.runner_restart, text


def pod_trouble(now: float, limits: Thresholds, pod: Pod, subject: str) -> CauseFinding | None:
    """What keeps a pod from starting; None where nothing does."""
    if pod.unschedulable and pod.phase == "Pending":
        text = f"{subject} {pod.name} can't be scheduled: {pod.unschedulable}"
        return Cause.UNSCHEDULABLE, _aged(now, pod.created_at, limits.unschedulable, text)
    for container in pod.containers:
        trouble = _container_trouble(now, limits, pod, container, subject)
        if trouble is not None:
            return trouble
    return None


def _container_trouble(
    now: float, limits: Thresholds, pod: Pod, container: Container, subject: str
) -> CauseFinding | None:
    where = f"{subject} {pod.name}, container {container.name}"
    if container.waiting in pod_reasons.IMAGE_PULL:
        text = f"{where}: {container.waiting} {container.waiting_message}"
        return Cause.IMAGE_PULL, _aged(now, pod.created_at, limits.pod_waiting, text)
    if container.waiting in pod_reasons.CRASH_LOOP:
        end = container.last_terminated
        why = f", last {end.reason} with exit code {end.exit_code}" if end else ""
        text = f"{where}: {container.waiting} after {container.restarts} restarts{why}"
        cause = (
            Cause.OOM_KILLED if end and end.reason == pod_reasons.OOM_KILLED else Cause.CRASH_LOOP
        )
        return cause, _aged(now, pod.created_at, limits.pod_waiting, text)
    return None


def _aged(now: float, since: float | None, limit: float, text: str) -> Finding:
    age = now - since if since is not None else 0.0
    evidence = (Evidence("pod", f"{text.strip()} (for {duration(age)})", since),)
    return Finding(age / limit, since, evidence)


def setup_trouble(now: float, limits: Thresholds, state: EvalSetState) -> CauseFinding | None:
    """What keeps a sandbox of a sample in set-up from starting."""
    troubles = (
        pod_trouble(now, limits, pod, "sandbox")
        for pod in unclaimed(state)
        if pod.deleting_at is None
    )
    return max((f for f in troubles if f), key=lambda f: f[1].suspicion, default=None)


def _sandbox_trouble(context: SampleContext) -> list[CauseFinding]:
    """What happened to the sandboxes that serve a sample."""
    cluster = context.eval_set.state.cluster
    if cluster is None:
        return []
    pods = [pod for pod in cluster.view.sandboxes if serves(pod, context)]
    troubles = [
        f
        for pod in pods
        if (f := pod_trouble(context.now, context.judging.limits, pod, "its sandbox"))
    ]
    return [*troubles, *_killed_in_call(context, cluster.deaths)]


def _killed_in_call(context: SampleContext, deaths: Iterable[PodDeath]) -> list[CauseFinding]:
    """A sandbox was killed while a call in it was pending, and nothing has come since."""
    calls = [c for c in context.sample.open_calls if c.kind in {"tool", "sandbox"}]
    since = max((c.since for c in calls if c.since is not None), default=None)
    troubles: list[CauseFinding] = []
    for death in deaths:
        cause = _cause_of_death(death)
        if cause is None or since is None or death.at is None or not _of_sample(death, context):
            continue
        if death.at < since or (context.sample.last_event_at or 0.0) > death.at:
            continue
        suspicion = (context.now - death.at) / context.judging.limits.pod_explains
        evidence = (_death_evidence(death, "its sandbox"),)
        troubles.append((cause, Finding(suspicion, death.at, evidence)))
    return troubles


def _cause_of_death(death: PodDeath) -> Cause | None:
    if death.reason == pod_reasons.OOM_KILLED:
        return Cause.OOM_KILLED
    return Cause.EVICTED if death.reason in pod_reasons.EVICTIONS else None


def _death_evidence(death: PodDeath, role: str) -> Evidence:
    code = f" with exit code {death.exit_code}" if death.exit_code is not None else ""
    container = f", container {death.container}" if death.container else ""
    return Evidence("pod", f"{role} {death.pod}{container} ended: {death.reason}{code}", death.at)


def serves(pod: Pod, context: SampleContext) -> bool:
    """Whether a sandbox pod belongs to the sample, by its labels."""
    return belongs(pod, context.task, context.sample)


def _of_sample(death: PodDeath, context: SampleContext) -> bool:
    return death.role == "sandbox" and belongs(death, context.task, context.sample)


def restarts(state: EvalSetState) -> tuple[Evidence, ...]:
    """Informational: sandboxes that came back, runners that were started again."""
    if state.cluster is None:
        return ()
    replacements = (
        Evidence("sandbox_restarted", f"sandbox {d.pod} was replaced: new UID {d.uid}", d.at)
        for d in state.cluster.replaced
    )
    deaths = (_death_evidence(d, d.role) for d in state.cluster.deaths)
    return (*replacements, *deaths)


def warnings(state: EvalSetState) -> tuple[Evidence, ...]:
    """What Kubernetes warned of, oldest first: a failed mount explains a set-up that hangs."""
    if state.cluster is None:
        return ()
    return tuple(
        Evidence("event", f"{e.object} {e.reason} (x{e.count}): {e.message}", e.at)
        for e in state.cluster.view.events
        if e.warning
    )


def _newest(jobs: tuple[Job, ...]) -> Job | None:
    return max(jobs, key=lambda job: job.created_at or 0.0, default=None)


def cluster_cause(cause: Cause) -> Detect:
    """A rule that finds `cause` in the runner's pod or in the sample's sandboxes."""

    def detect(context: SampleContext) -> Finding | None:
        troubles = [*_sandbox_trouble(context)]
        if context.eval_set.runner is not None:
            troubles.append(context.eval_set.runner)
        matching = [finding for kind, finding in troubles if kind is cause]
        return max(matching, key=lambda finding: finding.suspicion, default=None)

    return detect


_LOST = (advice.CANCEL_LOST_CALL, replace(advice.STOP_SAMPLE, when=("pod_lost",)))
"""What helps a sample whose sandbox is gone while its runner lives."""

SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.OOM_KILLED,
        "stands still since a container ran out of memory (OOMKilled)",
        (
            advice.DESCRIBE_POD,
            *_LOST,
            Action("mend", "Give the container more memory, or run fewer samples at once"),
            *advice.RESUMED,
        ),
        cluster_cause(Cause.OOM_KILLED),
    ),
    CauseSpec(
        Cause.EVICTED,
        "stands still since a pod was evicted or preempted",
        (advice.DESCRIBE_POD, advice.NODE, *_LOST, *advice.RESUMED),
        cluster_cause(Cause.EVICTED),
    ),
    CauseSpec(
        Cause.IMAGE_PULL,
        "waits for a container image that can't be pulled",
        (
            advice.DESCRIBE_POD,
            Action("mend", "Mend the image's name, tag or pull secret; the node tries again"),
            advice.EVENTS,
        ),
        cluster_cause(Cause.IMAGE_PULL),
    ),
    CauseSpec(
        Cause.UNSCHEDULABLE,
        "waits for a pod that no node has room for",
        (
            advice.EVENTS,
            Action("mend", "Ask for less CPU or memory, or add nodes: `kubectl get nodes`"),
        ),
        cluster_cause(Cause.UNSCHEDULABLE),
    ),
    CauseSpec(
        Cause.CRASH_LOOP,
        "waits for a container that crashes again and again",
        (advice.PREVIOUS_LOG, advice.DESCRIBE_POD),
        cluster_cause(Cause.CRASH_LOOP),
    ),
    CauseSpec(
        Cause.RUNNER_GONE,
        "has no runner any more",
        (
            Action("look", "See what is left: `kubectl get jobs,pods -n <runner-namespace>`"),
            advice.EVIDENCE,
            *advice.RESUMED,
        ),
        cluster_cause(Cause.RUNNER_GONE),
    ),
    CauseSpec(
        Cause.ORPHANED_SANDBOX,
        "has ended, and its sandboxes are still there",
        (
            Action("look", "See them: `kubectl get pods -n <sandbox-namespace>`"),
            advice.DELETE_LEFTOVERS,
        ),
    ),
)
