"""Causes that only the cluster knows: what happened to the runner's pod and to the sandboxes.

A pod's trouble is the deepest cause: it explains a pending call, a set-up or a silence better than
any time-out. The runner's trouble concerns every running sample, a sandbox's the sample it serves.
"""

from msgspec.structs import replace

from watchdog.diagnose.context import CauseFinding, CauseSpec, Detect, Finding, SampleContext
from watchdog.diagnose.last_words import last_error, last_words
from watchdog.diagnose.leftovers import leftovers
from watchdog.diagnose.pod_trouble import cause_of_death, death_evidence, pod_trouble
from watchdog.diagnose.refusals import runner_refused, sandbox_refused
from watchdog.diagnose.sandbox_trouble import sandbox_troubles
from watchdog.diagnose.sandboxes import unclaimed
from watchdog.diagnose.signs import last_life
from watchdog.diagnose.writers import writer_gone
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.cluster import Job, Pod, newest_job
from watchdog.model.instants import earliest, latest
from watchdog.model.pod_reasons import POD_FAILURE_POLICY
from watchdog.model.state import ClusterState, EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Evidence


def runner_trouble(now: float, limits: Thresholds, state: EvalSetState) -> CauseFinding | None:
    """What keeps the eval set's runner from working; None where it works or isn't known."""
    cluster = state.cluster
    if cluster is None or not cluster.view.lists_runners:
        return None
    live = cluster.view.live_runners
    leaving = [pod for pod in cluster.view.runners if pod.deleting_at is not None]
    troubles = [
        trouble
        for pod in live or leaving
        if (trouble := _runner_pod_trouble(now, limits, state, cluster, pod))
    ]
    if live or troubles or _is_unseen(cluster):
        return max(troubles, key=lambda trouble: trouble[1].suspicion, default=None)
    return runner_refused(now, limits, cluster.view) or _no_runner(now, limits, state, cluster)


def _runner_pod_trouble(
    now: float, limits: Thresholds, state: EvalSetState, cluster: ClusterState, pod: Pod
) -> CauseFinding | None:
    """With what it said before it crashed."""
    trouble = pod_trouble(now, limits, cluster.view, pod, "the runner's pod")
    if trouble is None or trouble[0] not in {Cause.CRASH_LOOP, Cause.OOM_KILLED}:
        return trouble
    cause, finding = trouble
    said = last_error(state, pod.name)
    return cause, replace(finding, evidence=(*finding.evidence, *said))


def _is_unseen(cluster: ClusterState) -> bool:
    """Whether its Job says that a pod is at work which isn't seen: unreadable, or not labelled."""
    jobs = [job for job in cluster.view.jobs if not job.finished and not job.suspended]
    return not cluster.view.runners and any(job.active for job in jobs)


def _no_runner(
    now: float, limits: Thresholds, state: EvalSetState, cluster: ClusterState
) -> CauseFinding:
    job = newest_job(cluster.view.jobs) or cluster.job
    death = next((d for d in reversed(cluster.deaths) if d.role == "runner"), None)
    since, limit, text = _absence(limits, state, cluster, job)
    since = latest(since, death.at if death and job is not None else None)
    elapsed = now - since if since is not None else limit
    evidence = [Evidence("runner", text, since)]
    if death is not None:
        evidence.append(death_evidence(death, "the runner"))
    pod = death.pod if death is not None else ""
    evidence += last_words(now, state, pod, death.at if death is not None else None)
    cause = cause_of_death(death) if death is not None else Cause.RUNNER_GONE
    return cause or Cause.RUNNER_GONE, Finding(elapsed / limit, since, tuple(evidence))


def _absence(
    limits: Thresholds, state: EvalSetState, cluster: ClusterState, job: Job | None
) -> tuple[float | None, float, str]:
    """Since when there is no runner, how long that may be, and what is seen instead."""
    life = last_life(state.tasks.values(), state.last_log_line_at)
    if job is None:
        was_seen = cluster.runner_seen_at is not None
        since = cluster.no_runner_since if was_seen else life
        return since or life, limits.runner_gone, "neither its Job nor its pod is there any more"
    ended_at = job.completed_at or life or cluster.healthy_at
    left = "" if cluster.view.jobs else "; it has been taken away since"
    if job.finished == "Failed":
        text = f"its Job has failed{_why_failed(job)}: no pod follows{left}"
        return ended_at, limits.runner_gone, text
    if job.finished == "Complete":
        return ended_at, limits.runner_restart, f"its Job is complete, its logs are not{left}"
    leaving = [pod for pod in cluster.view.runners if pod.deleting_at is not None]
    going = f", {leaving[0].name} is Terminating" if leaving else ""
    text = f"its Job has no pod at work ({job.failed} have failed{going}){left}"
    # a deletionTimestamp is when the grace period ends: that may be to come
    gone_at = [min(pod.deleting_at or 0.0, cluster.view.at) for pod in leaving]
    since = latest(job.started_at, job.created_at, cluster.runner_live_at, life, *gone_at)
    return since, limits.runner_restart, text


