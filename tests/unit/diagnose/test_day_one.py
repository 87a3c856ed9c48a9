"""What is known before anything was learned: clients' time-outs, calls alike, CPU and log."""

import random

import pytest
from msgspec.structs import replace

from tests.builders.cluster_views import RUNNER, view, watched
from tests.builders.rows import SET, Rows, busy, facts, state
from watchdog.diagnose.baselines import Baselines
from watchdog.diagnose.judge import judge
from watchdog.diagnose.provider_timeouts import CLIENT_TIMEOUTS, client_timeout
from watchdog.diagnose.typical import chance_longer, survival_of_t
from watchdog.fold import fold
from watchdog.model.cluster import PodUsage
from watchdog.model.facts import RunnerLogRead
from watchdog.model.histogram import Histogram, add
from watchdog.model.learned import Learned, call_name
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Cause, Verdict
from watchdog.pipeline.learner import learned_from

LIMITS = Thresholds()
MINUTE, HOUR = 60.0, 3600.0


def taken(count: int, median: float, factor: float, seed: int = 1) -> Histogram:
    drawn = random.Random(seed)  # noqa: S311 - a sample, no secret
    return add(Histogram(), (median * factor ** drawn.gauss(0, 1) for _ in range(count)))


def limit_of(histogram: Histogram, name: str = "maker/model", family="model") -> float:
    learned = Learned(durations={call_name(family, name): histogram} if histogram.total else {})
    return Baselines(learned, LIMITS).limit(family, name).seconds


@pytest.mark.parametrize(
    ("model", "bound"),
    [
        ("openai/gpt-4o", 1816.0),
        ("anthropic/claude-opus-4", 1816.0),
        ("openai/o3-deep-research", None),
        ("openai/gpt-5-pro", None),
        ("google/gemini-2.5", None),
        ("grok/grok-4", None),
        ("vllm/meta-llama", None),
        ("mockllm/model", None),
        ("scripted/x", None),
        ("openai", 1816.0),
        ("", None),
    ],
)
def test_what_bounds_a_model_s_calls(model, bound):
    client = client_timeout(model)
    assert (client.gives_up_after if client else None) == bound


def test_each_client_is_listed_once_with_its_source():
    assert len({client.provider for client in CLIENT_TIMEOUTS}) == len(CLIENT_TIMEOUTS)
    assert all(client.source for client in CLIENT_TIMEOUTS)


def test_a_call_whose_client_gives_up_is_told_in_half_the_time():
    assert limit_of(Histogram()) == pytest.approx(2 * HOUR, rel=0.01)
    assert limit_of(Histogram(), "openai/gpt-4o") == pytest.approx(HOUR, rel=0.02)


def test_one_answer_in_pieces_shows_that_the_client_bounds_nothing():
    longer = limit_of(add(Histogram(), (55 * MINUTE,) * 4), "openai/gpt-4o")
    assert longer > 1.9 * HOUR


@pytest.mark.parametrize(("count", "most"), [(30, 85), (100, 60), (300, 45)])
def test_calls_that_are_alike_shorten_what_is_assumed(count, most):
    assert limit_of(taken(count, 20.0, 2.2)) < most * MINUTE


@pytest.mark.parametrize("median", [300.0, 900.0])
@pytest.mark.parametrize("count", [5, 30, 300])
def test_a_slow_reasoner_is_given_its_time(count, median):
    histogram = taken(count, median, 2.2)
    assert limit_of(histogram) > 1.8 * HOUR
    assert limit_of(histogram) > 2 * histogram.largest(1)


