"""The last error that a runner told is quoted where it died, crashes or never gets going."""

from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, RUNNER, view
from tests.builders.rows import SET
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.cluster import Container, Termination
from watchdog.model.facts import ClusterRead, Fact, Listing, RunnerErrorLogged, RunnerLogRead
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict

NAME = "inspect-eval-set"
WORDS = "ValidationError: 1 validation error for EvalSetConfig"


def said(at: float, text: str = WORDS, pod: str = RUNNER.name) -> list[Fact]:
    return [RunnerErrorLogged(SET, at, text, pod), RunnerLogRead(SET, at, pod)]


def judged(now: float, *facts: Fact, **parts):
    """An eval set without any log."""
    known = fold(EvalSetState(SET), Listing(SET, ()))
    for fact in (ClusterRead(SET, view(now, **parts)), *facts):
        known = fold(known, fact)
    return judge([known], now, LIMITS, 90.0)[0]


def quoted(eval_set) -> list[str]:
    return [e.text for e in eval_set.evidence if e.kind == "runner_error"]


def ended(code: int, at: float, name: str = RUNNER.name):
    end = Termination("Error", code, at)
    return replace(
        RUNNER, name=name, uid=name, phase="Failed", containers=(Container(NAME, terminated=end),)
    )


def test_a_configuration_that_is_refused_says_why():
    job = replace(JOB, active=0, failed=1, finished="Failed", completed_at=100.0)
    eval_set = judged(900.0, *said(99.0), runners=(ended(78, 100.0),), jobs=(job,))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    assert quoted(eval_set) == [f"its last error: {WORDS}"]


def test_of_several_runners_only_the_last_one_s_words_count():
    job = replace(JOB, active=0, failed=2, finished="Failed", completed_at=500.0)
    pods = (ended(1, 100.0, "first"), ended(1, 500.0, "second"))
    silent = RunnerLogRead(SET, 499.0, "second")
    assert quoted(judged(900.0, *said(99.0, pod="first"), silent, runners=pods, jobs=(job,))) == []
    both = (*said(99.0, pod="first"), *said(499.0, "KeyError: 'x'", pod="second"))
    assert quoted(judged(900.0, *both, runners=pods, jobs=(job,))) == [
        "its last error: KeyError: 'x'"
    ]


def test_where_its_pod_is_gone_the_one_that_was_heard_of_last_counts():
    job = replace(JOB, active=0, failed=1, finished="Failed", completed_at=500.0)
    both = (*said(99.0, pod="first"), *said(499.0, "KeyError: 'x'", pod="second"))
    assert quoted(judged(900.0, *both, runners=(), jobs=(job,))) == [
        "its last error: KeyError: 'x'"
    ]


def test_a_crash_loop_says_what_it_crashes_of():
    crashing = Container(
        NAME, restarts=7, waiting="CrashLoopBackOff", last_terminated=Termination("Error", 1, 800.0)
    )
    pod = replace(RUNNER, containers=(crashing,))
    eval_set = judged(900.0, *said(799.0), runners=(pod,))
    assert eval_set.cause is Cause.CRASH_LOOP
    assert quoted(eval_set)


def test_a_start_that_never_comes_about_says_what_failed():
    started = replace(RUNNER, containers=(Container(NAME, running_since=20.0),))
    now = 4 * 3600.0
    eval_set = judged(now, *said(now - 60, "error: no route to the index"), runners=(started,))
    assert eval_set.cause is Cause.HUNG_STARTUP
    assert quoted(eval_set) == ["its last error: error: no route to the index"]


def test_what_was_said_before_this_runner_began_is_none_of_its_words():
    started = replace(RUNNER, containers=(Container(NAME, running_since=3600.0),))
    now = 4 * 3600.0
    eval_set = judged(now, *said(60.0, pod="earlier"), runners=(started,))
    assert eval_set.cause is Cause.HUNG_STARTUP
    assert quoted(eval_set) == []
