"""What happens to eval sets, and what of it people must hear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Happening(StrEnum):
    """What happens to an eval set in its life, in words for the report."""

    ORDINARY = "nothing"
    DELETED = "deleted at a random moment"
    HELD = "Kueue holds its Job back, up to 20 hours"
    PREEMPTED = "Kueue preempts it, up to 20 hours"
    HELD_LONG = "Kueue holds its Job back for more than a day"
    APPROVAL = "a person's approval is awaited, up to 20 hours"
    GATED = "Kueue holds sandboxes back, up to 20 hours"
    BOX_EVICTED = "sandbox evicted in a call"
    BOX_REPLACED = "sandbox replaced between calls"
    RUNNER_REPLACED = "runner evicted or dies, its Job starts another"
    NODE_BLIP = "node away for up to 4 minutes"
    NODE_LOST = "node away for 15 minutes to 2 hours"
    FAILED = "Job fails for good, vanishes by TTL and janitor"
    RESUMED = "Job fails for good, resumed by id"
    NO_START = "runner never gets going"
    SLOW_START = "runner gets going late"
    NO_SANDBOX = "a sandbox never gets going"
    LINGERS = "logs finished, runner stays"
    DELETION_HANGS = "deletion that hangs"
    LEFT_BEHIND = "deleted, sandboxes left behind"


@dataclass
class Standstill:
    """What people must hear of, from when to when."""

    happening: Happening
    eval_set: str
    since: float
    due: float
    """Seconds after which it must have been told: a bound, far beyond what is usual."""
    severity: Literal["page", "warning"] = "page"
    """The most that may be made of it."""
    sample: str | None = None
    until: float = math.inf
    optional: bool = False
    """Whether either is right: it passes about when it is told."""
    heard_at: float | None = None

    def is_true(self, at: float, grace: float = 0.0) -> bool:
        """Whether it stands at an instant, or did until `grace` seconds before."""
        return self.since <= at <= self.until + grace

    def is_missed(self, now: float) -> bool:
        """Whether it should have been heard of and was not."""
        lasted = min(now, self.until) - self.since
        return not self.optional and self.heard_at is None and lasted > self.due


@dataclass(frozen=True)
class Wrong:
    """Something that should not have been heard, or not so."""

    kind: Literal["false page", "false warning", "ended too early", "stands too long"]
    at: float
    happening: Happening
    eval_set: str
    text: str
