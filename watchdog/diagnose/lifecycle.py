"""Beginnings and ends that don't come.

A runner that never gets going, or doesn't end; deletions that hang, waits that last too long.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.diagnose.baselines import ANCHORS, Baselines
from watchdog.diagnose.context import CauseFinding, CauseSpec, Finding
from watchdog.diagnose.deadlines import Deadline, deadline_for, excused, overdue
from watchdog.diagnose.deletion import Deletion
from watchdog.diagnose.last_words import last_error
from watchdog.diagnose.signs import last_life
from watchdog.fold.clock_lag import LEAST
from watchdog.fold.cluster import runner_started
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.allowances import Allowance
from watchdog.model.instants import earliest, latest
from watchdog.model.judgment import Waiting
from watchdog.model.learned import STARTUP
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import Length, Since, Text, told
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.words import count

_MARGIN = 5.0
"""Seconds by which the clocks of two machines of a cluster may differ."""
_WITH_LOG = 3.0
"""So many times longer may a start take where the runner's own log shows that it does something."""


def _started_at(state: EvalSetState) -> float | None:
    """When the container of the runner that is at work was started; None where none is."""
    return runner_started(state.cluster.view.runners) if state.cluster else None


def _begun_at(state: EvalSetState) -> float | None:
    """When the present runner started, or what is to be it was made: a pod, or its Job."""
    started_at = _started_at(state)
    view = state.view
    if started_at is not None or view is None:
        return started_at
    live = view.live_runners
    if live:
        return latest(*(pod.created_at for pod in live if pod.phase == "Pending"))
    waiting = [job for job in view.jobs if not (job.finished or job.suspended or job.deleting_at)]
    return latest(*(job.started_at for job in waiting))


def restarted(state: EvalSetState) -> float | None:
    """When the present runner started, where all that its logs tell is from before that.

    Calls that were pending then are of an earlier runner: they are neither open nor stuck, from the
    moment on at which the next one is on its way. Where no other runner was seen, only what clocks
    can't explain proves that there was one.
    """
    started_at, tasks = _begun_at(state), state.tasks.values()
    if started_at is None:
        return None
    life = latest(last_life(tasks, None), *(task.completed_at for task in tasks))
    margin = _MARGIN if _had_another_runner(state) else LEAST
    is_newer = life is not None and life + margin < started_at
    unfinished = [task for task in tasks if task.status == "started"]
    made_at = runner_made_at(state)
    are_older = bool(unfinished) and all(is_older_than(task, made_at) for task in unfinished)
    return started_at if is_newer or are_older else None


def runner_made_at(state: EvalSetState) -> float | None:
    """When the pod of the runner at work was made: never later than its containers began."""
    pods = state.cluster.view.runners if state.cluster else ()
    made = (
        earliest(pod.created_at, *(c.running_since for c in pod.containers))
        for pod in pods
        if pod.is_live
    )
    return latest(*made)


def is_older_than(task: TaskState, made_at: float | None) -> bool:
    """Whether a log was begun long before the pod of the present runner was made, and ended too.

    A runner begins its own logs: one that was begun by another goes on in a new one, or never. What
    is said of a moment after the pod's own beginning, the pod's runner said, whatever its clock.
    """
    created_at = task.spec.created_at if task.spec else None
    life = last_life((task,), None)
    if created_at is None or life is None or made_at is None:
        return False
    return created_at + LEAST < made_at and life < made_at


def _had_another_runner(state: EvalSetState) -> bool:
    cluster = state.cluster
    if cluster is None:
        return False
    deaths = any(death.role == "runner" for death in cluster.deaths)
    return deaths or len(cluster.view.runners) > 1 or any(job.failed for job in cluster.view.jobs)


def hung_startup(
    now: float,
    baselines: Baselines,
    allowance: Allowance,
    state: EvalSetState,
    restarted_at: float | None,
) -> Finding | None:
    """The runner's pod runs and no log of its own is there, far beyond what starting takes.

    Its own log shows whether it does something (packages are installed, data sets loaded): then
    it may take longer.
    """
    started_at = _started_at(state)
    if started_at is None or (state.tasks and restarted_at is None):
        return None
    line_at = state.last_log_line_at
    writes = line_at is not None and line_at >= started_at
    deadline = deadline_for(baselines, allowance, "setup", STARTUP)
    if writes:
        deadline = replace(deadline, seconds=_with_log(deadline))
    deadline = excused(deadline, allowance)
    line: Text = "no line"
    if writes and line_at:
        line = told("its last line is {} old", Since(line_at))
    text = told(
        "the runner has run for {} and written no eval log; of its own log {}",
        Since(started_at),
        line,
    )
    words = last_error(state) if writes else ()
    evidence = (Evidence("startup", text, started_at), *words)
    return overdue(now, started_at, deadline, "the runner gets going", evidence)


