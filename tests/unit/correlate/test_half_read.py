"""What is said of an incident while older events, which may tell of successes, are being read."""

from tests.builders.rows import LOG, Rows, facts, key, schedule, state
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model import advice
from watchdog.model.facts import HistoryBegun, HistoryRead, RoleModel
from watchdog.model.thresholds import Thresholds

LIMITS = Thresholds()
ATTEMPTS = schedule(600, 11)
NOW = ATTEMPTS[-1] + 60
READING = "older events are still being read"
NOBODY = "nobody's calls succeed"


def eval_set(name: str, begin: float = 600, model: str = "openai/gpt-4o"):
    rows = Rows(model).fails([at + begin - 600 for at in ATTEMPTS if at + begin - 600 <= NOW])
    return state(facts({"1": rows}, read_at=NOW, eval_set=name), eval_set=name)


def half_read(one):
    return fold(one, HistoryBegun(one.eval_set_id, LOG, (key("1"),)))


def whole(one):
    return fold(one, HistoryRead(one.eval_set_id, LOG, (), complete=True))


def the_incident(*states):
    (incident,) = correlate(judge(states, NOW, LIMITS, 90.0), NOW)
    return incident


def steps(incident):
    return {action.text for action in incident.actions}


def test_it_is_nobody_s_trouble_but_this_sample_s_until_all_is_read():
    one = half_read(eval_set("set-0"))
    early, late = the_incident(one), the_incident(whole(one))
    assert early.reading
    assert READING in early.summary
    assert advice.WAIT_FOR_HISTORY.text in steps(early)
    assert advice.WAIT_FOR_PROVIDER.text not in steps(early)
    assert not late.reading
    assert READING not in late.summary
    assert advice.WAIT_FOR_PROVIDER.text in steps(late)
    assert advice.WAIT_FOR_HISTORY.text not in steps(late)


def test_of_several_it_is_not_said_that_nobody_succeeds():
    sets = [eval_set(f"set-{n}", 600 + n) for n in range(3)]
    early = the_incident(sets[0], sets[1], half_read(sets[2]))
    late = the_incident(*sets)
    assert (early.scope, late.scope) == ("model", "model")
    assert NOBODY not in early.summary
    assert READING in early.summary
    assert advice.WAIT_FOR_PROVIDER.text not in steps(early)
    assert NOBODY in late.summary
    assert advice.WAIT_FOR_PROVIDER.text in steps(late)


def beside(**spec):
    """Another eval set, in which nothing fails, of which only the newest is read."""
    given = facts({"1": Rows().ok(0, 20)}, read_at=NOW, eval_set="other", **spec)
    return half_read(state(given, eval_set="other"))


def test_only_what_calls_the_model_may_tell_otherwise():
    mine = eval_set("set-0", model="anthropic/claude")
    assert not the_incident(mine, beside()).reading
    assert the_incident(mine, beside(roles=(RoleModel("anthropic/claude"),))).reading
