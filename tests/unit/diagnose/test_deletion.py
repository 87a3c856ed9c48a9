"""Deleted on purpose, or died: what was seen before its objects went decides."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import (
    JOB,
    KNOWN,
    LIMITS,
    OWN,
    RUNNER,
    SANDBOX,
    view,
    watched,
    working,
)
from tests.builders.rows import SET, facts, state
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.cluster import ClusterView, Container, Namespace, PodEvent, Termination
from watchdog.model.facts import ClusterRead
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
FAILED = replace(JOB, finished="Failed", finished_reason="BackoffLimitExceeded", completed_at=650.0)
DYING = Namespace("inspect-x", is_runner=True, deleting_at=690.0)
LEAVING = replace(RUNNER, deleting_at=690.0)
NOTHING = ClusterView(760.0, KNOWN)


def judged(now, *views, **spec):
    known = watched(now, {"1": working()}, *views, **spec)
    return judge([known], now, LIMITS, 90.0)[0]


def deletions(eval_set):
    return [evidence.text for evidence in eval_set.evidence if evidence.kind == "deletion"]


@pytest.mark.parametrize(
    "last",
    [
        view(700, jobs=(replace(JOB, deleting_at=690.0),)),
        view(700, jobs=(), runners=(LEAVING,), namespaces=(DYING,)),
        view(700, jobs=(), runners=(LEAVING,)),
        view(700, jobs=(), runners=(), namespaces=(DYING,)),
        view(700, runners=(LEAVING,), namespaces=(DYING,)),
        replace(NOTHING, at=700.0),
    ],
    ids=["job", "namespace and pod", "pod without job", "namespace", "job in it", "all gone"],
)
def test_one_that_was_well_and_is_deleted_is_finished_and_nobody_hears_of_it(last):
    views = view(640), last, replace(last, at=760.0)
    eval_set = judged(760.0, *views)
    assert eval_set.verdict is Verdict.FINISHED
    assert {task.verdict for task in eval_set.tasks} == {Verdict.FINISHED}
    assert deletions(eval_set)
    assert correlate([eval_set], 760.0) == ()
    # also where this look is the first one
    alone = judged(760.0, replace(last, at=760.0))
    assert (alone.verdict, correlate([alone], 760.0)) == (Verdict.FINISHED, ())


def test_in_the_older_layout_a_healthy_job_that_vanishes_was_deleted():
    shared = view(640, namespaces=())
    gone = view(700, jobs=(), runners=(), namespaces=())
    eval_set = judged(900.0, shared, gone, replace(gone, at=900.0))
    assert (eval_set.verdict, eval_set.deleted_at) == (Verdict.FINISHED, 700.0)
    # one that isn't there at start proves nothing
    eval_set = judged(900.0, replace(gone, at=900.0))
    assert (eval_set.verdict, eval_set.deleted_at) == (Verdict.FINISHED, None)
    assert "died before anyone looked" in deletions(eval_set)[0]


def test_a_namespace_that_stays_without_its_job_tells_of_a_death():
    """A TTL takes a finished Job and leaves the namespaces; a deletion takes both."""
    eval_set = judged(760.0, view(760, jobs=(), runners=()))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)


@pytest.mark.parametrize(
    "after",
    [
        view(700, jobs=(), runners=()),
        view(700, jobs=(), runners=(), namespaces=(DYING,)),
        replace(NOTHING, at=700.0),
        view(700, jobs=(replace(FAILED, deleting_at=690.0),), runners=(), namespaces=(DYING,)),
    ],
    ids=["ttl", "janitor", "all gone", "being taken away"],
)
def test_one_that_was_seen_to_fail_stays_what_it_was(after):
    failed = view(660, jobs=(FAILED,), runners=(replace(RUNNER, phase="Failed"),))
    eval_set = judged(760.0, view(640), failed, after, replace(after, at=760.0))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    assert (eval_set.since, eval_set.deleted_at) == (650.0, None)
    (incident,) = correlate([eval_set], 760.0)
    assert (incident.severity, incident.in_cluster, incident.runner_died) == ("page", True, True)


KILLED = replace(
    RUNNER,
    phase="Failed",
    deleting_at=690.0,
    containers=(Container("c", terminated=Termination("Error", 143, 695.0)),),
)


@pytest.mark.parametrize(
    "job", [replace(JOB, failed=1, active=0), replace(FAILED, failed=1, completed_at=696.0)]
)
def test_what_a_deletion_does_to_the_job_is_no_death(job):
    """The namespace's controller kills the pods first, and the Job counts them as failed."""
    looks = (
        view(692, namespaces=(DYING,)),
        view(697, jobs=(job,), runners=(KILLED,), namespaces=(DYING,)),
        view(698, jobs=(job,), runners=(), namespaces=(DYING,)),
        replace(NOTHING, at=705.0, departed=(job,)),
        replace(NOTHING, at=1900.0),
    )
    for number in range(1, len(looks) + 1):
        eval_set = judged(looks[number - 1].at, view(640), *looks[:number])
        assert (eval_set.verdict, eval_set.deleted_at) == (Verdict.FINISHED, 690.0)


def test_in_one_second_what_was_seen_first_decides():
    job = replace(FAILED, completed_at=690.0)
    dead = replace(RUNNER, phase="Failed")
    failed = view(690.4, jobs=(job,), runners=(dead,))
    after = view(691, jobs=(job,), runners=(dead,), namespaces=(DYING,))
    eval_set = judged(760.0, view(640), failed, after, replace(NOTHING, at=760.0))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    eval_set = judged(760.0, view(640), failed, after, replace(after, at=760.0))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)
    eval_set = judged(760.0, view(640), after, replace(after, at=760.0))
    assert eval_set.verdict is Verdict.FINISHED


