"""What is said of samples while only their newest rows are read."""

from collections.abc import Iterable, Iterator

from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.causes import API_CAUSES, CLUSTER_CAUSES, HUNG_CALLS
from watchdog.model.state import EvalSetState, SampleState
from watchdog.model.verdict import Cause, Evidence

SHOWN_BY_NEWEST = (API_CAUSES | CLUSTER_CAUSES | HUNG_CALLS) - {Cause.UNEXPLAINED}
"""What the newest rows prove by themselves: calls that fail in a row, or are open. Whether a silent
sample waits for a person, is scored or was set up, may have been said long before."""


def needs_history(sample: SampleState, cause: Cause) -> bool:
    """Whether what was found can't be said before the sample's older rows are read."""
    if not sample.partial or cause in SHOWN_BY_NEWEST:
        return False
    return cause is not Cause.UNEXPLAINED or sample.streak is None


def held_back() -> Evidence:
    """Why nothing is said yet."""
    return Evidence("unreadable", "its older events are still being read; its newest don't suffice")


def half_read_models(states: Iterable[EvalSetState]) -> frozenset[str]:
    """Models of which older events are still being read: others may have succeeded on them."""
    return frozenset(model for state in states for model in _half_read_models(state))


def _half_read_models(state: EvalSetState) -> Iterator[str]:
    for task in state.tasks.values():
        if task.history is not None and task.spec is not None:
            yield task.spec.model
            yield from (role.model for role in task.spec.roles)


def before_history(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The steps without what rests on nobody's success: it may be among what isn't read."""
    rests = advice.WAIT_FOR_PROVIDER.text
    return tuple(advice.WAIT_FOR_HISTORY if one.text == rests else one for one in actions)
