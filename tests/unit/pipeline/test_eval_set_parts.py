"""What is shown of an eval set beside its report."""

from msgspec.structs import replace

from tests.builders.cluster_views import RUNNER, SANDBOX, view, watched
from tests.builders.rows import ERROR_500, LOG, MODEL, Rows
from tests.builders.snapshots import NOW, ago, eval_set, incident, sample, task
from watchdog.model.cluster import Container, PodEvent, PodUsage, Termination
from watchdog.model.probe import ProbeOutcome, ProbeResult
from watchdog.model.report import EvalSetReport
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.eval_set_parts import STRIPS_OF_TASK, eval_set_parts


def report(*running, task_id) -> EvalSetReport:
    return eval_set(tasks=(task(running=running, task_id=task_id),))


def test_a_timeline_of_what_is_known_in_order():
    told = (incident(since=ago(300)), incident(since=None))
    moments = eval_set_parts(eval_set(deleted_at=None), None, told).timeline
    assert [moment.kind for moment in moments] == ["started", "last_success", "stuck", "incident"]
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    assert [moment.lasts for moment in moments] == [False, False, True, True]
    assert eval_set_parts(eval_set(), None).pods is None


def test_what_the_cluster_said_is_on_it():
    event = PodEvent("n", "Pod/box", "BackOff", "no", NOW - 10, 7, first_at=NOW - 90)
    state = watched(NOW, {"1": Rows().ok(0)}, view(NOW, events=(event,)))
    (moment,) = [m for m in eval_set_parts(eval_set(), state).timeline if m.kind == "pod_event"]
    assert (moment.at, moment.until, moment.count) == (ago(90), ago(10), 7)
    assert moment.text == "Pod/box: BackOff: no"


def test_pods_with_what_is_known_of_them():
    dead = Container("default", restarts=2, last_terminated=Termination("OOMKilled", 137))
    box = replace(SANDBOX, containers=(dead,), node="n1")
    well = replace(SANDBOX, name="box-2", ready=True)
    usage = (PodUsage(RUNNER.namespace, RUNNER.name, 0.5, NOW, 2.0**30),)
    state = watched(NOW, {}, view(NOW, sandboxes=(well, box), usage=usage))
    runner, bad, good = eval_set_parts(eval_set(), state).pods
    assert (runner.role, runner.cores, runner.memory) == ("runner", 0.5, 2**30)
    assert (bad.state, bad.restarts, bad.node, bad.cores, bad.memory) == (
        "OOMKilled",
        2,
        "n1",
        None,
        None,
    )
    assert (good.state, good.sample_id) == ("", "1")


def test_where_pods_can_not_be_listed_nothing_is_said_of_them():
    state = watched(NOW, {}, view(NOW, known=frozenset({"jobs"}), runners=()))
    assert eval_set_parts(eval_set(), state).pods is None


def test_only_tests_of_its_own_models():
    tests = [
        ProbeResult("direct", "small", "p", model, ProbeOutcome.OK, NOW)
        for model in ("openai/gpt-4o", "other/model")
    ]
    (one,) = eval_set_parts(eval_set(), None, (), tests).tests
    assert (one.model, one.at) == ("openai/gpt-4o", ago(0))


def test_strips_of_the_stuck_ones_first_with_what_they_wait_for():
    failing = Rows().ok(NOW - 900)
    failing.add("model", NOW - 500, name=MODEL, error=ERROR_500)
    pending = Rows().ok(NOW - 900)
    pending.add("tool", NOW - 300, "t", name="bash", pending=True, final=False)
    state = watched(NOW, {"1": failing, "2": pending})
    task_id = state.tasks[LOG].task_id
    running = (
        sample("2", verdict=Verdict.PROGRESSING, wait_seconds=None),
        sample("1", wait_seconds=1800.0),
        sample("3"),
    )
    first, second = eval_set_parts(report(*running, task_id=task_id), state).strips
    assert (first.id, [one.ok for one in first.attempts]) == ("1", [True, False])
    assert first.attempts[1].cause is Cause.API_SERVER_ERROR
    assert (first.wait_since, first.wait_seconds, first.pending) == (ago(500), 1800.0, ())
    assert (second.id, second.wait_since) == ("2", None)
    assert [(call.name, call.since) for call in second.pending] == [("bash", ago(300))]


def test_of_many_samples_some_have_a_strip():
    state = watched(NOW, {str(n): Rows().ok(NOW - 900) for n in range(50)})
    running = tuple(sample(str(n)) for n in range(50))
    parts = eval_set_parts(report(*running, task_id=state.tasks[LOG].task_id), state)
    assert len(parts.strips) == STRIPS_OF_TASK
