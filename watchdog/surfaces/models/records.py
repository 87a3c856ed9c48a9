"""What `/api/v1/models` answers, and the page shows: the same records."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from watchdog.model.probe import ProbeOutcome, Route, Size
from watchdog.model.report import Count, OutsideReport, Seconds, Timestamp
from watchdog.model.verdict import SCHEMA_VERSION, Cause

Share = Annotated[float, Meta(ge=0, le=1, description="a share, from 0 to 1")]


class CallCountReport(Struct, frozen=True):
    """Attempts that ended within a window, as far as they were seen."""

    seconds: Seconds
    """How long the window is."""
    watched_seconds: Seconds
    """How much of it was watched. Of the rest counts what samples still remembered later."""
    ok: Count
    failed: Count
    failing_share: Share | None
    """Null where none ended."""


class CallSecondsReport(Struct, frozen=True):
    """How long calls took that were answered; upper bounds, up to 19 % above what they took."""

    seconds: Seconds
    """How long the window is; it begins up to half an hour earlier."""
    calls: Count
    p50: Seconds | None
    p95: Seconds | None


class TestReport(Struct, frozen=True):
    """The newest direct API test of a route and size."""

    route: Route
    size: Size
    outcome: ProbeOutcome
    at: Timestamp | None


class OutageReport(Struct, frozen=True):
    """An incident of the model, or of its provider, over several eval sets."""

    incident_id: str
    cause: Cause
    since: Timestamp | None
    until: Timestamp | None
    """Null while it is open."""
    opening: Count = 0
    """Which time it was open; 0 for one that is."""


class ModelRow(Struct, frozen=True):
    """One model."""

    provider: str
    model: str
    samples: Count
    """Running samples that called it lately."""
    in_back_off: Count
    """Calls whose last attempts failed and that are tried again."""
    last_ok_at: Timestamp | None
    last_failed_at: Timestamp | None
    counts: tuple[CallCountReport, ...]
    """Of the last 5 minutes, hour and day."""
    latency: tuple[CallSecondsReport, ...]
    """Of the last hour and day."""
    outages: tuple[OutageReport, ...]
    """Open ones, and those of the last week that are known; the newest first."""
    outside: tuple[OutsideReport, ...]
    """What its provider's status page says."""
    tests: tuple[TestReport, ...]


class ModelList(Struct, frozen=True):
    """The models that were called in the last day, those in trouble first."""

    now: Timestamp | None
    watched_since: Timestamp | None
    """Since when calls are counted, within the last day; null where nobody counted yet."""
    total: Count
    """Models that who asks may see."""
    models: tuple[ModelRow, ...]
    left_out: Count = 0
    """Models that there was no room for."""
    hidden: Count = 0
    """Eval sets that are watched and that who asks may not see: models of theirs alone are not
    here."""
    status_pages: tuple[str, ...] = ()
    """Providers that have a status page; each is asked while an incident touches it."""
    problem: str = ""
    """Why outages that are over can't be read; empty where they were."""
    schema_version: Literal[1] = SCHEMA_VERSION
