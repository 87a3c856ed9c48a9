"""What is remembered of calls that change nothing, and what ends it."""

import itertools

import pytest
from msgspec.structs import replace

from tests.builders.rows import LOG, SET, Rows, facts, key, state
from watchdog.fold import fold
from watchdog.fold.lessons import Lessons
from watchdog.fold.repetition import LEAST_TAUGHT
from watchdog.fold.rows import fold_rows
from watchdog.model.facts import RowsLost
from watchdog.model.repetition import (
    SPANS_MAX,
    THREADS_MAX,
    Cycle,
    Repetition,
    Thread,
    cycles,
    is_drawn,
)
from watchdog.model.state import SampleState


class Turns(Rows):
    """Turns of agents, one after the other, each beginning where the last one ended."""

    def __init__(self, at: float = 0.0) -> None:
        super().__init__()
        self.at = at
        self.agents: tuple[str | None, ...] = (None,)

    def call(
        self,
        digest: int | None,
        *,
        model: float = 50.0,
        tool: float = 2.0,
        name: str = "bash",
        span_id: str | None = None,
        tool_span: str | None = None,
        error: str | None = None,
    ) -> "Turns":
        """The model calls a tool, which answers."""
        at = self.at
        answer = {"calls": (name,), "span_id": span_id, "messages": len(self.rows) + 1}
        self.ok(at, model, **answer)
        event, begun = f"t{len(self.rows)}", at + model
        common = {"name": name, "span_id": tool_span or span_id}
        self.add("tool", begun, event, pending=True, final=False, **common)
        done = {"completed_at": begun + tool, "digest": digest, "error": error}
        self.add("tool", begun, event, **common, **done)
        self.at = begun + tool
        return self

    def says(self, digest: int, answer: str = "plain", *, model: float = 60.0, **fields) -> "Turns":
        """The model answers without a call."""
        fields = {"messages": len(self.rows) + 1, **fields}
        self.ok(self.at, model, digest=digest, answer=answer, **fields)
        self.at += model
        return self


def asking(rows: Turns) -> Turns:
    """All its agents ask their models once more."""
    for span in rows.agents:
        rows.pending("model", rows.at, span_id=span)
    return rows


def folded(rows: Turns, sample: SampleState | None = None) -> SampleState:
    return fold_rows(sample or SampleState(key()), asking(rows).rows, Lessons(None))


def taught(rows: Turns) -> set[str]:
    lessons = Lessons(None)
    fold_rows(SampleState(key()), asking(rows).rows, lessons)
    return {name for name in lessons.added_to({}) if name.startswith(("loop:", "poll:"))}


def only(rows: Turns) -> Thread:
    (thread,) = folded(rows).repetition.threads
    return thread


def of_agents(rows: Turns) -> dict[str, Thread]:
    return {thread.span: thread for thread in folded(rows).repetition.threads}


def shortest(rows: Turns) -> Cycle:
    return cycles(only(rows))[0]


def repeated(count: int, *digests: int, **fields) -> Turns:
    rows = Turns()
    for digest in itertools.islice(itertools.cycle(digests), count):
        rows.call(digest, **fields)
    return rows


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_what_comes_round_is_counted_from_its_beginning(period):
    cycle = shortest(repeated(10 * period, *range(period)))
    assert len(cycle.steps) == period
    assert cycle.count == 10
    assert cycle.run.since == 50
    assert cycle.run.seconds == pytest.approx(10 * period * 52 - 50)


def test_what_has_no_digest_is_like_nothing_else():
    rows = Turns()
    for _ in range(25):
        rows.call(None)
    assert cycles(only(rows)) == ()


def test_longer_rounds_are_none():
    assert cycles(only(repeated(50, *range(5)))) == ()


def test_something_new_ends_it():
    assert cycles(only(repeated(30, 7).call(8))) == ()
    assert shortest(repeated(30, 7).call(8).call(8)).count == 2


def test_the_same_read_between_other_things_is_none():
    rows = Turns()
    for number in range(40):
        rows.call(7).call(100 + number)
    assert cycles(only(rows)) == ()


def test_a_call_that_waits_is_told_from_one_that_loops():
    assert not shortest(repeated(30, 7, tool=2, model=50)).waits
    assert not shortest(repeated(30, 7, tool=9, model=9)).waits
    assert shortest(repeated(30, 7, tool=60, model=5)).waits
    assert shortest(repeated(30, 7, tool=20, model=60)).waits
    assert shortest(repeated(30, 7, tool=40, model=600)).waits
    assert not shortest(repeated(30, 7, tool=12, model=250)).waits


def test_a_nap_and_a_look_in_turn_wait_too():
    rows = Turns()
    for _ in range(20):
        rows.call(1, tool=60, name="sleep").call(2, tool=0.1, name="look")
    assert shortest(rows).waits


