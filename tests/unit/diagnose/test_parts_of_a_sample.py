"""Parts of a sample are judged each; silence that something harmless explains proves nothing."""

import pytest

from tests.builders.rows import LOG, Rows, facts, key, schedule, state
from tests.builders.words import read
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    Connections,
    Listing,
    ManifestRead,
    RetryLogged,
    RowsLost,
    RowsRead,
    RunnerLogRead,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
MODEL = "openai/gpt-4o"


def judged(now, samples, **spec):
    (eval_set,) = judge([state(facts(samples, read_at=now, **spec))], now, Thresholds(), 90.0)
    return {s.key.id: s for s in eval_set.tasks[0].samples}


def solving(at: float = 0.0, model: str = MODEL) -> Rows:
    rows = Rows(model).add("span_begin", at, name="solvers", type="solvers", span="s", span_id="s")
    return rows.add(
        "span_begin",
        at,
        name="solver",
        type="solver",
        span="solver",
        span_id="solver",
        parent_id="s",
    )


def sides(at: float = 0.0) -> Rows:
    rows = solving(at)
    for side in ("left", "right"):
        rows.add(
            "span_begin", at, name=side, type="agent", span=side, span_id=side, parent_id="solver"
        )
    return rows


def busy_right(rows: Rows, since: float, until: float) -> Rows:
    for at in range(int(since), int(until), 300):
        rows.ok(at, 200, span_id="right")
    return rows


def test_a_call_that_hangs_beside_a_busy_agent_is_found():
    rows = sides().pending("model", 100, span_id="left")
    sample = judged(5 * HOUR, {"1": busy_right(rows, 200, 5 * HOUR)})["1"]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.HUNG_MODEL_CALL)
    assert sample.since == 100


def test_log_lines_are_no_life_of_a_call():
    rows = sides().pending("model", 100, span_id="left")
    for at in range(200, int(5 * HOUR), 100):
        rows.add("logger", at, span_id="left")
    assert judged(5 * HOUR, {"1": rows})["1"].cause is Cause.HUNG_MODEL_CALL


def test_a_call_that_its_own_span_went_past_is_not_hung():
    rows = sides().pending("model", 100, span_id="right")
    assert judged(5 * HOUR, {"1": busy_right(rows, 200, 5 * HOUR)})["1"].verdict is (
        Verdict.PROGRESSING
    )


def tool(rows: Rows, at: float, name: str, within: str) -> Rows:
    rows.add("span_begin", at, name=name, type="tool", span=name, span_id=name, parent_id=within)
    return rows.pending("tool", at, name, span_id=within)


def test_of_two_tools_side_by_side_the_one_that_hangs_is_found():
    rows = tool(tool(solving(), 10, "a", "solver"), 10, "b", "solver")
    for at in range(20, int(5 * HOUR), 300):
        rows.ok(at, 200, span_id="b")
    sample = judged(5 * HOUR, {"1": rows})["1"]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)
    assert "call a has" in read(sample.evidence[0].text)


def test_an_agent_run_as_a_tool_is_alive_while_its_calls_go_on():
    rows = tool(solving(), 10, "agent", "solver")
    for at in range(20, int(5 * HOUR), 300):
        rows.ok(at, 200, span_id="agent")
    assert judged(5 * HOUR, {"1": rows})["1"].verdict is Verdict.PROGRESSING


def test_failures_beside_a_busy_agent_are_found():
    rows = sides()
    attempts = [at for at in schedule(100, 60) if at < 3 * HOUR]
    calls = sorted(
        [(at, "left") for at in attempts] + [(at, "right") for at in range(0, 10800, 60)]
    )
    for at, side in calls:
        if side == "right":
            rows.ok(at, 20, span_id="right")
        else:
            event = f"l{at}"
            rows.add("model", at, event, name=MODEL, error="Error code: 500", span_id="left")
    sample = judged(3 * HOUR, {"1": rows})["1"]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.API_SERVER_ERROR)
    assert not sample.shared


# old Inspect
def old_attempts(until: float) -> Rows:
    rows = solving()
    for at in schedule(60, 100):
        if at < until:
            rows.pending("model", at, MODEL, span_id="solver")
    return rows


