"""How calls of each model went of late, over all that is watched. Instants since the epoch."""

from msgspec import Struct

WINDOWS = (300.0, 3600.0, 86_400.0)
"""Seconds over which calls are counted."""
LATENCY_WINDOWS = (3600.0, 86_400.0)
"""Seconds over which it is said how long calls took."""


class CallCount(Struct, frozen=True, gc=False):
    """Attempts that ended within a window, as far as it was watched."""

    seconds: float
    """How long the window is."""
    watched: float
    """Seconds of it in which somebody watched."""
    ok: int
    failed: int

    @property
    def failing_share(self) -> float | None:
        """The share that failed; None where none ended."""
        total = self.ok + self.failed
        return self.failed / total if total else None


class CallSeconds(Struct, frozen=True, gc=False):
    """How long calls took that were answered within a window; upper bounds, 19 % wide at most."""

    seconds: float
    """How long the window is."""
    calls: int
    p50: float | None = None
    p95: float | None = None


class ModelCalls(Struct, frozen=True):
    """One model."""

    model: str
    samples: int
    """Running samples that called it lately."""
    in_back_off: int
    """Calls whose last attempts failed and that are tried again."""
    last_ok_at: float | None
    last_failed_at: float | None
    """When the last attempt began that failed: its end isn't told."""
    counts: tuple[CallCount, ...]
    """By `WINDOWS`."""
    latency: tuple[CallSeconds, ...]
    """By `LATENCY_WINDOWS`."""


class FleetCalls(Struct, frozen=True):
    """All models."""

    models: tuple[ModelCalls, ...] = ()
    since: float | None = None
    """Since when somebody watched first, within the last day; None where nobody did."""
    left_out: int = 0
    """Models that there was no room for, as far as they are counted."""
