"""Durations as of now: as if everything were judged anew, and the same record where none runs."""

import pytest
from msgspec.structs import replace

from tests.builders.rows import Rows, facts, schedule, state
from tests.builders.snapshots import NOW, ago, degraded, eval_set, figures, partially_stuck
from watchdog.diagnose.judge import judge
from watchdog.model.aged import aged, aged_heads, elapsed
from watchdog.model.report import Ramp
from watchdog.model.thresholds import Thresholds
from watchdog.pipeline.snapshot import figures_of

ATTEMPTS = schedule(600, 11)
BEGAN = ATTEMPTS[-1] + 5.0


def durations(figures):
    """All that grows with time."""
    tasks = [(t.stuck_seconds, t.estimated_stuck_seconds) for t in figures.tasks]
    reports = [(t.stuck_seconds, t.stuck_since) for t in figures.report.tasks]
    samples = [
        (s.stuck_seconds, s.estimated_stuck_seconds, s.pending)
        for task in figures.report.tasks
        for s in task.running
    ]
    report = figures.report
    return report.stuck_seconds, report.estimated_stuck_seconds, tasks, reports, samples


def flat(figures):
    """The same as numbers in a row."""
    report = figures.report
    samples = [sample for task in report.tasks for sample in task.running]
    return [
        report.stuck_seconds,
        report.estimated_stuck_seconds,
        *(t.stuck_seconds for t in figures.tasks),
        *(s.stuck_seconds for s in samples),
        *(s.estimated_stuck_seconds for s in samples),
        *(s.pending.seconds for s in samples if s.pending is not None),
    ]


def judged(now):
    """A sample in its back-off, one that hangs, and one at work; read once."""
    rows = {
        "1": Rows().fails(ATTEMPTS),
        "2": Rows().ok(0.123456).pending("model", 30.987654),
        "3": Rows().ok(BEGAN - 20),
    }
    states = [state(facts(rows, read_at=BEGAN))]
    (judgment,) = judge(states, now, Thresholds(), 1e9)
    return figures_of(judgment, now, lazily=True)


@pytest.mark.parametrize("later", [0.0, 1.5, 600.25, 1800.0])
def test_durations_are_those_of_judging_anew(later):
    first, anew = judged(BEGAN), judged(BEGAN + later)
    # a report's instants are cut to milliseconds
    assert durations(aged(first, BEGAN + later)) == durations(aged(anew, BEGAN + later))
    assert flat(aged(first, BEGAN + later)) == pytest.approx(flat(anew), abs=0.0011)


def test_a_streak_s_waits_grow_until_the_next_attempt_only():
    first = judged(BEGAN)
    assert len(first.tasks[0].estimates) == 1
    estimates = [
        aged(first, BEGAN + later).report.estimated_stuck_seconds for later in (0, 60, 1e6, 2e6)
    ]
    assert estimates[0] < estimates[1] == estimates[0] + 60 < estimates[2] == estimates[3]


def test_what_has_no_duration_is_the_same_record():
    calm = figures(degraded())
    assert aged(calm, NOW + 1e6) is calm
    stuck = figures(eval_set())
    assert aged(stuck, NOW) is stuck


def test_only_what_grows_is_another_record():
    before = figures(partially_stuck())
    after = aged(before, NOW + 60)
    assert after.report.stuck_seconds == 4860.0
    (task,) = after.report.tasks
    assert task is after.tasks[0].report
    assert (task.stuck_seconds, after.tasks[0].stuck_seconds) == (4860.0, 4860.0)
    hung, _ = task.running
    assert (hung.stuck_seconds, hung.pending.seconds) == (4860.0, 5460.0)
    assert (
        replace(after, report=before.report, tasks=before.tasks) == before
    )  # whether it is muted, say


def test_of_the_metrics_samples_stay_as_they_are():
    before = figures(partially_stuck())
    after = aged_heads(before, NOW + 60)
    assert after.tasks[0].stuck_seconds == 4860.0
    assert after.report.stuck_seconds == 4860.0
    assert after.report.tasks is before.report.tasks
    calm = figures(degraded())
    assert aged_heads(calm, NOW + 60) is calm


def test_a_suspicion_grows_as_far_as_its_rule_lets_it():
    before = figures(degraded())
    (task,) = before.tasks
    rising = replace(before, tasks=(replace(task, rising=(Ramp(0.0, NOW - 50, rate=0.01),)),))
    assert aged(rising, NOW).tasks[0].suspicion == 0.5
    assert aged(rising, NOW + 25).tasks[0].suspicion == 0.75


def test_instants():
    assert elapsed(ago(5), NOW) == 5.0
    assert elapsed(ago(-5), NOW) == 0.0
    assert elapsed(None, NOW) == 0.0