def test_a_solver_that_sleeps_between_turns_waits():
    rows = Turns()
    for _ in range(20):
        rows.call(1)
        rows.at += 300
    assert shortest(rows).waits


def test_the_wait_for_a_connection_is_none_of_the_kind():
    """The answer's time is set back to when it was asked for; its end comes with a later row."""
    rows = Turns()
    for number in range(20):
        at = rows.at
        rows.add("model", at, f"m{number}", name=rows.model, calls=("bash",), took=5.0)
        rows.add("model", at, f"m{number}", name=rows.model, calls=("bash",), completed_at=at + 90)
        rows.add("tool", at + 90, f"t{number}", name="bash", digest=7, completed_at=at + 91)
        rows.at = at + 91
    assert not shortest(rows).waits


def test_where_no_end_is_told_an_answer_took_what_it_says():
    """Inspect 0.3.170 writes no `completed`."""
    rows = Turns()
    for number in range(20):
        rows.add("model", rows.at, f"m{number}", name=rows.model, calls=("bash",), took=88.0)
        event = {"name": "bash", "digest": 7, "completed_at": rows.at + 91}
        rows.add("tool", rows.at + 90, f"t{number}", **event)
        rows.at += 91
    assert not shortest(rows).waits


@pytest.mark.parametrize("kind", ["empty", "refused", "cut_off"])
def test_answers_that_say_nothing_are_counted_whatever_they_say(kind):
    rows = Turns()
    for number in range(25):
        rows.says(number, kind)
    run = only(rows).answers
    assert (run.count, run.seconds, run.kinds) == (25, 25 * 60, (kind,))


@pytest.mark.parametrize("better", [lambda rows: rows.says(9), lambda rows: rows.call(9)])
def test_an_answer_that_says_something_ends_them(better):
    rows = Turns()
    for number in range(25):
        rows.says(number, "empty")
    assert only(better(rows)).answers.count == 0


def test_calls_that_all_fail_are_counted_whatever_they_ask():
    rows = Turns()
    for number in range(25):
        rows.call(number, error="unknown: container is not running")
    assert (only(rows).failing.count, only(rows).failing.kinds) == (25, ("bash",))
    assert only(rows.call(99)).failing.count == 0


def test_answers_in_a_conversation_are_told_from_those_that_are_asked_anew():
    said, drawn, windowed = Turns(), Turns(), Turns()
    for _ in range(25):
        said.says(7, "empty")
        drawn.says(7, "empty", messages=2)
        windowed.says(7, "empty", messages=7, echoes=True)
    threads = [only(rows) for rows in (said, drawn, windowed)]
    assert [is_drawn(thread, thread.answers) for thread in threads] == [False, True, False]


def test_where_only_words_are_exchanged_there_may_be_a_good_reason():
    rows = Turns()
    for _ in range(25):
        rows.says(7)
    assert (shortest(rows).waits, shortest(rows).is_patient) == (False, True)


def test_what_a_cache_gave_or_a_scorer_does_is_no_repetition():
    rows = Turns()
    for _ in range(25):
        rows.says(7, cached=True)
    assert folded(rows).repetition == Repetition()
    rows = Turns()
    rows.scorer(0)
    for _ in range(25):
        rows.says(7).call(7)
    assert folded(rows).repetition.threads == ()


def test_the_solver_s_runs_are_over_once_it_is_scored():
    rows = repeated(30, 7)
    rows.scorer(rows.at)
    assert folded(rows).repetition == Repetition()


def agents(*names: str) -> Turns:
    rows = Turns()
    rows.agents = names
    rows.add("span_begin", 0, name="solver", type="solver", span="s", span_id="s")
    for name in names:
        rows.add("span_begin", 0, name=name, type="agent", span=name, span_id=name, parent_id="s")
    return rows


def test_agents_side_by_side_are_told_apart():
    rows = agents("a", "b")
    for number in range(25):
        rows.call(7, span_id="a").call(number, span_id="b")
    threads = of_agents(rows)
    assert cycles(threads["a"])[0].count == 25
    assert cycles(threads["b"]) == ()


def test_a_span_without_a_type_belongs_to_the_agent_around_it():
    rows = agents("a")
    for number in range(25):
        span = f"step{number}"
        rows.add("span_begin", rows.at, name="step", span=span, span_id=span, parent_id="a")
        rows.call(7, span_id=span)
        rows.add("span_end", rows.at, span=span, span_id=span)
    assert shortest(rows).count == 25


@pytest.mark.parametrize("inside", [False, True])
def test_a_tool_s_event_belongs_to_its_caller_wherever_it_stands(inside):
    rows = agents("a")
    for number in range(25):
        span = f"tool{number}"
        opened = {"span": span, "span_id": span, "parent_id": "a"}
        rows.add("span_begin", rows.at, name="bash", type="tool", **opened)
        rows.call(7, span_id="a", tool_span=span if inside else None)
        rows.add("span_end", rows.at, span=span, span_id=span)
    threads = of_agents(rows)
    assert cycles(threads["a"])[0].count == 25