def _with_log(deadline: Deadline) -> float:
    """How long a start may take whose log shows that it does something.

    What was learned rests on such starts already: beyond day one's it is not made longer still.
    """
    longer = _WITH_LOG * deadline.seconds
    if deadline.limit is None or not deadline.limit.seen:
        return longer
    return min(longer, max(deadline.seconds, _WITH_LOG * ANCHORS["setup"]))


def hung_teardown(now: float, limits: Thresholds, state: EvalSetState) -> Finding | None:
    """All logs are finished, and the runner doesn't end."""
    cluster = state.cluster
    if cluster is None or not state.tasks or not cluster.view.lists_runners:
        return None
    live = cluster.view.live_runners
    tasks = state.tasks.values()
    if not live or any(task.status in {None, "started"} for task in tasks):
        return None
    since = latest(*(task.completed_at or task.last_ended_at for task in tasks))
    started_at = _started_at(state)
    if since is None or (started_at is not None and started_at > since):
        return None
    failed = any(task.status == "error" for task in tasks)
    limit = limits.teardown_retried if failed else limits.teardown
    boxes = sum(pod.is_live for pod in cluster.view.sandboxes)
    text = told(
        "its logs are finished for {}, and pod {} still runs{}",
        Since(since),
        live[0].name,
        f", with {count(boxes, 'sandbox pod')}" if boxes else "",
    )
    return Finding((now - since) / limit, since, (Evidence("teardown", text, since),))


def deletion_stuck(
    now: float, limits: Thresholds, state: EvalSetState, deletion: Deletion
) -> Finding | None:
    """Something of it is Terminating for far longer than that takes."""
    view = state.view
    if view is None:
        return None
    leaving = [
        *((f"namespace {n.name}", n.deleting_at) for n in view.namespaces),
        *((f"Job {job.name}", job.deleting_at) for job in view.jobs),
        *((f"pod {pod.name}", pod.deleting_at) for pod in (*view.runners, *view.sandboxes)),
    ]
    times = {name: at for name, at in leaving if at is not None}
    since = earliest(*times.values(), deletion.since if times else None)
    if since is None:
        return None
    names = ", ".join(sorted(times)[:4])
    text = told("{} Terminating for {}: finalizers, or a node that is away", names, Since(since))
    return Finding(
        (now - since) / limits.deletion_wait, since, (Evidence("deletion", text, since),)
    )


def overdue_wait(now: float, waits: Iterable[Waiting]) -> CauseFinding | None:
    """What waits on purpose for longer than it should: the one that began first."""
    late = [wait for wait in waits if wait.overdue(now)]
    wait = min(late, key=lambda wait: wait.since or 0.0, default=None)
    if wait is None or wait.bound is None:
        return None
    text = told(
        "{}, for {}: longer than the {} that it may take",
        wait.words,
        Since(wait.since or now),
        Length(wait.bound),
    )
    evidence = (Evidence(wait.evidence.kind, text, wait.since), wait.evidence)
    return Cause.OVERDUE_WAIT, Finding(1.0, wait.since, evidence)


SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.HUNG_STARTUP,
        "has a runner that runs and never writes a log",
        (
            advice.RUNNER_LOG,
            advice.STACKTRACE,
            Action(
                "restart",
                "Nothing was evaluated since that start, so nothing is lost by starting it anew: "
                "`hawk delete {eval_set_id}`",
                ("runner_alive", "all_stuck"),
            ),
            advice.RESUME_AFTER,
        ),
    ),
    CauseSpec(
        Cause.DELETION_STUCK,
        "is being deleted, and that doesn't end",
        (
            Action(
                "look",
                "See what remains, and which finalizers hold it: `kubectl describe namespace "
                "<namespace>`",
            ),
            Action(
                "look",
                "See which pods remain, and on which nodes: `kubectl get pods -n <namespace> -o "
                "wide`",
            ),
            Action("tell", "Tell whoever runs the cluster: a node that is away keeps its pods"),
        ),
    ),
    CauseSpec(
        Cause.OVERDUE_WAIT,
        "waits on purpose, and for longer than it should",
        (
            Action("tell", "Ask whoever started it whether somebody still attends to it"),
            Action("look", "See what it waits for: `hawk watch {eval_set_id}`"),
            Action(
                "look",
                "Where Kueue holds it back, see where it stands in the queue: `kubectl get "
                "workloads.kueue.x-k8s.io -n <namespace>`",
            ),
        ),
    ),
)
