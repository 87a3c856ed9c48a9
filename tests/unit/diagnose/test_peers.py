"""What other samples on a model experienced: the counts are those of going through them all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.rows import Rows, facts, key, schedule, state
from watchdog.diagnose.fleet import Fleet, Peers
from watchdog.diagnose.judge import judge
from watchdog.model.state import EvalSetState, Outcome, SampleState, TaskState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause

OUTCOMES = st.lists(
    st.builds(
        lambda ok, at, model: Outcome(ok, at, None if ok else Cause.AUTH, model, "e"),
        st.booleans(),
        st.none() | st.integers(0, 9).map(float),
        st.sampled_from(["a", "b"]),
    ),
    max_size=8,
)


INSTANTS = st.integers(0, 10).map(float)


@given(st.lists(OUTCOMES, min_size=1, max_size=5), INSTANTS, INSTANTS)
def test_the_counts_are_those_of_all_beside_a_streak(recent, since, until):
    samples = {
        key(str(number)): SampleState(key(str(number)), recent=tuple(outcomes))
        for number, outcomes in enumerate(recent)
    }
    fleet = Fleet([EvalSetState("set", tasks={"log": TaskState("log", samples=samples)})])
    for sample in samples.values():
        beside = [
            outcome
            for other in samples.values()
            for outcome in other.recent
            if outcome.model == "a" and outcome.at is not None and since <= outcome.at <= until
            if outcome.ok or other is not sample
        ]
        ok = sum(outcome.ok for outcome in beside)
        assert fleet.others(sample, "a", since, until) == Peers(ok, len(beside) - ok)


@pytest.mark.parametrize("failing", [1, 2, 5])
@pytest.mark.parametrize("hours", [3, 12, 48])
def test_several_that_fail_beside_busy_ones_do_not_excuse_each_other(failing, hours):
    """The busy ones remember minutes only; their successes are not forgotten with them."""
    now = hours * 3600.0
    attempts = [at for at in schedule(600, 200) if at < now - 30]
    samples = {str(n): Rows().fails(attempts) for n in range(failing)}
    for n in range(10):
        samples[f"busy-{n}"] = busy = Rows()
        for at in range(0, int(now), 60):
            busy.ok(at + n, 20)
    (eval_set,) = judge([state(facts(samples, read_at=now))], now, Thresholds(), 90.0)
    stuck = [sample.key.id for sample in eval_set.tasks[0].stuck()]
    assert stuck == [str(n) for n in range(failing)]