def test_attempts_that_end_in_no_row_are_found_by_those_that_follow():
    live = solving()
    for at in range(0, int(2 * HOUR), 60):
        live.ok(at, 20, span_id="solver")
    samples = judged(
        2 * HOUR, {"1": old_attempts(2 * HOUR), "2": live}, inspect_version=(0, 3, 110)
    )
    assert samples["1"].verdict is Verdict.STUCK
    assert samples["2"].verdict is Verdict.PROGRESSING


def test_the_runners_log_names_their_cause():
    now = 2 * HOUR
    folded = state(facts({"1": old_attempts(now)}, read_at=now, inspect_version=(0, 3, 110)))
    error = "InternalServerError 500 server_error"
    folded = fold(folded, RetryLogged("set-1", 6000, "mmlu", key(), MODEL, 9, 768.0, error))
    (eval_set,) = judge([folded], now, Thresholds(), 90.0)
    assert eval_set.cause is Cause.API_SERVER_ERROR


# slots
DEEP = "deep/m"
"""A provider of whose client nothing is known: its calls may take long."""


def two_tasks(now: float, waiting: Rows, holders: list[Rows], *, runs=("r", "r"), more=(), **spec):
    folded = fold(EvalSetState("set-1"), Listing("set-1", ("a.eval", "b.eval")))
    for log, run, samples in (
        ("a.eval", runs[0], {"w": waiting}),
        ("b.eval", runs[1], {str(n): rows for n, rows in enumerate(holders)}),
    ):
        task = TaskSpec(log, log, DEEP, 0.0, len(samples), run_id=run, **spec)
        summaries = tuple(SampleSummary(key(name), f"{log}{name}", 0.0) for name in samples)
        folded = fold(folded, SpecRead("set-1", log, task, "started"))
        folded = fold(folded, ManifestRead("set-1", log, summaries))
        for name, rows in samples.items():
            folded = fold(folded, RowsRead("set-1", log, key(name), tuple(rows.rows)))
        folded = fold(folded, TaskRead("set-1", log, now))
    for fact in more:
        folded = fold(folded, fact)
    (eval_set,) = judge([folded], now, Thresholds(), 90.0)
    return eval_set


def calling(at: float) -> Rows:
    rows = solving(model=DEEP).ok(10, 5, span_id="solver")
    return rows.pending("model", at, DEEP, span_id="solver")


TWO = Connections(2, 2, 2)
NOW = 6 * HOUR


def test_a_sample_may_wait_for_what_another_task_of_the_process_holds():
    waiting = solving(model=DEEP).ok(10, 5, span_id="solver")
    holders = [calling(NOW - 80 * 60), calling(NOW - 80 * 60)]
    assert two_tasks(NOW, waiting, holders, connections=TWO).verdict is Verdict.PROGRESSING


def test_what_cannot_be_read_may_hold_a_connection():
    waiting = solving(model=DEEP).ok(10, 5, span_id="solver")
    holders = [calling(NOW - 80 * 60), calling(NOW - 80 * 60)]
    lost = RowsLost("set-1", "b.eval", key("0"), newest=True)
    eval_set = two_tasks(NOW, waiting, holders, more=(lost,), connections=TWO)
    assert eval_set.tasks[0].verdict is Verdict.PROGRESSING


def test_but_not_for_what_another_process_holds():
    waiting = solving(model=DEEP).ok(10, 5, span_id="solver")
    holders = [calling(NOW - 80 * 60), calling(NOW - 80 * 60)]
    eval_set = two_tasks(NOW, waiting, holders, runs=("r", "other"), connections=TWO)
    assert eval_set.tasks[0].cause is Cause.RUNNER_FROZEN


def test_where_stuck_samples_of_another_task_hold_all_it_is_stuck_with_them():
    waiting = solving(model=DEEP).ok(10, 5, span_id="solver")
    eval_set = two_tasks(NOW, waiting, [calling(20), calling(20)], connections=TWO)
    sample = eval_set.tasks[0].samples[0]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.HUNG_MODEL_CALL)
    assert sample.evidence[0].kind == "blocked"


