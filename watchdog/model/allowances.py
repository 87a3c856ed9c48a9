"""What people said in advance of an eval set, a task or a model: it may take long, a person works.

From the configuration (`overrides`) and from annotations of the runner's Job.
"""

from fnmatch import fnmatchcase

from msgspec import Struct


class Allowance(Struct, frozen=True):
    """What holds instead of what was learned; None leaves it to that.

    Attributes:
        model_call, tool_call, setup, scoring, step: seconds that it may take.
        waiting: why it waits on purpose (a human baseline, a pause).
        mute_until: until when (seconds since the epoch) nothing is told of it.
        mute_reason: why.
    """

    model_call: float | None = None
    tool_call: float | None = None
    setup: float | None = None
    scoring: float | None = None
    step: float | None = None
    waiting: str | None = None
    mute_until: float | None = None
    mute_reason: str = ""

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
