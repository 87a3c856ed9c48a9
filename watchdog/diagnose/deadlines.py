"""How long something may take, and what is said of it once it has taken longer.

What people said of the task comes first (`Allowance`), then what such things took before
(`Baselines`).
"""

from msgspec import Struct

from watchdog.diagnose.baselines import Baselines, Limit
from watchdog.diagnose.context import Finding
from watchdog.model.allowances import Allowance
from watchdog.model.instants import clock
from watchdog.model.learned import CallFamily
from watchdog.model.verdict import Evidence
from watchdog.model.weighing import Explanation, Weighing
from watchdog.model.words import duration


class Deadline(Struct, frozen=True):
    """How long something may take, and why."""

    seconds: float
    why: str
    limit: Limit | None = None
    """What it follows from, where it was learned or assumed."""


def deadline_for(
    baselines: Baselines, allowance: Allowance, family: CallFamily, name: str
) -> Deadline:
    """What people allowed, else what is normal."""
    seconds = allowance.limit(family)
    if seconds is not None:
        return Deadline(seconds, "allowed by an override or annotation")
    limit = baselines.limit(family, name)
    if limit.seen:
        rank = "third longest" if limit.seen > 2 else "shortest"
        why = f"of {limit.seen} seen, the {rank} took up to {duration(limit.longest)}"
    else:
        why = "none seen before"
    return Deadline(limit.seconds, why, limit)


def overdue(
    now: float, since: float, deadline: Deadline, subject: str, evidence: tuple[Evidence, ...]
) -> Finding:
    """Something that has lasted since `since`, over what it may take."""
    weighing = Weighing(
        subject=f"{subject}, for {duration(now - since)}",
        explanations=_explanations(deadline),
        initial_ratio=1.0,
        lasted=now - since,
        limit=deadline.seconds,
        change=_change(now, since, deadline),
    )
    return Finding(weighing.suspicion, since, evidence, weighing)


def _explanations(deadline: Deadline) -> tuple[Explanation, ...]:
    """What else it could be: one of the few that take longer and still end."""
    limit = deadline.limit
    if limit is None:
        return ()
    text = f"one that takes longer than {duration(limit.seconds)} and still ends ({deadline.why})"
    return (Explanation("slow", limit.expected_per_week, limit.tolerated, text),)


def _change(now: float, since: float, deadline: Deadline) -> tuple[str, ...]:
    falls_at = since + deadline.seconds
    limit = f"the limit is {duration(deadline.seconds)} ({deadline.why})"
    if falls_at > now:
        return ("its end ends it", f"{limit}: the verdict falls at {clock(falls_at)}")
    return ("its end ends it", f"{limit}, and was reached at {clock(falls_at)}")
