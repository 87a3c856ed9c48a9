"""What an acknowledgement stops, and when it falls. Pure.

It stops reminders, and that people are called again where a page comes and goes. What is new of an
incident is told as ever, and so is its end.
"""

from enum import StrEnum

from msgspec.structs import replace

from watchdog.model.acts import Act, Extent, holding
from watchdog.model.report import IncidentReport
from watchdog.notify.decide.announcements import RANKS
from watchdog.notify.decide.records import LedgerEntry

TIMES_MORE = 2
"""An acknowledgement holds until there are so many times as many."""


class Worse(StrEnum):
    """In what an incident got worse."""

    PAGE = "page"
    """It was a warning, and is a page now."""
    REACHES_FURTHER = "reaches_further"
    """It is about more than before: from a sample to a task, from an eval set to a model."""
    MORE_EVAL_SETS = "more_eval_sets"
    """At least twice as many eval sets are stuck."""
    MORE_SAMPLES = "more_samples"
    """At least twice as many samples are stuck."""


WORDS: dict[Worse, str] = {
    Worse.PAGE: "it is a page now",
    Worse.REACHES_FURTHER: "it reaches further now",
    Worse.MORE_EVAL_SETS: "at least twice as many eval sets are stuck",
    Worse.MORE_SAMPLES: "at least twice as many samples are stuck",
}


def extent_of(incident: IncidentReport) -> Extent:
    """How far it reaches now."""
    return Extent(
        incident.severity, incident.scope, len(incident.eval_sets), incident.stuck_samples
    )


def got_worse(incident: IncidentReport, before: Extent) -> Worse | None:
    """In what it is worse than it was; None where it isn't."""
    if incident.severity == "page" and before.severity != "page":
        return Worse.PAGE
    if RANKS.index(incident.scope) > RANKS.index(before.scope):
        return Worse.REACHES_FURTHER
    if len(incident.eval_sets) >= TIMES_MORE * max(1, before.eval_sets):
        return Worse.MORE_EVAL_SETS
    if incident.stuck_samples >= TIMES_MORE * max(1, before.stuck_samples):
        return Worse.MORE_SAMPLES
    return None


def fallen(entry: LedgerEntry, incident: IncidentReport, now: float) -> Act | None:
    """The acknowledgement that falls, with why; None where none does."""
    act = holding(entry.acts, "acknowledgement", now)
    if act is None or act.extent is None:
        return None
    worse = got_worse(incident, act.extent)
    return replace(act, ended_at=now, ended_why=worse.value) if worse is not None else None


def has_news(entry: LedgerEntry, now: float) -> bool:
    """Whether people did something, or it ended, that the message doesn't show yet."""
    return any(act.changed_at(now) > entry.shown_at for act in entry.acts)
