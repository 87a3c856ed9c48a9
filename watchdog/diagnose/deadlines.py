"""How long something may take, and what is said of it once it has taken longer.

What people said of the task comes first (`Allowance`), then what such things took before
(`Baselines`).
"""

from msgspec import Struct
from msgspec.structs import replace

from watchdog.diagnose.baselines import Baselines, Lasting, Limit
from watchdog.diagnose.context import Finding
from watchdog.model.allowances import Allowance
from watchdog.model.told import At, Length, Text, told
from watchdog.model.verdict import Evidence
from watchdog.model.weighing import Explanation, Weighing


class Deadline(Struct, frozen=True):
    """How long something may take, and why."""

    seconds: float
    why: Text
    limit: Limit | None = None
    """What it follows from, where it was learned or assumed."""


def deadline_for(  # noqa: PLR0913 - what it follows from, one by one
    baselines: Baselines,
    allowance: Allowance,
    family: Lasting,
    name: str,
    times: float = 1.0,
    *,
    alike: bool = True,
    bounded: bool = True,
) -> Deadline:
    """What people allowed, else what is normal; `times` as long, and never less than they expect.

    The patience asked for is a factor on what is normal, not on what people allowed. `alike` where
    it is one more of those seen (`Baselines.limit`).
    """
    seconds = allowance.limit(family)
    if seconds is not None:
        allowed = "allowed by an override, annotation or metadata"
        return excused(Deadline(times * seconds, allowed), allowance)
    limit = baselines.limit(family, name, alike=alike, bounded=bounded)
    why: Text = "none seen before"
    if limit.seen:
        rank = "third longest" if limit.seen > 2 else "shortest"
        took = Length(limit.longest)
        why = told("of {} seen, the {} took up to {}", limit.seen, rank, took)
    if allowance.patience is not None:
        limit = _patient(baselines, limit, allowance.patience, family, name)
        times_as_long = f"{allowance.patience:g}"
        why = told("{}, times {} for the patience that was asked for", why, times_as_long)
    return excused(Deadline(times * limit.seconds, why, limit), allowance)


def excused(deadline: Deadline, allowance: Allowance) -> Deadline:
    """The deadline of what is concluded from silence alone, where people expect silence."""
    silence = allowance.expected_silence
    if silence is None or silence <= deadline.seconds:
        return deadline
    return Deadline(silence, "so much silence is expected, as was said in advance")


def _patient(
    baselines: Baselines, limit: Limit, patience: float, family: Lasting, name: str
) -> Limit:
    """A limit so many times as long, with how rare it is that one takes longer still."""
    seconds = patience * limit.seconds
    return replace(limit, seconds=seconds, expected_per_week=baselines.calls(family, name, seconds))


def overdue(
    now: float, since: float, deadline: Deadline, subject: Text, evidence: tuple[Evidence, ...]
) -> Finding:
    """Something that has lasted since `since`, over what it may take."""
    weighing = Weighing(
        subject=told("{}, for {}", subject, Length(now - since)),
        explanations=_explanations(deadline),
        initial_ratio=1.0,
        lasted=now - since,
        limit=deadline.seconds,
        change=_change(now, since, deadline),
        since=since,
    )
    return Finding(weighing.suspicion, since, evidence, weighing)


def _explanations(deadline: Deadline) -> tuple[Explanation, ...]:
    """What else it could be: one of the few that take longer and still end."""
    limit = deadline.limit
    if limit is None:
        return ()
    longer = Length(limit.seconds)
    text = told("one that takes longer than {} and still ends ({})", longer, deadline.why)
    return (Explanation("slow", limit.expected_per_week, limit.tolerated, text),)


def _change(now: float, since: float, deadline: Deadline) -> tuple[Text, ...]:
    falls_at = since + deadline.seconds
    falls = ": the verdict falls at" if falls_at > now else ", and was reached at"
    limit = Length(deadline.seconds)
    text = told("the limit is {} ({}){} {}", limit, deadline.why, falls, At(falls_at))
    return ("its end ends it", text)
