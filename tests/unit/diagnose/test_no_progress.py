"""Calls that succeed and change nothing for hours, and the good reasons to do the same again."""

import pytest
from msgspec.structs import replace

from tests.builders.rows import LOG, MODEL, Rows, facts, schedule, state
from tests.builders.words import read
from watchdog.correlate import Notes, correlate, troubled_models
from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.judge import judge
from watchdog.model.allowances import Allowance, Override
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import Learned
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.learner import learned_from

HOUR = 3600.0
LIMITS = Thresholds()
EXPECTED = (Verdict.DEGRADED, Cause.NO_PROGRESS)


def turn(rows: Rows, at: float, digest: int, *, tool: float = 2.0, every: float = 60.0, **fields):
    """A model calls a tool `tool` seconds before the next turn."""
    rows.ok(at, every - tool, calls=("bash",), messages=len(rows.rows))
    done = {"digest": digest, "completed_at": at + every, "name": "bash", **fields}
    rows.add("tool", at + every - tool, **done)


def looping(until: float, every: float = 60.0, *digests: int, **fields) -> Rows:
    rows, digests = Rows(), digests or (7,)
    for number in range(int(until / every)):
        turn(rows, number * every, digests[number % len(digests)], every=every, **fields)
    return rows.pending("model", until)


def answering(until: float, every: float = 60.0, **fields) -> Rows:
    rows = Rows()
    for number in range(int(until / every)):
        said = {"digest": number, "answer": "plain", "messages": 2 * number + 1, **fields}
        rows.ok(number * every, every, **said)
    return rows.pending("model", until)


def judged(rows: Rows, now: float, limits: Thresholds = LIMITS, **more):
    spec = {name: more.pop(name) for name in ("message_limit",) if name in more}
    told = state(facts({"1": rows}, read_at=now, **spec))
    return judge([told], now, limits, 90.0, **more)[0]


def verdict(rows: Rows, now: float, **more) -> tuple[Verdict, Cause | None]:
    eval_set = judged(rows, now, **more)
    return eval_set.verdict, eval_set.cause


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        (looping(2 * HOUR), "the same bash call"),
        (looping(2 * HOUR, 60, 1, 2), "the same 2 turns in rotation (bash)"),
        (looping(2 * HOUR, 60, 1, 2, 3, 4), "the same 4 turns in rotation (bash)"),
        (looping(2 * HOUR, 60, *range(500), error="timeout: x"), "failing bash calls"),
        (answering(2 * HOUR, answer="empty"), "empty answers"),
        (answering(2 * HOUR, answer="refused"), "refused answers"),
        (answering(2 * HOUR, answer="cut_off"), "cut-off answers"),
    ],
)
def test_each_way_to_achieve_nothing_is_degraded(rows, label):
    eval_set = judged(rows, 2 * HOUR)
    assert (eval_set.verdict, eval_set.cause) == EXPECTED
    (sample,) = eval_set.tasks[0].samples
    assert (sample.degraded_by, sample.suspicion < 1) == (label, True)
    assert read(eval_set.summary).startswith(
        f"Calls succeed and nothing is achieved ({label}: sample 1 of mmlu, since 1970-01-01 00:0"
    )
    assert eval_set.actions[-1].told.endswith("`hawk stop set-1 --sample u1`")


def test_what_is_said_is_tools_counts_and_durations():
    eval_set = judged(looping(4 * HOUR), 4 * HOUR)
    (evidence,) = (e for e in eval_set.tasks[0].samples[0].evidence if e.kind == "no_progress")
    assert evidence.text == "the same bash call with the same answer 240 times over 3 h 59 min"


@pytest.mark.parametrize(
    ("rows", "now"),
    [
        (looping(50 * 60), 50 * 60),
        (looping(2 * HOUR, 480), 2 * HOUR),
        (answering(50 * 60, answer="empty"), 50 * 60),
        (answering(3 * HOUR, 600, answer="empty"), 3 * HOUR),
    ],
)
def test_an_hour_and_twenty_times_are_the_least(rows, now):
    assert verdict(rows, now) == (Verdict.PROGRESSING, None)


@pytest.mark.parametrize(
    "rows",
    [
        looping(6 * HOUR, 70, tool=60),
        looping(6 * HOUR, 60, 1, 2, tool=20),
        looping(6 * HOUR, 600, tool=40),
        looping(6 * HOUR, 60, *range(1000)),
        answering(6 * HOUR),
        answering(6 * HOUR, digest=7),
        answering(6 * HOUR, answer="refused", messages=2),
    ],
    ids=[
        "polls",
        "polls in turn",
        "thinks long",
        "all different",
        "talks",
        "says the same",
        "attempts",
    ],
)
def test_good_reasons_to_do_the_same_for_hours(rows):
    assert verdict(rows, 6 * HOUR) == (Verdict.PROGRESSING, None)


def test_polling_has_a_bound_too():
    assert verdict(looping(23 * HOUR, 70, tool=60), 23 * HOUR)[1] is None
    assert verdict(looping(25 * HOUR, 70, tool=60), 25 * HOUR) == EXPECTED
    assert verdict(answering(25 * HOUR, digest=7), 25 * HOUR) == EXPECTED


