"""What `/api/v1/eval-sets` answers, and the page shows: the same records.

Instants and durations are as in the report (`watchdog/model/report.py`).
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.parts import EvalSetParts
from watchdog.model.report import (
    Count,
    EvalSetReport,
    IncidentReport,
    ProblemReport,
    SampleCounts,
    Seconds,
    SourceReport,
    Timestamp,
)
from watchdog.model.verdict import SCHEMA_VERSION, Cause, Verdict


class RetryCount(Struct, frozen=True):
    """HTTP retries as the runner counts them, else failed model calls."""

    total: Count
    last_hour: Count
    """Those that came within the last hour, as far as it was watched."""
    growth: tuple[Count, ...]
    """Those that came in each five minutes of the last two hours, oldest first."""


class EvalSetRow(Struct, frozen=True):
    """One eval set in the fleet."""

    eval_set_id: str
    name: str
    """What its source calls it."""
    source: str
    verdict: Verdict
    cause: Cause | None
    summary: str
    started_at: Timestamp | None
    stuck_since: Timestamp | None
    stuck_seconds: Seconds
    last_success_at: Timestamp | None
    """When something of it succeeded last: a model call, a sample."""
    owner: str
    """Who started it; empty where that is not known."""
    team: str
    models: tuple[str, ...]
    tasks: Count
    samples: SampleCounts
    """Of all its tasks together."""
    retries: RetryCount
    muted: bool
    """Whether people asked not to hear of it."""
    incidents: tuple[str, ...]
    """The open incidents that it is in, by id."""

    @property
    def done(self) -> int:
        """Samples that have ended, well or not."""
        return self.samples.completed + self.samples.errored + self.samples.cancelled


class EvalSetList(Struct, frozen=True):
    """Some of the fleet, the worst first."""

    now: Timestamp | None
    verdict: Verdict
    """Of all that who asks may see, whatever the filters."""
    total: Count
    """Eval sets that who asks may see."""
    matching: Count
    """Those that the filters let through."""
    by_verdict: dict[Verdict, Count]
    """How many the other filters let through, by verdict."""
    eval_sets: tuple[EvalSetRow, ...]
    next: str | None
    """The cursor of what comes after these; null at the end."""
    hidden: Count = 0
    """Eval sets that are watched and that who asks may not see."""
    shadow: str = ""
    """The quiet channel, where the service tells no other (`notify.shadow`); else empty."""
    schema_version: Literal[1] = SCHEMA_VERSION


class EvalSetDetail(Struct, frozen=True):
    """One eval set: its row, and all that the report has of it."""

    now: Timestamp | None
    row: EvalSetRow
    eval_set: EvalSetReport
    incidents: tuple[IncidentReport, ...]
    problems: tuple[ProblemReport, ...]
    sources: tuple[SourceReport, ...] = ()
    parts: EvalSetParts = EvalSetParts()
    schema_version: Literal[1] = SCHEMA_VERSION
