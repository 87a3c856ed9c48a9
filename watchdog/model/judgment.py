"""What the rules concluded of samples, tasks and eval sets at one instant."""

import math
from collections.abc import Sequence

from msgspec import Struct

from watchdog.model.action import Action
from watchdog.model.allowances import NoPage
from watchdog.model.causes import HUNG_CALLS
from watchdog.model.digest import Digested
from watchdog.model.facts import SampleKey
from watchdog.model.report import SampleCounts
from watchdog.model.state import EvalSetState, OpenCall, SampleState, TaskState
from watchdog.model.told import Text
from watchdog.model.verdict import STUCK_VERDICTS, Cause, Evidence, Phase, Severity, Verdict
from watchdog.model.weighing import Rise, Weighing


class Waiting(Struct, frozen=True):
    """Something that a sample waits for on purpose."""

    evidence: Evidence
    since: float | None
    bound: float | None
    """Seconds after which it is worth a warning; None for never."""
    words: str
    """For a summary: `a person's approval is awaited`."""
    lapses: bool = False
    """Whether it is an excuse only within its bound."""

    def overdue(self, now: float) -> bool:
        """Whether it has lasted longer than its bound."""
        has_bound = self.since is not None and self.bound is not None
        return has_bound and now - self.since > self.bound  # type: ignore[operator]

    def excuses(self, now: float) -> bool:
        """Whether the sample's silence is explained by it."""
        return not (self.lapses and self.overdue(now))


class SampleJudgment(Struct, frozen=True):
    """A running sample, judged."""

    state: SampleState
    verdict: Verdict
    phase: Phase
    cause: Cause | None = None
    since: float | None = None
    """Since when it is stuck; None when it is not."""
    suspicion: float = 0.0
    """Evidence for stuck over the bound at which the verdict falls; 1 and above is stuck."""
    fixed: float = 0.0
    """The same without what grows by time alone."""
    rising: tuple[Rise, ...] = ()
    """What grows by time alone."""
    wait: float | None = None
    """Seconds between the last failed attempt and the next one; None when none is due."""
    next_at: float | None = None
    """When that next one is due."""
    evidence: tuple[Evidence, ...] = ()
    weighings: tuple[tuple[Cause, Weighing], ...] = ()
    """What was weighed, by the cause that it speaks for."""
    degraded_since: float | None = None
    """Since when a rule of its own says that it is degraded; None where none does."""
    degraded_by: str = ""
    """What that is, in a few words: `empty answers`."""
    shared: bool = False
    """It is the trouble of everybody on the model, not of this sample."""
    model: str = ""
    """The model whose calls fail, where they do."""
    waiting: Waiting | None = None
    """What it waits for on purpose; where something of that is overdue, what is."""
    overdue: bool = False
    """What it waits for has lasted longer than its bound: worth a warning, whatever the verdict."""

    def estimated(self, now: float) -> float:
        """The guide's severity at `now`: retry count x wait, by the current streak's real waits.

        In seconds, from its first attempt to its last, and the wait since.
        """
        streak = self.state.streak
        if streak is None or streak.first_at is None or streak.last_at is None:
            return 0.0
        under_way = min(self.wait or 0.0, max(0.0, now - streak.last_at))
        return max(0.0, streak.last_at - streak.first_at) + under_way

    def suspicion_at(self, now: float) -> float:
        """The suspicion at `now`, while the judgment holds."""
        return max(self.fixed, *(rise.at(now) for rise in self.rising), 0.0)

    def turns_after(self, now: float) -> float:
        """When its suspicion, by time alone, next makes something else be said of it; or never."""
        return min((rise.turns_after(now) for rise in self.rising), default=math.inf)

    @property
    def key(self) -> SampleKey:
        """Id and epoch."""
        return self.state.key

    @property
    def open_call(self) -> OpenCall | None:
        """The call that it is about: the one that hangs, else the newest that is open."""
        calls = self.state.open_calls
        hung = [call for call in calls if self.since is not None and call.since == self.since]
        newest = max(calls, key=lambda call: call.row, default=None)
        quietest = min(hung, key=self._last_sign, default=newest)
        return quietest if self.cause in HUNG_CALLS else newest

    def _last_sign(self, call: OpenCall) -> float:
        life = self.state.life_within(call.inner) if call.inner is not None else None
        return life or call.since or 0.0


