"""What `watchdog explain` tells: every figure behind the verdicts of one eval set."""

from msgspec import Struct

from watchdog.model.report import EvidenceItem, Timestamp
from watchdog.model.verdict import Cause, Phase, Verdict


class ExplainedExplanation(Struct, frozen=True):
    """A way in which it may pass by itself."""

    name: str
    text: str
    weekly: float
    """How often a week the fleet sees one as bad that passes."""
    tolerated: float
    """How many false pages a week it may cost."""


class ExplainedWeighing(Struct, frozen=True):
    """What was weighed, for one cause. The verdict falls when `suspicion` reaches 1."""

    cause: Cause
    subject: str
    suspicion: float
    explanations: tuple[ExplainedExplanation, ...]
    change: tuple[str, ...]
    """What would change the verdict."""
    enough: bool = True
    """False: there are too few attempts to say anything at all."""
    weight: float | None = None
    """Weight of the evidence (natural logarithm); null where a duration decides."""
    bound: float | None = None
    """The weight at which the verdict falls."""
    lasted_seconds: float | None = None
    limit_seconds: float | None = None


class ExplainedSample(Struct, frozen=True):
    """A running sample."""

    task: str
    id: str
    epoch: int
    uuid: str | None
    verdict: Verdict
    cause: Cause | None
    phase: Phase
    stuck_since: Timestamp | None
    suspicion: float
    recent: str
    evidence: tuple[EvidenceItem, ...]
    weighings: tuple[ExplainedWeighing, ...]

    @property
    def name(self) -> str:
        """`task/id/epoch`."""
        return f"{self.task}/{self.id}/{self.epoch}"


class ExplainedTask(Struct, frozen=True):
    """What was weighed of a task itself: its set-up, its runner."""

    task: str
    verdict: Verdict
    cause: Cause | None
    weighings: tuple[ExplainedWeighing, ...]


class Knob(Struct, frozen=True):
    """What is tolerated, and how it is divided."""

    false_pages_per_week: float
    false_warnings_per_week: float
    shares: dict[str, float]


class Explained(Struct, frozen=True):
    """One eval set, explained."""

    eval_set_id: str
    now: Timestamp | None
    verdict: Verdict
    cause: Cause | None
    summary: str
    knob: Knob
    learned_weeks: float
    """Weeks of observation behind the figures; 0 is day one."""
    learned_from: str
    """Where that experience comes from."""
    tasks: tuple[ExplainedTask, ...]
    samples: tuple[ExplainedSample, ...]
    """The most suspicious first."""
    left_out: int
    """Running samples that are not listed."""
