"""The list `overrides`."""

from pydantic import AwareDatetime, Field

from watchdog.config.section import Duration, Section
from watchdog.model.allowances import Allowance, Override


class OverrideSettings(Section):
    """What people know better, by eval set, task and model; the last that matches weighs most.

    Each entry holds for the tasks that all its patterns match (`*` for any, `?` for one character);
    where several say something, the last one does. The same can be said of one eval set in
    annotations of its runner's Job, which weigh less: `stuck-eval-watchdog/tool-call: 4h`,
    `stuck-eval-watchdog/mute-until: 2026-12-01T08:00:00Z`, and so on, with `-` for `_`. What can't
    be used of an annotation is ignored and shown with the eval set.
    """

    eval_set: str = "*"
    """Ids of eval sets, as a shell pattern."""
    task: str = "*"
    """Names of tasks, as a shell pattern."""
    model: str = "*"
    """Names of models (`provider/model`), as a shell pattern."""
    model_call: Duration | None = None
    """How long a model call may take, such as `90m`, or a number of seconds."""
    tool_call: Duration | None = None
    """How long a tool call may take."""
    setup: Duration | None = None
    """How long a sample's set-up may take."""
    scoring: Duration | None = None
    """How long a scorer may take."""
    step: Duration | None = None
    """How long a solver may be silent between two calls."""
    waiting: str | None = Field(default=None, max_length=200)
    """It waits on purpose, and why: `human baseline`. Nothing of it is called stuck."""
    mute_until: AwareDatetime | None = None
    """Until then its incidents are shown and not told, e.g. `2026-12-01T08:00:00Z`."""
    mute_reason: str = Field(default="", max_length=200)
    """Why it is muted."""

    @property
    def override(self) -> Override:
        """As the rules' record."""
        patterns = {"eval_set", "task", "model"}
        fields = self.model_dump(exclude=patterns | {"mute_until"})
        until = self.mute_until.timestamp() if self.mute_until else None
        allowance = Allowance(**fields, mute_until=until)
        return Override(allowance, **self.model_dump(include=patterns))
