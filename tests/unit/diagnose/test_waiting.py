"""What waits for a person, or was asked to stop, is not stuck; nothing else is excused by it."""

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import JOB, RUNNER, SANDBOX, view
from tests.builders.rows import LOG, SET, Rows, busy, facts, state
from tests.builders.words import read
from watchdog.correlate import correlate
from watchdog.diagnose.judge import judge
from watchdog.diagnose.people import runner_start
from watchdog.fold import fold
from watchdog.model.cluster import Container, Termination
from watchdog.model.facts import (
    ApproverPolicy,
    ClusterRead,
    InteractionsRead,
    Listing,
    StopsRead,
)
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.evaluate import evaluate

HOUR = 3600.0
DAY = 24 * HOUR
LIMITS = Thresholds()
OTHER = "2026_gpqa_def.eval"
BY_PERSON = (ApproverPolicy(("*",), by_person=True),)
ONLY_BASH = (ApproverPolicy(("bash*",), True), ApproverPolicy(("*",), False))


def parked(at: float = 600, *functions: str) -> Rows:
    return Rows().ok(0).calls(at, *(functions or ("bash",)))


def known(now: float, samples: dict[str, Rows], *more, **spec):
    folded = state(facts(samples, read_at=now, **spec))
    for fact in more:
        folded = fold(folded, fact)
    return folded


def counted(count: int | None, at: float = 700) -> InteractionsRead:
    return InteractionsRead(SET, count, at)


def judged(now: float, folded):
    return judge([folded], now, LIMITS, 90.0)[0]


def verdicts(eval_set) -> dict[str, Verdict]:
    return {s.key.id: s.verdict for task in eval_set.tasks for s in task.samples}


def only_sample(eval_set):
    (sample,) = eval_set.tasks[0].samples
    return sample


# a person


def test_a_parked_sample_that_the_runner_counts_waits_and_alerts_nobody():
    now = 7 * HOUR
    eval_set = judged(now, known(now, {"1": parked()}, counted(1)))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.WAITING, None)
    assert read(eval_set.summary).startswith(
        "It waits on purpose (a person's approval is awaited, for "
    )
    sample = only_sample(eval_set)
    assert [(e.kind, e.at) for e in sample.evidence] == [("approval", 610)]
    assert read(sample.evidence[0].text).startswith(
        "a person's approval of a call of bash is awaited since 1970-01-01 00:10 UTC, for "
    )
    assert (sample.waiting.since, sample.waiting.bound, sample.overdue) == (610, DAY, False)
    assert correlate([eval_set], now) == ()


def test_the_report_says_that_a_person_is_what_is_pending():
    now = 7 * HOUR
    folded = known(now, {"1": parked(), "2": Rows().ok(0).ok(500)}, counted(2))
    report = evaluate([folded], (), now, LIMITS, 90.0).report
    pending = {s.id: s.pending for s in report.eval_sets[0].tasks[0].running}
    assert (pending["1"].kind, pending["1"].name) == ("input", "approval")
    assert pending["1"].since == "1970-01-01T00:10:10.000Z"
    assert (pending["2"].kind, pending["2"].name) == ("input", "answer")


@pytest.mark.parametrize(
    "facts_beside",
    [(), (counted(None),), (counted(0),), (counted(1, at=-1),), (counted(1, at=None),)],
    ids=["no file", "gone", "nobody", "of the runner before", "without a time"],
)
def test_without_such_a_count_it_stands_between_two_calls(facts_beside):
    now = 7 * HOUR
    eval_set = judged(now, known(now, {"1": parked()}, *facts_beside))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_FROZEN)


@pytest.mark.parametrize(
    ("beside", "verdict"),
    [
        ((), Verdict.WAITING),
        ((counted(None),), Verdict.WAITING),
        ((counted(0),), Verdict.STUCK),
        ((counted(1, at=-1),), Verdict.STUCK),
    ],
    ids=["no file", "gone", "nobody", "of the runner before"],
)
def test_the_configuration_says_who_approves_only_where_nothing_counts(beside, verdict):
    now = 7 * HOUR
    eval_set = judged(now, known(now, {"1": parked()}, *beside, approval=BY_PERSON))
    assert eval_set.verdict is verdict


