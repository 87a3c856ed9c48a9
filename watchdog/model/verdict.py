"""The contract's vocabulary: verdicts, causes, diagnoses and incidents.

Source: the project's contract, sections 1, 2 and 4. Values are stable; other programs test them.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from watchdog.model.action import Action
from watchdog.model.probe import Conclusion, Subject
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.told import Text, said

SCHEMA_VERSION: Literal[1] = 1


class Verdict(StrEnum):
    """What is said of a sample, a task, an eval set or a whole check."""

    FINISHED = "finished"
    STARTING = "starting"
    WAITING = "waiting"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    PARTIALLY_STUCK = "partially_stuck"
    STUCK = "stuck"
    UNKNOWN = "unknown"


NUMERIC: dict[Verdict, int] = {verdict: number for number, verdict in enumerate(Verdict)}
"""The contract's numbers, 0 (`finished`) to 7 (`unknown`)."""

STUCK_VERDICTS = frozenset({Verdict.STUCK, Verdict.PARTIALLY_STUCK})

EXIT_STATUS: dict[Verdict, int] = {
    Verdict.FINISHED: 0,
    Verdict.STARTING: 0,
    Verdict.WAITING: 0,
    Verdict.PROGRESSING: 0,
    Verdict.DEGRADED: 1,
    Verdict.PARTIALLY_STUCK: 2,
    Verdict.STUCK: 2,
    Verdict.UNKNOWN: 3,
}
"""As monitoring plugins have it."""

SEVERITY: tuple[Verdict, ...] = (
    Verdict.FINISHED,
    Verdict.STARTING,
    Verdict.WAITING,
    Verdict.PROGRESSING,
    Verdict.DEGRADED,
    Verdict.UNKNOWN,
    Verdict.PARTIALLY_STUCK,
    Verdict.STUCK,
)
"""From good to bad. Not the numeric order: known to be stuck is worse than unknown."""


def worst(verdicts: Iterable[Verdict], default: Verdict = Verdict.UNKNOWN) -> Verdict:
    """The worst verdict by `SEVERITY`, or `default` where there is none."""
    return max(verdicts, key=SEVERITY.index, default=default)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """All stuck is stuck, some is partially stuck, else the worst; finished ones don't count.

    What can't be read counts neither as stuck nor as healthy.
    """
    running = [verdict for verdict in verdicts if verdict is not Verdict.FINISHED]
    if not running:
        return Verdict.FINISHED
    readable = [verdict for verdict in running if verdict is not Verdict.UNKNOWN]
    if readable and all(verdict is Verdict.STUCK for verdict in readable):
        return Verdict.STUCK
    if any(verdict in STUCK_VERDICTS for verdict in running):
        return Verdict.PARTIALLY_STUCK
    return worst(running)


class Cause(StrEnum):
    """Why something is stuck, in the order of the contract's table."""

    API_SERVER_ERROR = "api_server_error"
    RATE_LIMITED = "rate_limited"
    CONTEXT_LENGTH = "context_length"
    BAD_REQUEST = "bad_request"
    AUTH = "auth"
    CLIENT_TIMEOUT = "client_timeout"
    CONNECTION = "connection"
    HUNG_MODEL_CALL = "hung_model_call"
    HUNG_TOOL_CALL = "hung_tool_call"
    HUNG_SETUP = "hung_setup"
    HUNG_SCORING = "hung_scoring"
    SANDBOX_RESTARTED = "sandbox_restarted"
    OOM_KILLED = "oom_killed"
    EVICTED = "evicted"
    IMAGE_PULL = "image_pull"
    UNSCHEDULABLE = "unschedulable"
    CRASH_LOOP = "crash_loop"
    RUNNER_GONE = "runner_gone"
    RUNNER_FROZEN = "runner_frozen"
    ORPHANED_SANDBOX = "orphaned_sandbox"
    PROVIDER_QUOTA = "provider_quota"
    POD_REJECTED = "pod_rejected"
    CONTAINER_START = "container_start"
    NODE_NOT_READY = "node_not_ready"
    HUNG_STARTUP = "hung_startup"
    HUNG_TEARDOWN = "hung_teardown"
    SANDBOX_ERROR = "sandbox_error"
    SAMPLE_ERROR = "sample_error"
    DELETION_STUCK = "deletion_stuck"
    OVERDUE_WAIT = "overdue_wait"
    NO_PROGRESS = "no_progress"
    LOG_WRITE_FAILED = "log_write_failed"
    UNEXPLAINED = "unexplained"


Phase = Literal["setup", "solving", "scoring", "teardown"]
Scope = Literal["sample", "task", "eval_set", "model", "provider", "cluster"]
Severity = Literal["page", "warning"]
"""`page`: a whole eval set stands still, or everybody on a model; `warning`: parts of one, or it is
degraded for long."""


EvidenceKind = Literal[
    "annotation",
    "approval",
    "attempts",
    "batch",
    "blocked",
    "capacity",
    "clock",
    "cost",
    "cpu",
    "deletion",
    "errors",
    "event",
    "fail_streak",
    "gives_up",
    "http_retries",
    "human",
    "input",
    "limit",
    "log_sampled",
    "log_write",
    "muted",
    "no_progress",
    "odds",
    "peers",
    "pending_call",
    "pod",
    "probe",
    "rhythm",
    "runner",
    "runner_error",
    "sandbox_restarted",
    "sandboxes",
    "scoring",
    "setup",
    "silence",
    "startup",
    "status",
    "stop",
    "suspended",
    "teardown",
    "throughput",
    "told",
    "unreadable",
    "version",
]
"""What sort of observation it is; programs go by this, never by the text."""


class Evidence(Struct, frozen=True):
    """One observation that carries a verdict. `text` is for people and holds no secrets."""

    kind: EvidenceKind
    text: Text
    at: float | None = None

    def said(self, now: float) -> str:
        """The text in words, as of `now` in seconds since the epoch."""
        return said(self.text, now)


class Problem(Struct, frozen=True):
    """Something that could not be read: the place and the reason."""

    where: str
    text: str
    source: str = ""
    """The source that says so; empty for one look."""


class Incident(Struct, frozen=True):
    """What belongs together and is told once: `id` is stable while it lasts."""

    id: str
    scope: Scope
    subject: str
    cause: Cause
    since: float | None
    eval_sets: tuple[str, ...]
    summary: str
    actions: tuple[Action, ...] = ()
    models: tuple[str, ...] = ()
    """Models on which it is everybody's trouble, not that of single samples."""
    muted_until: float | None = None
    """Until then people want to hear nothing of any part of it."""
    muted_reason: str = ""
    severity: Severity = "page"
    verdict: Verdict = Verdict.STUCK
    """The worst of its eval sets'."""
    restricted_to: tuple[str, ...] = ()
    """The channels that alone may hear of it, by name; empty where everybody may."""
    in_cluster: bool = False
    """Whether a cluster runs its eval sets."""
    runner_died: bool = False
    """Whether its eval sets have no runner any more."""
    reading: bool = False
    """Whether older events of its eval sets, or of others on its models, are still being read:
    until then it isn't known whether anybody on `models` succeeds."""
    stuck_samples: int = 0
    """How many samples are stuck in it."""
    peers: str = ""
    """What goes on unharmed beside it: `41 other samples on this model progress`."""
    subjects: tuple[Subject, ...] = ()
    """What a direct API test could tell more of; one for each model."""
    conclusions: tuple[Conclusion, ...] = ()
    """What the direct API tests mean, one for each model that was asked for."""
    outside: tuple[StatusPageIncident, ...] = ()
    """What status pages say of the provider."""
