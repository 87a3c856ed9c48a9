"""How far an incident reaches: one page for what belongs together, and what goes on beside it."""

import pytest
from msgspec.structs import replace

from tests.builders.probe_results import direct, middleman
from tests.builders.rows import Rows, facts, schedule, state
from watchdog.correlate import correlate
from watchdog.correlate.incidents import Findings
from watchdog.diagnose.judge import judge
from watchdog.diagnose.placeholders import fill
from watchdog.fold import fold
from watchdog.model.action import Action
from watchdog.model.cluster import ClusterView, Container, Job, Namespace, Pod
from watchdog.model.facts import ClusterRead
from watchdog.model.pod_reasons import LOST
from watchdog.model.probe import Meaning
from watchdog.model.status_page import StatusPageIncident
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause

LIMITS = Thresholds()
ATTEMPTS = schedule(600, 11)
NOW = ATTEMPTS[-1] + 60
HOUR = 3600.0
KNOWN = frozenset({"pods", "jobs", "namespaces", "events"})
JOB = Job("ns", "runner", "j1", created_at=0.0, active=1)


def good(until: float = NOW, model: str = "openai/gpt-4o") -> Rows:
    rows = Rows(model)
    for at in range(0, int(until), 60):
        rows.ok(at, 20)
    return rows


def failing(model: str = "openai/gpt-4o", begin: float = 600) -> Rows:
    return Rows(model).fails([at + begin - 600 for at in ATTEMPTS if at + begin - 600 <= NOW])


def eval_set(name: str, samples: dict[str, Rows], now: float = NOW):
    return state(facts(samples, read_at=now, eval_set=name), eval_set=name)


def incidents(*states, now: float = NOW, findings: Findings = Findings()):  # noqa: B008
    return correlate(judge(states, now, LIMITS, 90.0), now, findings)


def results_of(model: str, *results):
    return {model: tuple(replace(each, model=model, at=NOW) for each in results)}


def test_forty_eval_sets_on_one_failing_model_are_one_incident_that_names_them():
    sets = [eval_set(f"set-{n:02}", {"1": failing(begin=600 + n)}) for n in range(40)]
    (incident,) = incidents(*sets)
    assert (incident.scope, incident.subject) == ("model", "openai/gpt-4o")
    assert len(incident.eval_sets) == incident.stuck_samples == 40
    assert [s.model for s in incident.subjects] == ["openai/gpt-4o"]
    assert incident.peers == ""


def test_peers_that_progress_are_counted_and_said():
    sets = [eval_set("busy", {str(n): good() for n in range(41)})]
    (incident,) = incidents(eval_set("a", {"1": failing()}), *sets)
    assert incident.scope == "sample"
    assert incident.peers == "41 other samples on this model progress"


def test_what_is_not_about_a_model_has_the_eval_set_s_others_for_peers():
    now = 30 * HOUR
    stuck = Rows().ok(0).pending("tool", 60, "bash", timeout=60.0)
    (incident,) = incidents(
        eval_set("a", {"1": stuck, "2": good(now), "3": good(now)}, now), now=now
    )
    assert incident.cause is Cause.HUNG_TOOL_CALL
    assert incident.peers == "2 other samples of this eval set progress"
    assert incident.subjects == ()


def test_middleman_s_failure_is_one_incident_over_providers():
    sets = (eval_set("a", {"1": failing()}), eval_set("b", {"1": failing("anthropic/c", 601)}))
    assert len(incidents(*sets)) == 2
    found = [middleman("server_error"), direct("ok")]
    both = results_of("openai/gpt-4o", *found) | results_of("anthropic/c", *found)
    findings = Findings(both)
    (incident,) = incidents(*sets, findings=findings)
    assert (incident.scope, incident.subject) == ("provider", "middleman")
    assert incident.eval_sets == ("a", "b")
    assert {c.meaning for c in incident.conclusions} == {Meaning.MIDDLEMAN}
    assert incident.actions[0].told == "Tell the people who run Middleman"


def test_it_narrows_when_the_tests_say_that_one_model_is_its_own_trouble():
    sets = (eval_set("a", {"1": failing("acme/x")}), eval_set("b", {"1": failing("acme/y", 601)}))
    assert len(incidents(*sets)) == 1
    gone = results_of("acme/x", middleman("not_found"), direct("not_found"))
    assert [i.subject for i in incidents(*sets, findings=Findings(gone))] == ["mmlu/1/1"] * 2


def test_calls_that_hang_for_everybody_are_one_incident():
    now = 60 * HOUR
    sets = [
        eval_set(name, {"1": good(600).pending("model", 900.0 + place)}, now)
        for place, name in enumerate("abc")
    ]
    (incident,) = incidents(*sets, now=now)
    assert (incident.scope, incident.cause) == ("model", Cause.HUNG_MODEL_CALL)
    assert incident.eval_sets == ("a", "b", "c")
    apart = incidents(*sets, eval_set("d", {"1": good(now)}, now), now=now)
    assert [i.eval_sets for i in apart] == [("a",), ("b",), ("c",)]