class Erring(Struct, frozen=True):
    """That most of the last samples to end erred, and that this is unusual here."""

    cause: Cause
    since: float | None
    text: Text
    """`69 of 87 ended samples erred; 61 of them: RuntimeError('…')`."""
    evidence: tuple[Evidence, ...]
    weighing: Weighing | None = None


class TaskJudgment(Struct, frozen=True):
    """A task, judged by its running samples."""

    state: TaskState
    verdict: Verdict
    counts: SampleCounts
    samples: Sequence[SampleJudgment] = ()
    cause: Cause | None = None
    since: float | None = None
    suspicion: float = 0.0
    fixed: float = 0.0
    """What of it is the task's own and doesn't grow by time alone."""
    rising: tuple[Rise, ...] = ()
    """What of it is the task's own and does."""
    last_progress_at: float | None = None
    evidence: tuple[Evidence, ...] = ()
    weighings: tuple[tuple[Cause, Weighing], ...] = ()
    """What was weighed of the task itself: its set-up, its runner."""
    muted: tuple[float, str] | None = None
    """Until when, and why, people want to hear nothing of it."""
    no_page: NoPage | None = None
    """Who wants a warning in place of a page, and why."""
    erring: Erring | None = None
    """None where no more samples err than is usual."""

    @property
    def name(self) -> str:
        """The task's name, or its log's where the log could not be read."""
        return self.state.spec.task if self.state.spec else self.state.log

    @property
    def model(self) -> str:
        """The task's model; empty where the log could not be read."""
        return self.state.spec.model if self.state.spec else ""

    def suspicion_at(self, now: float) -> float:
        """The suspicion at `now`, while the judgment holds: its own, or that of a sample."""
        own = max(self.fixed, *(rise.at(now) for rise in self.rising), 0.0)
        if isinstance(self.samples, Digested):
            return max(own, self.samples.digest.suspicion_at(now))
        return max(own, *(sample.suspicion_at(now) for sample in self.samples), 0.0)

    def turns_after(self, now: float) -> float:
        """When its own suspicion next does what that of a sample does; or never."""
        return min((rise.turns_after(now) for rise in self.rising), default=math.inf)

    def stuck(self) -> tuple[SampleJudgment, ...]:
        """Its stuck samples."""
        if isinstance(self.samples, Digested) and not self.samples.digest.has(Verdict.STUCK):
            return ()
        return tuple(s for s in self.samples if s.verdict is Verdict.STUCK)


class Caution(Struct, frozen=True):
    """What people should hear of though nothing is stuck: a warning, or a page where it says so."""

    cause: Cause
    since: float | None
    text: Text
    """What it is, for people; completes "eval set X: "."""
    tasks: tuple[TaskJudgment, ...] = ()
    """Those that it is about; empty where it is the eval set as a whole."""
    severity: Severity = "warning"


class EvalSetJudgment(Struct, frozen=True):
    """An eval set, judged by the running samples of all its tasks."""

    state: EvalSetState
    verdict: Verdict
    tasks: tuple[TaskJudgment, ...] = ()
    cause: Cause | None = None
    since: float | None = None
    evidence: tuple[Evidence, ...] = ()
    cautions: tuple[Caution, ...] = ()
    deleted_at: float | None = None
    """When it was deleted; None where it wasn't, or nobody saw it."""
    runner_started_at: float | None = None
    """When its newest runner's Job was made."""
    summary: Text = ""
    """One sentence for the person on call."""
    actions: tuple[Action, ...] = ()
    """What to do next, with the command to run."""
    steps: tuple[tuple[Cause, tuple[Action, ...]], ...] = ()
    """The same by cause, where samples are stuck for several; the first are `actions`."""
    muted: tuple[float, str] | None = None
    """Until when, and why, people want to hear nothing of all of it."""
    no_page: NoPage | None = None
    """Who wants a warning in place of a page for all of it, and why."""

    @property
    def is_warned_of(self) -> NoPage | None:
        """Why none of what is stuck in it is to be a page; None where some of it may be."""
        stuck = [task for task in self.tasks if task.verdict in STUCK_VERDICTS]
        wishes = [task.no_page for task in stuck] or [self.no_page]
        return wishes[0] if all(wish is not None for wish in wishes) else None
