"""Every verdict and cause that the store can show, and what must not alert."""

import pytest
from msgspec.structs import replace

from tests.builders.rows import LOG, MODEL, SET, Rows, busy, facts, key, schedule, state
from tests.builders.words import read
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    Connections,
    EvalSetUnreadable,
    RetryLogged,
    Row,
    RowsLost,
    RowsRead,
    RunnerLogRead,
    SampleSummary,
    SandboxRestartLogged,
    TaskProgressLogged,
    TaskUnreadable,
)
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict, combine
from watchdog.pipeline.learner import learned_from

HOUR = 3600.0
LIMITS = Thresholds()


def judged(now: float, samples: dict[str, Rows], **spec):
    return judge([state(facts(samples, read_at=now, **spec))], now, LIMITS, 90.0)[0]


def sample_of(eval_set, name="1"):
    return next(s for t in eval_set.tasks for s in t.samples if s.key.id == name)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("Error code: 500 - x", Cause.API_SERVER_ERROR),
        ("Error code: 429 - x", Cause.RATE_LIMITED),
        ("Error code: 400 - maximum context length is 8192 tokens", Cause.CONTEXT_LENGTH),
        ("Error code: 400 - bad", Cause.BAD_REQUEST),
        ("Error code: 401 - expired", Cause.AUTH),
        ("Connection error.", Cause.CONNECTION),
        ("what is this?", Cause.UNEXPLAINED),
    ],
)
def test_attempts_that_fail_whatever_one_waits_are_stuck(error, cause):
    attempts = schedule(600, 12)
    rows = busy(600).fails(attempts, error)
    eval_set = judged(attempts[-1] + 60, {"1": rows})
    sample = sample_of(eval_set)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, cause)
    assert (sample.since, sample.suspicion >= 1) == (600, True)
    assert sample.evidence[0].kind == "fail_streak"
    assert sample.wait == 1800


def test_time_outs_need_fewer_attempts_as_each_takes_minutes():
    attempts = schedule(0, 6, call=600)
    rows = Rows().fails(attempts, "Request timed out.")
    eval_set = judged(attempts[-1] + 700, {"1": rows})
    assert eval_set.cause is Cause.CLIENT_TIMEOUT


def test_a_stuck_sample_among_good_ones_is_named_within_minutes():
    attempts = schedule(600, 9)
    rows = busy(600).fails(attempts)
    now = attempts[-1] + 30
    eval_set = judged(now, {"1": rows, "2": busy(now), "3": busy(now)})
    assert eval_set.verdict is Verdict.PARTIALLY_STUCK
    assert [s.key.id for s in eval_set.tasks[0].stuck()] == ["1"]
    assert now - 600 < 30 * 60
    assert any(e.kind == "peers" for e in sample_of(eval_set).evidence)


@pytest.mark.parametrize(("knob", "minutes"), [(1.0, 25), (0.5, 50), (0.1, 80)])
def test_an_outage_alerts_the_later_the_fewer_false_pages_are_tolerated(knob, minutes):
    """Everybody fails: attempts lie 13, 26, 51 and 82 minutes after the first one."""
    limits = Thresholds(false_pages_per_week=knob)
    for now in range(900, 600 + minutes * 60, 60):
        attempts = [at for at in schedule(600, 14) if at < now]
        samples = {str(n): busy(600).fails(attempts) for n in range(4)}
        folded = state(facts(samples, read_at=now))
        assert judge([folded], now, limits, 90.0)[0].verdict is Verdict.DEGRADED


def test_a_burst_of_failures_does_not_alert():
    rows = busy(600).fails([600 + 10 * n for n in range(14)], "Error code: 429 - x")
    assert judged(800, {"1": rows, "2": busy(800)}).verdict is Verdict.DEGRADED


def test_fourteen_429s_within_eleven_minutes_do_not_alert_beside_healthy_samples():
    rows = busy(600).fails([600 + 48 * n for n in range(14)], "Error code: 429 - x")
    assert judged(1300, {"1": rows, "2": busy(1300), "3": busy(1300)}).verdict is Verdict.DEGRADED


def test_a_long_back_off_alone_is_no_further_evidence():
    """Silence in a 30-minute back-off doesn't lengthen the span of the failures."""
    attempts = schedule(0, 9)
    rows = Rows().fails(attempts)
    assert judged(attempts[-1] + 750, {"1": rows}).verdict is Verdict.DEGRADED


def test_failures_with_successes_between_are_degraded():
    rows = Rows()
    for n in range(40):
        rows = rows.fail(n * 100.0) if n % 2 else rows.ok(n * 100.0)
    eval_set = judged(4000, {"1": rows})
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.API_SERVER_ERROR)