def test_a_policy_excuses_only_calls_of_its_tools():
    now = 7 * HOUR
    samples = {"1": parked(600, "bash"), "2": parked(600, "python"), "3": busy(600)}
    eval_set = judged(now, known(now, samples, approval=ONLY_BASH))
    assert verdicts(eval_set) == {
        "1": Verdict.WAITING,
        "2": Verdict.STUCK,
        "3": Verdict.STUCK,
    }


def test_at_most_its_count_are_excused_those_parked_longest():
    now = 9 * HOUR
    samples = {"1": parked(900), "2": parked(600), "3": parked(700), "4": Rows().ok(0).ok(500)}
    eval_set = judged(now, known(now, samples, counted(2, at=950)))
    assert verdicts(eval_set) == {
        "1": Verdict.STUCK,
        "2": Verdict.WAITING,
        "3": Verdict.WAITING,
        "4": Verdict.STUCK,
    }
    assert (eval_set.verdict, eval_set.cause) == (Verdict.PARTIALLY_STUCK, Cause.RUNNER_FROZEN)


def two_tasks(now: float, *more, second_created: float = 0.0, second_run: str = "r1"):
    """Two logs of one eval set, each with a parked sample."""
    folded = fold(known(now, {}), Listing(SET, (LOG, OTHER)))
    batches = (
        facts({"1": parked(600)}, read_at=now, run_id="r1"),
        facts(
            {"2": parked(second_created + 800)},
            read_at=now,
            log=OTHER,
            created=second_created,
            run_id=second_run,
        ),
    )
    for fact in (*batches[0], *batches[1], *more):
        folded = fold(folded, fact)
    return folded


def test_one_count_is_for_all_tasks_of_the_eval_set():
    now = 9 * HOUR
    eval_set = judged(now, two_tasks(now, counted(1)))
    assert verdicts(eval_set) == {"1": Verdict.WAITING, "2": Verdict.STUCK}
    eval_set = judged(now, two_tasks(now, counted(2)))
    assert verdicts(eval_set) == {"1": Verdict.WAITING, "2": Verdict.WAITING}


def test_a_task_that_began_later_in_the_same_run_makes_no_count_old():
    now = 9 * HOUR
    assert judged(now, two_tasks(now, counted(2), second_created=HOUR)).verdict is Verdict.WAITING
    resumed = two_tasks(now, counted(2), second_created=HOUR, second_run="r2")
    assert runner_start(resumed) == HOUR
    assert judged(now, resumed).verdict is Verdict.STUCK


def test_the_runner_s_pod_tells_which_runner_counted():
    now = 7 * HOUR
    folded = known(now, {"1": parked()}, counted(1), created=660.0)
    for created, verdict in ((600.0, Verdict.WAITING), (701.0, Verdict.STUCK)):
        pod = replace(RUNNER, created_at=created)
        seen = fold(folded, ClusterRead(SET, view(now, runners=(RUNNER, pod))))
        assert judged(now, seen).verdict is verdict
    container = Container("inspect-eval-set", running_since=650.0)
    pod = replace(RUNNER, created_at=10.0, containers=(container,))
    assert runner_start(fold(folded, ClusterRead(SET, view(now, runners=(pod,))))) == 650


def test_a_model_that_asks_the_user_waits_for_a_person():
    now = 30 * HOUR
    rows = parked(600, "ask_user").tool(620, "ask_user")
    eval_set = judged(now, known(now, {"1": rows}))
    assert eval_set.verdict is Verdict.WAITING
    sample = only_sample(eval_set)
    assert (sample.evidence[0].kind, sample.waiting.since) == ("input", 620)
    assert sample.overdue


def test_a_question_takes_its_place_in_the_count():
    now = 9 * HOUR
    asked = parked(800, "ask_user").tool(820, "ask_user")
    eval_set = judged(now, known(now, {"1": parked(600), "2": asked}, counted(1, at=850)))
    assert verdicts(eval_set) == {"1": Verdict.STUCK, "2": Verdict.WAITING}


def test_a_question_of_a_solver_leaves_no_row_and_is_counted_all_the_same():
    now = 9 * HOUR
    silent = Rows().ok(0).ok(500)
    eval_set = judged(now, known(now, {"1": silent}, counted(1)))
    assert (eval_set.verdict, only_sample(eval_set).evidence[0].kind) == (Verdict.WAITING, "input")


