"""One eval set beside others: its share of a poll, what goes on at the next, what never will."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.builders import logs
from tests.builders.logs import (
    LOG,
    event,
    manifest,
    rows,
    running_log,
    sample,
    segment_path,
    zipped,
)
from watchdog.collect.inspect import buffer_reader
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.work.account import PollLimits
from watchdog.collect.work.worker import WorkFailed
from watchdog.model.facts import RowsRead, TaskBacklog, TaskRead, TaskUnreadable
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.source_state import SourceState

LIMITS = Thresholds()
SEGMENTS = 3 * buffer_reader.AHEAD
NOW = 1_763_912_681.0


def heavy():
    """A sample with a row in each of many segments."""
    last = tuple((n, n) for n in range(1, SEGMENTS + 1))
    store = {LOG: running_log(), logs.MANIFEST: manifest(sample(1, last))}
    for n in range(1, SEGMENTS + 1):
        store[segment_path(n)] = zipped({"1_1.json": rows(event("info"), first=n)})
    return store


def laid(root, **eval_sets):
    for name, objects in eval_sets.items():
        for path, data in objects.items():
            (root / name / path).parent.mkdir(parents=True, exist_ok=True)
            (root / name / path).write_bytes(data)
    return root


def source(root, **limits):
    options = LogsOptions(sqlite=False, poll_limits=PollLimits(**limits))
    return LogsSource(DirectoryStore(root), options)


def polled(root, polls, **limits):
    """The facts of each poll, and whether more was there."""

    async def main():
        store, heard = source(root, **limits), []
        for number in range(polls):
            facts = []
            result = await store.poll(NOW + number, facts.append)
            heard.append((facts, result.unfinished))
        await store.aclose()
        return heard

    return asyncio.run(main())


def of(kind, facts, name="giant"):
    return [fact for fact in facts if isinstance(fact, kind) and fact.eval_set_id == name]


def test_what_is_beyond_a_share_is_read_by_the_next_polls_and_nothing_twice(tmp_path):
    polls = polled(laid(tmp_path, giant=heavy()), 3, rows=buffer_reader.AHEAD)
    ids = [[row.id for fact in of(RowsRead, facts) for row in fact.rows] for facts, _ in polls]
    assert ids == [list(range(n, n + 8)) for n in (1, 9, 17)]
    assert [unfinished for _, unfinished in polls] == [True, True, False]
    texts = [one.text for facts, _ in polls for one in of(TaskBacklog, facts)]
    assert texts == [
        f"still being read: {share} % of its 24 segments (a poll reads 8 rows of it)"
        for share in (33, 66)
    ]
    assert len(of(TaskRead, polls[2][0])) == 1


def test_the_others_are_read_in_the_same_poll(tmp_path):
    root = laid(tmp_path, giant=heavy(), small=logs.running_store())
    ((facts, _),) = polled(root, 1, rows=buffer_reader.AHEAD)
    assert of(TaskBacklog, facts)
    assert of(TaskRead, facts, "small")
    assert sum(len(fact.rows) for fact in of(RowsRead, facts, "small")) == 3


def test_it_is_unknown_with_how_far_it_is_and_then_judged(tmp_path):
    async def main():
        state = SourceState(source(laid(tmp_path, giant=heavy()), rows=2 * buffer_reader.AHEAD))
        said = []
        for number in range(2):
            await state.poll(NOW + number)
            snapshot = evaluate(list(state.states.values()), (), NOW + number, LIMITS, 90.0)
            said.append(snapshot.report.eval_sets[0])
        await state.aclose()
        return said

    first, second = asyncio.run(main())
    assert first.verdict is Verdict.UNKNOWN
    assert "still being read: 66 %" in first.summary
    assert second.verdict is not Verdict.UNKNOWN


def test_more_samples_than_are_remembered_are_unknown_for_good(tmp_path):
    ((facts, unfinished),) = polled(laid(tmp_path, giant=logs.running_store()), 1, samples=1)
    (unreadable,) = of(TaskUnreadable, facts)
    assert "2 samples, more than the 1 that are remembered" in unreadable.text
    assert not unfinished


@pytest.mark.parametrize("kind", ["too_slow", "memory"])
def test_a_member_that_is_given_up_costs_no_other_its_rows(tmp_path, monkeypatch, kind):
    read_segment = buffer_reader.read_segment

    async def gives_up(got, members, limit, account):
        for place, member in enumerate(members):
            if member == "2_1.json":
                raise WorkFailed(kind, "took more than it may")
            async for piece in read_segment(got, [member], limit, account):
                yield replace_place(piece, place)

    monkeypatch.setattr(buffer_reader, "read_small", lambda *_: None)
    monkeypatch.setattr(buffer_reader, "read_segment", gives_up)
    members = {f"{n}_1.json": rows(event("info")) for n in (1, 2, 3)}
    store = {LOG: running_log(), segment_path(1): zipped(members)}
    store[logs.MANIFEST] = manifest(*(sample(n, ((1, 1),)) for n in (1, 2, 3)))
    ((facts, _),) = polled(laid(tmp_path, giant=store), 1)
    assert [fact.key.id for fact in of(RowsRead, facts)] == ["1", "3"]
    assert [fact.key.id for fact in of(buffer_reader.RowsLost, facts)] == ["2"]
    assert of(TaskRead, facts)


def test_a_process_that_died_costs_a_poll_and_then_the_member(tmp_path, monkeypatch):
    async def dies(*_):
        raise WorkFailed("died", "the worker process died on it (signal 9)")
        yield

    monkeypatch.setattr(buffer_reader, "read_small", lambda *_: None)
    monkeypatch.setattr(buffer_reader, "read_segment", dies)
    root = laid(tmp_path, giant=logs.running_store())
    first, second, third = (facts for facts, _ in polled(root, 3))
    assert "signal 9" in of(TaskUnreadable, first)[0].text
    assert of(TaskUnreadable, second)  # of the other segment
    assert len(of(buffer_reader.RowsLost, second + third)) == 2
    assert of(TaskRead, third)


def replace_place(piece, place):
    return piece if piece.names else replace(piece, place=place)
