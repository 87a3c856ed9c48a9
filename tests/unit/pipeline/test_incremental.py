"""Judging from poll to poll says at every poll what judging all anew says."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.quality.fleet import Works
from tests.quality.fleets import FLEETS
from tests.quality.remembered import Remembered
from tests.recordings.unpack import names, unpack
from watchdog.config.load import load
from watchdog.model.aged import aged
from watchdog.model.lazy_samples import plain
from watchdog.model.learned import Learned
from watchdog.model.outcomes import Outcomes
from watchdog.model.report import Snapshot
from watchdog.model.state import EvalSetState, Outcome
from watchdog.model.thresholds import Thresholds
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason
from watchdog.pipeline.evaluate import Surroundings, evaluate
from watchdog.pipeline.incremental import (
    LEARNED_POLLS,
    Evaluator,
    IncrementalJudge,
    Question,
    read_again,
    same_but_read,
)
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import read_targets

LIMITS, MAX_AGE, INTERVAL = Thresholds(), 90.0, 30.0
NOTHING = Learned()
SETTINGS = load({})
WEEKS = 0.015
MILLISECONDS = 0.002


def rendered(snapshot: Snapshot) -> object:
    """All that anybody can read of it, as of its instant."""
    figures = [aged(one, snapshot.at) for one in snapshot.figures]
    report = replace(snapshot.report, eval_sets=tuple(one.report for one in figures))
    of_tasks = [
        # by how much more than enough it is, is found out when the sample is judged
        (
            t.fail_streak,
            min(1.0, round(t.suspicion, 6)),
            round(t.estimated_stuck_seconds, 3),
            t.calls,
        )
        for one in figures
        for t in one.tasks
    ]
    return msgspec.to_builtins((report, of_tasks, sorted(snapshot.undecided)), enc_hook=plain)


def differences(mine: object, anew: object, place: str = "") -> Iterator[str]:
    """Where two differ; a report's instants are cut to milliseconds."""
    if isinstance(mine, dict) and isinstance(anew, dict) and mine.keys() == anew.keys():
        for key, value in mine.items():
            yield from differences(value, anew[key], f"{place}.{key}")
    elif isinstance(mine, list | tuple) and isinstance(anew, list | tuple):
        if len(mine) != len(anew):
            yield f"{place}: {len(mine)} of {len(anew)}"
        for number, (one, other) in enumerate(zip(mine, anew, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
    elif isinstance(mine, float) and isinstance(anew, float):
        if abs(mine - anew) > MILLISECONDS:
            yield f"{place}: {mine} for {anew}"
    elif mine != anew:
        yield f"{place}: {mine!r} for {anew!r}"


def wrong(evaluator: Evaluator, states: Sequence[EvalSetState], now: float) -> list[str]:
    """Where the word of the one that goes from poll to poll isn't that of judging all anew."""
    asked = Question(states, LIMITS, MAX_AGE, NOTHING, Surroundings())
    mine = rendered(evaluator.evaluate(asked, now))
    anew = rendered(evaluate(states, (), now, LIMITS, MAX_AGE, learned=NOTHING))
    return list(differences(mine, anew))


def recorded(folder: Path, name: str) -> Iterator[tuple[list[EvalSetState], float]]:
    """States as they were at some instants of a recording."""
    bundles = unpack(name, folder)
    for bundle in dict.fromkeys((bundles[len(bundles) // 2], bundles[-1])):
        (read,) = asyncio.run(read_targets([str(bundle)], SETTINGS, None, 0.0))
        yield all_states(read.sources), read.as_of


@pytest.mark.parametrize("name", names())
def test_while_nothing_happens_time_alone_changes_the_same(name, tmp_path):
    evaluator, judged, polls = Evaluator(INTERVAL), 0, 0
    for begun, as_of in recorded(tmp_path, name):
        states, now = begun, as_of
        # an hour of polls, then as many hours in longer steps
        for step in (*[INTERVAL] * 120, *[10 * INTERVAL] * 60):
            assert wrong(evaluator, states, now) == []
            judged += sum(evaluator.judge.reasons.values())
            polls += len(states)
            states, now = [read_again(state, step) for state in states], now + step
    assert judged < polls / 2


@pytest.mark.parametrize(
    ("name", "times"),
    [
        pytest.param("slow_but_healthy", 4, id="what grows evenly"),
        pytest.param("creeping", 8, id="what can't be foreseen"),
        pytest.param("slot_wait", 5, id="behind stuck ones"),
    ],
)
def test_what_turns_by_time_alone_is_judged_when_it_does_and_not_at_each_poll_before(
    name, times, tmp_path
):
    state, now = only_state(tmp_path, name)
    running = sum(len(task.samples) for task in state.tasks.values())
    evaluator, samples, sets, polls = Evaluator(INTERVAL), 0, 0, 480
    for _ in range(polls):
        asked = Question([state], LIMITS, MAX_AGE, NOTHING, Surroundings())
        evaluator.evaluate(asked, now)
        samples += evaluator.judge.samples_judged
        sets += sum(evaluator.judge.reasons.values())
        state, now = read_again(state, INTERVAL), now + INTERVAL
    assert samples <= times * running
    assert sets < polls / 10


@pytest.mark.parametrize("name", FLEETS)
def test_over_a_fleet_it_says_the_same(name):
    works, remembered, evaluator = Works(FLEETS[name], 7, WEEKS), Remembered(), Evaluator(300.0)
    held = 0
    for now in works.polls():
        assert wrong(evaluator, remembered.take(works, now), now) == []
        running = sum(1 for _ in works.samples())
        held += running - evaluator.judge.samples_judged
    assert held > 0


def first_reasons(evaluator, states, now, *, is_first):
    asked = Question(states, LIMITS, MAX_AGE, NOTHING, Surroundings(), is_first=is_first)
    evaluator.evaluate(asked, now)
    return evaluator.judge.reasons


def test_while_the_first_picture_is_read_what_was_read_is_not_judged_anew_for_others(tmp_path):
    """Each part of it changes the fleet of those that were judged before."""
    begun, now = only_state(tmp_path, "one_sample_500")
    many = [replace(begun, eval_set_id=f"set-{number:02d}") for number in range(12)]
    evaluator = Evaluator(INTERVAL)
    for number in range(1, 7):
        reasons = first_reasons(evaluator, many[:number], now, is_first=True)
        assert reasons == {"new": 1}
        many, now = [read_again(state, INTERVAL) for state in many], now + INTERVAL
    # not for ever
    assert first_reasons(evaluator, many[:7], now, is_first=True) == {"new": 1, "fleet": 1}
    now += INTERVAL
    many = [read_again(state, INTERVAL) for state in many]
    # and all of it is right once all was read
    assert wrong(evaluator, many, now) == []


def only_state(tmp_path: Path, name: str = "slow_but_healthy") -> tuple[EvalSetState, float]:
    *_, (states, now) = recorded(tmp_path, name)
    return states[0], now


def test_what_is_read_again_and_unchanged_is_the_same_object(tmp_path):
    state, now = only_state(tmp_path)
    evaluator = Evaluator(INTERVAL)
    shown = []
    for number in range(4):
        asked = Question([state], LIMITS, MAX_AGE, NOTHING, Surroundings())
        shown.append(evaluator.evaluate(asked, now + number * INTERVAL).figures[0])
        state = read_again(state, INTERVAL)
    assert shown[3] is shown[1]


def test_what_is_stuck_is_told_anew_by_its_readers_alone(tmp_path):
    state, now = only_state(tmp_path, "all_500")
    evaluator = Evaluator(INTERVAL)
    shown = []
    for number in range(4):
        asked = Question([state], LIMITS, MAX_AGE, NOTHING, Surroundings())
        shown.append(evaluator.evaluate(asked, now + number * INTERVAL))
        state = read_again(state, INTERVAL)
    assert shown[3].figures[0] is shown[1].figures[0]
    assert shown[3].report.verdict == "stuck"
    (incident,) = shown[3].report.incidents
    told = [
        notice.opened(Decision(Reason.OPEN, incident, one.at), one).samples[0].stuck_seconds
        for one in (shown[1], shown[3])
    ]
    assert told[1] - told[0] == pytest.approx(2 * INTERVAL)


def test_what_is_not_read_any_more_is_judged_once_it_is_too_old(tmp_path):
    state, now = only_state(tmp_path)
    judge = IncrementalJudge(INTERVAL)
    verdicts = []
    for number in range(6):
        (judgment,), _ = judge.judge(
            [state], now + number * INTERVAL, LIMITS, MAX_AGE, learned=NOTHING
        )
        verdicts.append(judgment.verdict)
    assert verdicts[-1] == "unknown" != verdicts[0]


def test_what_was_read_at_a_time_to_come_is_unknown(tmp_path):
    """The clock was set back, and what was read since then can't be told from what is old."""
    state, now = only_state(tmp_path)
    evaluator = Evaluator(INTERVAL)
    assert wrong(evaluator, [state], now) == []
    assert wrong(evaluator, [state], now - 3600.0) == []
    (judgment,), _ = evaluator.judge.judge([state], now - 3600.0, LIMITS, MAX_AGE, learned=NOTHING)
    assert judgment.verdict == "unknown"


def test_what_was_learned_is_taken_up_within_a_round_of_polls(tmp_path):
    state, now = only_state(tmp_path)
    judge, learned, reasons = IncrementalJudge(INTERVAL), NOTHING, []
    for number in range(2 * LEARNED_POLLS):
        if number == LEARNED_POLLS // 2:
            learned = Learned(weeks=1.0)
        judge.judge([state], now + number * INTERVAL, LIMITS, 1e9, learned=learned)
        reasons += [reason for reason, count in judge.reasons.items() if count]
    assert reasons.count("learned") == 1


def test_two_readings_differ_by_what_they_say_alone(tmp_path):
    state, _ = only_state(tmp_path)
    assert same_but_read(state, read_again(state, 60.0))
    (log, task), *_ = state.tasks.items()
    other = replace(state, tasks={**state.tasks, log: replace(task, http_retries=7)})
    assert not same_but_read(state, other)
    assert not same_but_read(state, replace(state, last_log_line_at=1.0))


def failing_once_more(state: EvalSetState, number: int, at: float) -> EvalSetState:
    """One of its samples fails again."""
    (log, task), *_ = state.tasks.items()
    keys = list(task.samples)
    key = keys[number % len(keys)]
    sample = task.samples[key]
    streak = sample.streaks[0]
    failed = Outcome(False, at, streak.cause, streak.model, f"again {number}")
    sample = replace(
        sample,
        recent=Outcomes.of((*sample.recent, failed)),
        streaks=(replace(streak, count=streak.count + 1, last_at=at), *sample.streaks[1:]),
        last_event_at=at,
    )
    return replace(state, tasks={log: replace(task, samples={**task.samples, key: sample})})


def test_in_an_outage_those_are_judged_that_something_happened_to(tmp_path):
    state, now = only_state(tmp_path, "all_500")
    states = [replace(state, eval_set_id=f"set-{n}") for n in range(6)]
    running = sum(len(task.samples) for one in states for task in one.tasks.values())
    evaluator, judged = Evaluator(INTERVAL), []
    for number in range(12):
        states = [read_again(one, INTERVAL) for one in states]
        now += INTERVAL
        states[number % 6] = failing_once_more(states[number % 6], number, now - 5.0)
        assert wrong(evaluator, states, now) == []
        judged.append(evaluator.judge.samples_judged)
    assert judged[0] == running == 18
    assert max(judged[3:]) < running / 4


def test_the_first_success_in_an_outage_is_news_to_all(tmp_path):
    state, now = only_state(tmp_path, "all_500")
    states = [replace(state, eval_set_id=f"set-{n}") for n in range(6)]
    evaluator = Evaluator(INTERVAL)
    for _ in range(3):
        assert wrong(evaluator, states, now) == []
        states, now = [read_again(one, INTERVAL) for one in states], now + INTERVAL
    (log, task), *_ = states[0].tasks.items()
    key, sample = next(iter(task.samples.items()))
    model = sample.streaks[0].model
    answered = Outcome(True, now - 2.0, None, model, "answered")
    sample = replace(
        sample,
        recent=Outcomes.of((*sample.recent, answered)),
        streaks=(),
        last_success_at=now - 2.0,
        last_event_at=now - 2.0,
        ok_total=sample.ok_total + 1,
    )
    states[0] = replace(
        states[0], tasks={log: replace(task, samples={**task.samples, key: sample})}
    )
    assert wrong(evaluator, states, now) == []
    assert evaluator.judge.samples_judged == 18


def test_other_limits_make_other_baselines():
    judge = IncrementalJudge(INTERVAL)
    judge.judge((), 0.0, LIMITS, MAX_AGE, learned=NOTHING)
    first = judge._baselines
    judge.judge((), 1.0, LIMITS, MAX_AGE, learned=NOTHING)
    assert judge._baselines is first
    others = replace(LIMITS, false_pages_per_week=2 * LIMITS.false_pages_per_week)
    judge.judge((), 2.0, others, MAX_AGE, learned=NOTHING)
    assert judge._baselines is not first