def test_a_silence_that_began_after_the_count_is_no_question():
    """The sample that was counted has not been read since, or has gone on."""
    now = 9 * HOUR
    eval_set = judged(now, known(now, {"1": Rows().ok(0).ok(2000)}, counted(1)))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_FROZEN)


def test_a_sample_in_a_long_back_off_waits_for_no_person():
    now = 1900.0
    folded = known(now, {"1": parked(650), "2": busy(600).fails([620, 700])}, counted(1))
    assert verdicts(judged(now, folded))["1"] is Verdict.WAITING


def test_old_inspect_s_pending_call_waits_where_a_person_approves_it():
    now = 20 * HOUR
    rows = parked().tool(620)
    assert judged(now, known(now, {"1": rows}, approval=BY_PERSON)).verdict is Verdict.WAITING
    eval_set = judged(now, known(now, {"1": rows}))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)
    rows = parked().tool(620).approved(630)
    eval_set = judged(now, known(now, {"1": rows}, approval=BY_PERSON))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.HUNG_TOOL_CALL)


@pytest.mark.parametrize(("hours", "overdue"), [(23, False), (25, True)])
def test_beyond_a_day_it_waits_still_and_is_overdue(hours, overdue):
    now = 610 + hours * HOUR
    sample = only_sample(judged(now, known(now, {"1": parked()}, counted(1))))
    assert (sample.verdict, sample.overdue) == (Verdict.WAITING, overdue)
    assert ("longer than the 24 h that it may take" in read(sample.evidence[0].text)) is overdue


def test_a_sandbox_in_trouble_is_trouble_for_a_sample_that_waits_too():
    now = 7 * HOUR
    broken = Container("default", waiting="ImagePullBackOff", waiting_message="no such image")
    sandbox = replace(SANDBOX, phase="Pending", containers=(broken,))
    seen = ClusterRead(SET, view(now, sandboxes=(sandbox,)))
    eval_set = judged(now, known(now, {"1": parked()}, counted(1), seen))
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.IMAGE_PULL)
    assert {e.kind for e in only_sample(eval_set).evidence} == {"pod", "approval"}


def test_a_runner_that_is_gone_keeps_no_sample_waiting():
    now = 7 * HOUR
    folded = known(now, {"1": parked()}, counted(1), ClusterRead(SET, view(600)))
    failed = replace(JOB, finished="Failed", completed_at=780.0)
    for at in (800, now):
        folded = fold(folded, ClusterRead(SET, view(at, jobs=(failed,), runners=())))
    assert judged(now, folded).cause is Cause.RUNNER_GONE


def test_a_sandbox_that_was_killed_while_a_person_is_asked():
    now = 7 * HOUR
    end = Termination("OOMKilled", 137, 650.0)
    sandbox = replace(SANDBOX, containers=(Container("default", terminated=end),))
    rows = parked(600, "ask_user").tool(620, "ask_user")
    seen = ClusterRead(SET, view(now, sandboxes=(sandbox,)))
    assert judged(now, known(now, {"1": rows}, seen)).cause is Cause.OOM_KILLED


# a stop


def stopped(at: float | None, *samples: tuple[str, float]) -> StopsRead:
    return StopsRead(SET, at, samples)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (stopped(6.9 * HOUR), Verdict.WAITING),
        (stopped(None, ("u1", 6.9 * HOUR)), Verdict.WAITING),
        (stopped(None, ("u2", 6.9 * HOUR)), Verdict.STUCK),
        (stopped(-60.0), Verdict.STUCK),
        (stopped(None, ("u1", -60.0)), Verdict.STUCK),
        (stopped(None), Verdict.STUCK),
        (stopped(7 * HOUR + 600), Verdict.STUCK),
    ],
    ids=["all", "this one", "another", "earlier", "this one, earlier", "nobody", "to come"],
)
def test_a_stop_that_was_asked_for_is_no_standstill(asked, verdict):
    now = 7 * HOUR
    eval_set = judged(now, known(now, {"1": parked()}, asked))
    assert eval_set.verdict is verdict
    kinds = [e.kind for e in only_sample(eval_set).evidence]
    assert ("stop" in kinds) is (verdict is Verdict.WAITING)