def test_an_adaptive_pool_has_its_start_while_nothing_is_refused():
    waiting = solving(model=DEEP).ok(10, 5, span_id="solver")
    holders = [calling(NOW - 80 * 60) for _ in range(12)]
    adaptive = Connections(10, 20, 100)
    frozen = two_tasks(NOW, waiting, holders, connections=adaptive)
    assert frozen.tasks[0].cause is Cause.RUNNER_FROZEN
    for rows in holders:
        rows.rows.insert(2, rows.fail(11, "Error code: 429").rows.pop())
        rows.rows[:] = [
            r.__class__(**{f: getattr(r, f) for f in r.__struct_fields__ if f != "id"}, id=n + 1)
            for n, r in enumerate(rows.rows)
        ]
    refused = two_tasks(NOW, waiting, holders, connections=adaptive)
    assert refused.tasks[0].cause is not Cause.RUNNER_FROZEN


# commands of the solver
def command(rows: Rows, at: float, seconds: float, within: str = "solver", **fields) -> Rows:
    return rows.add("sandbox", at, name="exec", completed_at=at + seconds, span_id=within, **fields)


@pytest.mark.parametrize(
    ("hours", "verdict"), [(2, "progressing"), (5, "progressing"), (8, "stuck")]
)
def test_a_solver_that_had_commands_run_may_have_another(hours, verdict):
    rows = command(solving().ok(10, 5, span_id="solver"), 20, 5)
    assert judged(hours * HOUR, {"1": rows})["1"].verdict == verdict


def test_one_that_had_none_is_frozen():
    rows = tool(solving().ok(10, 5, span_id="solver"), 20, "bash", "solver")
    command(rows, 21, 5, "bash").tool_end(30, "bash")
    rows.rows[-1] = rows.rows[-1].__class__(
        len(rows.rows), rows.rows[-1].event_id, "tool", 20, 30, name="bash", span_id="solver"
    )
    assert judged(2 * HOUR, {"1": rows})["1"].cause is Cause.RUNNER_FROZEN


def test_the_first_step_in_a_sandbox_may_be_a_command():
    assert judged(2 * HOUR, {"1": solving()}, has_sandbox=True)["1"].verdict is Verdict.STARTING
    assert judged(2 * HOUR, {"1": solving()})["1"].cause is Cause.RUNNER_FROZEN


def test_the_time_limit_ends_a_command():
    rows = command(solving().ok(10, 5, span_id="solver"), 20, 5)
    assert judged(7.9 * HOUR, {"1": rows}, time_limit=8 * HOUR)["1"].verdict is (
        Verdict.PROGRESSING
    )
    sample = judged(8.5 * HOUR, {"1": rows}, time_limit=8 * HOUR)["1"]
    assert sample.verdict is Verdict.STUCK


# the sample's own limits
def test_a_call_beyond_the_samples_time_limit_hangs():
    rows = solving().pending("tool", 60, "grade", span_id="solver")
    assert judged(2390, {"1": rows}, time_limit=1800)["1"].verdict is Verdict.STARTING
    sample = judged(2500, {"1": rows}, time_limit=1800)["1"]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)
    assert "time limit, 30 min" in read(sample.evidence[0].text)


def test_a_limit_that_was_raised_while_it_ran_is_none():
    rows = (
        solving().ok(4000, 100, span_id="solver").pending("tool", 4200, "grade", span_id="solver")
    )
    assert judged(2 * HOUR, {"1": rows}, time_limit=1800)["1"].verdict is Verdict.PROGRESSING


def test_a_call_beyond_the_working_limit_hangs():
    rows = (
        solving().ok(4000, 100, span_id="solver").pending("tool", 4200, "grade", span_id="solver")
    )
    assert judged(4200 + 2500, {"1": rows}, working_limit=1800)["1"].verdict is Verdict.STUCK


# clean-up
def torn_down(at: float) -> Rows:
    rows = solving().ok(10, 5, span_id="solver")
    for span in ("solver", "s"):
        rows.add("span_end", at - 20, span=span, span_id=span)
    rows.add("span_begin", at - 10, name="scorers", type="scorers", span="x", span_id="x")
    return rows.add("span_end", at, span="x", span_id="x")


def test_clean_up_is_a_phase_and_no_pause_between_two_calls():
    sample = judged(1000 + 50 * 60, {"1": torn_down(1000)})["1"]
    assert (sample.verdict, sample.phase) == (Verdict.PROGRESSING, "teardown")


def test_clean_up_that_does_not_end():
    sample = judged(1000 + 2 * HOUR, {"1": torn_down(1000)})["1"]
    assert (sample.verdict, sample.cause, sample.since) == (
        Verdict.STUCK,
        Cause.HUNG_TEARDOWN,
        1000,
    )


