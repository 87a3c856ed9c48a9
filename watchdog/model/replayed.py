"""What `watchdog replay` tells: when each verdict fell, and why."""

from msgspec import Struct

from watchdog.model.report import Seconds, Timestamp
from watchdog.model.verdict import Cause, Verdict


class ReplayedSample(Struct, frozen=True):
    """A sample that is stuck at an instant."""

    sample: str
    """`task/id/epoch`."""
    cause: Cause | None
    stuck_since: Timestamp | None
    why: str


class Step(Struct, frozen=True):
    """One bundle, judged at its own instant."""

    at: Timestamp | None
    verdict: Verdict
    cause: Cause | None
    summary: str
    suspicion: float
    """The highest of any sample; the verdict falls at 1."""
    stuck: tuple[ReplayedSample, ...]
    rules: dict[str, tuple[str, ...]]
    """Samples that each simple rule calls stuck."""


class Fall(Struct, frozen=True):
    """When a sample was first called stuck."""

    sample: str
    told_by: str
    """`watchdog`, or a simple rule's name."""
    at: Timestamp | None
    stuck_since: Timestamp | None
    delay_seconds: Seconds | None
    """From the first sign of trouble (by the watchdog's own reading) to the verdict."""


class Replayed(Struct, frozen=True):
    """A series of bundles of one eval set."""

    eval_set_id: str
    steps: tuple[Step, ...]
    falls: tuple[Fall, ...]