def test_beyond_its_bound_a_stop_excuses_nothing_and_is_still_said():
    now = 7 * HOUR
    folded = known(now, {"1": parked()}, stopped(now - LIMITS.stop_wait - 1))
    eval_set = judged(now, folded)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.STUCK, Cause.RUNNER_FROZEN)
    sample = only_sample(eval_set)
    assert sample.overdue
    assert sample.waiting.words == "a stop was asked for"
    assert read(sample.evidence[-1].text) == (
        "a stop was asked for at 1970-01-01 06:44 UTC: longer than the 15 min that it may take"
    )


def test_a_stop_that_is_not_obeyed_is_said_of_a_sample_that_works():
    eval_set = judged(2000, known(2000, {"1": busy(2000)}, stopped(600)))
    sample = only_sample(eval_set)
    assert (sample.verdict, sample.overdue) == (Verdict.PROGRESSING, True)
    assert sample.evidence[-1].kind == "stop"


def test_a_person_who_is_awaited_excuses_what_a_late_stop_does_not():
    now = 7 * HOUR
    folded = known(now, {"1": parked()}, counted(1), stopped(5 * HOUR))
    sample = only_sample(judged(now, folded))
    assert (sample.verdict, sample.overdue) == (Verdict.WAITING, True)
    assert [e.kind for e in sample.evidence] == ["approval", "stop"]
    assert sample.waiting.words == "a stop was asked for"


# what is told of it


def test_an_approval_that_nobody_gives_for_a_day_is_a_warning_and_never_a_page():
    now = 26 * HOUR
    eval_set = judged(now, known(now, {"1": parked()}, counted(1)))
    (incident,) = correlate([eval_set], now)
    assert (eval_set.verdict, eval_set.cause) == (Verdict.WAITING, None)
    assert (incident.cause, incident.severity) == (Cause.OVERDUE_WAIT, "warning")
    assert (incident.since, incident.scope) == (610, "eval_set")
    assert "longer than the 24 h that it may take" in incident.summary


def test_a_stop_that_is_not_obeyed_is_a_warning_beside_what_is_stuck():
    now = 7 * HOUR
    stop = StopsRead(SET, now - 1200, {})
    eval_set = judged(now, known(now, {"1": Rows().ok(0).pending("tool", 600, "bash")}, stop))
    causes = {incident.cause for incident in correlate([eval_set], now)}
    assert (eval_set.verdict, causes) == (Verdict.STUCK, {Cause.HUNG_TOOL_CALL})
    eval_set = judged(now, known(now, {"1": busy(now)}, stop))
    (incident,) = correlate([eval_set], now)
    assert (incident.cause, incident.severity) == (Cause.OVERDUE_WAIT, "warning")


def test_nothing_is_set_up_any_more_after_a_stop():
    now = 7 * HOUR
    stop = StopsRead(SET, now - 300, {})
    eval_set = judged(now, known(now, {}, stop, total=5))
    assert eval_set.verdict is not Verdict.STUCK
    assert judged(now, known(now, {}, total=5)).cause is Cause.HUNG_SETUP


def test_a_human_eval_may_be_silent_for_hours():
    now = 9 * HOUR
    human = replace(JOB, human="ann")
    shown = ClusterRead(SET, view(now, jobs=(human,)))
    samples = {"1": Rows().ok(0).pending("tool", 600, "bash")}
    eval_set = judged(now, known(now, samples, shown))
    assert eval_set.verdict is Verdict.WAITING
    assert "label human is ann" in only_sample(eval_set).evidence[0].text
    assert correlate([eval_set], now) == ()
    plain = judged(now, known(now, samples, ClusterRead(SET, view(now))))
    assert plain.cause is Cause.HUNG_TOOL_CALL


@pytest.mark.parametrize("value", ["", "false", "False", "no", "none", "0"])
def test_a_label_that_names_nobody_excuses_nothing(value):
    now = 9 * HOUR
    shown = ClusterRead(SET, view(now, jobs=(replace(JOB, human=value),)))
    samples = {"1": Rows().ok(0).pending("tool", 600, "bash")}
    assert judged(now, known(now, samples, shown)).cause is Cause.HUNG_TOOL_CALL