def test_the_first_success_ends_it():
    attempts = schedule(0, 12)
    rows = Rows().fails(attempts).ok(attempts[-1] + 1800)
    assert judged(attempts[-1] + 1830, {"1": rows}).verdict is Verdict.PROGRESSING


def test_one_failure_is_nothing():
    assert judged(700, {"1": busy(600).fail(610)}).verdict is Verdict.PROGRESSING


@pytest.mark.parametrize(
    ("age", "verdict"), [(0.9 * HOUR, Verdict.PROGRESSING), (3 * HOUR, Verdict.STUCK)]
)
def test_a_model_call_that_never_returns(age, verdict):
    eval_set = judged(600 + age, {"1": busy(600).pending("model", 600)})
    assert eval_set.verdict is verdict
    if verdict is Verdict.STUCK:
        assert eval_set.cause is Cause.HUNG_MODEL_CALL
        assert eval_set.since == 600


def test_a_slow_model_is_healthy():
    """Calls of 55 minutes teach that an hour and a half is no hang."""
    rows = Rows()
    for n in range(4):
        rows.ok(n * HOUR, 3300)
    now = 5.9 * HOUR
    known = state(facts({"1": rows.pending("model", 4 * HOUR)}, read_at=now))
    learned = learned_from([known], now, LIMITS)
    assert judge([known], now, LIMITS, 90.0, learned=learned)[0].verdict is Verdict.PROGRESSING
    assert judged(8 * HOUR, {"1": rows}).verdict is Verdict.STUCK


def test_a_first_call_is_starting():
    assert judged(HOUR, {"1": Rows().pending("model", 10)}).verdict is Verdict.STARTING


def test_a_tool_call_within_its_declared_time_out_is_fine_and_beyond_it_hung():
    rows = busy(60).pending("tool", 100, "bash", timeout=4 * HOUR)
    assert judged(100 + 3.9 * HOUR, {"1": rows}).verdict is Verdict.PROGRESSING
    eval_set = judged(100 + 4.5 * HOUR, {"1": rows})
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)


def test_a_tool_call_eighty_minutes_past_its_time_out_is_hung():
    rows = busy(60).pending("tool", 100, "bash", timeout=600.0)
    assert judged(100 + 600 + 80 * 60, {"1": rows}).cause is Cause.HUNG_TOOL_CALL


def test_an_agent_that_runs_as_a_tool_is_alive_while_its_calls_go_on():
    rows = Rows().pending("tool", 0, "agent")
    for at in range(60, int(5 * HOUR), 600):
        rows.ok(at)
    assert judged(5 * HOUR, {"1": rows}).verdict is Verdict.PROGRESSING


def test_a_judge_that_never_answers_is_a_hung_model_call_in_the_phase_scoring():
    rows = busy(600).scorer(600).pending("model", 601, "openai/judge")
    sample = sample_of(judged(600 + 3 * HOUR, {"1": rows}))
    assert (sample.cause, sample.phase) == (Cause.HUNG_MODEL_CALL, "scoring")


def test_a_scorer_without_any_call():
    eval_set = judged(600 + 3 * HOUR, {"1": busy(600).scorer(600)})
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_SCORING)


def test_no_sample_appears():
    assert judged(60.0, {}, total=5).verdict is Verdict.STARTING
    eval_set = judged(2 * HOUR, {}, total=5)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_SETUP)
    assert eval_set.since == 0.0


def test_no_sample_appears_beside_running_ones_only_counts_where_slots_are_known_to_be_free():
    rows = busy(3 * HOUR)
    assert judged(3 * HOUR, {"1": rows}, total=5).verdict is Verdict.PROGRESSING
    assert judged(3 * HOUR, {"1": rows}, total=5, max_samples=1).verdict is Verdict.PROGRESSING
    eval_set = judged(3 * HOUR, {"1": rows}, total=5, max_samples=3)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.PARTIALLY_STUCK, Cause.HUNG_SETUP)


def test_a_person_at_the_keyboard_waits():
    rows = Rows().add("span_begin", 10, name="human_cli", type="agent", span="h")
    assert judged(60 * HOUR, {"1": rows}).verdict is Verdict.WAITING
    assert judged(60 * HOUR, {"1": Rows().pending("input", 10)}).verdict is Verdict.WAITING
    info = Rows().add("info", 10, type="human_agent")
    assert judged(60 * HOUR, {"1": info}).verdict is Verdict.WAITING


def test_a_batch_waits_until_no_batch_takes_so_long():
    rows = Rows().pending("model", 10, batch=True)
    assert judged(20 * HOUR, {"1": rows}).verdict is Verdict.WAITING
    assert judged(90 * HOUR, {"1": rows}).verdict is Verdict.STUCK