def test_what_the_limit_of_messages_soon_ends_is_not_told():
    rows = looping(2 * HOUR)
    assert verdict(rows, 2 * HOUR, message_limit=400) == (Verdict.PROGRESSING, None)
    assert verdict(rows, 2 * HOUR, message_limit=4000) == EXPECTED
    assert verdict(looping(4.1 * HOUR), 4.1 * HOUR, message_limit=800) == EXPECTED


def test_something_new_ends_it():
    rows = looping(2 * HOUR)
    turn(rows, 2 * HOUR, 8)
    rows.pending("model", 2 * HOUR + 60)
    assert verdict(rows, 2 * HOUR + 70) == (Verdict.PROGRESSING, None)


def test_what_hangs_meanwhile_is_stuck():
    assert judged(looping(2 * HOUR), 30 * HOUR).verdict is Verdict.STUCK


def test_a_fleet_whose_runs_pass_by_themselves_learns():
    runs = Learned(weeks=2, durations={"loop:bash": add(Histogram(), [4 * HOUR] * 60)})
    now = 3.9 * HOUR
    assert verdict(looping(now), now, learned=runs) == (Verdict.PROGRESSING, None)
    assert verdict(looping(now, name="python"), now, learned=runs) == EXPECTED
    assert verdict(looping(10 * HOUR), 10 * HOUR, learned=runs) == EXPECTED


def test_short_runs_never_make_it_less_than_an_hour():
    runs = Learned(weeks=10, durations={"loop:bash": add(Histogram(), [700] * 5000)})
    assert Baselines(runs, LIMITS).limit("loop", "bash").seconds == pytest.approx(HOUR)


def test_fewer_tolerated_warnings_take_longer():
    strict = replace(LIMITS, false_warnings_per_week=1)
    assert judged(looping(2 * HOUR), 2 * HOUR, strict).verdict is Verdict.PROGRESSING
    assert judged(looping(4 * HOUR), 4 * HOUR, strict).verdict is Verdict.DEGRADED


def test_what_ended_by_itself_is_learned_and_what_goes_on_is_not():
    rows = looping(2 * HOUR)
    learned = learned_from([state(facts({"1": rows}, read_at=0))], 2 * HOUR, LIMITS)
    assert not any(name.startswith("loop:") for name in learned.durations)
    turn(rows, 2 * HOUR, 8)
    rows.pending("model", 2 * HOUR + 60)
    learned = learned_from([state(facts({"1": rows}, read_at=0))], 3 * HOUR, LIMITS)
    assert learned.durations["loop:bash"].total == 1


def test_patience_makes_it_longer_and_expected_silence_does_not():
    """Calls that come back are no silence."""

    def allowed(**allowance):
        overrides = (Override(Allowance(**allowance), "set-1"),)
        return verdict(looping(2 * HOUR), 2 * HOUR, overrides=overrides)

    assert allowed(expected_silence=8 * HOUR) == EXPECTED
    assert allowed(patience=3) == (Verdict.PROGRESSING, None)


def incidents(*samples: Rows, now: float, degraded: dict[str, float] | None = None):
    told = state(facts({str(n): rows for n, rows in enumerate(samples)}, read_at=now))
    judgments = judge([told], now, LIMITS, 90.0)
    return correlate(judgments, now, notes=Notes(degraded or {}))


def test_it_is_a_warning_at_once_and_never_a_page():
    fine = looping(2 * HOUR, 60, *range(500))
    (incident,) = incidents(looping(2 * HOUR), fine, now=2 * HOUR)
    assert (incident.severity, incident.cause) == ("warning", Cause.NO_PROGRESS)
    assert (incident.scope, incident.since) == ("sample", 58)
    assert incident.summary == (
        "set-1: Calls succeed and nothing is achieved (the same bash call: sample 0 of mmlu, since "
        "1970-01-01 00:00 UTC)"
    )
    assert incident.actions[-1].told.endswith("`hawk stop set-1 --sample u0`")


def test_it_is_told_once_where_it_lasts():
    (incident,) = incidents(looping(2 * HOUR), now=2 * HOUR, degraded={"set-1": 0.0})
    assert incident.cause is Cause.NO_PROGRESS


def test_a_model_that_answers_is_not_in_trouble():
    told = state(facts({"1": looping(2 * HOUR)}, read_at=2 * HOUR))
    assert troubled_models(judge([told], 2 * HOUR, LIMITS, 90.0)) == frozenset()


def test_it_is_told_beside_what_is_stuck():
    attempts = schedule(600, 12)
    failing = Rows().fails(attempts)
    now = attempts[-1] + 60
    told = incidents(looping(now), failing, now=now)
    assert {(i.cause, i.severity) for i in told} == {
        (Cause.NO_PROGRESS, "warning"),
        (Cause.API_SERVER_ERROR, "warning"),
    }


def test_a_clock_that_is_wrong_is_allowed_for():
    rows = looping(2 * HOUR)
    batch = facts({"1": rows}, read_at=4 * HOUR)
    batch = [replace(f, stored_at=4 * HOUR) if hasattr(f, "stored_at") else f for f in batch]
    (eval_set,) = judge([state(batch)], 4 * HOUR, LIMITS, 90.0)
    assert eval_set.tasks[0].samples[0].degraded_since == pytest.approx(2 * HOUR + 58)
    assert (LOG in eval_set.state.tasks, MODEL) == (True, rows.model)
