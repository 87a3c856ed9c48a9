"""From what is remembered to a finished snapshot: judge, correlate, report. Pure."""

from collections.abc import Iterable, Sequence

from watchdog.correlate import correlate, troubled_models
from watchdog.diagnose.judge import judge
from watchdog.diagnose.orphans import find_orphans
from watchdog.model.allowances import Override
from watchdog.model.learned import Learned
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Problem
from watchdog.publish.report import snapshot

_NOTHING = Learned()


def evaluate(  # noqa: PLR0913 - what a snapshot depends on
    states: Sequence[EvalSetState],
    problems: Iterable[Problem],
    now: float,
    limits: Thresholds,
    max_age: float,
    *,
    learned: Learned = _NOTHING,
    overrides: tuple[Override, ...] = (),
) -> Snapshot:
    """Everything that can be said of these eval sets at `now`, by what was learned of the fleet."""
    orphans = find_orphans(states, now, limits)
    judged = judge(states, now, limits, max_age, orphans, learned=learned, overrides=overrides)
    standing = (*problems, orphans.problem) if orphans.problem else tuple(problems)
    return snapshot(judged, correlate(judged), standing, now, troubled_models(judged))
