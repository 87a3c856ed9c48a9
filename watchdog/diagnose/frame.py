"""What is the same for many judgments: the instant, the thresholds, the surroundings."""

from msgspec import Struct

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.context import Finding
from watchdog.diagnose.fleet import Fleet
from watchdog.diagnose.orphans import Orphans
from watchdog.diagnose.pods import Found
from watchdog.model.allowances import Allowance, Override
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds


class JudgingContext(Struct, frozen=True):
    """What is the same for everything that is judged at one instant."""

    now: float
    limits: Thresholds
    max_age: float
    fleet: Fleet
    baselines: Baselines
    orphans: Orphans
    overrides: tuple[Override, ...] = ()
    explaining: bool = False


class EvalSetContext(Struct, frozen=True):
    """What is the same for all tasks of one eval set."""

    state: EvalSetState
    halt: Finding | None
    """The evidence that its runner is frozen."""
    runner: Found | None
    """What the cluster says of its runner."""
    setup: Found | None
    """What the cluster says of a sandbox that is being set up."""
    suspended: bool
    allowance: Allowance
    """What the Job's annotations, and the configuration for the whole eval set, say."""
