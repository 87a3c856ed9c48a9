"""One runner leaves and another comes: what is of which, and from when on nobody is at work."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, RUNNER, SANDBOX, view, watched, working
from tests.builders.rows import Rows, key
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.model.cluster import Container, Termination
from watchdog.model.facts import SampleSummary
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
LIMITS = Thresholds()
DONE = (SampleSummary(key(), completed=True, completed_at=100.0),)


def judged(now, known):
    return judge([known], now, LIMITS, 90.0)[0]


def anew(at: float, **fields):
    """A runner made at an instant, whose container began ten seconds later."""
    container = Container("inspect-eval-set", running_since=at + 10)
    return replace(RUNNER, uid="u2", created_at=at, containers=(container,), **fields)


def test_a_drained_runner_is_gone_from_when_it_went_and_not_from_the_job_s_start():
    now = 5 * HOUR
    leaving = replace(RUNNER, deleting_at=now + 10)
    rows = {"1": Rows().ok(0).ok(now - 30)}
    known = watched(now, rows, view(now, runners=(leaving,)))
    assert judged(now, known).verdict is Verdict.PROGRESSING
    late = now + LIMITS.runner_restart + 120
    eval_set = judged(late, watched(late, rows, view(late, runners=(leaving,))))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    assert eval_set.since == now + 10
    (sample,) = eval_set.tasks[0].samples
    assert any("runner-1 is Terminating" in e.text for e in sample.evidence)


def test_a_pod_that_its_job_counts_and_that_is_not_seen_proves_no_death():
    """Its label is another one, or it can't be read."""
    now = 5 * HOUR
    rows = {"1": Rows().ok(0).ok(now - 30)}
    known = watched(now, rows, view(now, jobs=(replace(JOB, active=1),), runners=()))
    assert judged(now, known).verdict is Verdict.PROGRESSING
    known = watched(now, rows, view(now, jobs=(replace(JOB, active=0, failed=1),), runners=()))
    assert judged(now, known).verdict is Verdict.PROGRESSING  # another pod may be on its way


@pytest.mark.parametrize(("hours", "verdict"), [(0.5, Verdict.STARTING), (4, Verdict.STUCK)])
def test_a_resumed_one_that_never_writes_a_log_is_hung_though_all_its_logs_are_finished(
    hours, verdict
):
    now = (2 + hours) * HOUR
    seen = view(now, runners=(anew(2 * HOUR),))
    eval_set = judged(now, watched(now, {}, seen, status="error", ended=DONE))
    assert eval_set.verdict is verdict
    if verdict is Verdict.STUCK:
        assert (eval_set.cause, eval_set.since) == (Cause.HUNG_STARTUP, 2 * HOUR + 10)
        (incident,) = correlate([eval_set], now)
        assert incident.severity == "page"


def test_a_resumed_one_whose_pod_can_not_start_says_so():
    now = 3 * HOUR
    waiting = (Container("inspect-eval-set", waiting="ErrImagePull"),)
    pod = replace(
        RUNNER, uid="u2", phase="Pending", created_at=2 * HOUR, node="n", containers=waiting
    )
    eval_set = judged(now, watched(now, {}, view(now, runners=(pod,)), status="error", ended=DONE))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.IMAGE_PULL)


def test_a_minute_between_two_runners_is_enough_to_tell_them_apart():
    rows = {"1": working().pending("model", 650)}
    now = 2400.0
    known = watched(now, rows, view(now, runners=(anew(720.0),)))
    assert judged(now, known).verdict is Verdict.STARTING
    # what is said of a later moment was said by the present runner, whatever its clock
    same = {"1": working().pending("model", 730)}
    known = watched(now, same, view(now, runners=(anew(720.0),)))
    assert judged(now, known).verdict is Verdict.PROGRESSING


def test_of_a_runner_that_is_down_no_sandbox_explains_anything():
    now = 5 * HOUR
    failed = replace(JOB, finished="Failed", completed_at=900.0, active=0, failed=1)
    killed = Container("default", last_terminated=Termination("OOMKilled", 137, 700.0))
    box = replace(SANDBOX, containers=(killed,))
    rows = {"1": working().pending("tool", 600, "bash")}
    known = watched(now, rows, view(now, jobs=(failed,), runners=(), sandboxes=(box,)))
    assert judged(now, known).cause is Cause.RUNNER_GONE
