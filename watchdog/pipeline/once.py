"""One look at targets, judged by day one's priors and what they teach by themselves."""

from watchdog.config.settings import Settings
from watchdog.correlate.incidents import Findings
from watchdog.model.report import Snapshot
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.source_state import all_problems, all_states
from watchdog.pipeline.targets import Seen, store_of

_UNTESTED = Findings()


def judged(settings: Settings, seen: Seen, findings: Findings = _UNTESTED) -> Snapshot:
    """Judged by day one's priors and what these targets teach by themselves."""
    states, limits = all_states(seen.watched), settings.thresholds
    learner = Learner(limits=limits)
    learner.take(states, seen.instant)
    return evaluate(
        states,
        all_problems(seen.watched),
        seen.instant,
        limits,
        float("inf"),
        learned=learner.learned,
        overrides=settings.allowances,
        findings=findings,
        store=store_of(settings),
    )
