"""Which actions make sense for an eval set: pure, by what their commands need.

What a command needs is read from the action's own text, before anything is filled in: no name that
an eval chose can change it, and an action that is written anew can't forget it.
"""

import re

from msgspec import Struct

from watchdog.diagnose import writers
from watchdog.model.action import Action, Situation
from watchdog.model.judgment import SampleJudgment, TaskJudgment
from watchdog.model.pod_reasons import CONFIG_EXIT_CODE, POD_FAILURE_POLICY
from watchdog.model.state import ClusterState, EvalSetState
from watchdog.model.verdict import Cause

CONTROL_VERSION = (0, 3, 252)
"""The first Inspect whose control channel has today's verbs (`inspect ctl sample requeue`, …)."""
IN_RUNNER = "<in-runner>"
"""Before what runs where the evaluations run; empty on the machine itself."""
PROCESS = "<process-id>"

_NOT_LOCAL = re.compile(
    r"\b(?:kubectl|hawk|aws|s3|buckets?|pods?|namespaces?|nodes?|kubelet|controller|cluster|kueue"
    r"|middleman|network policies)\b",
    re.IGNORECASE,
)
"""What a machine by itself has none of, in commands and in plain words."""
_CONTROL = "inspect ctl "
_OF_SAMPLE = ("<sample-uuid>", "<sample-id>")
_OF_SANDBOX = "<sandbox-"
_ENDS_SAMPLE = ("--sample <sample-uuid>", "--action score", "--action cancel")
_TOOL_CALL = "cancel-tool-call"
_ENDS_PROCESS = "End the process"
_AS_ERROR = " --error`"
_AFTER_RUNNER = frozenset({"wait", "restart"})
"""What makes no sense before something is done about a runner that does nothing."""

_FULL = ("No space left", "quota exceeded", "disk is full", "[Errno 28]", "[Errno 122]")
_LOST_PODS = frozenset({Cause.EVICTED, Cause.OOM_KILLED, Cause.NODE_NOT_READY})


class Surroundings(Struct, frozen=True):
    """What an action is filled in for."""

    state: EvalSetState
    cause: Cause
    task: TaskJudgment | None = None
    sample: SampleJudgment | None = None
    """The sample that is stuck for this cause the longest, and its task; None where none is."""
    all_stuck: bool = False
    """Whether no sample of the eval set gets on."""
    more: int = 0
    """How many others are stuck for this cause."""
    runner_stands: bool = False
    """Whether others of its samples are stuck because its runner does nothing any more."""

    @property
    def local(self) -> bool:
        """Whether it runs on this machine, or on one of which no cluster is known."""
        return self.state.cluster is None and self.state.local


def applies(action: Action, around: Surroundings) -> bool:
    """Whether an action can be done, and helps."""
    if around.runner_stands and action.kind in _AFTER_RUNNER:
        return False
    is_situation = all(_holds(situation, around) for situation in action.when)
    return is_situation and _is_possible(action.text, around)


def names_sample(text: str) -> bool:
    """Whether its command is about one sample."""
    return any(place in text for place in _OF_SAMPLE)


def _is_possible(text: str, around: Surroundings) -> bool:
    if around.local and not _is_possible_locally(text, around):
        return False
    lacks = (
        any(way in text for way in _ENDS_SAMPLE) and _is_shared(around),
        names_sample(text) and around.sample is None,
        _OF_SANDBOX in text and not _has_sandbox(around),
        IN_RUNNER in text and _has_no_runner(around.state.cluster),
        _TOOL_CALL in text and not _waits_for_tool(around.sample),
        _AS_ERROR in text and not _bears_errors(around),
        _CONTROL in text and not _has_control(around),
    )
    return not any(lacks)


def _is_possible_locally(text: str, around: Surroundings) -> bool:
    """On the machine itself: nothing of a cluster's, and what is done to the process needs one."""
    if _NOT_LOCAL.search(text) or (PROCESS in text and not process_id(around)):
        return False
    return not (_is_left(around) and (IN_RUNNER in text or _ENDS_PROCESS in text))


def _is_left(around: Surroundings) -> bool:
    return around.task is not None and writers.is_left(around.task.state)


def _holds(situation: Situation, around: Surroundings) -> bool:
    cluster = around.state.cluster
    gone = _has_no_runner(cluster)
    refused = cluster is not None and _is_refused(cluster)
    return {
        "all_stuck": around.all_stuck,
        "ended": around.sample is None,
        "local": around.local,
        "no_control": not _has_control(around),
        "process_gone": _is_left(around),
        "pod_lost": around.cause in _LOST_PODS and not gone,
        "runner_alive": not gone,
        "running": around.sample is not None,
        "shared": _is_shared(around),
        "configuration_refused": gone and refused,
        "disk_full": _is_full(around.state),
        "store_refuses": not _is_full(around.state),
        "resumable": gone and not refused,
    }[situation]


def _has_no_runner(cluster: ClusterState | None) -> bool:
    """Whether the cluster says that no runner is at work."""
    if cluster is None or not cluster.view.lists_runners:
        return False
    return not cluster.view.live_runners


def _is_refused(cluster: ClusterState) -> bool:
    """Whether the last runner said that its configuration can't work."""
    runners = [death for death in cluster.deaths if death.role == "runner"]
    jobs = (*cluster.view.jobs, *((cluster.job,) if cluster.job is not None else ()))
    by_policy = any(job.finished_reason == POD_FAILURE_POLICY for job in jobs)
    return by_policy or (bool(runners) and runners[-1].exit_code == CONFIG_EXIT_CODE)


def process_id(around: Surroundings) -> str:
    """The process that writes the log, where it is known and there; else empty."""
    writer = around.task.state.writer if around.task is not None else None
    return str(writer.pid) if writer is not None and not writer.gone else ""


def _is_full(state: EvalSetState) -> bool:
    """Whether the runner last said that it can't write for want of space."""
    errors = [failures.error for failures in state.write_failures.values()]
    return bool(errors) and any(sign in errors[-1] for sign in _FULL)


def _is_shared(around: Surroundings) -> bool:
    """Whether everybody on the model suffers it: to end one sample helps nobody."""
    return around.sample is not None and around.sample.shared


def _has_sandbox(around: Surroundings) -> bool:
    """Whether its log declares a sandbox, or nobody can tell; for the eval set, any of its logs."""
    tasks = [around.task.state] if around.task else list(around.state.tasks.values())
    specs = [task.spec for task in tasks]
    return not specs or any(spec is None or spec.has_sandbox for spec in specs)


def _waits_for_tool(sample: SampleJudgment | None) -> bool:
    """Whether one call of a tool is pending: of several Inspect asks which is meant."""
    if sample is None:
        return False
    return sum(call.kind == "tool" for call in sample.state.open_calls) == 1


def _bears_errors(around: Surroundings) -> bool:
    spec = around.task.state.spec if around.task else None
    return spec is not None and spec.bears_errors


def _has_control(around: Surroundings) -> bool:
    """Whether the log's Inspect has the control channel; for the eval set, whether all have."""
    tasks = [around.task.state] if around.task else list(around.state.tasks.values())
    started = [task.spec for task in tasks if task.spec and task.status == "started"]
    versions = [spec.inspect_version for spec in started]
    return bool(versions) and all(v is not None and v >= CONTROL_VERSION for v in versions)
