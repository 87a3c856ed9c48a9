"""The fleet brought up to date answers as one that is made anew, and as going through all does."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.calls import calls_of
from tests.builders.plain_fleet import PlainFleet
from watchdog.diagnose import fleet_times, newest, sorted_instants
from watchdog.diagnose.fleet import Fleet, thinned
from watchdog.diagnose.fleet_index import FleetIndex
from watchdog.model.facts import SampleKey, TaskSpec
from watchdog.model.state import (
    Ended,
    EvalSetState,
    OpenCall,
    Outcome,
    SampleState,
    Streak,
    TaskState,
)
from watchdog.model.successes import Successes
from watchdog.model.verdict import Cause

MODELS = ("a", "b")
INSTANTS = (0.0, 1.0, 2.5, 60.0, 100.0, 130.0, 1000.0)


@pytest.fixture(autouse=True, scope="module")
def _small_bounds() -> Iterator[None]:
    """So that what happens to millions happens to dozens."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _bound(monkeypatch)
        yield


def _bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_instants, "LOAD", 3)
    monkeypatch.setattr(fleet_times, "LOAD", 20)
    monkeypatch.setattr(fleet_times, "MODELS_MAX", 1)
    monkeypatch.setattr(newest, "KEPT", 2)
    monkeypatch.setattr("watchdog.diagnose.fleet_parts.RECENT", 6)
    monkeypatch.setattr("watchdog.diagnose.fleet_parts.RETIRED_MAX", 6)
    monkeypatch.setattr("tests.builders.plain_fleet.RECENT", 6)
    monkeypatch.setattr("tests.builders.plain_fleet.RETIRED_MAX", 6)


class World:
    """Eval sets that go on by lot. Each change makes new objects where fold does."""

    def __init__(self, seed: int) -> None:
        self.lot = random.Random(seed)  # noqa: S311
        self.clock = 0.0
        self.states: dict[str, EvalSetState] = {}

    def step(self) -> None:
        """Some of what can happen between two polls."""
        for _ in range(self.lot.randint(0, 4)):
            self._happen()

    def _happen(self) -> None:
        self.clock += self.lot.choice((0.0, 1.0, 45.0, 200.0))
        name = f"set-{self.lot.randint(0, 2)}"
        state = self.states.get(name) or EvalSetState(name)
        if self.lot.random() < 0.03:
            self.states.pop(name, None)
            return
        log = f"log-{self.lot.randint(0, 2)}"
        tasks = dict(state.tasks)
        if self.lot.random() < 0.05:
            tasks.pop(log, None)
        else:
            tasks[log] = self._later(tasks.get(log) or self._task(log))
        self.states[name] = replace(state, tasks=tasks)

    def _task(self, log: str) -> TaskState:
        spec = self.lot.choice((None, _spec(self.lot.choice(MODELS))))
        return TaskState(log, spec=spec)

    def _later(self, task: TaskState) -> TaskState:
        change = self.lot.choice(("rows", "rows", "rows", "retire", "end", "successes", "again"))
        return getattr(self, f"_{change}")(task)

    def _rows(self, task: TaskState) -> TaskState:
        key = SampleKey(str(self.lot.randint(0, 3)), 1)
        sample = task.samples.get(key) or SampleState(key)
        recent = (*sample.recent, *(self._outcome() for _ in range(self.lot.randint(0, 3))))[-6:]
        sample = replace(sample, recent=recent)
        sample = replace(sample, streaks=self._streaks()) if self.lot.random() < 0.5 else sample
        sample = replace(sample, open_calls=self._calls()) if self.lot.random() < 0.5 else sample
        return replace(task, samples={**task.samples, key: sample})

    def _retire(self, task: TaskState) -> TaskState:
        samples = dict(task.samples)
        recent = samples.pop(next(iter(samples))).recent if samples else ()
        return replace(task, samples=samples, retired=(*task.retired, *recent)[-6:])

    def _end(self, task: TaskState) -> TaskState:
        key = SampleKey(str(self.lot.randint(0, 9)), 1)
        state = self.lot.choice(("completed", "errored"))
        end = Ended(state, None, self._at(), limited=self.lot.random() < 0.2)
        return replace(task, ended={**task.ended, key: end})

    def _successes(self, task: TaskState) -> TaskState:
        numbers = self.lot.sample(range(20), self.lot.randint(0, 5))
        buckets = {n: (60.0 * n + self.lot.random(), self.lot.randint(1, 4)) for n in numbers}
        successes = {self.lot.choice(MODELS): Successes(60.0, buckets)}
        return replace(task, successes=successes)

    def _again(self, task: TaskState) -> TaskState:
        """Read anew from its beginning: other objects, of the same content."""
        samples = {key: replace(sample) for key, sample in task.samples.items()}
        return replace(task, samples=samples, retired=tuple(task.retired))

    def _at(self) -> float | None:
        return self.lot.choice((None, self.clock, self.clock, *INSTANTS))

    def _outcome(self) -> Outcome:
        is_ok, at = self.lot.random() < 0.5, self._at()
        is_slow = is_ok and at is not None and self.lot.random() < 0.3
        began = at - 90.0 if is_slow and at is not None else None
        cause = None if is_ok else Cause.AUTH
        return Outcome(is_ok, at, cause, self.lot.choice(MODELS), "e", began)

    def _streaks(self) -> tuple[Streak, ...]:
        if self.lot.random() < 0.5:
            return ()
        model, at = self.lot.choice(MODELS), self._at()
        return (Streak(1, at, at, ((Cause.AUTH, 1),), model, None, "", 1, 1),)

    def _calls(self) -> tuple[OpenCall, ...]:
        kind = self.lot.choice(("model", "tool"))
        return (OpenCall("c", kind, self.lot.choice(MODELS), self._at(), 1),)


