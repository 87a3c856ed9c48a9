"""An eval set's samples, one of them with its events, and its runner's lines.

Page, API and terminal show them beyond the report, whose instants and durations they have
(`report.py`). Metadata only: never what a model was asked, what it answered, or what a tool was
given.
"""

from typing import Literal, get_args

from msgspec import Struct

from watchdog.model.report import Count, EvidenceItem, PendingItem, Seconds, Timestamp
from watchdog.model.verdict import SCHEMA_VERSION, Cause, Phase, Verdict

Standing = Literal["stuck", "running", "waiting", "queued", "errored", "cancelled", "completed"]
"""Where a sample is: the running ones are apart as `stuck`, `waiting` (on purpose) and the others;
those that are queued, or being set up, are counted and have no names."""
STANDINGS: tuple[Standing, ...] = get_args(Standing)
"""In the order in which they are listed."""
EventKind = Literal[
    "model",
    "tool",
    "sandbox",
    "wait",
    "span",
    "approval",
    "input",
    "info",
    "score",
    "limit",
    "error",
    "other",
]
"""`wait` is what lies between a failed attempt and the next; `span` a solver, a scorer, an agent,
the set-up."""
EventOutcome = Literal["ok", "failed", "pending", "cancelled", ""]
"""How a call ended; empty for what is no call."""
EventSource = Literal["buffer", "log", ""]


class SampleRow(Struct, frozen=True):
    """One sample of an eval set."""

    task: str
    task_id: str
    model: str
    id: str
    epoch: int
    state: Standing
    uuid: str | None = None
    verdict: Verdict | None = None
    """Of one that runs; null for one that ended."""
    cause: Cause | None = None
    phase: Phase | None = None
    """Of one that runs."""
    started_at: Timestamp | None = None
    """Of one that runs."""
    ended_at: Timestamp | None = None
    last_event_at: Timestamp | None = None
    last_success_at: Timestamp | None = None
    stuck_since: Timestamp | None = None
    stuck_seconds: Seconds = 0.0
    retries: Count = 0
    """Failed attempts of its model calls so far; 0 for one that ended: nobody counts them then."""
    fail_streak: Count = 0
    recent: str = ""
    """The last outcomes, newest first: `FAIL FAIL OK`."""
    pending: PendingItem | None = None
    wait_seconds: Seconds | None = None
    next_attempt_at: Timestamp | None = None
    """When the attempt is due that it waits for."""
    error: str = ""
    """The first line of what ended it; of the last 50 of a task that erred."""


class SampleList(Struct, frozen=True):
    """Some of an eval set's samples: the stuck ones first, those that ended last."""

    now: Timestamp | None
    eval_set_id: str
    total: Count
    """Of all its tasks, those included that have no row."""
    matching: Count
    """Rows that the filter lets through."""
    by_state: dict[Standing, Count]
    """All of them, whatever the filter."""
    samples: tuple[SampleRow, ...]
    next: str | None
    """The cursor of what comes after these; null at the end."""
    notes: tuple[str, ...] = ()
    """What is not known, each with the reason."""
    schema_version: Literal[1] = SCHEMA_VERSION


class SampleEvent(Struct, frozen=True):
    """Something that a sample did, or waited for."""

    at: Timestamp | None
    """When it began."""
    ended_at: Timestamp | None
    seconds: Seconds | None
    """How long it took, or has taken so far; null where that is not known."""
    kind: EventKind
    name: str
    """Of the model, the tool, the sandbox's action, the span, …"""
    outcome: EventOutcome = ""
    cause: Cause | None = None
    """What a failed attempt of a model call failed by."""
    error: str = ""
    """The provider's, or the tool's, own words; one line, without secrets."""
    detail: str = ""
    """A role, a kind of span, a decision, a declared time-out."""


class SampleDetail(Struct, frozen=True):
    """One sample with its last events, in order."""

    now: Timestamp | None
    eval_set_id: str
    sample: SampleRow
    evidence: tuple[EvidenceItem, ...]
    """What its verdict rests on."""
    pending: tuple[PendingItem, ...]
    """All its calls that were begun and not ended, the oldest first."""
    events: tuple[SampleEvent, ...]
    events_from: EventSource
    """Where they were read; empty where none could be."""
    earlier: bool = False
    """Whether there are earlier events than these."""
    not_available: str = ""
    """Why there are no events, or not all of the last ones; empty where there are."""
    logs: str = ""
    """Where its eval set's logs are, as `--logs` takes it; empty where nobody says."""
    schema_version: Literal[1] = SCHEMA_VERSION


class RunnerLine(Struct, frozen=True):
    """A line of a runner's log, with those that say the same."""

    at: Timestamp | None
    """When it was written, the last of them."""
    first_at: Timestamp | None
    count: Count
    level: str
    """`ERROR`, `WARNING`, …; empty where it has none."""
    text: str
    """One line, without secrets."""
    pod: str = ""


class RunnerLines(Struct, frozen=True):
    """What of a runner's log matters, the newest last."""

    now: Timestamp | None
    eval_set_id: str
    lines: tuple[RunnerLine, ...]
    read: Count = 0
    """Lines that were looked through."""
    since: Timestamp | None = None
    """The first of them."""
    earlier: bool = False
    """Whether there are earlier ones than these."""
    not_available: str = ""
    """Why the log could not be read; empty where it was."""
    schema_version: Literal[1] = SCHEMA_VERSION