def test_how_long_clean_up_takes_is_learned():
    folded = state(facts({"1": torn_down(1000)}, read_at=2000))
    ended = SampleSummary(key(), "u1", 0.0, 1700.0, completed=True)
    folded = fold(folded, ManifestRead("set-1", LOG, (ended,)))
    (task,) = folded.tasks.values()
    assert task.durations["setup:teardown"].total == 1


# set-up
def being_set_up() -> Rows:
    rows = Rows().add("span_begin", 0, name="init", type="init", span="i", span_id="i")
    return rows.add("sample_init", 5, span_id="i")


def test_set_up_is_a_phase_and_no_pause_between_two_calls():
    sample = judged(50 * 60, {"1": being_set_up()})["1"]
    assert (sample.verdict, sample.phase) == (Verdict.STARTING, "setup")


def test_set_up_of_a_sample_that_does_not_end():
    sample = judged(2 * HOUR, {"1": being_set_up()})["1"]
    assert (sample.verdict, sample.cause) == (Verdict.STUCK, Cause.HUNG_SETUP)


@pytest.mark.parametrize(("most", "stuck"), [(1, False), (2, True)])
def test_samples_that_wait_for_a_sandbox_are_not_being_set_up(most, stuck):
    spec = {"has_sandbox": True, "max_sandboxes": most, "max_samples": 2}
    busy = Rows()
    for at in range(0, int(3 * HOUR), 60):
        busy.ok(at, 20)
    folded = state(facts({"1": busy}, read_at=3 * HOUR, total=2, **spec))
    (eval_set,) = judge([folded], 3 * HOUR, Thresholds(), 90.0)
    assert (eval_set.cause is Cause.HUNG_SETUP) is stuck


def test_what_is_pending_is_the_call_that_hangs():
    rows = sides().pending("model", 100, "openai/left", span_id="left")
    rows = busy_right(rows, 200, 5 * HOUR).pending("model", 5 * HOUR, span_id="right")
    call = judged(5 * HOUR + 60, {"1": rows})["1"].open_call
    assert call is not None
    assert call.name == "openai/left"


# runs, and logs that make noise
def test_a_run_that_is_over_says_nothing_of_one_that_lives():
    """Two processes wrote into one directory: the silence of one is not the other's."""
    dead = solving(model=DEEP).ok(10, 5, span_id="solver")
    alive = [calling(NOW - 90 * 60), calling(NOW - 90 * 60)]
    eval_set = two_tasks(NOW, dead, alive, runs=("r", "other"), connections=TWO)
    assert [task.verdict for task in eval_set.tasks] == [Verdict.STUCK, Verdict.PROGRESSING]


@pytest.mark.parametrize(("hours", "stuck"), [(3, False), (5, True)])
def test_a_log_that_makes_noise_excuses_no_sample_for_ever(hours, stuck):
    now = hours * HOUR
    rows = solving().ok(10, 5, span_id="solver")
    folded = fold(state(facts({"1": rows}, read_at=now)), RunnerLogRead("set-1", now - 60))
    (eval_set,) = judge([folded], now, Thresholds(), 90.0)
    assert (eval_set.cause is Cause.UNEXPLAINED) is stuck


@pytest.mark.parametrize(("hours", "stuck"), [(3, False), (5, True)])
def test_so_does_none_a_log_that_is_never_finished(hours, stuck):
    now = hours * HOUR
    ended = (SampleSummary(key("1"), "u1", 0.0, completed_at=60.0, completed=True),)
    folded = state(facts({}, read_at=now, ended=ended))
    folded = fold(folded, RunnerLogRead("set-1", now - 60))
    (eval_set,) = judge([folded], now, Thresholds(), 90.0)
    assert (eval_set.cause is Cause.HUNG_TEARDOWN) is stuck


def test_of_two_that_began_at_once_it_is_the_one_that_is_quiet():
    rows = tool(tool(solving(), 10, "a", "solver"), 10, "b", "solver")
    for at in range(20, int(5 * HOUR), 300):
        rows.ok(at, 200, span_id="a")
    call = judged(5 * HOUR, {"1": rows})["1"].open_call
    assert call is not None
    assert call.name == "b"
