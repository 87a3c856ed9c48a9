"""How counts of retries grow, in buckets of five minutes."""

import pytest

from watchdog.model.retries import BUCKET, KEPT, noted, of_record


def after(*counts, step=BUCKET):
    history = None
    for place, count in enumerate(counts):
        history = noted(history, count, 1_000_000 * BUCKET + place * step)
    return history


def test_growth_is_told_bucket_by_bucket():
    assert after(100).growth == ()
    assert after(100, 130, 130, 200).growth == (30, 0, 70)


def test_within_a_bucket_the_newest_count_stands():
    assert after(100, 110, 120, step=1).growth == ()
    history = noted(after(100, 110), 150, 1_000_001 * BUCKET + 60)
    assert history.growth == (50,)


def test_nothing_new_is_the_same_object():
    history = after(100)
    assert noted(history, 100, 1_000_000 * BUCKET + 1) is history


def test_a_runner_that_begins_anew_has_not_grown():
    assert after(100, 5, 9).growth == (0, 4)


def test_over_a_gap_it_counts_where_it_was_seen():
    history = noted(after(100), 160, 1_000_003 * BUCKET)
    assert history.growth == (0, 0, 60)


def test_two_hours_are_kept_and_one_is_told():
    history = after(*range(0, 1000, 10))
    assert len(history.counts) == KEPT
    assert history.growth == (10,) * (KEPT - 1)
    assert history.last_hour == 120
    assert len(noted(after(1), 2, 2_000_000 * BUCKET).counts) == KEPT


def test_a_clock_that_was_set_back_begins_anew():
    assert noted(after(100, 200), 300, 0.0).growth == ()


@pytest.mark.parametrize("record", [(), (5,), tuple(range(30)), (5, 2**70)])
def test_what_is_no_record_is_nothing(record):
    assert of_record(record) is None


def test_a_record_is_what_it_was_made_of():
    one = noted(noted(None, 5, 0.0), 9, 0.0 + 3 * BUCKET)
    assert of_record(one.record) == one
