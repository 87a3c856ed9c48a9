"""What a runner says that it can't write is not in the store."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, RUNNER, view
from tests.builders.rows import LOG, SET, Rows, facts, key, state
from tests.builders.words import read
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.cluster import Container, Termination
from watchdog.model.facts import (
    ClusterRead,
    Fact,
    Listing,
    LogWriteFailed,
    RowsRead,
    RunnerErrorLogged,
    RunnerLogRead,
    TaskRead,
)
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict

MINUTE, HOUR = 60.0, 3600.0
BEGAN = 600.0
"""When the first write failed."""
ERROR = "ClientError: An error occurred (ExpiredToken) when calling the PutObject operation"
PLACE = f"s3://bucket/evals/{SET}/{LOG}"


def failed(*times: float, log: str = PLACE, pod: str = "runner-1", task: str = "") -> list[Fact]:
    return [
        *(LogWriteFailed(SET, at, log, task, ERROR, pod) for at in times),
        RunnerLogRead(SET, max(times, default=0.0), pod),
    ]


def every(begin: float, end: float, step: float = 60.0) -> tuple[float, ...]:
    return tuple(begin + step * n for n in range(int((end - begin) / step) + 1))


def written(now: float, stored_at: float | None, *more: list[Fact], **spec) -> EvalSetState:
    """A sample with a model call that is pending since before writing failed."""
    rows = Rows().ok(0).ok(BEGAN - 60).pending("model", BEGAN - 30, "openai/gpt-4o")
    read = facts({"1": rows}, read_at=now, **spec)
    return state([*read, TaskRead(SET, LOG, now, stored_at)], *more)


def judged(now: float, known: EvalSetState):
    return judge([known], now, LIMITS, 90.0)[0]


def told(now: float, known: EvalSetState):
    return correlate([judged(now, known)], now)


def test_what_can_t_be_written_makes_the_store_old_and_is_a_page():
    now = BEGAN + 20 * HOUR
    known = written(now, BEGAN - 20, failed(*every(BEGAN, now)))
    eval_set = judged(now, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.UNKNOWN, Cause.LOG_WRITE_FAILED)
    assert [s.verdict for s in eval_set.tasks[0].samples] == [Verdict.UNKNOWN]
    assert eval_set.since is None
    assert ERROR in read(eval_set.summary)
    assert "at risk" in read(eval_set.summary)
    (incident,) = told(now, known)
    assert (incident.cause, incident.severity) == (Cause.LOG_WRITE_FAILED, "page")
    assert incident.since == BEGAN
    assert ERROR in incident.summary


def test_no_advice_of_it_ends_or_deletes_anything():
    now = BEGAN + 20 * HOUR
    known = written(now, BEGAN - 20, failed(*every(BEGAN, now)), [ClusterRead(SET, view(now))])
    eval_set = judged(now, known)
    assert eval_set.cause is Cause.LOG_WRITE_FAILED
    text = "\n".join(action.text for action in eval_set.actions)
    assert "kubectl cp" in text
    assert "hawk delete" not in text
    assert "hawk stop" not in text
    assert "resume" not in text


@pytest.mark.parametrize(("minutes", "is_told"), [(1, False), (4, False), (6, True), (60, True)])
def test_a_few_minutes_are_no_page_yet(minutes, is_told):
    now = BEGAN + minutes * MINUTE
    known = written(now, BEGAN - 20, failed(*every(BEGAN, now)))
    assert judged(now, known).verdict is Verdict.UNKNOWN
    assert bool(told(now, known)) == is_told


def test_a_single_failure_is_told_once_no_back_off_explains_that_nothing_came_after_it():
    for minutes, is_told in ((70, False), (76, True)):
        now = BEGAN + minutes * MINUTE
        assert bool(told(now, written(now, BEGAN - 20, failed(BEGAN)))) == is_told


@pytest.mark.parametrize("last", [10.0, 60.0, 4 * MINUTE])
def test_a_few_failures_in_a_moment_weigh_as_one_where_none_comes_after_them(last):
    """The store refused for a moment; what would show that it takes again is not yet made."""
    for minutes, is_told in ((70, False), (76, True)):
        now = BEGAN + last + minutes * MINUTE
        known = written(now, BEGAN - 20, failed(BEGAN, BEGAN + last))
        assert bool(told(now, known)) == is_told


def test_failures_half_an_hour_apart_are_told_at_the_second():
    later = BEGAN + 30 * MINUTE
    assert told(later + 60, written(later + 60, BEGAN - 20, failed(BEGAN, later)))


@pytest.mark.parametrize("stored_at", [BEGAN + 60, BEGAN + 30 * MINUTE])
def test_a_newer_object_ends_it(stored_at):
    now = BEGAN + 40 * MINUTE
    known = written(now, stored_at, failed(BEGAN, BEGAN + 10))
    assert judged(now, known).cause is None
    assert told(now, known) == ()


def test_newer_rows_end_it_where_objects_have_no_times_or_those_of_a_copy():
    now = BEGAN + 5 * MINUTE
    for stored_at in (None, now + 30 * 86_400):
        known = written(now, stored_at, failed(BEGAN, BEGAN + 10))
        assert judged(now, known).cause is Cause.LOG_WRITE_FAILED
        newer = RowsRead(SET, LOG, key(), tuple(Rows().ok(BEGAN + 100).rows))
        newer = replace(newer, rows=tuple(replace(r, id=r.id + 100) for r in newer.rows))
        assert judged(now, fold(known, newer)).cause is None


def test_it_began_after_what_was_stored_last():
    """One sync works in between: the run of failures is another one."""
    now = BEGAN + 2 * HOUR
    again = BEGAN + HOUR
    lines = failed(*every(BEGAN, BEGAN + 600), *every(again, now))
    (incident,) = told(now, written(now, BEGAN + 30 * MINUTE, lines))
    assert incident.since == again
    assert "61 times" in incident.summary


def test_reading_the_log_twice_counts_nothing_twice():
    now = BEGAN + HOUR
    lines = failed(*every(BEGAN, now))
    assert written(now, 0.0, lines).write_failures == written(now, 0.0, lines, lines).write_failures


def two_tasks(now: float, stored: tuple[float, float], lines: list[Fact]) -> EvalSetState:
    other = LOG.replace("abc", "xyz").replace("mmlu", "gpqa")
    known = fold(EvalSetState(SET), Listing(SET, (LOG, other)))
    rows = Rows().ok(0).ok(now - 60)
    batches = [facts({"1": rows}, read_at=now, log=log) for log in (LOG, other)]
    reads = [TaskRead(SET, log, now, at) for log, at in zip((LOG, other), stored, strict=True)]
    old = facts({"1": Rows().ok(0).ok(BEGAN - 60)}, read_at=now)
    for fact in (*batches[1], *old, *reads, *lines):
        known = fold(known, fact)
    return known


def test_only_the_log_that_is_named_is_concerned():
    now = BEGAN + HOUR
    known = two_tasks(now, (BEGAN - 20, now - 30), failed(*every(BEGAN, now)))
    verdicts = {task.state.log: task.verdict for task in judged(now, known).tasks}
    assert verdicts.pop(LOG) is Verdict.UNKNOWN
    assert set(verdicts.values()) == {Verdict.PROGRESSING}
    assert len(told(now, known)) == 1


def test_where_no_known_log_is_named_any_newer_object_ends_it():
    now = BEGAN + HOUR
    lines = failed(*every(BEGAN, now - 300), log="s3://bucket/older_thing_q.eval")
    assert told(now, two_tasks(now, (BEGAN - 20, now - 30), lines)) == ()


def test_not_even_the_first_log_could_be_written():
    now = BEGAN + HOUR
    known = fold(EvalSetState(SET), Listing(SET, ()))
    lines = failed(*every(BEGAN, now), log="", task="mmlu")
    for fact in (ClusterRead(SET, view(now)), *lines):
        known = fold(known, fact)
    eval_set = judged(now, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.UNKNOWN, Cause.LOG_WRITE_FAILED)
    assert [i.severity for i in told(now, known)] == ["page"]


def test_a_runner_that_died_of_it_is_gone_and_what_it_left_is_said():
    now = BEGAN + 2 * HOUR
    died = BEGAN + HOUR
    dead = replace(
        RUNNER,
        phase="Failed",
        containers=(Container("inspect-eval-set", terminated=Termination("Error", 1, died)),),
    )
    ended = replace(JOB, active=0, failed=1, finished="Failed", completed_at=died)
    words = [RunnerErrorLogged(SET, died - 3, "PermissionError: no", "runner-1")]
    lines = failed(*every(BEGAN, died - 60))
    cluster = [ClusterRead(SET, view(now, runners=(dead,), jobs=(ended,)))]
    known = written(now, BEGAN - 20, lines, words, cluster)
    eval_set = judged(now, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    text = "\n".join(
        read(e.text) for task in eval_set.tasks for s in task.samples for e in s.evidence
    )
    assert "results are at risk" in text
    assert "its last error: PermissionError: no" in text


def test_of_a_runner_before_the_present_one_nothing_is_told():
    now = BEGAN + 2 * HOUR
    present = replace(RUNNER, name="runner-2", uid="u2", created_at=BEGAN + HOUR)
    lines = failed(*every(BEGAN, BEGAN + 50 * MINUTE))
    known = written(now, BEGAN - 20, lines, [ClusterRead(SET, view(now, runners=(present,)))])
    assert judged(now, known).cause is not Cause.LOG_WRITE_FAILED
    quiet = written(now, BEGAN - 20, lines, [RunnerLogRead(SET, now - 60, "runner-2")])
    assert judged(now, quiet).cause is not Cause.LOG_WRITE_FAILED


def test_the_last_error_is_that_of_the_runner_that_died():
    now = BEGAN + 2 * HOUR
    died = BEGAN + HOUR
    dead = replace(
        RUNNER,
        name="runner-2",
        phase="Failed",
        containers=(Container("inspect-eval-set", terminated=Termination("Error", 1, died)),),
    )
    ended = replace(JOB, active=0, failed=2, finished="Failed", completed_at=died)
    words = [
        RunnerErrorLogged(SET, 60.0, "KeyError: of the first", "runner-1"),
        RunnerLogRead(SET, 61.0, "runner-1"),
        RunnerLogRead(SET, died, "runner-2"),
    ]
    cluster = [ClusterRead(SET, view(now, runners=(dead,), jobs=(ended,)))]
    for extra, expected in (([], False), (["OSError: of the second"], True)):
        own = [RunnerErrorLogged(SET, died - 300, text, "runner-2") for text in extra]
        eval_set = judged(now, written(now, 0.0, words, own, cluster))
        assert eval_set.verdict is Verdict.STUCK
        text = "\n".join(
            read(e.text) for t in eval_set.tasks for s in t.samples for e in s.evidence
        )
        assert "of the first" not in text
        assert ("its last error, 5 min before its end: OSError: of the second" in text) == expected


def test_words_without_any_time_prove_nothing():
    now = BEGAN + HOUR
    lines: list[Fact] = [LogWriteFailed(SET, None, PLACE, "", ERROR, "runner-1")] * 9
    assert judged(now, written(now, BEGAN - 20, lines)).cause is None


def test_a_clock_that_is_wrong_is_allowed_for():
    """The runner's clock is an hour behind the store's: its lines are too."""
    began, behind = 10 * HOUR, HOUR
    now = began + 2 * HOUR
    read = facts({"1": Rows().ok(0).ok(began - behind - 60)}, read_at=now)
    lagging = [replace(f, stored_at=began - 45) if isinstance(f, RowsRead) else f for f in read]
    lines = failed(*every(began - behind, now - behind))
    known = state([*lagging, TaskRead(SET, LOG, now, began - 40)], lines)
    (incident,) = told(now, known)
    assert incident.since == pytest.approx(began, abs=60)


def test_many_eval_sets_that_can_t_write_to_one_bucket_are_one_incident():
    now = BEGAN + HOUR

    def one(name: str) -> EvalSetState:
        lines = [
            LogWriteFailed(name, at, f"s3://bucket/{name}/{LOG}", "", ERROR, "p")
            for at in every(BEGAN, now)
        ]
        read = facts({"1": Rows().ok(0)}, read_at=now, eval_set=name)
        return state([*read, *lines], eval_set=name)

    judgments = judge([one(f"set-{n}") for n in range(5)], now, LIMITS, 90.0)
    (incident,) = correlate(judgments, now)
    assert (incident.scope, incident.severity) == ("cluster", "page")
    assert incident.subject == "log store s3://bucket"
    assert len(incident.eval_sets) == 5
