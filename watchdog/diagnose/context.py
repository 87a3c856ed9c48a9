"""What a rule looks at, and what it answers."""

from collections.abc import Callable

from msgspec import Struct

from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.fleet import Fleet
from watchdog.model.allowances import Allowance
from watchdog.model.state import EvalSetState, OpenCall, SampleState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.weighing import Weighing


class Finding(Struct, frozen=True):
    """What a rule found. It is a verdict at a suspicion of 1 and above."""

    suspicion: float
    since: float | None
    evidence: tuple[Evidence, ...]
    weighing: Weighing | None = None
    """What it was concluded from; None where it is a fact, not a matter of odds."""
    shared: bool = False
    """It is everybody's trouble on the model, not this sample's."""


class SampleContext(Struct, frozen=True):
    """One running sample in its surroundings, at one instant."""

    now: float
    limits: Thresholds
    baselines: Baselines
    fleet: Fleet
    eval_set: EvalSetState
    task: TaskState
    sample: SampleState
    frozen: Finding | None = None
    """The evidence that the eval set's runner is frozen."""
    runner: tuple[Cause, Finding] | None = None
    """What the cluster says of the runner: why it doesn't work."""
    suspended: bool = False
    """The runner's Job is suspended."""
    explaining: bool = False
    """Somebody asks what would change the verdict."""
    allowance: Allowance = Allowance()
    """What people said of this eval set, task or model."""


Detect = Callable[[SampleContext], Finding | None]


class CauseSpec(Struct, frozen=True):
    """All that is known of a cause, in one place.

    Attributes:
        cause: its name in the contract.
        phrase: completes "sample 7 …" in the summary.
        actions: what to do, with commands; `{eval_set_id}` and the like are filled in.
        detect: finds it in one running sample; None for causes that are found elsewhere.
    """

    cause: Cause
    phrase: str
    actions: tuple[str, ...]
    detect: Detect | None = None


def open_calls(sample: SampleState, *kinds: str) -> list[OpenCall]:
    """The sample's open calls of these kinds, oldest first."""
    return [call for call in sample.open_calls if call.kind in kinds]
