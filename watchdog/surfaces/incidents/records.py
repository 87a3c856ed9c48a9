"""What `/api/v1/incidents` answers, and the pages show: the same records.

Instants and durations are as in the report (`watchdog/model/report.py`).
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.acts import ActKind
from watchdog.model.kept_incidents import IncidentState
from watchdog.model.report import Count, IncidentReport, Seconds, Timestamp
from watchdog.model.verdict import SCHEMA_VERSION, Cause, Scope, Severity, Verdict

HistoryKind = Literal[
    "began",
    "opened",
    "told",
    "updated",
    "escalated",
    "reminded",
    "reopened",
    "merged",
    "acknowledgement",
    "silence",
    "judgement",
    "ended",
    "unseen",
    "resolved",
]


class ActRecord(Struct, frozen=True):
    """What somebody did about an incident, and that counts."""

    kind: ActKind
    by: str
    verified: bool
    """Whether a login said who it was, not only they themselves."""
    at: Timestamp | None
    until: Timestamp | None
    """Until when it holds; null for a judgement."""
    why: str
    judged: bool | None
    """Of a judgement: whether it was worth a page."""


class IncidentRow(Struct, frozen=True):
    """One time that an incident was open."""

    id: str
    opening: Count
    """How often its id had opened by then, from 1; 0 where nobody was told of it yet."""
    state: IncidentState
    scope: Scope
    subject: str
    cause: Cause
    severity: Severity
    verdict: Verdict
    summary: str
    eval_sets: tuple[str, ...]
    """The first of them."""
    eval_sets_total: Count
    since: Timestamp | None
    opened_at: Timestamp | None
    """When people were first told; null where they weren't."""
    resolved_at: Timestamp | None
    seconds: Seconds
    """How long it lasted, or has lasted."""
    reason: str
    """Of an open one: why something was told of it last, or not (docs/messages.md)."""
    acknowledgement: ActRecord | None
    silence: ActRecord | None
    judgement: ActRecord | None
    part_of: str = ""
    """The id of the incident that it became part of: it is past, and its trouble may not be."""


class HistoryItem(Struct, frozen=True):
    """One thing that happened."""

    at: Timestamp | None
    kind: HistoryKind
    who: str
    """Whom it was told to, or who did it; empty where it happened by itself."""
    text: str


class IncidentList(Struct, frozen=True):
    """Some incidents: the open ones, the newest first, then the past, the latest end first."""

    now: Timestamp | None
    incidents: tuple[IncidentRow, ...]
    next: str | None
    """The cursor of what comes after these; null at the end."""
    problem: str = ""
    """Why past ones are missing; empty where they aren't."""
    shadow: str = ""
    """The quiet channel, where the service tells no other (`notify.shadow`); else empty."""
    schema_version: Literal[1] = SCHEMA_VERSION


class IncidentDetail(Struct, frozen=True):
    """One time that an incident was open, with all that is kept of it."""

    now: Timestamp | None
    row: IncidentRow
    incident: IncidentReport
    """As it is, or was last seen."""
    history: tuple[HistoryItem, ...]
    openings: Count
    """How often its id has opened."""
    schema_version: Literal[1] = SCHEMA_VERSION
