"""The registry of causes, and the rules in order.

The deepest cause that explains a standstill comes first: what the cluster says, then what the
provider or the connection answered, then the runner, then what hangs, then the unexplained.
"""

from watchdog.diagnose import (
    error_causes,
    hangs,
    lifecycle,
    log_writes,
    model_calls,
    no_progress,
    pods,
    runner,
)
from watchdog.diagnose.context import CauseSpec
from watchdog.model.causes import DEPTH
from watchdog.model.verdict import Cause

SPECS: tuple[CauseSpec, ...] = (
    *log_writes.SPECS,
    *pods.SPECS,
    *model_calls.SPECS,
    *hangs.SPECS,
    *runner.SPECS,
    *error_causes.SPECS,
    *no_progress.SPECS,
    *lifecycle.SPECS,
)
"""Everything known of each cause that can be found."""

SPEC_OF: dict[Cause, CauseSpec] = {spec.cause: spec for spec in SPECS}

_UNCLASSIFIED = CauseSpec(
    Cause.UNEXPLAINED,
    SPEC_OF[Cause.UNEXPLAINED].phrase,
    SPEC_OF[Cause.UNEXPLAINED].actions,
    model_calls.UNCLASSIFIED,
)

RULES: tuple[CauseSpec, ...] = tuple(
    sorted(
        (spec for spec in (_UNCLASSIFIED, *SPECS) if spec.detect is not None),
        key=lambda spec: DEPTH[spec.cause],
    )
)
"""The rules for running samples, the deepest cause first (`model/causes.py`): the first that
reaches a suspicion of 1 is the cause."""