def test_what_an_agent_did_is_over_with_its_span():
    rows = agents("a")
    for _ in range(25):
        rows.call(7, span_id="a")
    rows.add("span_end", rows.at, span="a", span_id="a")
    assert folded(rows).repetition.threads == ()


def test_it_is_bounded():
    rows = agents(*map(str, range(2 * SPANS_MAX)))
    for number in range(2 * SPANS_MAX):
        rows.call(number, span_id=str(number))
        rows.call(number, error="x", name=f"tool{number}")
    repetition = folded(rows).repetition
    assert len(repetition.spans) == SPANS_MAX
    assert len(repetition.threads) == THREADS_MAX
    assert max(len(thread.failing.kinds) for thread in repetition.threads) <= 4


def test_runs_that_ended_by_themselves_are_lessons_by_tool_and_kind():
    rounds = int(LEAST_TAUGHT // 52) + 2
    assert taught(repeated(rounds, 7)) == set()
    assert taught(repeated(rounds, 7).call(8)) == {"loop:bash"}
    assert taught(repeated(rounds, 7, tool=60).call(8)) == {"poll:bash"}
    assert taught(repeated(3, 7).call(8)) == set()
    assert taught(repeated(2 * rounds, 1, 2).call(8).call(9)) == {"loop:bash"}
    rows = Turns()
    for number in range(rounds):
        rows.says(number, "empty")
    assert taught(rows.says(99)) == {"loop:(nothing)"}


def test_reading_in_pieces_or_twice_changes_nothing():
    rows = repeated(30, 1, 2)
    whole = folded(rows)
    piecewise = SampleState(key())
    for row in rows.rows:
        piecewise = fold_rows(piecewise, [row], Lessons(None))
    assert piecewise.repetition == whole.repetition
    assert fold_rows(whole, rows.rows, Lessons(None)) == whole


def test_a_hole_in_the_rows_may_have_ended_it():
    before = state(facts({"1": repeated(30, 7)}, read_at=2000))
    after = fold(before, RowsLost(SET, LOG, key(), newest=False))
    assert before.tasks[LOG].samples[key()].repetition.threads
    assert after.tasks[LOG].samples[key()].repetition == Repetition()


def test_calls_of_one_answer_are_one_turn_in_whatever_order_they_end():
    rows = Turns()
    for number in range(25):
        rows.ok(rows.at, 50, calls=("bash", "python", "bash"))
        for digest in itertools.islice(itertools.cycle((1, 2, 3)), number, number + 3):
            name = "python" if digest == 2 else "bash"
            rows.add("tool", rows.at + 50, name=name, digest=digest, completed_at=rows.at + 52)
        rows.at += 52
    cycle = shortest(rows)
    assert (cycle.count, len(cycle.steps), set(cycle.tools)) == (25, 1, {"bash", "python"})


def test_another_model_that_listens_in_hides_nothing_and_is_no_wait():
    """A monitor looks at each step; its own answers are to other messages each time."""
    rows = Turns()
    for number in range(25):
        rows.call(7)
        at = rows.at
        rows.add("model", at, name="openai/monitor", role="monitor", digest=number, answer="plain")
        rows.add("model", at, rows.rows[-1].event_id, name="openai/monitor", role="monitor")
        rows.rows[-1] = replace(rows.rows[-1], completed_at=at + 40)
        rows.at += 40
    rows.pending("model", rows.at)
    threads = folded(rows).repetition.threads
    cycle = next(cycles(thread)[0] for thread in threads if cycles(thread))
    assert (cycle.count, cycle.waits) == (25, False)


def test_a_busy_runner_is_no_patient_tool():
    """What counts is the tool's span, not how late the runner came to it, and most turns."""
    rows = Turns()
    for number in range(30):
        at, span = rows.at, f"s{number}"
        rows.ok(at, 50, calls=("bash",))
        late = at + 50 + (40 if number % 3 else 0)
        opened = {"span": span, "span_id": span}
        rows.add("span_begin", late, name="bash", type="tool", **opened)
        rows.add("tool", at + 50, f"t{number}", name="bash", pending=True, final=False)
        rows.add("span_end", late + 1, **opened)
        done = {"name": "bash", "digest": 7, "completed_at": late + 3}
        rows.add("tool", at + 50, f"t{number}", **done)
        rows.at = late + 5
    assert shortest(rows).run.rests == 0


def test_one_poll_that_came_back_at_once_changes_nothing():
    rows = repeated(10, 7, tool=60).call(7, tool=0.1)
    for _ in range(10):
        rows.call(7, tool=60)
    assert shortest(rows).waits
