"""What other samples on a model experienced: the counts are those of going through them all."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rows import key
from watchdog.diagnose.fleet import Fleet, Peers
from watchdog.model.state import EvalSetState, Outcome, SampleState, TaskState
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
def test_the_counts_are_those_of_all_others(recent, since, until):
    samples = {
        key(str(number)): SampleState(key(str(number)), recent=tuple(outcomes))
        for number, outcomes in enumerate(recent)
    }
    fleet = Fleet([EvalSetState("set", tasks={"log": TaskState("log", samples=samples)})])
    for sample in samples.values():
        others = [
            outcome
            for other in samples.values()
            if other is not sample
            for outcome in other.recent
            if outcome.model == "a" and outcome.at is not None and since <= outcome.at <= until
        ]
        ok = sum(outcome.ok for outcome in others)
        assert fleet.others(sample, "a", since, until) == Peers(ok, len(others) - ok)
