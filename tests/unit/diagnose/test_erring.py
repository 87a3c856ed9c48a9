"""Errors are not progress: when it is told that samples err, and when not."""

import pytest

from tests.builders.rows import LOG, SET, Rows, busy, facts, key, state
from tests.builders.words import read
from watchdog.correlate import correlate, incident_id
from watchdog.diagnose.judge import judge
from watchdog.fold import fold
from watchdog.model.facts import (
    FormerEndsRead,
    Listing,
    ManifestRead,
    SampleDeathLogged,
    SampleSummary,
)
from watchdog.model.learned import ErredDays, Learned
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict

HOUR = 3600.0
DAY = 24 * HOUR
LIMITS = Thresholds()
HELM = 'RuntimeError(\'Helm install failed. {{"release": "{:08x}"}}\')'


def ends(pattern: str, begin: float = 0.0, every: float = 60.0) -> tuple[SampleSummary, ...]:
    """Samples that ended one after the other: `x` erred, `.` completed, `c` was cancelled."""
    return tuple(_end(number, kind, begin + number * every) for number, kind in enumerate(pattern))


def _end(number: int, kind: str, at: float) -> SampleSummary:
    error = {
        "x": HELM.format(number * 7919),
        "k": "KeyError('429 timed out')",
        "c": "CancelledError()",
        "q": "Error code: 429 - {'error': {'code': 'insufficient_quota'}}",
        "p": "RuntimeError('Sample errored: interrupted by operator')",
    }
    return SampleSummary(
        key(f"s{number}"), f"u-{number}", at - 30, at, completed=True, error=error.get(kind),
        cancelled=kind == "c", limit="time" if kind == "l" else None,
    )  # fmt: skip


def judged(pattern: str, now: float | None = None, learned: Learned | None = None, **more):
    at = now if now is not None else len(pattern) * 60.0
    samples = more.pop("samples", {"run": busy(at)})
    folded = state(facts(samples, read_at=at, ended=ends(pattern), **more))
    return judge([folded], at, LIMITS, 90.0, learned=learned or Learned())[0]


def incidents(eval_set, now: float = HOUR):
    return correlate([eval_set], now)


@pytest.mark.parametrize("pattern", ["xxx..", "xxxxx", "x.x.x.", "." * 30 + "x" * 11])
def test_most_of_the_last_ends_are_errors(pattern):
    eval_set = judged(pattern)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.SANDBOX_ERROR)
    (incident,) = incidents(eval_set)
    assert (incident.severity, incident.scope, incident.cause) == (
        "warning",
        "task",
        Cause.SANDBOX_ERROR,
    )
    assert incident.id == incident_id(SET, Cause.SANDBOX_ERROR)
    assert "Helm install failed" in incident.summary
    assert "Most samples end in errors" in read(eval_set.summary)
    assert "Calls fail" not in read(eval_set.summary)
    assert eval_set.actions


@pytest.mark.parametrize(
    "pattern",
    [
        "xxxx",
        "x...x",
        "ccccccxx..",
        "llllllxx..",
        "pppppp....",
        "x" * 12 + "." * 20,
        ("x" + "." * 3) * 20,
        ("xx" + "." * 5) * 12,
        "." * 30 + "x" * 9,
    ],
)
def test_what_is_usual_is_not_told(pattern):
    eval_set = judged(pattern)
    assert eval_set.verdict is Verdict.PROGRESSING
    assert incidents(eval_set) == ()


def test_a_bad_window_of_a_run_of_which_a_third_errs_is_chance():
    eval_set = judged("x.." * 20 + "x.x.x.x.x.x.xx.x.x.x"[:20])
    assert eval_set.verdict is Verdict.PROGRESSING


def test_ends_of_long_ago_are_left_out():
    """Five errors, then seven hours later three samples that ended well: too few."""
    old, new = ends("xxxxx"), ends("...", begin=8 * HOUR)
    new = tuple(SampleSummary(key(f"n{n}"), f"v{n}", 0, s.completed_at, completed=True)
                for n, s in enumerate(new))  # fmt: skip
    now = 9 * HOUR
    folded = state(facts({"run": busy(now)}, read_at=now, ended=(*old, *new)))
    assert judge([folded], now, LIMITS, 90.0)[0].verdict is Verdict.PROGRESSING


