"""The list `overrides`."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from watchdog.config.section import Duration, Section
from watchdog.model.allowances import PATIENCE_MOST, Allowance, Override


class OverrideSettings(Section):
    """What people know better, by eval set, task and model; the last that matches weighs most.

    Each entry holds for the tasks that all its patterns match (`*` for any, `?` for one character);
    where several say something, the last one does.

    The owner of an eval set says the same of it in its metadata (`metadata:` of Hawk's eval set,
    `--metadata`, `eval(metadata=…)`), by keys `stuck-eval-watchdog/patience: 3` or a mapping
    `stuck_eval_watchdog: {patience: 3, page: false}`; or in annotations of the runner's Job,
    `stuck-eval-watchdog/tool-call: 4h`, with `-` for `_`. Annotations weigh more than metadata, and
    what stands here more than both. An owner's word is bounded: no duration above 7 d; it holds
    until `until`, and for at most `detection.owner_exceptions` from the start of the Job or of the
    log; it never silences: `mute_until` is a warning in place of a page until then, and `waiting`
    excuses silence (7 d, or `expected_silence`) and no failures. What can't be used of it is
    ignored and shown with the eval set; what holds is said in its evidence.
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
    expected_silence: Duration | None = None
    """So long nothing may be written: hung calls, set-ups, scorers and steps are excused by it."""
    patience: float | None = Field(default=None, ge=1, le=PATIENCE_MOST)
    """A factor from 1 to 10 on every limit that was learned or assumed, and on failures."""
    page: bool | None = None
    """`false` for a warning in place of a page; `true` for a page, whatever its owner says."""
    until: AwareDatetime | None = None
    """Until then all of the entry holds, e.g. `2026-12-01T08:00:00Z`; without it, for ever."""
    reason: str = Field(default="", max_length=200)
    """Why so; it stands in the evidence."""

    @property
    def override(self) -> Override:
        """As the rules' record."""
        patterns = {"eval_set", "task", "model"}
        fields = self.model_dump(exclude=patterns | {"mute_until", "until"})
        allowance = Allowance(
            **fields, mute_until=_timestamp(self.mute_until), until=_timestamp(self.until)
        )
        return Override(allowance, **self.model_dump(include=patterns))


def _timestamp(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None
