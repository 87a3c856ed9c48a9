"""How often a task was tried, and where that is said."""

import pytest

from tests.builders.cluster_views import LIMITS
from tests.builders.rows import LOG, SET, facts, state
from tests.builders.rows import busy as working
from tests.builders.words import read
from watchdog.diagnose.attempts import attempt_words, attempts
from watchdog.diagnose.judge import judge
from watchdog.model.facts import (
    AttemptsRead,
    EarlierAttempt,
    EvalSetRetryLogged,
    Fact,
    TaskProgressLogged,
)
from watchdog.model.state import EvalSetState

NOW = 7200.0
FAILED = EarlierAttempt("1.eval", "error", "RuntimeError('Helm install failed')")
DIED = EarlierAttempt("1.eval", "started")


def tried(*more: Fact, created: float = 3600.0) -> EvalSetState:
    read = facts({"1": working(NOW - 30)}, read_at=NOW, created=created)
    return state([*read, *more])


def line(retry: tuple[int, int] | None, at: float = 3700.0) -> TaskProgressLogged:
    return TaskProgressLogged(SET, at, "mmlu", 0, 10, 0, retry)


def words(known: EvalSetState) -> str:
    return attempt_words(known, known.tasks[LOG])


@pytest.mark.parametrize(
    ("more", "number", "said"),
    [
        ((), 1, ""),
        ((AttemptsRead(SET, LOG, 8, (FAILED,)),), 8, "attempt 8"),
        ((line((7, 10)),), 8, "attempt 8 of 11"),  # older logs were deleted
        ((AttemptsRead(SET, LOG, 8, (FAILED,)), line((7, 10))), 8, "attempt 8 of 11"),
        (
            (AttemptsRead(SET, LOG, 9, (FAILED, DIED)), line((2, 10))),
            9,
            "attempt 9, attempt 3 of 11 since its runner's start",
        ),
        ((AttemptsRead(SET, LOG, 2, (DIED,)),), 2, ""),  # a runner that died: nothing failed
        ((line((7, 10), at=100.0),), 1, ""),  # said of an older log
        ((line(None),), 1, ""),
    ],
)
def test_attempts(more, number, said):
    known = tried(*more)
    assert known.tasks[LOG].attempts == number
    assert words(known) == said


def test_the_older_way_counts_by_the_eval_set_s_passes():
    passes = [EvalSetRetryLogged(SET, at, "p") for at in (600.0, 1200.0, 3000.0)]
    known = tried(*passes, *passes, AttemptsRead(SET, LOG, 2, (FAILED,)))
    assert attempts(known, known.tasks[LOG]) == 4
    assert words(known) == "attempt 4"
    later = tried(*passes, created=700.0)
    assert attempts(later, later.tasks[LOG]) == 1, "its log is older than the last pass"


def test_it_is_said_with_the_task_and_in_the_summary():
    known = tried(AttemptsRead(SET, LOG, 8, (FAILED,)), line((7, 10)))
    (eval_set,) = judge([known], NOW, LIMITS, 90.0)
    assert "; attempt 8 of 11" in read(eval_set.summary)
    (said,) = [read(e.text) for e in eval_set.tasks[0].evidence if e.kind == "attempts"]
    assert said.startswith("this is attempt 8 of 11 of the task; the last one failed: ")
    assert "Helm install failed" in said


def test_nothing_is_said_of_a_first_attempt():
    (eval_set,) = judge([tried()], NOW, LIMITS, 90.0)
    assert "attempt" not in read(eval_set.summary)
    assert not [e for e in eval_set.tasks[0].evidence if e.kind == "attempts"]


def test_a_retried_task_s_retries_are_counted():
    known = tried(TaskProgressLogged(SET, 3700.0, "mmlu", 0, 10, 5710, (1, 10)))
    assert known.tasks[LOG].http_retries == 5710
