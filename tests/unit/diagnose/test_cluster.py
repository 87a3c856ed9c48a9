"""What only the cluster knows: causes, restarts, orphans, and data that is too old."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, KNOWN, LIMITS, RUNNER, SANDBOX, view, watched, working
from tests.builders.rows import SET, Rows, facts, key, schedule, state
from tests.builders.words import read
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.diagnose.orphans import find_orphans
from watchdog.fold import fold
from watchdog.model.cluster import (
    ClusterView,
    Container,
    Pod,
    PodEvent,
    PodUsage,
    Termination,
)
from watchdog.model.facts import ClusterRead, Listing, SampleSummary, ThroughputLogged
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
OOM = Termination("OOMKilled", 137, 650.0)


def judged(now: float, known: EvalSetState):
    return judge([known], now, LIMITS, 90.0)[0]


def in_tool() -> Rows:
    return working().pending("tool", 600, "bash")


def waiting(reason: str, **fields) -> Pod:
    containers = (Container("default", waiting=reason, waiting_message="why", **fields),)
    return replace(SANDBOX, phase="Pending", sample_id="7", containers=containers)


def test_a_healthy_cluster_changes_nothing():
    known = watched(700, {"1": working()}, view(700, sandboxes=(SANDBOX,)))
    assert judged(700, known).verdict is Verdict.PROGRESSING


@pytest.mark.parametrize(
    ("pod", "cause"),
    [
        (waiting("ImagePullBackOff"), Cause.IMAGE_PULL),
        (waiting("ErrImagePull"), Cause.IMAGE_PULL),
        (waiting("InvalidImageName"), Cause.IMAGE_PULL),
        (waiting("CrashLoopBackOff", restarts=5), Cause.CRASH_LOOP),
        (waiting("CrashLoopBackOff", last_terminated=OOM), Cause.OOM_KILLED),
        (
            replace(SANDBOX, phase="Pending", sample_id="7", unschedulable="0/3 nodes"),
            Cause.UNSCHEDULABLE,
        ),
    ],
)
def test_a_sandbox_that_does_not_start_explains_a_set_up_long_before_its_time_out(pod, cause):
    now = 1000.0
    known = watched(now, {}, view(now, sandboxes=(pod,)), total=5)
    eval_set = judged(now, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, cause)
    assert pod.name in read(eval_set.tasks[0].evidence[0].text)
    begun = watched(100.0, {}, view(100.0, sandboxes=(pod,)), total=5)
    assert judged(100, begun).verdict is Verdict.STARTING


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", ""])
def test_a_sandbox_that_is_only_slow_is_no_trouble(reason):
    known = watched(1000, {}, view(1000, sandboxes=(waiting(reason),)), total=5)
    assert judged(1000, known).verdict is Verdict.STARTING


def test_a_killed_sandbox_explains_a_pending_tool_call_better_than_its_time_out():
    container = Container("default", restarts=1, last_terminated=OOM)
    box = replace(SANDBOX, containers=(container,))
    known = watched(1000, {"1": in_tool(), "2": working()}, view(1000, sandboxes=(box,)))
    eval_set = judged(1000, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.PARTIALLY_STUCK, Cause.OOM_KILLED)
    assert [s.key.id for s in eval_set.tasks[0].stuck()] == ["1"]


def test_the_killed_sandbox_of_another_sample_explains_nothing():
    box = replace(SANDBOX, sample_id="2", containers=(Container("default", last_terminated=OOM),))
    known = watched(1000, {"1": in_tool()}, view(1000, sandboxes=(box,)))
    assert judged(1000, known).verdict is Verdict.PROGRESSING


def test_a_sample_that_went_on_after_the_kill_is_not_stuck():
    box = replace(SANDBOX, containers=(Container("default", last_terminated=OOM),))
    rows = in_tool().add("info", 660)
    known = watched(1000, {"1": rows}, view(1000, sandboxes=(box,)))
    assert judged(1000, known).verdict is Verdict.PROGRESSING


def test_a_pod_that_comes_back_with_another_uid_is_informational():
    back = replace(SANDBOX, uid="s2", created_at=650.0)
    views = view(600, sandboxes=(SANDBOX,)), view(700, sandboxes=(back,))
    eval_set = judged(700, watched(700, {"1": working()}, *views))
    assert eval_set.verdict is Verdict.PROGRESSING
    assert [e.kind for e in eval_set.evidence] == ["sandbox_restarted"]


@pytest.mark.parametrize(
    ("job", "pods", "cause"),
    [
        ((replace(JOB, finished="Failed", completed_at=650.0),), (), Cause.RUNNER_GONE),
        (
            (replace(JOB, finished="Failed", completed_at=650.0),),
            (replace(RUNNER, phase="Failed", reason="Evicted"),),
            Cause.EVICTED,
        ),
        (
            (replace(JOB, finished="Failed", completed_at=650.0),),
            (replace(RUNNER, phase="Failed", containers=(Container("c", terminated=OOM),)),),
            Cause.OOM_KILLED,
        ),
    ],
)
def test_a_log_without_a_runner_is_stuck(job, pods, cause):
    gone = view(700, jobs=job, runners=pods)
    known = watched(760, {"1": working()}, view(640), gone, replace(gone, at=760.0))
    eval_set = judged(760, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, cause)
    (incident,) = correlate([eval_set], 760.0)
    assert incident.cause is cause


def test_between_two_pods_of_its_job_a_runner_is_not_gone():
    job = replace(JOB, active=0, failed=1)
    pod = replace(RUNNER, phase="Failed", containers=(Container("c", terminated=OOM),))
    known = watched(700, {"1": working()}, view(700, jobs=(job,), runners=(pod,)))
    assert judged(700, known).verdict is Verdict.PROGRESSING
    late = fold(known, ClusterRead(SET, view(2000, jobs=(job,), runners=(pod,))))
    assert judged(2000, late).verdict is Verdict.UNKNOWN
    fresh = watched(2000, {"1": working()}, view(2000, jobs=(job,), runners=(pod,)))
    assert judged(2000, fresh).cause is Cause.OOM_KILLED


def test_a_finished_log_needs_no_runner():
    known = watched(760, {"1": working()}, view(700, jobs=(), runners=()), status="success")
    assert judged(760, known).verdict is Verdict.FINISHED


def test_a_suspended_job_waits_on_purpose():
    job = replace(JOB, suspended=True, active=0)
    gone = view(9 * HOUR, jobs=(job,), runners=())
    assert judged(9 * HOUR, watched(9 * HOUR, {"1": working()}, gone)).verdict is Verdict.WAITING
    assert judged(9 * HOUR, watched(9 * HOUR, {}, gone, total=5)).verdict is Verdict.WAITING


def test_what_is_not_known_is_no_evidence():
    blind = ClusterView(760, frozenset({"jobs"}))
    known = watched(760, {"1": working()}, view(700), blind)
    assert judged(760, known).verdict is Verdict.PROGRESSING


def test_a_view_that_grows_old_grows_no_evidence():
    """The API server is away: a Job between two pods is not found gone for lack of data."""
    job = replace(JOB, active=0, failed=1, created_at=650.0)
    known = watched(5000, {"1": Rows().ok(4990)}, view(700, jobs=(job,), runners=()))
    assert judged(5000, known).verdict is Verdict.PROGRESSING


@pytest.mark.parametrize(("cores", "verdict"), [(0.0, Verdict.STUCK), (0.01, Verdict.PROGRESSING)])
def test_where_the_cpu_use_is_known_it_decides_whether_a_runner_is_frozen(cores, verdict):
    now = 600 + 1.5 * HOUR
    used = (PodUsage("inspect-x", "runner-1", cores, now),)
    samples = {"1": working(), "2": working().pending("tool", 600, "bash")}
    eval_set = judged(now, watched(now, samples, view(now, usage=used)))
    assert eval_set.verdict is verdict
    if verdict is Verdict.STUCK:
        assert eval_set.cause is Cause.RUNNER_FROZEN


def test_a_runner_that_can_not_start_is_found_before_there_is_any_log():
    pod = replace(waiting("ImagePullBackOff"), name="runner-1")
    listed = fold(EvalSetState(SET), Listing(SET, ()))
    known = fold(listed, ClusterRead(SET, view(1000, runners=(pod,))))
    eval_set = judged(1000, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.IMAGE_PULL)
    (incident,) = correlate([eval_set], 760.0)
    assert (incident.scope, incident.cause) == ("eval_set", Cause.IMAGE_PULL)
    assert judged(2000, known).verdict is Verdict.UNKNOWN


def finished_with_sandboxes(name: str, at: float) -> EvalSetState:
    done = (SampleSummary(key(), completed=True, completed_at=50.0),)
    batch = facts({}, read_at=60, ended=done, status="success", eval_set=name)
    known = state(batch, eval_set=name)
    alone = ClusterView(at, KNOWN, sandboxes=(SANDBOX,))
    return fold(known, ClusterRead(name, replace(alone, at=60.0)))


def test_sandboxes_that_remain_are_orphans_after_half_an_hour_and_the_verdict_stays():
    known = finished_with_sandboxes(SET, 60)
    assert judged(20 * 60, known).cause is None
    eval_set = judged(60 + 31 * 60, known)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.FINISHED, Cause.ORPHANED_SANDBOX)
    (incident,) = correlate([eval_set], 760.0)
    assert incident.cause is Cause.ORPHANED_SANDBOX


def test_when_most_of_a_cluster_looks_orphaned_the_selector_is_to_blame():
    states = [finished_with_sandboxes(f"set-{n}", 60) for n in range(6)]
    found = find_orphans(states, 9 * HOUR, LIMITS)
    assert found.since == {}
    assert "selector" in found.problem.text
    healthy = [watched(700, {"1": working()}, view(700, sandboxes=(SANDBOX,))) for _ in range(5)]
    found = find_orphans([states[0], *healthy], 9 * HOUR, LIMITS)
    assert list(found.since) == ["set-0"]
    assert found.problem is None


def test_the_cluster_s_cause_comes_before_the_provider_s():
    attempts = schedule(600, 12)
    now = attempts[-1] + 60
    crashed = replace(
        SANDBOX, containers=(Container("default", waiting="CrashLoopBackOff", restarts=9),)
    )
    known = watched(now, {"1": Rows().ok(0).fails(attempts)}, view(now, sandboxes=(crashed,)))
    eval_set = judged(now, known)
    assert eval_set.cause is Cause.CRASH_LOOP
    kinds = {evidence.kind for evidence in eval_set.tasks[0].samples[0].evidence}
    assert {"pod", "fail_streak"} <= kinds


def test_what_kubernetes_warned_of_and_the_runner_s_rates_are_evidence_of_a_standstill():
    event = PodEvent("inspect-x-s", "Pod/box-1", "FailedMount", "no such secret", 50.0, 3, True)
    known = watched(2 * HOUR, {}, view(2 * HOUR, events=(event,)), total=5)
    known = fold(known, ThroughputLogged(SET, 60.0, "openai/gpt-4o", 0.0, 0.0, 1.0, 1))
    eval_set = judged(2 * HOUR, known)
    assert eval_set.cause is Cause.HUNG_SETUP
    told = {evidence.kind: evidence.text for evidence in eval_set.evidence}
    assert "FailedMount (x3): no such secret" in told["event"]
    assert "1 retry a minute" in told["throughput"]
