"""The detector with its knob, and the rules with theirs, on the states of the real fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.quality.fleet import POLL
from tests.quality.pages import Page, RulePages, Score, Subject, is_stuck
from tests.quality.world import Sample
from watchdog.correlate import correlate, troubled_models
from watchdog.diagnose.judge import judge
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.learned import Learned
from watchdog.model.state import EvalSetState, SampleState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Incident, Verdict
from watchdog.notify.decide.continuity import continues, has_stopped_firing

MAX_AGE = 1e9
HANGING = frozenset(
    {
        Cause.HUNG_MODEL_CALL,
        Cause.HUNG_TOOL_CALL,
        Cause.HUNG_SETUP,
        Cause.HUNG_SCORING,
        Cause.RUNNER_FROZEN,
    }
)
FAILURES = (3, 5, 7, 9, 10, 11, 12, 13, 14, 16, 20, 25, 30)
MINUTES = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 360, 480)
PENDING = (15, 30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720, 960, 1200)

World = Mapping[Subject, Sample]


@dataclass
class Detector:
    """Ours, at one setting of the knob."""

    knob: float
    score: Score = field(default_factory=Score)
    warned: int = 0
    _open: dict[str, tuple[Incident, float]] = field(default_factory=dict)
    _degraded: set[str] = field(default_factory=set)

    def take(
        self, now: float, states: Sequence[EvalSetState], learned: Learned, world: World
    ) -> None:
        """Judge everything, as after each poll."""
        limits = Thresholds(false_pages_per_week=self.knob)
        judged = judge(states, now, limits, MAX_AGE, learned=learned)
        by_name = {each.state.eval_set_id: each for each in judged}
        for eval_set in judged:
            self._find(now, eval_set, world)
        incidents = {incident.id: incident for incident in correlate(judged, now)}
        troubled = troubled_models(judged)
        self._open = {
            name: (told, seen)
            for name, (told, seen) in self._open.items()
            if now - seen <= POLL or not has_stopped_firing(told, now - seen, troubled)
        }
        for incident in incidents.values():
            if not any(continues(incident, told) for told, _ in self._open.values()):
                self.score.pages.append(_page(now, incident, by_name, world))
        self._open |= {name: (incident, now) for name, incident in incidents.items()}
        degraded = {n for n, each in by_name.items() if each.verdict is Verdict.DEGRADED}
        self.warned += len(degraded - self._degraded)
        self._degraded = degraded

    def _find(self, now: float, eval_set: EvalSetJudgment, world: World) -> None:
        for task in eval_set.tasks:
            for sample in task.stuck():
                subject = (eval_set.state.eval_set_id, sample.key.id)
                if is_stuck(world[subject], now):
                    self.score.finds(subject, now)


def _page(
    now: float, incident: Incident, judged: Mapping[str, EvalSetJudgment], world: World
) -> Page:
    """True where one of the samples that it is about is stuck in truth."""
    about = [
        world[name, sample.key.id]
        for name in incident.eval_sets
        for task in judged[name].tasks
        for sample in task.stuck()
        if sample.cause is incident.cause or sample.shared
    ]
    true = any(is_stuck(sample, now) for sample in about)
    return Page(now, incident.cause in HANGING, not true)


class Rules:
    """Every N failures in a row for T minutes, and every call that is pending for T minutes."""

    def __init__(self) -> None:
        self.failing = {(n, t): RulePages(hanging=False) for n in FAILURES for t in MINUTES}
        self.pending = {t: RulePages(hanging=True) for t in PENDING}

    def take(self, now: float, states: Sequence[EvalSetState], world: World) -> None:
        """Apply all of them."""
        failing: list[tuple[int, float, tuple[Subject, str, Sample]]] = []
        pending: list[tuple[float, tuple[Subject, str, Sample]]] = []
        for state in states:
            for task in state.tasks.values():
                for sample in task.samples.values():
                    subject = (state.eval_set_id, sample.key.id)
                    named = (subject, world[subject].model.name, world[subject])
                    streak = sample.streak
                    if streak is not None and streak.first_at is not None:
                        failing.append((streak.count, now - streak.first_at, named))
                    waits = _pending(sample, now)
                    if waits is not None:
                        pending.append((waits, named))
        for (count, minutes), rule in self.failing.items():
            least = 60 * minutes
            rule.take(now, (each for n, t, each in failing if n >= count and t >= least))
        for minutes, pages in self.pending.items():
            pages.take(now, (each for t, each in pending if t >= 60 * minutes))


def _pending(sample: SampleState, now: float) -> float | None:
    """Seconds that its oldest call has been open, where it isn't in a back-off."""
    since = [call.since for call in sample.open_calls if call.since is not None]
    return now - min(since) if since and sample.streak is None else None
