"""The report of the contract's section 4, as records. Its JSON Schema is generated from them.

Instants are ISO 8601 UTC texts that end in Z (or null), durations are seconds, sample ids texts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import inf
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from watchdog.model.access import is_secret
from watchdog.model.model_calls import FleetCalls
from watchdog.model.probe import (
    Confidence,
    Meaning,
    ProbeOutcome,
    ProbeResult,
    Route,
    Size,
    Subject,
)
from watchdog.model.retries import Retries
from watchdog.model.told import Text
from watchdog.model.verdict import SCHEMA_VERSION, Cause, Phase, Scope, Severity, Verdict

Timestamp = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$", description="UTC instant")
]
Seconds = Annotated[float, Meta(ge=0, description="duration in seconds")]
Count = Annotated[int, Meta(ge=0)]
SourceStanding = Literal["answers", "silent", "unread"]
"""Of a source: it answers; it did, and doesn't now; it was never listed in full."""


class EvidenceItem(Struct, frozen=True):
    """An observation that carries the verdict."""

    at: Timestamp | None
    kind: str
    text: str


class PendingItem(Struct, frozen=True):
    """What a sample waits for."""

    kind: Literal["setup", "model", "tool", "input"]
    name: str
    since: Timestamp | None
    seconds: Seconds


class SampleCounts(Struct, frozen=True):
    """total = completed + errored + cancelled + running + queued; `stuck` are among the running."""

    total: Count
    completed: Count
    errored: Count
    cancelled: Count
    running: Count
    queued: Count
    stuck: Count


class ErroredSample(Struct, frozen=True):
    """A sample that ended in an error."""

    id: str
    epoch: int
    uuid: str | None
    at: Timestamp | None
    cause: Cause | None
    error: str


class RunningSample(Struct, frozen=True):
    """A sample that runs: its verdict and everything it rests on."""

    id: str
    epoch: int
    uuid: str | None
    verdict: Verdict
    cause: Cause | None
    phase: Phase
    started_at: Timestamp | None
    last_event_at: Timestamp | None
    last_success_at: Timestamp | None
    stuck_since: Timestamp | None
    stuck_seconds: Seconds
    retries: Count
    fail_streak: Count
    recent: str
    pending: PendingItem | None
    wait_seconds: Seconds | None
    estimated_stuck_seconds: Seconds
    evidence: tuple[EvidenceItem, ...]
    next_attempt_at: Timestamp | None = None
    """When the attempt is due that it waits for; null where none is."""


class TaskReport(Struct, frozen=True):
    """The newest log of a task id."""

    task: str
    model: str
    log: str
    verdict: Verdict
    cause: Cause | None
    last_progress_at: Timestamp | None
    stuck_since: Timestamp | None
    stuck_seconds: Seconds
    samples: SampleCounts
    errored: tuple[ErroredSample, ...]
    http_retries: Count | None
    running: Sequence[RunningSample]
    evidence: tuple[EvidenceItem, ...] = ()
    task_id: str = ""
    """Inspect's id of the task, the same in all attempts; its log's name where that is unknown."""

    def __post_init__(self) -> None:
        if isinstance(self.running, list):  # as decoders make it
            force_setattr(self, "running", tuple(self.running))


class CauseSteps(Struct, frozen=True):
    """What to do about one of several causes."""

    cause: Cause
    actions: tuple[str, ...]


class EvalSetReport(Struct, frozen=True):
    """One eval set with its tasks."""

    eval_set_id: str
    verdict: Verdict
    cause: Cause | None
    summary: str
    started_at: Timestamp | None
    last_progress_at: Timestamp | None
    stuck_since: Timestamp | None
    stuck_seconds: Seconds
    estimated_stuck_seconds: Seconds
    actions: tuple[str, ...]
    tasks: tuple[TaskReport, ...]
    evidence: tuple[EvidenceItem, ...]
    submitter: str = ""
    """Who started it, as the cluster's labels have it; empty where that is not known."""
    email: str = ""
    """The submitter's address."""
    model_access: str = ""
    """The groups that may see its models, as its annotation has them."""
    model_groups: tuple[str, ...] | None = ()
    """Groups that who looks at it needs, all of them, without `model-access-`; null where nothing
    says who may see it."""
    models: tuple[str, ...] = ()
    """All its models that are known by name, not only those of its tasks: those that grade, too."""
    team: str = ""
    """Whose it is, by the label or annotation `team`."""
    runner_started_at: Timestamp | None = None
    """When its newest runner's Job was made; null outside a cluster."""
    deleted_at: Timestamp | None = None
    """When it was deleted, where that was seen."""
    source: str = ""
    """The source of the service that tells of it; empty for a check."""
    name: str = ""
    """What that source calls it: its id, but where an eval set of another source has that."""
    inspect_id: str = ""
    """What Inspect calls it, where that is another name: it is found by this one too."""
    steps: tuple[CauseSteps, ...] = ()
    """What to do by cause, where samples are stuck for several; the first are its `actions`."""