def test_a_silent_runner_with_a_sample_between_two_calls_is_frozen():
    eval_set = judged(600 + 2 * HOUR, {"1": busy(600), "2": busy(600).pending("model", 600)})
    assert {s.cause for s in eval_set.tasks[0].samples} == {Cause.RUNNER_FROZEN}
    assert eval_set.verdict is Verdict.STUCK


def test_a_runner_that_logs_is_not_frozen():
    now = 600 + 2 * HOUR
    known = state(facts({"1": busy(600)}, read_at=now), [RunnerLogRead(SET, now - 60)])
    assert judge([known], now, LIMITS, 90.0)[0].verdict is Verdict.PROGRESSING


def test_waiting_for_a_connection_slot_is_no_standstill():
    """Two slots, both held by slow calls; the third sample is silent for hours."""
    holders = {str(n): busy(120).pending("model", 4.2 * HOUR) for n in (2, 3)}
    eval_set = judged(5 * HOUR, {"1": busy(60), **holders}, connections=Connections(2, 2, 2))
    assert eval_set.verdict is Verdict.PROGRESSING


def test_waiting_for_slots_that_only_stuck_samples_hold_is_stuck_with_them():
    holders = {str(n): busy(600).pending("model", 700) for n in (2, 3)}
    eval_set = judged(9 * HOUR, {"1": busy(600), **holders}, connections=Connections(2, 2, 2))
    assert eval_set.verdict is Verdict.STUCK
    assert sample_of(eval_set).cause is Cause.HUNG_MODEL_CALL
    assert sample_of(eval_set).evidence[0].kind == "blocked"


def test_a_sample_silent_between_calls_while_its_peers_go_on_for_hours_is_unexplained():
    eval_set = judged(10 * HOUR, {"1": busy(600), "2": busy(10 * HOUR)})
    assert eval_set.verdict is Verdict.PARTIALLY_STUCK
    assert (sample_of(eval_set).cause, eval_set.cause) == (Cause.UNEXPLAINED, Cause.UNEXPLAINED)


def test_a_log_that_is_not_finished_although_all_ended():
    ended = (SampleSummary(key("1"), completed=True, completed_at=100.0),)
    assert judged(200, {}, ended=ended).verdict is Verdict.PROGRESSING
    assert judged(3 * HOUR, {}, ended=ended).cause is Cause.RUNNER_FROZEN


@pytest.mark.parametrize("status", ["success", "error", "cancelled"])
def test_a_finished_log_is_finished_whatever_its_buffer_says(status):
    attempts = schedule(0, 15)
    eval_set = judged(attempts[-1] + 60, {"1": Rows().fails(attempts)}, status=status)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.FINISHED, None)


def test_a_finished_task_has_the_cause_of_most_of_its_errored_samples():
    texts = [
        "Error code: 400 - maximum context length",
        "Error code: 400 - too many tokens",
        "boom",
    ]
    ended = tuple(
        SampleSummary(key(str(n)), completed=True, error=text) for n, text in enumerate(texts)
    )
    eval_set = judged(9, {}, ended=ended, status="success")
    assert eval_set.cause is Cause.CONTEXT_LENGTH
    assert eval_set.tasks[0].counts.errored == 3


def test_cancelled_samples_are_no_errors():
    ended = (SampleSummary(key("1"), completed=True, error="CancelledError()"),)
    eval_set = judged(9, {}, ended=ended, status="cancelled")
    assert eval_set.cause is None
    assert (eval_set.tasks[0].counts.cancelled, eval_set.tasks[0].counts.errored) == (1, 0)


def test_what_cannot_be_read_is_unknown_once_it_is_too_old():
    known = state(facts({"1": busy(600)}, read_at=600))
    known = fold(known, TaskUnreadable(SET, LOG, 630, "forbidden"))
    assert judge([known], 650, LIMITS, 90.0)[0].verdict is Verdict.PROGRESSING
    late = judge([known], 700, LIMITS, 90.0)[0]
    assert late.verdict is Verdict.UNKNOWN
    assert "forbidden" in read(late.summary)


def test_nothing_read_is_unknown():
    assert judge([EvalSetState(SET)], 0, LIMITS, 90.0)[0].verdict is Verdict.UNKNOWN
    gone = fold(EvalSetState(SET), EvalSetUnreadable(SET, 1.0, "it vanished"))
    assert "it vanished" in read(judge([gone], 0, LIMITS, 90.0)[0].summary)


def test_a_sample_whose_newest_rows_are_lost_is_unknown_not_healthy():
    known = state(facts({"1": busy(600)}, read_at=600), [RowsLost(SET, LOG, key(), newest=True)])
    assert judge([known], 600, LIMITS, 90.0)[0].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("newest", [True, False])
