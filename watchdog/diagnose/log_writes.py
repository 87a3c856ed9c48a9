"""The writer's own word: what the runner says that it can't write is not in the store.

From the first failure on the store is old data, and says nothing of samples: for all that is known
no call of it is pending any more. It is over with the first newer object.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from msgspec import Struct

from watchdog.diagnose.context import CauseFinding, CauseSpec, Finding
from watchdog.diagnose.signs import MARGIN, last_stored
from watchdog.fold.clock_lag import lag
from watchdog.fold.writes import tasks_of
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.causes import RUNNER_DEATHS
from watchdog.model.instants import clock
from watchdog.model.judgment import Caution
from watchdog.model.runner_words import WriteFailures
from watchdog.model.state import EvalSetState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.told import At, Since, told
from watchdog.model.verdict import Cause, Evidence

UNTRIED = 15.0
"""So many times longer may the last failure stand where they don't go on: the writer tries again
only when there is something new, which in a back-off takes half an hour."""


class Unwritten(Struct, frozen=True):
    """What could not be written of one eval set."""

    by_log: Mapping[str, Finding] = MappingProxyType({})
    """The evidence for each log."""
    without_log: Finding | None = None
    """Where no log is there at all: not even its beginning could be written."""

    def caution(self) -> Caution | None:
        """What people are to hear of it; None while it may be a moment's trouble."""
        findings = (*self.by_log.values(), *([self.without_log] if self.without_log else []))
        ripe = [finding for finding in findings if finding.suspicion >= 1]
        worst = min(ripe, key=lambda finding: finding.since or 0.0, default=None)
        if worst is None:
            return None
        text = worst.evidence[0].text
        return Caution(Cause.LOG_WRITE_FAILED, worst.since, text, severity="page")


def unwritten(
    now: float, limits: Thresholds, state: EvalSetState, made_at: float | None
) -> Unwritten:
    """The logs that the runner at work can't write.

    Args:
        now: seconds since the epoch.
        limits: the rules' thresholds.
        state: the eval set, by the store's clock.
        made_at: when the pod of the runner at work was made, where one is.
    """
    by_log: dict[str, Finding] = {}
    without_log: Finding | None = None
    for failures in state.write_failures.values():
        if _is_of_earlier_runner(state, failures, made_at):
            continue
        logs, is_named = tasks_of(state, failures)
        if not state.tasks:
            without_log = _finding(now, limits, failures, (), 0.0) or without_log
        for log in logs:
            tasks = [state.tasks[log]] if is_named else [*state.tasks.values()]
            finding = _finding(now, limits, failures, tasks, lag(state.tasks[log]))
            if finding is not None and _weighs_more(finding, by_log.get(log)):
                by_log[log] = finding
    return Unwritten(by_log, without_log)


def _weighs_more(finding: Finding, other: Finding | None) -> bool:
    return other is None or finding.suspicion > other.suspicion


def _is_of_earlier_runner(
    state: EvalSetState, failures: WriteFailures, made_at: float | None
) -> bool:
    """Whether another runner has come since, which writes logs of its own."""
    if made_at is not None and failures.last_at is not None and failures.last_at < made_at:
        return True
    spoken = {pod: words.last_line_at or 0.0 for pod, words in state.runner_words.items()}
    return failures.pod in spoken and max(spoken.values()) > spoken[failures.pod]


def _finding(
    now: float,
    limits: Thresholds,
    failures: WriteFailures,
    tasks: Collection[TaskState],
    moved: float,
) -> Finding | None:
    """None where something newer was stored, or nobody can tell."""
    if failures.first_at is None or failures.last_at is None:
        return None
    first_at, last_at = failures.first_at + moved, failures.last_at + moved
    stored_at = last_stored(now, tasks)
    if stored_at is not None and stored_at > last_at + MARGIN:
        return None
    since = first_at if stored_at is None or stored_at <= first_at + MARGIN else stored_at
    failing, untried = last_at - since, now - last_at
    times = f"{failures.count:,} times, " if failures.count > 1 else ""
    text = told(
        "the runner can't write its log since {} ({}; {}last at {}): {}",
        At(since),
        Since(since),
        times,
        At(last_at),
        failures.error,
    )
    newest = f"the newest object in the store is of {clock(stored_at)}" if stored_at else ""
    name = failures.log.rpartition("/")[2] or failures.task
    old = f"{newest or 'nothing is in the store'}: what it shows{f' of {name}' if name else ''} is"
    evidence = (
        Evidence("log_write", text, since),
        Evidence("log_write", f"{old} older than what the runner does", stored_at),
    )
    suspicion = max(failing, untried / UNTRIED) / limits.log_write_failed
    return Finding(max(0.0, suspicion), since, evidence)


def is_runner_gone(runner: CauseFinding | None) -> bool:
    """Whether the runner is no more: that explains itself, and is told with what it left."""
    return runner is not None and runner[0] in RUNNER_DEATHS and runner[1].suspicion >= 1


SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.LOG_WRITE_FAILED,
        "has a runner that can't write its log: results are at risk",
        (
            advice.KEEP_RUNNER,
            advice.FIND_BUFFER,
            advice.COPY_BUFFER,
            advice.COPY_BUFFER_LOCALLY,
            Action(
                "mend",
                "Credentials that expired or can't be had: renew the IAM role or the secret that "
                "the runner writes with; which, its service account says: "
                "`kubectl get serviceaccounts -n <runner-namespace> -o yaml`",
                ("store_refuses",),
            ),
            Action(
                "mend",
                "Access denied: let that role write below the log's address again; see whether "
                "the store answers at all: `aws s3 ls <store>/`",
                ("store_refuses",),
            ),
            Action(
                "mend",
                "Free space where it writes; see which disk is full: `<in-runner>df -h`",
                ("disk_full",),
            ),
            advice.RUNNER_LOG,
        ),
    ),
)
