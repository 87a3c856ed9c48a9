"""The registry of causes, and the rules in order.

The deepest cause that explains a standstill comes first: what the cluster says, then what the
provider or the connection answered, then the runner, then what hangs, then the unexplained.
"""

from watchdog.diagnose import hangs, model_calls, pods, runner
from watchdog.diagnose.context import CauseSpec
from watchdog.model.verdict import Cause

SPECS: tuple[CauseSpec, ...] = (*pods.SPECS, *model_calls.SPECS, *hangs.SPECS, *runner.SPECS)
"""Everything known of each cause that can be found."""

SPEC_OF: dict[Cause, CauseSpec] = {spec.cause: spec for spec in SPECS}

_UNCLASSIFIED = CauseSpec(
    Cause.UNEXPLAINED,
    SPEC_OF[Cause.UNEXPLAINED].phrase,
    SPEC_OF[Cause.UNEXPLAINED].actions,
    model_calls.UNCLASSIFIED,
)

RULES: tuple[CauseSpec, ...] = (
    SPEC_OF[Cause.OOM_KILLED],
    SPEC_OF[Cause.EVICTED],
    SPEC_OF[Cause.IMAGE_PULL],
    SPEC_OF[Cause.UNSCHEDULABLE],
    SPEC_OF[Cause.CRASH_LOOP],
    *model_calls.SPECS,
    SPEC_OF[Cause.RUNNER_GONE],
    SPEC_OF[Cause.RUNNER_FROZEN],
    SPEC_OF[Cause.HUNG_MODEL_CALL],
    SPEC_OF[Cause.HUNG_TOOL_CALL],
    SPEC_OF[Cause.HUNG_SCORING],
    _UNCLASSIFIED,
    SPEC_OF[Cause.UNEXPLAINED],
)
"""The rules for running samples, in order: the first that reaches a suspicion of 1 is the cause."""
