"""What people said in advance of an eval set, a task or a model: it may take long, a person works.

From the configuration (`overrides`, the operator's word), from annotations of the runner's Job and
from the eval set's own metadata (its owner's).
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from watchdog.model.instants import clock

OWNER_LONGEST = 7 * 86_400.0
"""Seconds; what an owner allows may be no longer."""
PATIENCE_MOST = 10.0


class Allowance(Struct, frozen=True):
    """What holds instead of what was learned; None leaves it to that.

    Attributes:
        model_call, tool_call, setup, scoring, step: seconds that it may take.
        waiting: why it waits on purpose (a human baseline, a pause).
        waiting_in_silence: the same as its owner's word, which excuses silence and no failures.
        mute_until: until when (seconds since the epoch) nothing is told of it.
        mute_reason: why.
        expected_silence: seconds for which nothing may be written, whatever is under way.
        patience: a factor on what was learned or assumed, 1 to `PATIENCE_MOST`.
        page: False for a warning in place of a page.
        until: until when (seconds since the epoch) all of this holds.
        reason: why.
    """

    model_call: float | None = None
    tool_call: float | None = None
    setup: float | None = None
    scoring: float | None = None
    step: float | None = None
    waiting: str | None = None
    waiting_in_silence: str | None = None
    mute_until: float | None = None
    mute_reason: str = ""
    expected_silence: float | None = None
    patience: float | None = None
    page: bool | None = None
    until: float | None = None
    reason: str = ""

    def muted(self, now: float) -> tuple[float, str] | None:
        """Until when it is muted, and why; None where it isn't (any more)."""
        until = self.mute_until
        return (until, self.mute_reason) if until is not None and now < until else None

    def limit(self, family: str) -> float | None:
        """Seconds that a call of this family may take; None where nobody said."""
        return {
            "model": self.model_call,
            "tool": self.tool_call,
            "setup": self.setup,
            "scoring": self.scoring,
            "step": self.step,
        }.get(family)


NO_ALLOWANCE = Allowance()


class NoPage(Struct, frozen=True):
    """Who wants a warning in place of a page, until when (None: no end), and why."""

    who: str
    until: float | None = None
    reason: str = ""

    @property
    def text(self) -> str:
        """`a warning only: its owner wants no page until 2026-12-01 08:00 UTC: long tools`."""
        end = f" until {clock(self.until)}" if self.until is not None else ""
        why = f": {self.reason.rstrip('. ')}" if self.reason else ""
        return f"a warning only: {self.who} wants no page{end}{why}"


class Override(Struct, frozen=True):
    """An allowance for all whose names match: shell patterns, `*` for any."""

    allowance: Allowance
    eval_set: str = "*"
    task: str = "*"
    model: str = "*"

    @property
    def for_all_tasks(self) -> bool:
        """Whether it is about whole eval sets, not about some of their tasks."""
        return self.task == "*" and self.model == "*"

    def matches(self, eval_set: str, task: str, model: str) -> bool:
        """Whether it is about this task."""
        names = ((eval_set, self.eval_set), (task, self.task), (model, self.model))
        return all(fnmatchcase(name, pattern) for name, pattern in names)


def joined(one: Allowance, other: Allowance) -> Allowance:
    """Both; where both say something, `other` does."""
    later = {
        name: value
        for name in other.__struct_fields__
        if (value := getattr(other, name)) not in (None, "")
    }
    return Allowance(**{**{n: getattr(one, n) for n in one.__struct_fields__}, **later})


def agreed(one: Allowance, other: Allowance) -> Allowance:
    """What both allow: of two durations, factors and instants the least."""
    fields: dict[str, Any] = {}
    for name in one.__struct_fields__:
        pair = (getattr(one, name), getattr(other, name))
        if None not in pair:
            pick: Callable[..., Any] = max if name == "page" else min
            fields[name] = pair[0] if isinstance(pair[0], str) else pick(pair)
    return Allowance(**fields)
