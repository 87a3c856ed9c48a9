"""What the fleet's experience is made of, and what must not get into it."""

import msgspec
from msgspec.structs import replace

from tests.builders.rows import LOG, MODEL, SET, Rows, facts, key, schedule, state
from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.erred_days import with_run
from watchdog.fold import fold
from watchdog.model.facts import RowsRead, SampleKey, SampleSummary, SpecRead
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import MEMORY_WEEKS, NAMES_MAX, WEEK, Learned, fault
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.pipeline.learner import Learner, forgetting

HOUR = 3600.0
LIMITS = Thresholds()


def taught(*states: EvalSetState, now: float = HOUR, learned: Learned | None = None) -> Learner:
    learner = Learner(learned, LIMITS)
    learner.take(states, now)
    return learner


def outage(start: float, attempts: int) -> Rows:
    fails = schedule(start, attempts)
    return Rows().ok(0).fails(fails).ok(fails[-1] + 60)


def test_calls_that_returned_teach_how_long_they_take():
    learner = taught(state(facts({"1": Rows().ok(0, 90).ok(200, 2000)}, read_at=HOUR)))
    seen = learner.learned.durations[f"model:{MODEL}"]
    assert (seen.total, seen.above(100)) == (2, 1)


def test_a_call_that_never_returns_or_fails_teaches_nothing():
    rows = Rows().ok(0, 90).fail(200).pending("model", 900)
    learner = taught(state(facts({"1": rows}, read_at=50 * HOUR)), now=50 * HOUR)
    assert learner.learned.durations[f"model:{MODEL}"].total == 1


def test_what_is_taken_twice_counts_once():
    known = state(facts({"1": Rows().ok(0, 90)}, read_at=HOUR))
    learner = taught(known)
    first = learner.learned
    learner.take([known], HOUR)
    assert learner.learned == first


def test_new_rows_add_to_what_is_known():
    rows = Rows().ok(0, 90)
    known = state(facts({"1": rows}, read_at=HOUR))
    learner = taught(known)
    more = tuple(rows.ok(200, 500).rows[2:])
    learner.take([fold(known, RowsRead(SET, LOG, key("1"), more))], 2 * HOUR)
    assert learner.learned.durations[f"model:{MODEL}"].total == 2


def test_an_outage_counts_once_for_all_samples_that_it_hit():
    samples = {str(n): outage(600.0 + n, 7) for n in range(20)}
    troubles = taught(state(facts(samples, read_at=HOUR))).learned.troubles
    assert {name: seen.total for name, seen in troubles.items()} == {"shared:failed": 1}


def test_trouble_that_others_did_not_have_is_a_sample_s_own():
    busy = Rows()
    for at in range(0, 1000, 20):
        busy.ok(at, 5)
    samples = {"1": outage(600, 7), **{str(n): busy for n in range(2, 6)}}
    troubles = taught(state(facts(samples, read_at=HOUR))).learned.troubles
    assert {name: seen.total for name, seen in troubles.items()} == {"own:failed": 1}


def test_trouble_that_goes_on_teaches_nothing():
    rows = Rows().ok(0).fails(schedule(600, 12))
    assert taught(state(facts({"1": rows}, read_at=9 * HOUR))).learned.troubles == {}


def test_one_stray_does_not_move_the_limit():
    """A stuck call that somebody ends after a day must not allow the next one a day."""
    usual = replace(Learned(weeks=4), durations={"tool:bash": add(Histogram(), [30.0] * 500)})
    stray = replace(usual, durations={"tool:bash": add(Histogram(), [30.0] * 500 + [86_400.0])})
    limits = [Baselines(each, LIMITS).limit("tool", "bash").seconds for each in (usual, stray)]
    assert limits[1] < 1.3 * limits[0]


def test_three_long_calls_do_move_it():
    usual = Learned(weeks=4, durations={"tool:bash": add(Histogram(), [30.0] * 500)})
    more = add(usual.durations["tool:bash"], [7200.0] * 3)
    slower = replace(usual, durations={"tool:bash": more})
    limits = [Baselines(each, LIMITS).limit("tool", "bash").seconds for each in (usual, slower)]
    assert limits[0] < 7200 < limits[1]


def test_a_fleet_with_long_outages_waits_longer():
    calm, stormy = (
        Learned(weeks=4),
        Learned(weeks=4, troubles={"shared:failed": add(Histogram(), [3600.0] * 8)}),
    )
    chances = [
        Baselines(each, LIMITS).trouble("shared", "failed", 1800.0) for each in (calm, stormy)
    ]
    assert chances[0] < 0.1
    assert chances[1] > 1


def test_after_a_restart_only_what_is_new_counts():
    begun = taught(state(facts({"1": outage(600, 7).ok(2000, 90)}, read_at=HOUR)))
    again = EvalSetState(SET, learn_since=begun.learned.until)
    for fact in facts({"1": outage(600, 7).ok(2000, 90).ok(HOUR + 100, 30)}, read_at=2 * HOUR):
        again = fold(again, fact)
    learner = taught(again, now=2 * HOUR, learned=begun.learned)
    known = begun.learned.durations[f"model:{MODEL}"].total
    assert learner.learned.durations[f"model:{MODEL}"].total == known + 1
    assert learner.learned.troubles == begun.learned.troubles


