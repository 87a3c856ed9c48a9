"""What is shown of an eval set beside its report: pods, what happened, its runner's words.

Instants and durations are as in the report (`report.py`).
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.report import Count, ProbeReport, Seconds, Timestamp
from watchdog.model.verdict import Cause

MomentKind = Literal[
    "started",
    "runner_started",
    "last_success",
    "stuck",
    "incident",
    "attempt",
    "pod_event",
    "pod_death",
    "pod_replaced",
    "restart",
    "write_failed",
    "ended",
]


class Moment(Struct, frozen=True):
    """Something that happened to an eval set, or lasts."""

    at: Timestamp
    kind: MomentKind
    text: str
    """One line for people."""
    until: Timestamp | None = None
    """When it was over; null for an instant, or for what lasts."""
    lasts: bool = False
    """Whether it goes on."""
    count: Count = 1
    """How often it was seen, the last time at `until`."""


class PodRow(Struct, frozen=True):
    """A pod of an eval set, as it was seen last."""

    namespace: str
    name: str
    role: Literal["runner", "sandbox"]
    phase: str
    state: str
    """What its containers wait for or ended in; empty where they run."""
    ready: bool
    restarts: Count
    node: str
    created_at: Timestamp | None
    sample_id: str = ""
    """Of a sandbox, as its labels have it."""
    cores: float | None = None
    """CPU in use, in cores; null where that is not known: there is no metrics API."""
    memory: Count | None = None
    """Bytes of memory in use; null where that is not known."""


class RunnerSaid(Struct, frozen=True):
    """What a runner's log told last."""

    at: Timestamp | None
    pod: str
    text: str


class Attempt(Struct, frozen=True):
    """One attempt at a model call that is remembered of a running sample."""

    at: Timestamp | None
    """Of a success its end; of a failure its beginning: nobody records the end."""
    ok: bool
    cause: Cause | None = None
    began: Timestamp | None = None
    """Of a success that took longer than a minute, when it was sent."""


class OpenCallItem(Struct, frozen=True):
    """A call that was begun and not ended."""

    kind: Literal["model", "tool", "sandbox", "input"]
    name: str
    since: Timestamp | None


class SampleStrip(Struct, frozen=True):
    """The last attempts of a running sample, oldest first, and what it waits for."""

    task_id: str
    id: str
    epoch: int
    attempts: tuple[Attempt, ...]
    pending: tuple[OpenCallItem, ...]
    wait_since: Timestamp | None = None
    """Since when it waits for its next attempt; null where it doesn't."""
    wait_seconds: Seconds | None = None
    """How long that wait is."""


class EvalSetParts(Struct, frozen=True):
    """All of it."""

    timeline: tuple[Moment, ...] = ()
    """In order of time, the last ones."""
    pods: tuple[PodRow, ...] | None = None
    """The runner's first; null where no cluster is watched."""
    pods_at: Timestamp | None = None
    """When they were seen so."""
    pods_in_all: Count = 0
    said: tuple[RunnerSaid, ...] = ()
    tests: tuple[ProbeReport, ...] = ()
    """The newest direct API test of each of its models, route and size."""
    strips: tuple[SampleStrip, ...] = ()
    """Of the running samples, the stuck ones first; at most `STRIPS_MAX`."""