def test_failures_after_a_hole_are_no_progress(newest):
    """Whether any call succeeded in what can't be read, nobody knows."""
    known = state(facts({"1": busy(600)}, read_at=900), [RowsLost(SET, LOG, key(), newest=newest)])
    rows = tuple(replace(row, id=row.id + 900) for row in Rows().fails(schedule(620, 4)).rows)
    known = fold(known, RowsRead(SET, LOG, key(), rows))
    assert judge([known], 900, LIMITS, 90.0)[0].verdict is Verdict.UNKNOWN


def test_a_sample_that_cannot_be_read_counts_neither_as_stuck_nor_as_healthy():
    attempts = schedule(600, 14)
    samples = {"1": Rows().ok(10).fails(attempts), "2": busy(600)}
    known = state(facts(samples, read_at=12_000), [RowsLost(SET, LOG, key("2"), newest=True)])
    eval_set = judge([known], 12_000, LIMITS, 90.0)[0]
    assert (eval_set.verdict, eval_set.tasks[0].verdict) == (Verdict.STUCK, Verdict.STUCK)
    by_id = {sample.key.id: sample.verdict for sample in eval_set.tasks[0].samples}
    assert by_id == {"1": Verdict.STUCK, "2": Verdict.UNKNOWN}


def test_a_runner_is_not_frozen_for_what_a_hole_may_hide():
    """A call that was begun in what can't be read is no pause between two calls."""
    known = state(facts({"1": busy(600)}, read_at=20_000))
    known = fold(known, RowsLost(SET, LOG, key(), newest=False))
    known = fold(known, RowsRead(SET, LOG, key(), (Row(999, "z", "logger", 620.0),)))
    assert judge([known], 20_000, LIMITS, 90.0)[0].verdict is Verdict.UNKNOWN


def test_a_log_without_a_buffer_cannot_be_judged():
    batch = [
        fact for fact in facts({}, read_at=9, total=3) if type(fact).__name__ != "ManifestRead"
    ]
    eval_set = judge([state(batch)], 9, LIMITS, 90.0)[0]
    assert eval_set.verdict is Verdict.UNKNOWN
    assert "log_shared" in read(eval_set.summary)


def test_the_announced_wait_is_preferred_to_the_schedule():
    attempts = schedule(0, 3)
    said = RetryLogged(SET, attempts[-1] + 5, "mmlu", key(), "gpt-4o", 3, 600.0, "x")
    known = state(facts({"1": Rows().fails(attempts)}, read_at=30), [said])
    assert sample_of(judge([known], 30, LIMITS, 90.0)[0]).wait == 600.0


def test_the_growth_of_the_runner_s_retry_counter_is_evidence():
    said = [
        TaskProgressLogged(SET, at, "mmlu", 1, 9, count)
        for at, count in ((0.0, 100), (600.0, 5710), (900.0, 5710))
    ]
    known = state(facts({"1": busy(600)}, read_at=900), said, said)
    task = judge([known], 900, LIMITS, 90.0)[0].tasks[0]
    assert task.state.http_retries == 5710
    assert [e.text for e in task.evidence] == [
        "the runner counts 5,710 HTTP retries, 5,610 more within 15 min"
    ]


def test_a_restarted_sandbox_is_informational():
    said = SandboxRestartLogged(SET, 50.0, key(), "mmlu", "Pod UID mismatch")
    known = state(facts({"1": busy(600)}, read_at=600), [said, said])
    eval_set = judge([known], 600, LIMITS, 90.0)[0]
    assert eval_set.verdict is Verdict.PROGRESSING
    assert [e.kind for e in eval_set.evidence] == ["sandbox_restarted"]


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        (["stuck", "stuck"], "stuck"),
        (["stuck", "progressing"], "partially_stuck"),
        (["stuck", "finished"], "stuck"),
        (["partially_stuck", "finished"], "partially_stuck"),
        (["progressing", "waiting", "degraded"], "degraded"),
        (["unknown", "progressing"], "unknown"),
        (["unknown", "stuck"], "stuck"),
        (["unknown", "stuck", "progressing"], "partially_stuck"),
        (["finished"], "finished"),
    ],
)
def test_verdicts_together(verdicts, together):
    assert combine([Verdict(v) for v in verdicts]) is Verdict(together)


def test_peers_of_other_eval_sets_count_on_the_same_model():
    attempts = schedule(600, 9)
    now = attempts[-1] + 30
    alone = state(facts({"1": busy(600).fails(attempts)}, read_at=now))
    other = state(facts({"9": busy(now)}, read_at=now, eval_set="set-2"), eval_set="set-2")
    assert judge([alone], now, LIMITS, 90.0)[0].verdict is Verdict.DEGRADED
    assert judge([alone, other], now, LIMITS, 90.0)[0].verdict is Verdict.STUCK
    assert MODEL in read(
        judge([alone, other], now, LIMITS, 90.0)[0].tasks[0].samples[0].evidence[1].text
    )