def test_the_time_away_is_no_time_watched():
    begun = Learned(weeks=1.0, until=HOUR)
    learner = taught(
        state(facts({"1": Rows().ok(0)}, read_at=9 * WEEK)), now=9 * WEEK, learned=begun
    )
    assert learner.learned.weeks == 1.0
    learner.take((), 9 * WEEK + HOUR)
    assert learner.learned.weeks == 1.0 + HOUR / WEEK


def test_the_first_look_counts_what_the_buffers_tell_of():
    learner = taught(state(facts({"1": Rows().ok(0)}, read_at=WEEK)), now=WEEK)
    assert learner.learned.weeks == 1.0


def test_a_clock_that_runs_backwards_takes_nothing_away():
    learner = taught(now=2 * HOUR, learned=Learned(weeks=1.0, until=HOUR))
    learner.take((), HOUR)
    assert learner.learned.weeks == 1.0


def test_what_is_old_weighs_half():
    seen = {"shared:failed": add(Histogram(), [60.0] * 8)}
    old = Learned(weeks=MEMORY_WEEKS, until=HOUR, troubles=seen)
    learner = taught(now=2 * HOUR, learned=old)
    learner.take((), 3 * HOUR)
    assert learner.learned.weeks < MEMORY_WEEKS
    assert learner.learned.troubles["shared:failed"].total == 4


def test_what_is_forgotten_again_and_again_is_gone():
    learned = Learned(weeks=8, durations={"tool:x": add(Histogram(), [5.0])})
    for _ in range(5):
        learned = forgetting(learned)
    assert learned.durations["tool:x"].total == 0


def test_memory_is_bounded_whatever_tools_are_called():
    rows = Rows()
    for number in range(3 * NAMES_MAX):
        rows.add("tool", 10.0 * number, name=f"t{number}", completed_at=10.0 * number + 1)
    learner = taught(state(facts({"1": rows}, read_at=HOUR)))
    assert len(learner.learned.durations) <= NAMES_MAX


def finished(errors: int, completed: int, at: float):
    ended = [
        SampleSummary(SampleKey(f"e{n}", 1), completed_at=at, completed=True, error="KeyError('x')")
        for n in range(errors)
    ]
    ended += [
        SampleSummary(SampleKey(f"c{n}", 1), completed_at=at, completed=True)
        for n in range(completed)
    ]
    read = facts({}, read_at=at, ended=tuple(ended), status="success")
    return state(
        [replace(fact, completed_at=at) if type(fact) is SpecRead else fact for fact in read]
    )


def test_a_run_that_ended_teaches_what_share_errs_once():
    learner = Learner()
    for _ in range(3):
        learner.take([finished(6, 4, HOUR)], 2 * HOUR)
    assert learner.learned.erred["mmlu"].shares == {6: 1}


def test_the_best_run_of_a_day_counts_for_it():
    """One outage spoils many runs, and is no habit."""
    learned = Learned()
    for errors, at in ((9, HOUR), (2, 2 * HOUR), (8, 3 * HOUR), (7, 26 * HOUR)):
        learned = with_run(learned, finished(errors, 10 - errors, at).tasks[LOG], at)
    assert learned.erred["mmlu"].shares == {2: 1, 7: 1}
    assert fault(learned) is None


def test_too_few_samples_teach_nothing():
    assert taught(finished(2, 2, HOUR)).learned.erred == {}


def test_what_an_earlier_version_kept_is_used():
    kept = msgspec.json.decode(b'{"version":1,"weeks":2.0}', type=Learned)
    assert (kept.erred, fault(kept)) == ({}, None)


def test_calls_that_began_before_their_log_did_teach_nothing():
    """Calls of a hundred years would make the whole fleet wait as long."""
    rows = Rows().ok(0, 90)
    begun = next(one for one in facts({"1": rows}, read_at=HOUR) if isinstance(one, SpecRead))
    created_at = begun.spec.created_at or 0.0
    liar = Rows()
    for number in range(50):
        liar.ok(created_at - 1e9 + number, 1e9)
    learned = taught(state(facts({"1": rows, "2": liar}, read_at=HOUR))).learned
    assert learned.durations[f"model:{MODEL}"].total == 1


def test_one_eval_set_alone_makes_nobody_wait_for_more_than_a_day():
    day = 24 * HOUR
    liar = Rows()
    for number in range(50):
        liar.ok(float(number), 20 * day)
    honest = Rows()
    for number in range(50):
        honest.ok(1000.0 * number, 900)
    learned = taught(state(facts({"1": liar, "2": honest}, read_at=HOUR))).learned
    assert learned.durations[f"model:{MODEL}"].above(day) == 2
    limit = Baselines(learned, LIMITS).limit("model", MODEL)
    assert limit.seconds <= day