def with_pods(name: str, now: float, *sandboxes: Pod):
    runner = Pod(name, f"runner-{name}", name, "Running", created_at=0.0)
    jobs, names = (replace(JOB, namespace=name),), (name,)
    view = ClusterView(
        now,
        KNOWN,
        jobs=jobs,
        runners=(runner,),
        sandboxes=sandboxes,
        namespaces=tuple(map(Namespace, names)),
    )
    known = eval_set(name, {"1": Rows().ok(0).ok(500)}, now)
    early = replace(view, at=now - 2 * HOUR)
    return fold(fold(known, ClusterRead(name, early)), ClusterRead(name, view))


def pod(name: str, **fields) -> Pod:
    fields = {"created_at": 600.0, "sample_id": "1", **fields}
    return Pod(f"{name}-s", f"box-{name}", f"u-{name}", "Pending", **fields)


def test_no_room_for_pods_of_several_eval_sets_is_the_cluster_s():
    now = 3 * HOUR
    sets = [
        with_pods(name, now, pod(name, unschedulable="0/9 nodes are available")) for name in "abc"
    ]
    assert [i.scope for i in incidents(*sets[:2], now=now)] == ["sample", "sample"]
    (incident,) = incidents(*sets, now=now)
    assert (incident.scope, incident.subject) == ("cluster", "no node has room")
    assert incident.eval_sets == ("a", "b", "c")
    assert "3 samples of 3 eval sets are stuck" in incident.summary
    assert any("kubectl get events -n a-s" in action.told for action in incident.actions)


def test_images_of_one_registry_are_one_incident_and_of_two_are_two():
    now = 3 * HOUR

    def pulling(name, host):
        text = f'Back-off pulling image "{host}/team/image:1"'
        container = Container("default", waiting="ImagePullBackOff", waiting_message=text)
        return with_pods(name, now, pod(name, containers=(container,)))

    three = [pulling(name, "registry.example") for name in "abc"]
    (incident,) = incidents(*three, now=now)
    assert (incident.scope, incident.subject) == ("cluster", "registry registry.example")
    apart = incidents(*three[:2], pulling("d", "two.example"), now=now)
    assert {i.eval_sets for i in apart} == {("a",), ("b",), ("d",)}


def test_a_status_page_s_incident_is_linked_where_it_touches_the_provider():
    page = StatusPageIncident("openai", "Elevated errors", "investigating", "https://x.example/1")
    other = StatusPageIncident("anthropic", "Slow", "monitoring", "")
    findings = Findings(outside=(page, other))
    (incident,) = incidents(eval_set("a", {"1": failing()}), findings=findings)
    assert incident.outside == (page,)


def test_commands_are_filled_in_for_the_eval_set():
    known = fold(
        eval_set("it's", {"1": failing()}),
        ClusterRead(
            "it's",
            ClusterView(
                NOW,
                KNOWN,
                jobs=(JOB,),
                runners=(Pod("ns", "runner-7", "u", "Running"),),
                runner_namespace="ns",
                namespaces=(Namespace("ns"),),
            ),
        ),
    )
    found = results_of("openai/gpt-4o", middleman("dns"), direct("dns"))
    (incident,) = incidents(known, findings=Findings(found))
    assert "kubectl exec -n ns runner-7 -c inspect-eval-set -- curl" in incident.actions[0].told
    (untested,) = incidents(known)
    assert "`watchdog probe --model openai/gpt-4o --size large`" in untested.actions[0].told
    assert any("""'it'"'"'s'""" in action.told for action in untested.actions)


def test_what_was_tested_is_not_asked_for_again_and_nothing_else_is_left_out():
    """An eval set may be called anything: what goes is told by its kind, not by its text."""
    name = "probe-robustness"
    tests = results_of("openai/gpt-4o", middleman("dns"), direct("dns"))
    (incident,) = incidents(eval_set(name, {"1": failing()}), findings=Findings(tests))
    (untested,) = incidents(eval_set(name, {"1": failing()}))
    usual = [action for action in untested.actions if action.kind != "test"]
    assert any(name in action.told for action in usual)
    assert set(usual) <= set(incident.actions)


@pytest.mark.parametrize("reason", sorted(LOST))
def test_a_node_is_named_for_every_reason_to_give_a_pod_up(reason):
    lost = Pod("ns", "runner-7", "u", "Failed", reason=reason, node="node-3")
    view = ClusterView(NOW, KNOWN, jobs=(JOB,), runners=(lost,), namespaces=(Namespace("ns"),))
    state = fold(eval_set("a", {"1": failing()}), ClusterRead("a", view))
    judged = judge([state], NOW, LIMITS, float("inf"))[0]
    (action,) = fill([Action("look", "`kubectl describe node <node>`")], judged, Cause.EVICTED)
    assert action.told == "`kubectl describe node node-3`"
