"""Verdicts on a sample of which only the newest rows are read yet."""

from watchdog.model.causes import API_CAUSES, CLUSTER_CAUSES, HUNG_CALLS
from watchdog.model.state import SampleState
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
