"""A long history at a first start: verdicts from its newest rows, the rest of it behind them."""

import pytest

from tests.builders.logs import BUFFER
from tests.builders.long_history import LongHistory
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.inspect.newest import LONG, NEWEST, OLDEST
from watchdog.collect.source import Resumed, resume_from
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.resumption import Resumption, resumed
from watchdog.pipeline.source_state import SourceState, all_problems, known_states
from watchdog.service.checkpoint_records import decode, encode
from watchdog.service.guarded import GuardedSource

SAMPLES = 3
EVENTS = 1500
SET = "set"


class Counted(DirectoryStore):
    """A directory that counts the segments that are read of it."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.segments: list[int] = []

    async def get(self, path, limit, if_none_match=None):
        if "/segment." in path:
            self.segments.append(int(path.rpartition("/")[2].split(".")[1]))
        return await super().get(path, limit, if_none_match)


def life(folder, *, newest_first=True) -> tuple[SourceState, Counted]:
    store = Counted(folder)
    options = LogsOptions(listing_interval=0.0, newest_first=newest_first, sqlite=False)
    return SourceState(GuardedSource(LogsSource(store, options)), label="store"), store


def judged(source: SourceState, now: float):
    states, problems = known_states([source]), tuple(all_problems([source]))
    return evaluate(states, problems, now, Thresholds(), 1e9).report


def sample_of(report, sample: str):
    (eval_set,) = report.eval_sets
    return next(one for one in eval_set.tasks[0].running if one.id == sample)


async def all_history(source: SourceState, turns=200) -> int:
    for turn in range(turns):
        if all(task.history is None for s in source.states.values() for task in s.tasks.values()):
            return turn
        await source.read_history(0.05)
    raise AssertionError("it never ends")


@pytest.fixture
def history(tmp_path):
    made = LongHistory(SAMPLES, EVENTS)
    made.now = made.fail(0, 12, 1800.0) + 60.0
    made.ask(1, made.now - 30.0)
    made.ask(2, made.now - 30.0)
    made.write(tmp_path / SET)
    return made


async def test_the_newest_rows_suffice_for_a_verdict(tmp_path, history):
    source, store = life(tmp_path)
    await source.poll(history.now)
    assert history.buffer.segments > 2 * LONG
    assert len(store.segments) <= SAMPLES * (OLDEST + NEWEST) + 10
    report = judged(source, history.now)
    stuck = sample_of(report, "1")
    assert (stuck.verdict, stuck.cause) == ("stuck", "api_server_error")
    assert stuck.fail_streak >= 8
    assert report.eval_sets[0].verdict == "partially_stuck"
    (problem,) = [p for p in report.problems if "history" in p.text]
    assert "0 % of" in problem.text
    assert "newest events" in problem.text


async def test_what_comes_of_it_is_what_reading_in_order_gives(tmp_path, history):
    newest, _ = life(tmp_path)
    in_order, _ = life(tmp_path, newest_first=False)
    await newest.poll(history.now)
    await in_order.poll(history.now)
    task = next(iter(newest.states[SET].tasks.values()))
    assert task.durations == {}, "half a history teaches nothing"
    await all_history(newest)
    await newest.poll(history.now)
    assert newest.states == in_order.states
    assert judged(newest, history.now) == judged(in_order, history.now)


async def test_what_is_written_meanwhile_is_read_at_once(tmp_path, history):
    newest, store = life(tmp_path)
    await newest.poll(history.now)
    await newest.read_history(0.0)
    read = len(store.segments)
    at = history.now + 60.0
    history.ended_at = at - 1800.0
    history.fail(1, 1, 1800.0)
    buffer = tmp_path / SET / BUFFER
    history.write(tmp_path / SET, lambda n: not (buffer / f"segment.{n}.zip").exists())
    await newest.poll(at + 5.0)
    assert 1 <= len(store.segments) - read <= 2
    assert sample_of(judged(newest, at + 5.0), "2").fail_streak == 1
    await all_history(newest)
    await newest.poll(at + 5.0)
    in_order, _ = life(tmp_path, newest_first=False)
    await in_order.poll(at + 5.0)
    assert newest.states == in_order.states


async def test_a_restart_in_the_midst_of_it_goes_on_there(tmp_path, history):
    first, _ = life(tmp_path)
    await first.poll(history.now)
    await first.read_history(0.02)
    cuts = await first.cuts()
    assert cuts.keys() == {SET}
    kept = decode(encode(cuts[SET]), SET)
    source, store = life(tmp_path)
    state = resumed(kept.state, "store", None)
    source.resumption = Resumption({SET: Resumed(kept.position, state)})
    resume_from(source.source, source.resumption.recall)
    await source.poll(history.now)
    assert store.segments == []
    await all_history(source)
    assert min(store.segments) > 1, "what was read of it isn't read again"
    await source.poll(history.now)
    in_order, _ = life(tmp_path, newest_first=False)
    await in_order.poll(history.now)
    samples = [next(iter(s.states[SET].tasks.values())).samples for s in (source, in_order)]
    assert samples[0] == samples[1]


async def test_after_a_long_time_away_too(tmp_path):
    made = LongHistory(SAMPLES, 150)
    made.write(tmp_path / SET)
    before, _ = life(tmp_path)
    await before.poll(made.ended_at)
    kept = decode(encode((await before.cuts())[SET]), SET)
    now = made.fail(1, 3 * LONG, 1800.0) + 60.0
    made.write(tmp_path / SET)
    source, store = life(tmp_path)
    state = resumed(kept.state, "store", None)
    source.resumption = Resumption({SET: Resumed(kept.position, state)})
    resume_from(source.source, source.resumption.recall)
    await source.poll(now)
    assert len(store.segments) == NEWEST
    assert sample_of(judged(source, now), "2").verdict == Verdict.STUCK
    assert sample_of(judged(source, now), "2").fail_streak < 3 * LONG
    await all_history(source)
    await source.poll(now)
    in_order, _ = life(tmp_path, newest_first=False)
    await in_order.poll(now)
    samples = [next(iter(s.states[SET].tasks.values())).samples for s in (source, in_order)]
    assert samples[0] == samples[1]
    assert sample_of(judged(source, now), "2").fail_streak == 3 * LONG


async def test_what_may_have_been_said_long_ago_is_held_back(tmp_path):
    """A sample that is silent: whether a person has it at hand stands in what isn't read yet."""
    made = LongHistory(SAMPLES, EVENTS)
    now = made.ended_at + 6 * 86_400.0
    made.write(tmp_path / SET)
    newest, _ = life(tmp_path)
    await newest.poll(now)
    report = judged(newest, now)
    assert {one.verdict for one in report.eval_sets[0].tasks[0].running} == {"unknown"}
    evidence = sample_of(report, "1").evidence
    assert any("still being read" in one.text for one in evidence)
    await all_history(newest)
    in_order, _ = life(tmp_path, newest_first=False)
    for source in (newest, in_order):
        await source.poll(now)
    assert judged(newest, now) == judged(in_order, now)
    assert sample_of(judged(newest, now), "1").verdict == Verdict.STUCK


async def test_a_segment_that_is_gone_is_a_hole_in_both(tmp_path, history):
    (tmp_path / SET / BUFFER / "segment.60.zip").unlink()
    newest, _ = life(tmp_path)
    await newest.poll(history.now)
    await all_history(newest)
    in_order, _ = life(tmp_path, newest_first=False)
    for source in (newest, in_order):
        await source.poll(history.now)
    assert newest.states == in_order.states


async def test_a_short_one_is_read_in_order(tmp_path):
    made = LongHistory(SAMPLES, 100)
    made.write(tmp_path / SET)
    source, store = life(tmp_path)
    await source.poll(made.ended_at)
    assert made.buffer.segments <= LONG
    assert sorted(store.segments) == sorted(made.buffer._segments)
    assert next(iter(source.states[SET].tasks.values())).history is None
