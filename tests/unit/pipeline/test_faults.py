"""A fault of the program in judging one eval set costs the others nothing, and is said."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import LIMITS
from tests.builders.rows import Rows, facts, state
from watchdog.diagnose import fleet_times
from watchdog.model.access import UNKNOWABLE
from watchdog.model.cluster import ClusterView
from watchdog.model.learned import Learned
from watchdog.model.state import ClusterState
from watchdog.model.verdict import Verdict
from watchdog.pipeline import incremental
from watchdog.pipeline.evaluate import Surroundings
from watchdog.pipeline.incremental import Evaluator, Question
from watchdog.pipeline.learner import Learner

NOW = 1000.0
SAID = "a fault, and its text"


def eval_set(name: str):
    made = state(facts({"1": Rows().ok(900), "2": Rows().ok(950)}, total=9, read_at=NOW))
    return replace(made, eval_set_id=name, source="store", name=name)


def verdicts(evaluator: Evaluator, states, now: float = NOW):
    asked = Question(states, LIMITS, 90.0, Learned(), Surroundings())
    report = evaluator.evaluate(asked, now).report
    return {one.eval_set_id: one.verdict for one in report.eval_sets}, report


def is_whole(one) -> bool:
    return bool(getattr(one, "tasks", None))


@pytest.fixture
def states():
    return [eval_set(name) for name in ("good", "bad", "other")]


def test_one_that_can_not_be_judged_is_unknown_and_the_others_are_judged(monkeypatch, states):
    noted: list[Exception] = []
    real = incremental.judge_one

    def judge_one(base, one, *more):
        if one.eval_set_id == "bad" and is_whole(one):
            raise KeyError("bad")
        return real(base, one, *more)

    monkeypatch.setattr(incremental, "judge_one", judge_one)
    evaluator = Evaluator(30.0, lambda error: noted.append(error) or SAID)
    said, report = verdicts(evaluator, states)
    assert said == {
        "good": Verdict.PROGRESSING,
        "bad": Verdict.UNKNOWN,
        "other": Verdict.PROGRESSING,
    }
    (bad,) = (one for one in report.eval_sets if one.eval_set_id == "bad")
    assert SAID in bad.summary
    assert len(noted) == 1
    assert verdicts(evaluator, states, NOW + 30)[0]["bad"] is Verdict.UNKNOWN
    monkeypatch.setattr(incremental, "judge_one", real)
    again = [*states[:1], eval_set("bad"), states[2]]
    assert set(verdicts(evaluator, again, NOW + 60)[0].values()) == {Verdict.PROGRESSING}


@pytest.mark.parametrize(
    ("annotation", "may_see"),
    [("__secret__", ("secret",)), ("", (UNKNOWABLE,))],
)
def test_who_may_see_one_that_can_not_be_judged_stays_as_it_is(annotation, may_see):
    cluster = ClusterState(ClusterView(NOW, model_access=annotation))
    one = replace(eval_set("bad"), cluster=cluster)
    assert (one.access or (UNKNOWABLE,)) == may_see
    assert incremental.unjudgeable(one, SAID, NOW).access == may_see


def test_one_of_which_no_fleet_can_be_made_is_left_out_of_it(monkeypatch, states):
    real = fleet_times.FleetTimes.update

    def update(self, eval_sets):
        for one in eval_sets:
            if one.eval_set_id == "bad" and is_whole(one):
                raise KeyError("bad")
        return real(self, eval_sets)

    monkeypatch.setattr(fleet_times.FleetTimes, "update", update)
    evaluator = Evaluator(30.0, lambda _: SAID)
    for now in (NOW, NOW + 30):
        said, _ = verdicts(evaluator, states, now)
        assert said["bad"] is Verdict.UNKNOWN
        assert said["good"] is said["other"] is Verdict.PROGRESSING


def test_what_was_learned_before_a_fault_is_not_learned_twice(monkeypatch, states):
    learner, sure = Learner(), Learner()
    sure.take(states, NOW)
    sure.take(states, NOW + 30)
    real = Learner._of_task

    def of_task(self, one, *more):
        if one.eval_set_id == "other":
            raise KeyError("other")
        return real(self, one, *more)

    learner.take(states, NOW)
    monkeypatch.setattr(Learner, "_of_task", of_task)
    with pytest.raises(KeyError):
        learner.take(states, NOW + 10)
    monkeypatch.setattr(Learner, "_of_task", real)
    learner.take(states, NOW + 30)
    assert learner.learned.attempts == sure.learned.attempts
    assert learner.learned.durations == sure.learned.durations
