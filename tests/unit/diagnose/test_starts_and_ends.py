"""Starts that never come about, pods that are refused, waits for capacity, ends that never come."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, LIMITS, RUNNER, SANDBOX, view, watched, working
from tests.builders.rows import SET, Rows, facts, key
from tests.builders.words import read
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.cluster import Container, Node, PodEvent, Termination, Workload
from watchdog.model.facts import ClusterRead, Listing, ManifestRead, RunnerLogRead, SampleSummary
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import Learned
from watchdog.model.state import EvalSetState
from watchdog.model.verdict import Cause, Verdict

MINUTE, HOUR = 60.0, 3600.0
STARTED = replace(RUNNER, containers=(Container("inspect-eval-set", running_since=20.0),))
CREATING = replace(
    SANDBOX,
    phase="Pending",
    node="n1",
    sample_id="7",
    containers=(Container("default", waiting="ContainerCreating"),),
)


def judged(now, known):
    return judge([known], now, LIMITS, 90.0)[0]


def unlogged(now, *facts, **parts):
    """An eval set that has no log yet."""
    known = fold(EvalSetState(SET), Listing(SET, ()))
    for fact in (ClusterRead(SET, view(now, **parts)), *facts):
        known = fold(known, fact)
    return judged(now, known)


def at_setup(now, *views, **parts):
    return judged(now, watched(now, {}, *views, view(now, **parts), total=5))


@pytest.mark.parametrize(
    ("minutes", "line_at", "stuck"),
    [
        (59, None, False),
        (61, None, True),
        (61, 30 * MINUTE, False),  # packages are being installed
        (179, 178 * MINUTE, False),
        (182, 181 * MINUTE, True),
        (61, 10.0, True),  # a line of the runner before
    ],
)
def test_a_runner_without_a_log_is_hung_after_an_hour_or_three(minutes, line_at, stuck):
    lines = [RunnerLogRead(SET, line_at)] if line_at is not None else []
    eval_set = unlogged(minutes * MINUTE, *lines, runners=(STARTED,))
    expected = (Verdict.STUCK, Cause.HUNG_STARTUP) if stuck else (Verdict.STARTING, None)
    assert (eval_set.verdict, eval_set.cause) == expected
    if stuck:
        assert eval_set.since == 20.0
        (incident,) = correlate([eval_set], minutes * MINUTE)
        assert incident.severity == "page"


@pytest.mark.parametrize(("longest", "hours"), [(81 * MINUTE, 6), (20.0, 3)])
def test_what_was_learned_of_starts_is_not_made_longer_still(longest, hours):
    """One start of many took 81 minutes, three times: five hours are enough, and not sixteen."""
    seen = add(Histogram(), [10.0] * 90 + [longest] * 3)
    learned = Learned(weeks=0.25, durations={"setup:startup": seen})
    now = hours * HOUR
    known = fold(EvalSetState(SET), Listing(SET, ()))
    for fact in (ClusterRead(SET, view(now, runners=(STARTED,))), RunnerLogRead(SET, now - 60)):
        known = fold(known, fact)
    (eval_set,) = judge([known], now + 60, LIMITS, 90.0, learned=learned)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_STARTUP)


def test_without_the_store_nothing_is_said_of_logs():
    known = fold(EvalSetState(SET), ClusterRead(SET, view(9 * HOUR, runners=(STARTED,))))
    assert judged(9 * HOUR, known).verdict is Verdict.UNKNOWN


def test_how_long_a_first_log_takes_is_learned():
    known = fold(EvalSetState(SET), Listing(SET, ()))
    known = fold(known, ClusterRead(SET, view(30, runners=(STARTED,))))
    for fact in facts({}, read_at=600, created=500.0):
        known = fold(known, fact)
    (task,) = known.tasks.values()
    assert task.durations["setup:startup"].total == 1
    again = fold(known, next(f for f in facts({}, read_at=600, created=500.0)))
    (task,) = again.tasks.values()
    assert task.durations["setup:startup"].total == 1


def test_calls_of_an_earlier_runner_are_neither_open_nor_stuck():
    """A Job starts its runner again, or somebody resumes it: the old log is frozen for ever."""
    now = 5 * HOUR
    anew = replace(
        RUNNER,
        uid="u2",
        created_at=now - 600,
        containers=(Container("c", running_since=now - 590),),
    )
    samples = {"1": working().pending("tool", 600, "bash"), "2": Rows().ok(0)}
    eval_set = judged(now, watched(now, samples, view(now, runners=(anew,))))
    assert (eval_set.verdict, correlate([eval_set], now)) == (Verdict.STARTING, ())
    late = replace(anew, created_at=1000.0, containers=(Container("c", running_since=1000.0),))
    eval_set = judged(now, watched(now, samples, view(now, runners=(late,))))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_STARTUP)


@pytest.mark.parametrize("made", [True, False], ids=["pod is made", "Job is admitted"])
def test_calls_of_an_earlier_runner_are_done_with_once_the_next_one_is_on_its_way(made):
    """Kueue took the runner away for hours, and lets another start, which takes a minute."""
    now = 9 * HOUR
    samples = {"1": working().pending("tool", 600, "bash"), "2": working().pending("model", 550)}
    next_pod = replace(RUNNER, uid="u2", phase="Pending", created_at=now - 5, containers=())
    job = replace(JOB, started_at=now - 10)
    here = view(now, jobs=(job,), runners=(next_pod,) if made else ())
    held = view(8 * HOUR, jobs=(replace(JOB, suspended=True),), runners=())
    eval_set = judged(now, watched(now, samples, held, here))
    assert (eval_set.verdict, correlate([eval_set], now)) == (Verdict.STARTING, ())


@pytest.mark.parametrize(
    "reason",
    [
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "WhateverComesNext",
    ],
)
def test_a_container_that_waits_for_any_unusual_reason_can_not_be_started(reason):
    box = replace(
        CREATING, containers=(Container("default", waiting=reason, waiting_message="why"),)
    )
    assert at_setup(290.0, sandboxes=(box,)).verdict is Verdict.STARTING
    eval_set = at_setup(310.0, sandboxes=(box,))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.CONTAINER_START)
    assert f"{reason} why" in read(eval_set.tasks[0].evidence[0].text)
    runner = replace(box, name="runner-1", namespace="inspect-x")
    eval_set = unlogged(310.0, runners=(runner,))
    assert (eval_set.verdict, eval_set.cause, eval_set.since) == (
        Verdict.STUCK,
        Cause.CONTAINER_START,
        0.0,
    )


def test_a_container_that_is_being_created_may_take_its_time():
    assert at_setup(50 * MINUTE, sandboxes=(CREATING,)).verdict is Verdict.STARTING
    mount = PodEvent(
        "inspect-x-s",
        "Pod/box-1",
        "FailedMount",
        'configmap "x" not found',
        16 * MINUTE,
        9,
        True,
        60.0,
    )
    eval_set = at_setup(14 * MINUTE, sandboxes=(CREATING,), events=(mount,))
    assert eval_set.verdict is Verdict.STARTING
    eval_set = at_setup(17 * MINUTE, sandboxes=(CREATING,), events=(mount,))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.CONTAINER_START)
    assert "FailedMount (x9)" in read(eval_set.tasks[0].evidence[0].text)
    # a mount that failed at first and came about is over
    eval_set = at_setup(40 * MINUTE, sandboxes=(CREATING,), events=(mount,))
    assert eval_set.verdict is Verdict.STARTING


def refusal(kind, name, at, namespace="inspect-x", first_at=30.0):
    text = 'pods "x" is forbidden: exceeded quota: runners, requested: limits.memory=16Gi'
    return PodEvent(namespace, f"{kind}/{name}", "FailedCreate", text, at, 15, True, first_at)


def test_a_refused_runner_is_named_with_its_quota():
    job = replace(JOB, active=0)
    events = (refusal("Job", "runner", 950.0),)
    eval_set = unlogged(1000.0, jobs=(job,), runners=(), events=events)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.POD_REJECTED)
    assert (eval_set.since, "exceeded quota: runners" in read(eval_set.evidence[0].text)) == (
        30.0,
        True,
    )
    assert unlogged(600.0, jobs=(job,), runners=(), events=events).verdict is Verdict.STARTING
    # the quota got free, and a pod was made since
    made = replace(STARTED, owner="Job/runner", created_at=980.0)
    assert unlogged(1000.0, runners=(made,), events=events).verdict is Verdict.STARTING


def test_a_refused_sandbox_keeps_the_samples_from_starting():
    events = (refusal("StatefulSet", "box", 1150.0, "inspect-x-s"),)
    eval_set = at_setup(1200.0, events=events)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.POD_REJECTED)
    made = replace(SANDBOX, owner="StatefulSet/box", created_at=1160.0, sample_id="7")
    assert at_setup(1200.0, events=events, sandboxes=(made,)).verdict is Verdict.STARTING


@pytest.mark.parametrize("hours", [1, 25])
def test_kueue_holds_a_job_back_and_that_is_no_trouble_for_a_day(hours):
    job = replace(JOB, suspended=True, active=0, queue="default", suspended_since=10.0)
    workload = Workload("inspect-x", "w", "Job/runner", "default", message="no quota for cpu")
    now = hours * HOUR
    eval_set = unlogged(now, jobs=(job,), runners=(), workloads=(workload,))
    assert eval_set.verdict is Verdict.WAITING
    assert "queue default" in read(eval_set.summary)
    assert "no quota for cpu" in read(eval_set.summary)
    incidents = correlate([eval_set], now)
    assert [i.severity for i in incidents] == ([] if hours == 1 else ["warning"])


def test_kueue_holds_sandboxes_back():
    gated = replace(SANDBOX, phase="Pending", gates="kueue.x-k8s.io/admission", sample_id="7")
    now = 6 * HOUR
    eval_set = at_setup(now, sandboxes=(gated,))
    assert (eval_set.verdict, correlate([eval_set], now)) == (Verdict.WAITING, ())
    assert "scheduling gate" in eval_set.tasks[0].evidence[0].text
    now = 25 * HOUR
    eval_set = at_setup(now, sandboxes=(gated,))
    (incident,) = correlate([eval_set], now)
    assert (eval_set.verdict, incident.severity) == (Verdict.WAITING, "warning")


@pytest.mark.parametrize("waiting", ["", "ContainerCreating", "ErrImagePull", "PodInitializing"])
def test_what_a_queue_held_back_for_hours_has_as_long_to_start_as_any_other(waiting):
    """Its age since it was made says nothing: a node has it for a minute."""
    now = 20 * HOUR
    containers = (Container("default", waiting=waiting),)
    box = replace(CREATING, containers=containers, scheduled_at=now - 60)
    eval_set = at_setup(now, sandboxes=(box,))
    assert (eval_set.verdict, correlate([eval_set], now)) == (Verdict.STARTING, ())
    box = replace(box, scheduled_at=now - 2 * HOUR)
    eval_set = at_setup(now, sandboxes=(box,))
    assert (eval_set.verdict, eval_set.since) == (Verdict.STUCK, now - 2 * HOUR)


def test_hours_in_a_queue_teach_nothing_of_set_ups():
    gated = replace(SANDBOX, phase="Pending", gates="x", sample_id="1")

    def learned(*views):
        known = watched(60.0, {}, *views, total=5)
        begun = SampleSummary(key("1"), uuid="u1", started_at=9 * HOUR)
        known = fold(known, ManifestRead(SET, next(iter(known.tasks)), (begun,)))
        (task,) = known.tasks.values()
        return [task.durations[name].largest(1) for name in task.durations]

    (queued,) = learned(view(9 * HOUR - 120, sandboxes=(gated,)))
    assert queued < 300
    (plain,) = learned(view(9 * HOUR - 120))
    assert plain > 8 * HOUR


def test_gated_sandboxes_excuse_no_sample_that_runs():
    gated = replace(SANDBOX, phase="Pending", gates="x", sample_id="7")
    now = 6 * HOUR
    samples = {"1": working().pending("tool", 600, "bash")}
    eval_set = judged(now, watched(now, samples, view(now, sandboxes=(gated,)), total=5))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)


def test_a_node_that_does_not_answer_takes_its_pods_with_it():
    away = Node("n1", ready=False, since=650.0, reason="NodeStatusUnknown")
    runner = replace(STARTED, node="n1")
    samples = {"1": working()}
    known = watched(1000.0, samples, view(1000.0, runners=(runner,), nodes=(away,)))
    eval_set = judged(1000.0, known)
    assert (eval_set.verdict, eval_set.cause, eval_set.since) == (
        Verdict.STUCK,
        Cause.NODE_NOT_READY,
        650.0,
    )
    assert (
        judged(
            900.0, watched(900.0, samples, view(900.0, runners=(runner,), nodes=(away,)))
        ).verdict
        is Verdict.PROGRESSING
    )


def test_a_set_up_is_given_its_time_anew_once_the_runner_s_node_is_back():
    runner = replace(STARTED, node="n1", created_at=0.0)
    away = Node("n1", ready=False, since=600.0)
    absent = view(3500.0, runners=(runner,), nodes=(away,))
    back = watched(4000.0, {}, absent, view(4000.0, runners=(runner,)), total=5)
    assert judged(4000.0, back).verdict is Verdict.STARTING
    never = watched(4000.0, {}, view(4000.0, runners=(runner,)), total=5)
    assert judged(4000.0, never).cause is Cause.HUNG_SETUP
    late = watched(7200.0, {}, absent, view(7200.0, runners=(runner,)), total=5)
    assert judged(7200.0, late).cause is Cause.HUNG_SETUP


def test_a_sandbox_s_node_matters_while_a_call_into_it_is_pending():
    away = Node("n1", ready=False, since=650.0)
    box = replace(SANDBOX, node="n1")
    parts = {"sandboxes": (box,), "nodes": (away,)}
    idle = judged(1000.0, watched(1000.0, {"1": working()}, view(1000.0, **parts)))
    assert idle.verdict is Verdict.PROGRESSING
    busy = {"1": working().pending("tool", 600, "bash")}
    eval_set = judged(1000.0, watched(1000.0, busy, view(1000.0, **parts)))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.NODE_NOT_READY)


def test_where_nodes_can_not_be_read_the_events_about_their_pods_tell():
    event = PodEvent(
        "inspect-x", "Pod/runner-1", "NodeNotReady", "Node is not ready", 655.0, 1, True, 655.0
    )
    runner = replace(STARTED, node="n1", ready=False, unready_since=655.0)
    known = watched(1000.0, {"1": working()}, view(1000.0, runners=(runner,), events=(event,)))
    assert judged(1000.0, known).cause is Cause.NODE_NOT_READY


def test_a_sandbox_younger_than_the_call_in_it_never_answers():
    busy = {"1": working().pending("tool", 600, "bash"), "2": working()}
    new = replace(SANDBOX, uid="s9", created_at=700.0)
    eval_set = judged(1100.0, watched(1100.0, busy, view(1100.0, sandboxes=(new,))))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.PARTIALLY_STUCK, Cause.HUNG_TOOL_CALL)
    assert eval_set.since == 700.0
    event = PodEvent("inspect-x-s", "Pod/box-1", "Evicted", "Evicted pod: Empty", 698.0)
    known = watched(1100.0, busy, view(1100.0, sandboxes=(new,), events=(event,)))
    assert judged(1100.0, known).cause is Cause.EVICTED
    # an eviction by the API leaves no event, only the pod's last words
    gone = replace(SANDBOX, owner="StatefulSet/box", disrupted="EvictionByEvictionAPI")
    gone = replace(gone, disrupted_at=698.0, deleting_at=728.0)
    known = watched(1100.0, busy, view(1100.0, sandboxes=(new,), given_up=(gone,)))
    assert judged(1100.0, known).cause is Cause.EVICTED
    # its other sandbox is old enough
    both = (new, replace(SANDBOX, name="box-2", uid="s3"))
    known = watched(1100.0, busy, view(1100.0, sandboxes=both))
    assert judged(1100.0, known).verdict is Verdict.PROGRESSING


def test_an_evicted_sandbox_that_is_still_listed_explains_the_call():
    box = replace(SANDBOX, phase="Failed", reason="Evicted", disrupted_at=650.0)
    busy = {"1": working().pending("tool", 600, "bash")}
    eval_set = judged(1000.0, watched(1000.0, busy, view(1000.0, sandboxes=(box,))))
    assert (eval_set.cause, eval_set.since) == (Cause.EVICTED, 650.0)


@pytest.mark.parametrize(
    "box",
    [
        replace(SANDBOX, phase="Failed", disrupted="DeletionByPodGC", disrupted_at=650.0),
        replace(SANDBOX, deleting_at=650.0),
    ],
    ids=["its node is gone", "drained"],
)
def test_a_sandbox_that_is_taken_away_under_a_call_explains_it(box):
    busy = {"1": working().pending("tool", 600, "bash")}
    eval_set = judged(1000.0, watched(1000.0, busy, view(1000.0, sandboxes=(box,))))
    assert (eval_set.cause, eval_set.since) == (Cause.EVICTED, 650.0)


@pytest.mark.parametrize(("container", "cause"), [("coredns", None), ("default", Cause.OOM_KILLED)])
def test_the_helper_beside_a_sandbox_may_die_without_harm(container, cause):
    end = Termination("OOMKilled", 137, 650.0)
    box = replace(SANDBOX, containers=(Container(container, restarts=1, last_terminated=end),))
    busy = {"1": working().pending("tool", 600, "bash")}
    eval_set = judged(1000.0, watched(1000.0, busy, view(1000.0, sandboxes=(box,))))
    assert eval_set.cause is cause


def test_sandboxes_of_a_dead_runner_are_cost():
    failed = replace(JOB, finished="Failed", completed_at=650.0)
    known = watched(
        1000.0, {"1": working()}, view(1000.0, jobs=(failed,), runners=(), sandboxes=(SANDBOX,))
    )
    eval_set = judged(1000.0, known)
    assert eval_set.cause is Cause.RUNNER_GONE
    assert [e.text for e in eval_set.evidence if e.kind == "cost"] == [
        "1 sandbox pod still there, of a runner that is gone: only cost"
    ]


def test_leftovers_are_cost_and_no_trouble_of_others():
    end = SampleSummary(key("7"), completed=True, completed_at=300.0, error="Helm install failed")
    pending = replace(
        SANDBOX, phase="Pending", sample_id="7", unschedulable="0/3 nodes", instance="r7"
    )
    now = HOUR
    samples = {"1": Rows().ok(now - 60)}
    known = watched(now, samples, view(now, sandboxes=(pending,)), total=5, ended=(end,))
    eval_set = judged(now, known)
    assert eval_set.verdict is Verdict.PROGRESSING
    assert "left over" in next(e.text for e in eval_set.evidence if e.kind == "cost")
    # one that was made after that end belongs to the sample's next attempt
    again = replace(pending, created_at=400.0)
    known = watched(now, samples, view(now, sandboxes=(again,)), total=5, ended=(end,))
    assert judged(now, known).cause is Cause.UNSCHEDULABLE


def test_sandboxes_of_an_earlier_runner_are_left_over():
    """It died while it set them up: what keeps them from starting is nobody's trouble any more."""
    now = 5 * HOUR
    began = (Container("c", running_since=now - 900),)
    anew = replace(RUNNER, uid="u2", created_at=now - 910, containers=began)
    trouble = replace(CREATING, containers=(Container("default", waiting="ErrImagePull"),))
    left = replace(trouble, created_at=now - HOUR)
    own = replace(trouble, created_at=now - 800)
    for box, verdict in ((left, Verdict.PROGRESSING), (own, Verdict.PARTIALLY_STUCK)):
        known = watched(
            now,
            {"1": Rows().ok(now - 60)},
            view(now, runners=(anew,), sandboxes=(box,)),
            total=5,
            created=now - 850,
        )
        assert judged(now, known).verdict is verdict


@pytest.mark.parametrize(
    ("status", "hours", "late"),
    [("success", 0.4, False), ("success", 0.7, True), ("error", 0.7, False), ("error", 2.5, True)],
)
def test_a_runner_that_stays_after_the_end_is_a_warning(status, hours, late):
    done = (SampleSummary(key(), completed=True, completed_at=100.0),)
    now = 100 + hours * HOUR
    known = watched(
        now, {}, view(now, runners=(STARTED,), sandboxes=(SANDBOX,)), status=status, ended=done
    )
    eval_set = judged(now, known)
    assert eval_set.verdict is Verdict.FINISHED
    assert eval_set.cause is (Cause.HUNG_TEARDOWN if late else None)
    assert [i.severity for i in correlate([eval_set], now)] == (["warning"] if late else [])


def test_a_new_runner_after_the_end_is_a_resumption():
    done = (SampleSummary(key(), completed=True, completed_at=100.0),)
    anew = replace(RUNNER, containers=(Container("c", running_since=2 * HOUR),))
    now = 2 * HOUR + 60
    known = watched(now, {}, view(now, runners=(anew,)), status="error", ended=done)
    assert judged(now, known).verdict is Verdict.STARTING
