"""What happens in the run, by its script: samples, instants, and what must be told of them."""

from __future__ import annotations

from dataclasses import dataclass

DONE = ("done-1", "done-2", "done-3", "done-4")
STUCK = ("fail", "hang", "tool")
SAMPLES = (*DONE, *STUCK, "live")
STARTED = 5.0
"""The clock's rate until the first model call."""


@dataclass(frozen=True)
class Instant:
    """A moment at which the program is asked."""

    name: str
    at: float
    """Seconds since the beginning, on the fake clock."""

    rate: float
    """How fast the clock goes until then."""

    verdicts: tuple[str, ...]
    """What the eval set may be called."""

    stuck: tuple[str, ...]
    """The samples that must be called stuck, exactly these."""

    may_be_stuck: tuple[str, ...] = ()
    """Samples that may be called so already."""


MINUTE, HOUR = 60.0, 3600.0

INSTANTS = (
    Instant("begun", 10 * MINUTE, 100, ("progressing", "degraded"), ()),
    Instant("failing", 1 * HOUR, 400, ("partially_stuck",), ("fail",), ("hang", "tool")),
    Instant("stuck", 4 * HOUR, 600, ("partially_stuck",), STUCK),
)

CAUSES = {
    "fail": ("api_server_error",),
    "hang": ("hung_model_call",),
    "tool": ("hung_tool_call",),
}
"""The causes that are right."""