@pytest.mark.parametrize("count", [1, 3, 10, 50, 200])
def test_calls_of_two_kinds_are_not_alike(count):
    """Most answer at once, some think for half an hour: the next may think for longer."""
    histogram = merged = add(Histogram(), (8.0,) * count)
    merged = add(histogram, (1800.0,) * max(1, count // 10))
    assert limit_of(merged) > 1.5 * HOUR


@pytest.mark.parametrize("own", [0, 2, 5])
def test_a_sample_s_first_calls_may_be_unlike_those_of_others(own):
    """Two thinkers beside many quick ones: what is alike shows in a sample's own answers."""
    now = 3 * HOUR
    quick = {f"quick-{n}": busy(int(now)) for n in range(4)}
    thinker = Rows()
    for n in range(own):
        thinker.ok(n * 30.0, 10.0)
    thinker.pending("model", now - 50 * MINUTE)
    known = state(facts({"1": thinker, **quick}, read_at=now))
    learned = learned_from([known], now, LIMITS)
    (eval_set,) = judge([known], now, LIMITS, 1e9, learned=learned)
    stuck = [sample.key.id for sample in eval_set.tasks[0].stuck()]
    assert stuck == (["1"] if own > 2 else [])


@pytest.mark.parametrize(
    ("value", "freedom", "chance"),
    [(0.0, 5, 0.5), (2.015, 5, 0.05), (3.365, 5, 0.01), (2.764, 10, 0.01), (2.326, 1e6, 0.01)],
)
def test_the_tail_is_student_s(value, freedom, chance):
    """Values from the tables of Student's distribution."""
    assert survival_of_t(value, freedom) == pytest.approx(chance, rel=0.03)


def test_few_calls_tell_nothing_of_how_they_vary():
    assert chance_longer(add(Histogram(), (10.0,) * 4), 1e6) == 1.0


@pytest.mark.parametrize(
    ("cores", "minutes", "verdict"),
    [
        (0.0, 14, Verdict.PROGRESSING),
        (0.0, 16, Verdict.STUCK),
        (0.0003, 50, Verdict.PROGRESSING),
        (0.02, 50, Verdict.PROGRESSING),
    ],
)
def test_a_process_that_uses_no_cpu_at_all_is_told_whatever_its_samples_are_at(
    cores, minutes, verdict
):
    """One whose samples all wait for long calls takes 0.3 millicores: its event loop turns."""
    now = 600 + minutes * MINUTE
    samples = {n: busy(600).pending("tool", 600, "bash") for n in "12"}
    usage = (PodUsage(RUNNER.namespace, RUNNER.name, cores, now),)
    (eval_set,) = judge([watched(now, samples, view(now, usage=usage))], now, LIMITS, 1e9)
    assert eval_set.verdict is verdict
    if verdict is Verdict.STUCK:
        assert eval_set.cause is Cause.RUNNER_FROZEN


def logged(now: float, silence: float, until: float = 2 * HOUR):
    known = state(facts({"1": busy(int(until))}, read_at=now))
    return fold(known, RunnerLogRead(SET, until, "", until - 60.0, silence))


@pytest.mark.parametrize(
    ("silence", "minutes", "verdict"),
    [
        (60.0, 12, Verdict.PROGRESSING),
        (60.0, 17, Verdict.STUCK),
        (240.0, 30, Verdict.PROGRESSING),
        (240.0, 42, Verdict.STUCK),
        (1200.0, 55, Verdict.PROGRESSING),
    ],
)
def test_a_log_that_was_never_silent_for_long_tells_a_frozen_runner(silence, minutes, verdict):
    now = 2 * HOUR + minutes * MINUTE
    (eval_set,) = judge([logged(now, silence)], now, LIMITS, 1e9)
    assert eval_set.verdict is verdict


def test_a_log_that_can_not_be_read_any_more_is_not_silent():
    now = 2 * HOUR + 40 * MINUTE
    known = logged(now, 60.0)
    old = watched(now, {}, view(2 * HOUR))
    known = replace(known, cluster=old.cluster)
    (eval_set,) = judge([known], now, LIMITS, 1e9)
    assert eval_set.cause is not Cause.RUNNER_FROZEN


def test_the_longest_silence_is_learned_over_all_reads():
    known = state(facts({"1": busy(60)}, read_at=60))
    for at, seconds, silence in ((100.0, 50.0, 20.0), (400.0, 100.0, 30.0), (410.0, 0.0, 0.0)):
        known = fold(known, RunnerLogRead(SET, at, "", seconds, silence))
    assert (known.log_lines_since, known.log_longest_silence) == (50.0, 200.0)
