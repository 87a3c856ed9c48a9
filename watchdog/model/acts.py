"""What people did about an incident: acknowledged, silenced, judged it.

Instants are seconds since the epoch.
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.instants import clock
from watchdog.model.verdict import Scope, Severity

ActKind = Literal["acknowledgement", "silence", "judgement"]
ACT_KINDS: tuple[ActKind, ...] = ("acknowledgement", "silence", "judgement")
BY_MAX, WHY_MAX = 100, 300
"""Characters."""
LONGEST = 30 * 86_400.0
"""Seconds that an acknowledgement or a silence may last: who needs more says so in `overrides`."""
USUAL = 8 * 3600.0
"""Seconds that one lasts where nothing is said of it."""

_DONE: dict[ActKind, str] = {
    "acknowledgement": "Acknowledged",
    "silence": "Silenced",
    "judgement": "Judged",
}


class Extent(Struct, frozen=True):
    """How far an incident reached when it was acknowledged."""

    severity: Severity
    scope: Scope
    eval_sets: int
    stuck_samples: int


class Act(Struct, frozen=True):
    """One thing that somebody did."""

    kind: ActKind
    by: str
    verified: bool
    """Whether a login said who it was, not only they themselves."""
    at: float
    until: float | None = None
    """Until when it holds; None for a judgement."""
    why: str = ""
    judged: bool | None = None
    """Of a judgement: whether it was worth a page."""
    extent: Extent | None = None
    """How it stood; what gets worse than this makes an acknowledgement fall."""
    silenced: tuple[str, ...] = ()
    """Of a silence: the mutes that it made, by their patterns."""
    ended_at: float | None = None
    """When it was taken back, replaced, or fell; None where it was not."""
    ended_by: str = ""
    ended_why: str = ""
    place: int = 0
    """Among what the ledger keeps of its incident."""

    def holds(self, now: float) -> bool:
        """Whether it counts at `now`."""
        return self.ended_at is None and (self.until is None or now < self.until)

    def changed_at(self, now: float) -> float:
        """When what is to be said of it last became another, before `now`."""
        ends = (self.ended_at, self.until)
        return max(self.at, *(end for end in ends if end is not None and end <= now), 0.0)


def holding(acts: tuple[Act, ...], kind: ActKind, now: float) -> Act | None:
    """The newest of a kind that counts at `now`."""
    return next((a for a in reversed(acts) if a.kind == kind and a.holds(now)), None)


def who(by: str, *, verified: bool) -> str:
    """A name as people are told it."""
    return by if verified else f"{by} (unverified)"


def sentence(act: Act) -> str:
    """`Acknowledged by ann (unverified) until 2026-11-23 16:00 UTC: looking into it`."""
    worth = "" if act.judged is None else f" {'true' if act.judged else 'false'}"
    until = "" if act.until is None else f" until {clock(act.until)}"
    why = f": {act.why}" if act.why else ""
    return f"{_DONE[act.kind]}{worth} by {who(act.by, verified=act.verified)}{until}{why}"


def sentences(acts: tuple[Act, ...], now: float) -> tuple[str, ...]:
    """What holds at `now`, a sentence each."""
    held = (holding(acts, kind, now) for kind in ACT_KINDS)
    return tuple(sentence(act) for act in held if act is not None)