def _why_failed(job: Job) -> str:
    if job.finished_reason == POD_FAILURE_POLICY:
        return f" ({job.finished_reason}: {job.finished_message or 'its exit code ends it'})"
    return f" ({job.finished_reason})" if job.finished_reason else ""


def setup_trouble(now: float, limits: Thresholds, state: EvalSetState) -> CauseFinding | None:
    """What keeps a sandbox of a sample in set-up from starting."""
    if state.cluster is None:
        return None
    view = state.cluster.view
    troubles = [pod_trouble(now, limits, view, pod, "sandbox") for pod in _in_setup(state)]
    troubles.append(sandbox_refused(now, limits, view))
    return max(filter(None, troubles), key=lambda trouble: trouble[1].suspicion, default=None)


def setups_placed_at(state: EvalSetState) -> float | None:
    """Since when a node can start the sandboxes that are being set up, where capacity was missing.

    None where one of them had its node at once: then it isn't capacity that they waited for.
    """
    pods = _in_setup(state)
    waited = [pod.scheduled_at for pod in pods if _waited_for_node(pod)]
    return earliest(*waited) if len(waited) == len(pods) else None


def _waited_for_node(pod: Pod) -> bool:
    made_at, placed_at = pod.created_at, pod.scheduled_at
    return made_at is not None and placed_at is not None and placed_at - made_at >= _NODE_WAIT


_NODE_WAIT = 60.0
"""Seconds; a scheduler that has room takes a moment."""


def _in_setup(state: EvalSetState) -> list[Pod]:
    left = leftovers(state)
    return [p for p in unclaimed(state) if p.deleting_at is None and p.uid not in left]


def restarts(state: EvalSetState) -> tuple[Evidence, ...]:
    """Informational: sandboxes that came back, runners that were started again."""
    if state.cluster is None:
        return ()
    replacements = (
        Evidence("sandbox_restarted", f"sandbox {d.pod} was replaced: new UID {d.uid}", d.at)
        for d in state.cluster.replaced
    )
    deaths = (death_evidence(d, d.role) for d in state.cluster.deaths)
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


def cluster_cause(cause: Cause) -> Detect:
    """A rule that finds `cause` in the runner's pod or in the sample's sandboxes."""

    def detect(context: SampleContext) -> Finding | None:
        runner = context.eval_set.runner
        if runner is None and context.eval_set.state.cluster is None:
            return None
        is_down = runner is not None and runner[1].suspicion >= 1
        # of a runner that is down nothing else explains anything
        troubles = [] if is_down else [*sandbox_troubles(context)]
        if runner is not None:
            troubles.append(runner)
        matching = [finding for kind, finding in troubles if kind is cause]
        return max(matching, key=lambda finding: finding.suspicion, default=None)

    return detect


def _runner_gone(context: SampleContext) -> Finding | None:
    """The cluster has no runner for it any more, or the process that wrote its log has ended."""
    left = writer_gone(context.now, context.task)
    return left or _gone_in_cluster(context)


_gone_in_cluster = cluster_cause(Cause.RUNNER_GONE)

_LOST = (advice.CANCEL_LOST_CALL, replace(advice.STOP_SAMPLE, when=("pod_lost",)))
"""What helps a sample whose sandbox is gone while its runner lives."""

SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.POD_REJECTED,
        "waits for a pod that the API server refuses to make",
        (
            advice.EVENTS,
            Action(
                "look",
                "Where a quota is named, see who uses it: `kubectl describe resourcequota -n "
                "<namespace>`",
            ),
            Action("wait", "The controller tries again by itself, within 17 minutes at most"),
        ),
        cluster_cause(Cause.POD_REJECTED),
    ),
    CauseSpec(
        Cause.CONTAINER_START,
        "waits for a container that can't be created or started",
        (
            advice.DESCRIBE_POD,
            Action("mend", "Make what the message names: a secret, a volume, a command, a network"),
            Action("wait", "The kubelet tries again by itself: nothing needs to be started anew"),
        ),
        cluster_cause(Cause.CONTAINER_START),
    ),
    CauseSpec(
        Cause.NODE_NOT_READY,
        "stands still since its node doesn't answer",
        (
            advice.NODE,
            Action(
                "tell", "Tell whoever runs the cluster: what ran there is lost if it is removed"
            ),
            *_LOST,
        ),
        cluster_cause(Cause.NODE_NOT_READY),
    ),
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
            advice.REST_LOCALLY,
        ),
        _runner_gone,
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