def test_the_last_words_of_a_job_that_failed_between_two_looks_count():
    gone = replace(NOTHING, at=700.0, departed=(FAILED,))
    eval_set = judged(760.0, view(640), gone, replace(gone, at=760.0, departed=()))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_GONE)


def test_a_pod_s_deletion_alone_is_a_drain():
    drained = view(700, runners=(LEAVING,))
    eval_set = judged(700.0, view(640), drained)
    assert eval_set.verdict is Verdict.PROGRESSING
    assert deletions(eval_set) == []


def test_a_runner_that_died_before_its_job_vanished_was_not_deleted():
    end = Termination("Error", 1, 645.0)
    dead = replace(RUNNER, phase="Failed", containers=(Container("c", terminated=end),))
    job = replace(JOB, active=0, failed=1)
    views = view(640), view(660, jobs=(job,), runners=(dead,)), replace(NOTHING, at=700.0)
    eval_set = judged(760.0, *views, replace(NOTHING, at=2000.0))
    assert eval_set.verdict is not Verdict.FINISHED


def evicted(failed):
    """A runner whose node was drained, and its Job, of which no other pod came yet."""
    dead = replace(RUNNER, phase="Failed", disrupted="EvictionByEvictionAPI", disrupted_at=655.0)
    job = replace(JOB, active=0, failed=failed, backoff_limit=3)
    return view(660, jobs=(job,), runners=(dead,))


def test_one_that_is_deleted_while_an_evicted_runner_is_replaced_was_deleted():
    """A drain is no end: with attempts left, the Job brings another pod."""
    gone = view(700, jobs=(), runners=(), namespaces=())
    eval_set = judged(760.0, view(640), evicted(1), gone, replace(gone, at=760.0))
    assert (eval_set.verdict, eval_set.deleted_at) == (Verdict.FINISHED, 700.0)
    eval_set = judged(760.0, view(640), evicted(3), gone, replace(gone, at=760.0))
    assert eval_set.verdict is not Verdict.FINISHED


def test_a_job_that_is_replaced_by_a_newer_one_is_no_deletion():
    new = replace(JOB, name="new", uid="j2", created_at=680.0)
    old = replace(JOB, deleting_at=690.0)
    assert deletions(judged(700.0, view(640), view(700, jobs=(old, new)))) == []


def test_what_is_terminating_when_it_is_first_looked_at_may_have_died_before():
    """After a restart: a janitor takes a dead one's namespaces as a person takes a live one's."""
    leaving = replace(OWN, deleting_at=900.0)
    eval_set = judged(1000, view(1000, jobs=(), runners=(), namespaces=(leaving,)))
    assert (eval_set.verdict, eval_set.deleted_at) == (Verdict.FINISHED, None)
    assert "died before anyone looked" in deletions(eval_set)[0]
    here = view(1000, jobs=(replace(JOB, deleting_at=900.0),), namespaces=(leaving,))
    assert judged(1000, here).deleted_at == 900.0


def test_a_deletion_that_does_not_end_is_a_warning():
    last = view(700, jobs=(), runners=(LEAVING,), namespaces=(DYING,))
    late = replace(last, at=HOUR)
    assert correlate([judged(1500.0, view(640), last, replace(last, at=1500.0))], 1500.0) == ()
    eval_set = judged(HOUR, view(640), last, late)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.FINISHED, Cause.DELETION_STUCK)
    (incident,) = correlate([eval_set], HOUR)
    assert (incident.cause, incident.severity, incident.since) == (
        Cause.DELETION_STUCK,
        "warning",
        690.0,
    )
    assert "namespace inspect-x" in incident.summary


def test_sandboxes_of_a_deleted_one_are_orphans():
    left = replace(NOTHING, sandboxes=(SANDBOX,), namespaces=(Namespace("inspect-x-s"),))
    views = view(640, sandboxes=(SANDBOX,)), replace(left, at=700.0), replace(left, at=HOUR)
    eval_set = judged(HOUR, *views)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.FINISHED, Cause.ORPHANED_SANDBOX)
    assert eval_set.since == 700.0


def test_what_is_not_known_is_no_deletion():
    blind = ClusterView(700.0, frozenset({"jobs"}))
    assert deletions(judged(700.0, view(640), blind)) == []


def test_an_eviction_is_told_by_an_event_where_the_pod_is_gone():
    """Autoscalers' events are of type Normal."""
    event = PodEvent("inspect-x", "Pod/runner-1", "Evicted", "Evicted pod: Underutilized", 645.0)
    gone = view(660, jobs=(FAILED,), runners=(), runner_namespace="inspect-x", events=(event,))
    eval_set = judged(760.0, view(640), gone, replace(gone, at=760.0))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.EVICTED)
    # also where nothing of it is left but its namespace
    left = view(760.0, jobs=(), runners=(), events=(event,))
    assert judged(760.0, left).cause is Cause.EVICTED


def test_an_eviction_that_was_called_off_is_none():
    text = "Cancelling deletion of Pod inspect-x/runner-1"
    event = PodEvent("inspect-x", "Pod/runner-1", "TaintManagerEviction", text, 645.0)
    known = fold(state(facts({}, read_at=600)), ClusterRead(SET, view(660, events=(event,))))
    assert known.cluster.deaths == ()
    assert OWN in known.cluster.view.namespaces