def test_a_code_s_own_error_quotes_what_it_likes():
    eval_set = judged("kkkkkk")
    assert eval_set.cause is Cause.SAMPLE_ERROR


def test_errors_are_no_progress():
    eval_set = judged("xxxxx", samples={}, total=10)
    assert eval_set.verdict is Verdict.DEGRADED
    assert eval_set.tasks[0].last_progress_at is None
    assert judged("xx", samples={}, total=10).verdict is Verdict.STARTING
    assert judged("..x", samples={}, total=10).tasks[0].last_progress_at == 60.0


def test_the_most_frequent_error_is_quoted_with_its_count():
    text = judged("kxxxx.").tasks[0].evidence[0].text
    assert text.startswith("5 of 6 ended samples erred; 4 of them: RuntimeError('Helm install")


def test_it_ends_when_the_share_falls():
    assert judged("x" * 12 + "." * 13).verdict is Verdict.PROGRESSING


# what is usual here


def habit(share: int, days: int, name: str = "mmlu") -> Learned:
    return Learned(weeks=4, erred={name: ErredDays({share: days}, days, share)})


OTHERS = Learned(
    weeks=4, erred={"gpqa": ErredDays({6: 20}, 20, 6), "math": ErredDays({0: 60}, 60, 0)}
)


def test_a_benchmark_of_which_most_samples_always_err_is_no_news():
    assert judged("xxx.." * 8, learned=habit(6, 20)).verdict is Verdict.PROGRESSING


def test_it_is_news_where_all_of_them_err():
    assert judged("x" * 40, learned=habit(6, 20)).verdict is Verdict.DEGRADED


@pytest.mark.parametrize("learned", [habit(6, 2), OTHERS, habit(0, 40)])
def test_a_bad_day_or_two_and_another_benchmark_teach_nothing(learned):
    assert judged("xxx.." * 8, learned=learned).verdict is Verdict.DEGRADED


def test_a_quarter_of_bad_days_teaches_nothing():
    days = ErredDays({0: 30, 9: 9}, 39, 9)
    learned = Learned(weeks=6, erred={"mmlu": days})
    assert judged("xxxxx.", learned=learned).verdict is Verdict.DEGRADED


# ends that no summary tells


def test_deaths_of_samples_that_begin_anew_in_place_count():
    now = 30 * 60.0
    folded = state(facts({"1": Rows().ok(0), "2": busy(now)}, read_at=now))
    for number in range(6):
        fact = SampleDeathLogged(SET, number * 60.0, None, key("1"), "ValueError('no such field')")
        folded = fold(fold(folded, fact), fact)
    eval_set = judge([folded], now, LIMITS, 90.0)[0]
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.SAMPLE_ERROR)
    assert eval_set.tasks[0].evidence[0].text.startswith("6 of 6 ended samples erred")


def attempted(folded: EvalSetState, begun: float = -1800.0) -> EvalSetState:
    return fold(folded, FormerEndsRead(SET, LOG, ends("xxxx", begun), (begun, begun + 600)))


def test_the_attempts_before_decide_where_the_present_one_has_no_ends():
    folded = attempted(state(facts({}, read_at=60.0, ended=ends("x"), total=10)))
    eval_set = judge([folded], 60.0, LIMITS, 90.0)[0]
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.SANDBOX_ERROR)
    assert "the last 2 before it" in read(eval_set.summary)


def test_so_they_do_while_it_has_no_buffer_yet():
    read = [f for f in facts({}, read_at=5.0, total=10) if not isinstance(f, ManifestRead)]
    eval_set = judge([attempted(attempted(state(read)))], 5.0, LIMITS, 90.0)[0]
    assert eval_set.verdict is Verdict.UNKNOWN
    six = FormerEndsRead(SET, LOG, ends("xxxxxx", -600), (-600.0,))
    eval_set = judge([fold(state(read), six)], 5.0, LIMITS, 90.0)[0]
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.SANDBOX_ERROR)


