"""A fault of the program in one source costs that source, or one of its eval sets, and no more."""

from structlog.testing import capture_logs

from watchdog.collect.faults import FAULT
from watchdog.collect.source import PollResult
from watchdog.model.facts import EvalSetUnreadable, Listing
from watchdog.service.guarded import GuardedSource, guarded_sources


class Faulty:
    """A source that has a fault when a test says so."""

    name = "store"

    def __init__(self):
        self.broken = False

    async def poll(self, _now, emit):
        emit(Listing("one", ()))
        emit(Listing("two", ()))
        if self.broken:
            raise KeyError("no such place")
        return PollResult(watched=frozenset({"one", "two"}))


async def test_a_fault_in_a_poll_is_a_problem_and_logged_once():
    inner = Faulty()
    source, facts = GuardedSource(inner), []
    await source.poll(100.0, facts.append)
    inner.broken = True
    with capture_logs() as logs:
        for now in (130.0, 160.0):
            facts.clear()
            result = await source.poll(now, facts.append)
    assert (result.complete, result.watched, result.failures) == (False, None, (FAULT,))
    assert "KeyError" in result.problems[0].text
    unreadable = [f.eval_set_id for f in facts if isinstance(f, EvalSetUnreadable)]
    assert unreadable == ["one", "two"]
    assert [(one["event"], bool(one["exc_info"])) for one in logs] == [("source_fault", True)]
    inner.broken = False
    assert (await source.poll(190.0, facts.append)).problems == ()


async def test_a_fault_in_folding_costs_its_eval_set():
    source, facts = GuardedSource(Faulty()), []

    def fold(fact):
        if fact == Listing("one", ()):
            raise ZeroDivisionError
        facts.append(fact)

    with capture_logs() as logs:
        result = await source.poll(100.0, fold)
    assert result.complete
    assert result.failures == (FAULT,)
    assert [problem.where for problem in result.problems] == ["one"]
    assert facts[0] == Listing("two", ())
    assert [type(fact).__name__ for fact in facts[1:]] == ["EvalSetUnreadable"]
    assert len(logs) == 1


def test_each_has_a_name_of_its_own():
    assert [one.name for one in guarded_sources([Faulty()])] == ["store"]
    assert [one.name for one in guarded_sources([Faulty(), Faulty()])] == ["store-1", "store-2"]