class ProbeReport(Struct, frozen=True):
    """One direct API test, or why there was none."""

    route: Route
    size: Size
    model: str
    outcome: ProbeOutcome
    at: Timestamp | None
    seconds: Seconds | None
    status: int | None
    detail: str


class ConclusionReport(Struct, frozen=True):
    """What the direct API tests of a model mean."""

    model: str
    meaning: Meaning
    confidence: Confidence
    sentence: str
    at: Timestamp | None
    next_attempt_at: Timestamp | None
    tests: tuple[ProbeReport, ...]


class OutsideReport(Struct, frozen=True):
    """An incident that a provider's status page tells."""

    provider: str
    title: str
    status: str
    url: str
    since: Timestamp | None


class IncidentReport(Struct, frozen=True):
    """What belongs together and is told once."""

    id: str
    scope: Scope
    subject: str
    cause: Cause
    since: Timestamp | None
    eval_sets: tuple[str, ...]
    summary: str
    actions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    muted_until: Timestamp | None = None
    muted_reason: str = ""
    severity: Severity = "page"
    verdict: Verdict = Verdict.STUCK
    """The worst of its eval sets'."""
    restriction: str = field(name="circle", default="")
    """`restricted_to` as text (`restriction_text`), under the key that others read."""
    stuck_samples: Count = 0
    peers: str = ""
    conclusions: tuple[ConclusionReport, ...] = ()
    outside: tuple[OutsideReport, ...] = ()
    recovered: tuple[str, ...] = ()
    """Eval sets that were in it and no longer are; only in what is told, not in a check."""
    in_cluster: bool = False
    """Whether a cluster runs it: what dies there is taken away by a TTL and a janitor."""
    runner_died: bool = False
    """Whether its eval sets have no runner any more."""
    sources: tuple[str, ...] = ()
    """The sources that tell of its eval sets; none where there is only one look."""
    secret_models: tuple[str, ...] = ()
    """Models that not everybody may see: what shows it elsewhere replaces their names."""
    half_read: bool = False
    """Whether, at some time when it was seen, older events were still being read."""
    reading: bool = False
    """Whether older events of its eval sets, or of others on its models, are still being read:
    until then it isn't known whether anybody on `models` succeeds."""
    part_of: str = ""
    """The id of the open incident that it became part of; only in what is told and kept."""

    @property
    def restricted_to(self) -> tuple[str, ...]:
        """The channels that alone may hear of it, by name; empty where everybody may."""
        return tuple(self.restriction.split(",")) if self.restriction else ()


def secret_models(eval_set: EvalSetReport) -> tuple[str, ...]:
    """The models of an eval set that not everybody may see; empty where everybody may."""
    return eval_set.models if is_secret(eval_set.model_groups) else ()


def restriction_text(channels: Iterable[str]) -> str:
    """Channels that alone may hear of an incident, as its report has them: between commas."""
    return ",".join(channels)


class ProblemReport(Struct, frozen=True):
    """What could not be read, where and why."""

    where: str
    text: str
    source: str = ""
    """The source of the service that it is about; empty for a check."""


class SourceReport(Struct, frozen=True):
    """How a source answers. It is not what is wrong with what it tells of."""

    name: str
    state: SourceStanding
    part_of: str = ""
    """The source that it is a part of: a cluster's store."""
    reason: str = ""
    """Why it doesn't answer."""
    since: Timestamp | None = None
    """Since when it doesn't answer; None while it does."""
    last_complete_at: Timestamp | None = None
    """When it was last listed in full; None where it never was."""
    eval_sets: Count = 0
    """Those that are known of it."""
    shows_absence: bool = False
    """Whether an eval set that it doesn't show is known to be gone."""


