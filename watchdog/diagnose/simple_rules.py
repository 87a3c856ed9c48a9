"""Three rules that people use without a detector. For comparison only: nothing is paged by them.

`watchdog replay --compare` shows them beside the verdicts, and `make quality` measures them.
"""

from collections.abc import Callable

from watchdog.model.facts import SampleKey
from watchdog.model.instants import latest
from watchdog.model.state import EvalSetState, SampleState

Rule = Callable[[SampleState, float], bool]
"""Whether a running sample is stuck at an instant (seconds since the epoch)."""

GUIDE_OUTCOMES = 10
IDLE_SECONDS = 7200.0
PENDING_SECONDS = 1800.0


def guide(sample: SampleState, now: float) -> bool:  # noqa: ARG001 - a rule's form
    """The guide's: the last ten outcomes of its model calls are all FAIL."""
    last = sample.recent[-GUIDE_OUTCOMES:]
    return len(last) == GUIDE_OUTCOMES and not any(outcome.ok for outcome in last)


def idle(sample: SampleState, now: float) -> bool:
    """Nothing has been written of it for two hours."""
    since = latest(sample.started_at, sample.last_event_at)
    return since is not None and now - since >= IDLE_SECONDS


def pending(sample: SampleState, now: float) -> bool:
    """One of its calls has been pending for half an hour."""
    beginnings = (call.since for call in sample.open_calls if call.since is not None)
    return any(now - since >= PENDING_SECONDS for since in beginnings)


SIMPLE_RULES: dict[str, Rule] = {"guide": guide, "idle": idle, "pending": pending}

Place = tuple[str, SampleKey]
"""A log's name and a sample in it."""


def stuck_by(rule: Rule, state: EvalSetState, now: float) -> frozenset[Place]:
    """The running samples of an eval set that a rule calls stuck."""
    return frozenset(
        (task.log, key)
        for task in state.tasks.values()
        if task.status in {None, "started"}
        for key, sample in task.samples.items()
        if rule(sample, now)
    )