def test_an_attempt_that_gets_on_is_not_judged_by_those_before():
    for ended, now in ((ends("."), 90.0), ((), 2 * HOUR)):
        folded = attempted(state(facts({"1": busy(now)}, read_at=now, ended=ended)))
        assert judge([folded], now, LIMITS, 90.0)[0].verdict is Verdict.PROGRESSING


# sandboxes of running samples


def calls(error: str | None, times: int, every: float) -> Rows:
    rows = Rows()
    for number in range(times):
        at = number * every
        rows.ok(at)
        done = {"completed_at": at + 20, "error": error}
        rows.add("tool", at + 15, f"t{number}", name="bash", **done)
    return rows


GONE = "sandbox_unavailable: container is not running"


def test_every_tool_call_fails_for_the_sandbox():
    now = 30 * 180.0
    eval_set = judged("", now, samples={"1": calls(GONE, 30, 180.0), "2": busy(now)})
    assert (eval_set.verdict, eval_set.cause) == (Verdict.DEGRADED, Cause.SANDBOX_ERROR)
    (incident,) = incidents(eval_set, now)
    assert incident.severity == "warning"
    assert "sandbox" in read(eval_set.summary)


@pytest.mark.parametrize(
    ("error", "times", "every"),
    [
        (GONE, 15, 600.0),
        (GONE, 30, 60.0),
        ("timeout: Command timed out before completing.", 30, 180.0),
        ("file_not_found: File 'x' was not found.", 30, 180.0),
        (None, 30, 180.0),
    ],
)
def test_few_or_short_or_other_failures_are_none(error, times, every):
    eval_set = judged("", times * every, samples={"1": calls(error, times, every)})
    assert eval_set.cause in {None, Cause.NO_PROGRESS}


# ends


def over(pattern: str, now: float = HOUR, status: str = "success", learned: Learned | None = None):
    folded = state(facts({}, read_at=now, ended=ends(pattern), status=status))
    return judge([folded], now, LIMITS, 1e9, learned=learned or Learned())[0]


def test_an_eval_set_that_ended_with_more_errors_than_completions_is_told_for_a_day():
    eval_set = over("xxx..")
    assert (eval_set.verdict, eval_set.cause) == (Verdict.FINISHED, Cause.SANDBOX_ERROR)
    (incident,) = incidents(eval_set)
    assert (incident.severity, incident.scope) == ("warning", "eval_set")
    assert "3 of 5 ended samples erred" in incident.summary
    assert incidents(over("xxx..", now=2 * DAY)) == ()


@pytest.mark.parametrize("pattern", ["xx..", "x....", "cccx.", ".....", "pppp."])
def test_one_that_ended_well_enough_is_not(pattern):
    assert incidents(over(pattern)) == ()


def test_one_that_was_cancelled_is_not():
    assert incidents(over("xxxx", status="cancelled")) == ()


def test_nor_one_that_always_ends_so():
    assert incidents(over("xxx.." * 8, learned=habit(6, 20))) == ()


def test_a_task_that_ended_badly_is_told_while_another_goes_on():
    ended = facts({}, read_at=HOUR, ended=ends("xxxx."), status="success", log="other.eval")
    folded = fold(state(facts({"1": busy(HOUR)}, read_at=HOUR)), Listing(SET, (LOG, "other.eval")))
    for fact in ended:
        folded = fold(folded, fact)
    eval_set = judge([folded], HOUR, LIMITS, 90.0)[0]
    assert eval_set.verdict is Verdict.PROGRESSING
    (incident,) = incidents(eval_set)
    assert (incident.severity, incident.cause) == ("warning", Cause.SANDBOX_ERROR)


def test_a_used_up_quota_in_which_samples_end_is_one_incident_of_the_model():
    sets = [
        state(facts({}, read_at=HOUR, ended=ends("qqqqq."), eval_set=name), eval_set=name)
        for name in ("a", "b", "c")
    ]
    judgments = judge(sets, HOUR, LIMITS, 90.0)
    assert {j.cause for j in judgments} == {Cause.PROVIDER_QUOTA}
    (incident,) = correlate(judgments, HOUR)
    assert (incident.scope, incident.subject, incident.severity) == (
        "model",
        "openai/gpt-4o",
        "warning",
    )
    assert "samples of 3 eval sets end in errors" in incident.summary
