"""Who has been degraded for long, and who only for a moment."""

from tests.builders.snapshots import NOW, quiet, sample, task
from watchdog.model.verdict import Verdict
from watchdog.pipeline.degraded import BREAK, DegradedRuns

AFTER = 7200.0
STEP = 300.0


def seen(*spans, after=AFTER):
    """`(verdict, seconds)` after one another, looked at every `STEP`; since when it lingers."""
    degraded_runs, now = DegradedRuns(after), NOW
    for verdict, seconds in spans:
        for _ in range(int(seconds / STEP)):
            degraded_runs.take([quiet("a", verdict)], now)
            now += STEP
    return degraded_runs.since(now - STEP)


def test_it_takes_as_long_as_is_asked_for():
    assert seen((Verdict.DEGRADED, AFTER)) == {}
    assert seen((Verdict.DEGRADED, AFTER + STEP)) == {"a": NOW}
    assert seen((Verdict.PROGRESSING, 9 * AFTER)) == {}
    assert seen((Verdict.DEGRADED, 9 * AFTER), after=0) == {}


def test_one_sample_of_many_is_no_news():
    def limping(degraded, well):
        verdicts = [Verdict.DEGRADED] * degraded + [Verdict.PROGRESSING] * well
        running = tuple(sample(str(n), verdict=each) for n, each in enumerate(verdicts))
        degraded_runs = DegradedRuns(AFTER)
        for at in (NOW, NOW + AFTER):
            found = quiet("a", Verdict.DEGRADED, tasks=(task(running=running),))
            degraded_runs.take([found], at)
        return degraded_runs.since(NOW + AFTER)

    assert limping(2, 2) == {"a": NOW}
    assert limping(2, 3) == {}


def test_a_moment_of_progress_ends_nothing_and_a_longer_one_does():
    before, rest = (Verdict.DEGRADED, 3600), (Verdict.DEGRADED, AFTER)
    assert seen(before, (Verdict.PROGRESSING, BREAK - STEP), rest) == {"a": NOW}
    longer = (Verdict.PROGRESSING, BREAK + STEP)
    assert seen(before, longer, rest) == {}


def test_what_was_stuck_or_over_begins_anew():
    for verdict in (Verdict.STUCK, Verdict.PARTIALLY_STUCK, Verdict.FINISHED):
        assert seen((Verdict.DEGRADED, AFTER), (verdict, STEP), (Verdict.DEGRADED, AFTER)) == {}


def test_time_in_which_nothing_could_be_read_counts_neither_way():
    half, unread = (Verdict.DEGRADED, AFTER / 2), (Verdict.UNKNOWN, 3 * BREAK)
    assert seen(half, unread, half) == {}
    assert seen(half, unread, half, (Verdict.DEGRADED, STEP)) == {"a": NOW + 3 * BREAK}


def test_who_is_no_longer_watched_is_forgotten():
    degraded_runs = DegradedRuns(AFTER)
    degraded_runs.take([quiet("a", Verdict.DEGRADED)], NOW)
    degraded_runs.take([], NOW + STEP)
    degraded_runs.take([quiet("a", Verdict.DEGRADED)], NOW + 2 * STEP)
    assert degraded_runs.since(NOW + AFTER + STEP) == {}