class Report(Struct, frozen=True):
    """All that one check or poll found."""

    now: Timestamp | None
    verdict: Verdict
    cause: Cause | None
    eval_sets: tuple[EvalSetReport, ...]
    incidents: tuple[IncidentReport, ...]
    problems: tuple[ProblemReport, ...]
    not_watched: Count = 0
    """Jobs in the cluster that are left out on purpose: scans."""
    sources: tuple[SourceReport, ...] = ()
    """How each source of the service answers; none for a check."""
    hidden: Count = 0
    """Eval sets that are watched and that who asks may not see: they are in nothing of this."""
    schema_version: Literal[1] = SCHEMA_VERSION


class TaskCalls(Struct, frozen=True):
    """Model-call attempts of a task since its log began, by outcome and cause."""

    ok: int
    fail: dict[Cause, int]


class Ramp(Struct, frozen=True, gc=False):
    """What grows with time by itself, up to a bound: `base + rate * (now - since)`."""

    base: float
    since: float
    most: float = inf
    """Seconds after `since` at which it grows no more."""
    rate: float = 1.0

    def at(self, now: float) -> float:
        """Its value at `now`."""
        return self.base + self.rate * min(self.most, max(0.0, now - self.since))


class TaskFigures(Struct, frozen=True):
    """What the metrics show of a task beyond its report."""

    eval_set_id: str
    report: TaskReport
    calls: TaskCalls
    fail_streak: int
    suspicion: float
    estimated_stuck_seconds: float
    stuck_seconds: float
    last_progress_at: float | None
    estimates: tuple[Ramp, ...] = ()
    """How the estimates of its samples grow that do; of the others the largest is there already."""
    rising: tuple[Ramp, ...] = ()
    """Suspicions that grow with time; `suspicion` is the greatest of them at least."""


class EvalSetFigures(Struct, frozen=True):
    """What the metrics show of an eval set beyond its report."""

    report: EvalSetReport
    tasks: tuple[TaskFigures, ...]
    muted: bool = False
    """Whether people asked not to hear of it, or of any of its tasks that is stuck."""
    no_page: bool = False
    """Whether people want a warning in place of a page for it, or for all that is stuck in it."""
    summary: Text = ""
    """The report's, as it is to be read at any instant."""


class Snapshot(Struct, frozen=True, dict=True):
    """A finished evaluation of everything watched; the surfaces read it and nothing else."""

    at: float
    report: Report
    figures: tuple[EvalSetFigures, ...]
    undecided: frozenset[str]
    """Ids of eval sets whose verdict is `unknown`, wholly or for one of their tasks."""
    half_read: frozenset[str] = frozenset()
    """Ids of eval sets whose older events are still being read, behind their newest."""
    troubled: frozenset[str] = frozenset()
    """Models on which most running samples fail more than usual."""
    subjects: dict[str, tuple[Subject, ...]] = {}
    """What direct API tests could tell more of, by incident."""
    testing: frozenset[str] = frozenset()
    """Incidents whose first direct API tests are under way."""
    acknowledged: tuple[str, ...] = ()
    """Eval sets of which people asked to hear nothing for now, as shell patterns: also of those
    that left."""
    tests: tuple[ProbeResult, ...] = ()
    """The newest direct API test of each model, route and size."""
    retries: Mapping[str, Retries] = {}
    """How the retries of eval sets grew, by id."""
    calls: FleetCalls = FleetCalls()
    """How calls of each model went of late."""
    status_pages: tuple[str, ...] = ()
    """Providers that have a status page: each is asked while an incident touches it."""

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Ids by what Inspect calls an eval set; not where that is an id, or several are so."""
        ids: dict[str, list[str]] = {}
        for eval_set in self.report.eval_sets:
            if eval_set.inspect_id and eval_set.inspect_id not in self.watched:
                ids.setdefault(eval_set.inspect_id, []).append(eval_set.eval_set_id)
        return {name: its[0] for name, its in ids.items() if len(its) == 1}

    @cached_property
    def watched(self) -> Mapping[str, EvalSetReport]:
        """Its eval sets by id."""
        return {eval_set.eval_set_id: eval_set for eval_set in self.report.eval_sets}
