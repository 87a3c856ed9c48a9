"""What the last judgment expects of a task."""

from msgspec.structs import replace

from tests.builders.cluster_views import LIMITS
from tests.builders.rows import LOG, SET, Rows, facts, state
from watchdog.model.verdict import Verdict
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.outlooks import Outlooks, outlook_of

NOW = 1000.0


def snapshot(samples, total=9):
    return evaluate([state(facts(samples, total=total, read_at=NOW))], (), NOW, LIMITS, 90.0)


def outlook(samples, total=9):
    return outlook_of(snapshot(samples, total).figures[0].tasks[0])


def test_a_calm_task():
    expected = outlook({"1": Rows().ok(900), "2": Rows().ok(950)})
    assert expected.verdict is Verdict.PROGRESSING
    assert not expected.failing
    assert expected.next_attempt_at is None
    assert not expected.near_end


def test_its_last_sample():
    assert outlook({"1": Rows().ok(900)}, total=1).near_end
    assert not outlook({"1": Rows().ok(900)}, total=2).near_end


def test_its_last_few_samples():
    few = {str(n): Rows().ok(900) for n in range(3)}
    assert outlook(few, total=3).ending
    assert not outlook(few, total=3).near_end
    assert not outlook(few, total=4).ending
    assert not outlook(few | {"9": Rows().ok(900)}, total=4).ending


def test_a_sample_that_fails_and_waits():
    one = outlook({"1": Rows().ok(900).fail(999)})
    assert one.failing
    assert one.next_attempt_at is not None
    assert NOW < one.next_attempt_at < NOW + 10
    both = outlook({"1": Rows().ok(900).fail(999), "2": Rows().ok(950)})
    assert both.failing
    assert both.next_attempt_at is None  # the other one may write at any time


def test_a_sample_whose_next_attempt_was_due_does_not_wait():
    assert outlook({"1": Rows().ok(900).fail(900)}).next_attempt_at is None


def test_they_are_made_anew_only_for_what_changed():
    outlooks = Outlooks()
    first = snapshot({"1": Rows().ok(900)})
    assert outlooks.of(SET, LOG) is None
    outlooks.take(first)
    before = outlooks.of(SET, LOG)
    outlooks.take(replace(first))
    assert outlooks.of(SET, LOG) is before
    outlooks.take(replace(first, figures=()))
    assert outlooks.of(SET, LOG) is None


def test_eval_sets_of_one_name_in_two_sources_are_both_read_by_the_more_urgent():
    outlooks = Outlooks()
    (calm,) = snapshot({"1": Rows().ok(900)}).figures
    (failing,) = snapshot({"1": Rows().ok(900).fails([960, 990])}).figures
    first = replace(calm.report, source="a", name=SET)
    second = replace(failing.report, source="b", name=SET, eval_set_id=f"{SET}@b")
    both = (replace(calm, report=first), replace(failing, report=second))
    outlooks.take(replace(snapshot({"1": Rows().ok(900)}), figures=both))
    expected = outlooks.of(SET, LOG)
    assert expected is not None
    assert expected.failing
    assert outlooks.of(f"{SET}@b", LOG) is None