def _spec(model: str) -> TaskSpec:
    return TaskSpec(task="t", task_id="i", model=model)


def answers(fleet: Fleet | PlainFleet, states: Iterable[EvalSetState]) -> dict[str, list[Any]]:
    """All that can be asked of each model, at some instants."""
    spans = [(since, until) for since in INSTANTS for until in INSTANTS]
    samples = [s for state in states for t in state.tasks.values() for s in t.samples.values()]
    return {
        model: [
            fleet.samples(model),
            fleet.failing_span(model),
            [fleet.meanwhile(model, *span) for span in spans],
            [fleet.others(s, model, *span) for s in samples for span in spans[:: len(INSTANTS)]],
            [fleet.independent_failures(model, *span, 30.0) for span in spans],
            *(
                (fleet.failing_since(model, at), fleet.failing_samples(model, at),
                 fleet.first_ok(model, at), fleet.last_ok(model, at))
                for at in INSTANTS
            ),
        ]
        for model in (*MODELS, "nobody's")
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.booleans(), min_size=1, max_size=12))
def test_what_is_brought_up_to_date_answers_as_what_is_made_anew(seed, asked):
    world, index = World(seed), FleetIndex()
    before: dict[str, tuple[int, Any]] = {}
    for ask in asked:
        world.step()
        states = list(world.states.values())
        fleet = index.update(states)
        if not ask:
            continue
        expected = answers(PlainFleet(states), states)
        assert answers(fleet, states) == expected == answers(Fleet(states), states)
        versions = {model: fleet.version(model) for model in expected}
        for model, answer in expected.items():
            if before.get(model, (None, None))[0] == versions[model]:
                assert answer[:3] + answer[4:] == before[model][1]
        before = {m: (versions[m], a[:3] + a[4:]) for m, a in expected.items()}


def test_failures_are_apart_by_their_difference():
    """A sum would be rounded otherwise: 2.13 + 30 is above 32.13, and 32.13 - 2.13 is 30."""
    instants = [n / 100 for n in range(213, 20_000, 600)]
    outcomes = tuple(Outcome(False, at, Cause.AUTH, "a", "e") for at in instants)
    sample = SampleState(SampleKey("1", 1), recent=outcomes)
    state = EvalSetState("s", tasks={"l": TaskState("l", samples={sample.key: sample})})
    for least in (6.0, 12.0, 30.0):
        count = Fleet([state]).independent_failures("a", instants[0], 200.0, least)
        assert count == PlainFleet([state]).independent_failures("a", instants[0], 200.0, least)
        assert len(thinned(instants, least)) == count


