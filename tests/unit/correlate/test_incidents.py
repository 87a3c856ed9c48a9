"""What belongs together is one incident, and keeps its id."""

from tests.builders.rows import LOG, SET, Rows, facts, schedule, state
from watchdog.correlate import Notes, correlate, incident_id
from watchdog.diagnose.judge import judge
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

LIMITS = Thresholds()
ATTEMPTS = schedule(600, 11)
NOW = ATTEMPTS[-1] + 60
NO_NOTES = Notes()


def good(until: float) -> Rows:
    rows = Rows()
    for at in range(0, int(until), 60):
        rows.ok(at, 20)
    return rows


def failing(begin: float = 600, error: str = "Error code: 500 - x", model: str = "") -> Rows:
    rows = good(600) if not model else Rows(model)
    return rows.fails([at + begin - 600 for at in ATTEMPTS if at + begin - 600 <= NOW], error)


def eval_set(name: str, samples: dict[str, Rows]):
    return state(facts(samples, read_at=NOW, eval_set=name), eval_set=name)


def incidents(*states, notes=NO_NOTES):
    return correlate(judge(states, NOW, LIMITS, 90.0), NOW, notes=notes)


def test_everybody_s_trouble_on_a_model_is_one_incident():
    sets = [eval_set(f"set-{n}", {"1": failing(600 + n), "2": failing(600 + n)}) for n in range(40)]
    (incident,) = incidents(*sets)
    assert (incident.scope, incident.subject) == ("model", "openai/gpt-4o")
    assert len(incident.eval_sets) == 40
    assert incident.id == incident_id("set-0", Cause.API_SERVER_ERROR)
    assert "80 samples of 40 eval sets" in incident.summary


def test_one_eval_set_keeps_the_incident_s_id_when_others_join():
    alone = incidents(eval_set("set-0", {"1": failing()}))
    joined = incidents(*(eval_set(f"set-{n}", {"1": failing(600 + n)}) for n in range(3)))
    assert [i.id for i in alone] == [i.id for i in joined]
    assert (alone[0].scope, joined[0].scope) == ("sample", "model")


def test_two_causes_of_one_outage_are_one_incident():
    (incident,) = incidents(
        eval_set("a", {"1": failing(), "2": failing(601)}),
        eval_set("b", {"1": failing(602, "Connection error.")}),
    )
    assert incident.eval_sets == ("a", "b")
    assert incident.cause is Cause.API_SERVER_ERROR


def test_a_sample_s_own_trouble_stays_its_own():
    found = incidents(
        eval_set("a", {"1": failing(), "2": good(NOW)}), eval_set("b", {"1": failing()})
    )
    assert [i.eval_sets for i in found] == [("a",), ("b",)]


def test_models_of_one_provider_are_one_incident_and_those_of_others_are_not():
    one, other = failing(model="openai/one"), failing(601, model="openai/other")
    (joined,) = incidents(eval_set("a", {"1": one}), eval_set("b", {"1": other}))
    assert (joined.scope, joined.subject) == ("provider", "openai")
    assert joined.eval_sets == ("a", "b")
    found = incidents(
        eval_set("a", {"1": one}), eval_set("b", {"1": failing(601, model="acme/other")})
    )
    assert {i.subject for i in found} == {"mmlu/1/1"}


def test_an_eval_set_with_both_joins_two_providers():
    (joined,) = incidents(
        eval_set("a", {"1": failing(model="openai/one")}),
        eval_set("b", {"1": failing(601, model="acme/other")}),
        eval_set("c", {"1": failing(602, model="openai/one"), "2": failing(model="acme/other")}),
    )
    assert (joined.scope, joined.subject) == ("provider", "acme, openai")
    assert joined.eval_sets == ("a", "c", "b")


def test_the_log_s_name_is_no_part_of_it():
    assert incidents(eval_set(SET, {"1": failing()}))[0].eval_sets == (SET,)
    assert LOG not in incidents(eval_set(SET, {"1": failing()}))[0].summary


# What fails often and succeeds all the same.


def flaky(model: str = "openai/gpt-4o") -> Rows:
    """Three of four attempts fail, for hours."""
    rows = Rows(model)
    for at in range(0, int(NOW), 240):
        rows.fails([at, at + 60, at + 120]).ok(at + 180, 20)
    return rows


def flaky_set(name: str, model: str = "openai/gpt-4o"):
    return state(facts({"1": flaky(model)}, read_at=NOW, eval_set=name), eval_set=name)


def test_what_is_degraded_is_told_only_where_it_lasts():
    assert incidents(flaky_set("a")) == ()
    (incident,) = incidents(flaky_set("a"), notes=Notes({"a": NOW - 7200}))
    assert (incident.severity, incident.verdict) == ("warning", Verdict.DEGRADED)
    assert (incident.scope, incident.subject) == ("sample", "mmlu/1/1")
    assert incident.since == NOW - 7200
    assert incident.cause is Cause.API_SERVER_ERROR
    assert incident.summary == (
        "a: calls of sample 1 of mmlu fail more often than usual, yet some succeed"
    )
    assert incident.stuck_samples == 0
    assert incident.subjects == ()
    assert "`watchdog explain a`" in incident.actions[0].told


def test_a_hostile_model_s_name_is_one_word_for_a_shell():
    evil = "acme/m; rm -rf ~"
    (incident,) = incidents(flaky_set("a", evil), notes=Notes({"a": NOW - 9000}))
    texts = [action.told for action in incident.actions]
    assert "Test the API: `watchdog probe --model 'acme/m; rm -rf ~'`" in texts


def test_what_is_stuck_or_well_by_now_is_not_told_as_degraded():
    notes = Notes({"a": NOW - 7200, "b": NOW - 7200})
    (incident,) = incidents(
        eval_set("a", {"1": failing(), "2": good(NOW)}),
        eval_set("b", {"1": good(NOW)}),
        notes=notes,
    )
    assert incident.verdict is Verdict.PARTIALLY_STUCK


def test_a_model_that_is_degraded_for_many_is_one_warning():
    names = [f"set-{number}" for number in range(5)]
    notes = Notes(dict.fromkeys(names, NOW - 9000))
    (incident,) = incidents(*map(flaky_set, names), notes=notes)
    assert (incident.scope, incident.subject) == ("model", "openai/gpt-4o")
    assert (incident.severity, len(incident.eval_sets)) == ("warning", 5)
    assert "calls of 5 samples of 5 eval sets fail more often than usual" in incident.summary
    other = incidents(
        *map(flaky_set, names[:2]),
        flaky_set("x", "acme/m"),
        notes=Notes(dict.fromkeys([*names, "x"], NOW - 9000)),
    )
    assert sorted(len(each.eval_sets) for each in other) == [1, 2]


def test_who_may_hear_of_it_divides_what_would_be_one():
    sets = [eval_set(f"set-{n}", {"1": failing(600 + n)}) for n in range(4)]
    notes = Notes(restricted_to={"set-1": ("private",), "set-3": ("private",)})
    joint = {incident.restricted_to: incident for incident in incidents(*sets, notes=notes)}
    assert joint[()].eval_sets == ("set-0", "set-2")
    assert joint["private",].eval_sets == ("set-1", "set-3")
    assert all(incident.scope == "model" for incident in joint.values())
