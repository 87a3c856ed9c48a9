"""When the next attempt is due."""

import pytest

from tests.builders.rows import LOG, SET, Rows, facts, key, schedule, state
from watchdog.diagnose.retries import next_attempt_at, next_wait
from watchdog.fold.backoff import scheduled_wait
from watchdog.model.facts import RetryLogged

WAIT = scheduled_wait(6)


def failing(*lines):
    instants = schedule(0.0, 6)
    batch = facts({"1": Rows().fails(instants)}, read_at=instants[-1] + 60)
    return state([*batch, *lines]).tasks[LOG].samples[key()], instants[-1]


def announced(at, wait):
    return RetryLogged(SET, at, "mmlu", key(), "openai/gpt-4o", 6, wait, "500")


def test_by_inspect_s_schedule_it_counts_from_the_failed_attempt():
    sample, last = failing()
    assert next_wait(sample) == WAIT
    assert next_attempt_at(sample) == last + WAIT


def test_what_the_runner_announced_counts_from_its_announcement():
    """The attempt began at `last`, failed after four minutes, and only then the wait began."""
    last = schedule(0.0, 6)[-1]
    sample, _ = failing(announced(last + 240.0, 90.0))
    assert next_attempt_at(sample) == pytest.approx(last + 240.0 + 90.0)


def test_an_older_announcement_is_not_about_this_failure():
    last = schedule(0.0, 6)[-1]
    sample, _ = failing(announced(last - 1.0, 7.0))
    assert next_attempt_at(sample) == last + WAIT


def test_none_is_due_after_a_success():
    sample = state(facts({"1": Rows().fail(0.0).ok(60.0)}, read_at=120.0)).tasks[LOG].samples[key()]
    assert next_attempt_at(sample) is None