def test_what_was_sent_last_is_looked_up_where_all_that_was_remembered_has_gone():
    index = FleetIndex()
    states = [_slow(name, at) for name, at in zip("abcdefghijkl", range(1, 13), strict=True)]
    assert index.update([*states, _failed("z", 20.0)]).failing_since("a", 30.0) == 20.0
    for left in range(len(states), 0, -1):
        rest = [*states[:left], _failed("y", left - 0.5), _failed("x", left + 0.5)]
        assert index.update(rest).failing_since("a", 30.0) == left + 0.5


def _slow(name: str, began: float) -> EvalSetState:
    return _with(name, Outcome(True, 90.0, None, "a", "e", float(began)))


def _failed(name: str, at: float) -> EvalSetState:
    return _with(name, Outcome(False, at, Cause.AUTH, "a", "e"))


def _with(name: str, outcome: Outcome) -> EvalSetState:
    sample = SampleState(SampleKey(name, 1), recent=(outcome,))
    return EvalSetState(name, tasks={"log": TaskState("log", samples={sample.key: sample})})


def test_an_old_fleet_does_not_answer_from_what_came_after_it():
    index = FleetIndex()
    old = index.update([])
    index.update([])
    with pytest.raises(RuntimeError, match="has changed since"):
        old.samples("a")


def test_the_version_stays_where_the_same_is_told_otherwise():
    """A sample that ends takes its outcomes to its task: that is no news."""
    outcome = Outcome(True, 5.0, None, "a", "e")
    sample = SampleState(SampleKey("1", 1), recent=(outcome,), rows=1)
    task = TaskState("log", samples={sample.key: sample})
    index = FleetIndex()
    first = index.update([EvalSetState("set", tasks={"log": task})]).version("a")
    noted = replace(task, samples={sample.key: replace(sample, rows=2)})
    assert index.update([EvalSetState("set", tasks={"log": noted})]).version("a") == first
    failed = replace(sample, recent=(outcome, Outcome(False, 6.0, Cause.AUTH, "a", "e")))
    failing = replace(task, samples={sample.key: failed})
    assert index.update([EvalSetState("set", tasks={"log": failing})]).version("a") > first
    assert index.update([]).version("a") == 0


def _fleet_of(tasks: int) -> list[EvalSetState]:
    outcomes = tuple(Outcome(n % 2 == 0, float(n), None, "a", "e") for n in range(6))
    samples = {
        SampleKey(str(n), 1): SampleState(SampleKey(str(n), 1), recent=outcomes) for n in range(4)
    }
    return [
        EvalSetState(f"set-{n}", tasks={"log": TaskState("log", samples=dict(samples))})
        for n in range(tasks)
    ]


def _changed(state: EvalSetState) -> EvalSetState:
    task = state.tasks["log"]
    key, sample = next(iter(task.samples.items()))
    recent = (*sample.recent[1:], Outcome(True, 7.0, None, "a", "e"))
    samples = {**task.samples, key: replace(sample, recent=recent)}
    return replace(state, tasks={"log": replace(task, samples=samples)})


def test_what_did_not_change_is_not_gone_through():
    """The calls of one more poll in which one task changed, at 40 tasks and at 400."""
    calls = []
    for tasks in (40, 400):
        index, states = FleetIndex(), _fleet_of(tasks)
        index.update(states).first_ok("a", 0.0)
        changed = [_changed(states[0]), *states[1:]]
        calls.append(calls_of(lambda: index.update(changed)))  # noqa: B023 - called at once
    per_set = (calls[1] - calls[0]) / 360
    assert per_set <= 2, f"{per_set} calls for each eval set that did not change"
