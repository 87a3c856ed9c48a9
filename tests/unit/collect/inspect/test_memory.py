"""What a reader remembers: exact where it may matter, and no more for a longer history."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.agent_buffers import AgentBuffer
from tests.builders.weight import weight
from watchdog.collect.inspect.buffer_reader import Buffer, Unfinished
from watchdog.collect.inspect.memory import RANGES_MAX, Names, Ranges
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.work.account import Account, PollLimits
from watchdog.model.facts import ManifestRead, RowsLost, RowsRead


@given(st.lists(st.integers(0, 60), max_size=80))
def test_ranges_hold_what_was_added(numbers):
    ranges = Ranges()
    ranges.update(numbers)
    assert [number for number in range(-1, 62) if number in ranges] == sorted(set(numbers))
    assert len(ranges) == len(set(numbers))


def test_ranges_are_bounded_and_exact_at_their_upper_end():
    ranges = Ranges()
    ranges.update(range(0, 20 * RANGES_MAX, 2))
    newest = range(20 * RANGES_MAX - RANGES_MAX, 20 * RANGES_MAX)
    assert [number in ranges for number in newest] == [number % 2 == 0 for number in newest]
    assert weight([ranges]) < 8_000


@given(st.lists(st.lists(st.text(max_size=3), max_size=30), max_size=8))
def test_names_hold_what_was_added(batches):
    names = Names()
    for batch in batches:
        names.update(batch)
    flat = {name for batch in batches for name in batch}
    assert all(name in names for name in flat)
    assert len(names) == len(flat)
    assert "another name" not in names


def _buffer(store, account=None) -> Buffer:
    return Buffer(store, "set/.buffer/log", "set", "log.eval", 1 << 30, account)


async def _all(buffer, facts, polls=1) -> int:
    """How many polls it took."""
    for poll in range(1, polls + 1):
        if await buffer.refresh() == "changed":
            buffer.emit_manifest(facts.append)
        try:
            if buffer.unread:
                await buffer.read_rows(facts.append)
        except (Unfinished, StoreError):
            continue
        return poll
    return polls


async def test_a_reader_is_as_small_after_a_long_history():
    sizes = []
    for events in (100, 800):
        store, facts = AgentBuffer(1, samples=3, events=events), []
        buffer = _buffer(store)
        await _all(buffer, facts)
        assert sum(len(fact.rows) for fact in facts if isinstance(fact, RowsRead)) == 3 * events
        sizes.append(weight([buffer], [store]))
    assert sizes[1] - sizes[0] < 64, sizes
    assert sizes[1] < 3_000


class Failing(AgentBuffer):
    """Its reads of segments fail now and then, for a while."""

    asked: list[str]
    fails = 0

    async def get(self, path, limit, if_none_match=None):
        self.asked.append(path.rpartition("/")[2])
        if "segment" in path and len(self.asked) % 7 == 0 and self.fails:
            self.fails -= 1
            raise StoreError("slow_down", path)
        return await super().get(path, limit, if_none_match)


async def test_what_was_not_read_to_its_end_goes_on_where_it_stopped():
    store, facts = Failing(2, samples=3, events=300), []
    store.asked, store.fails = [], 5
    account = Account(PollLimits(rows=120))
    buffer, polls = _buffer(store, account), 0
    emit = account.metered(facts.append)
    while polls < 40 and (polls == 0 or buffer.unread):
        account.begin()
        if await buffer.refresh() == "changed":
            buffer.emit_manifest(emit)
        with suppress(Unfinished, StoreError):
            await buffer.read_rows(emit)
        polls += 1
    rows = [row.id for fact in facts if isinstance(fact, RowsRead) for row in fact.rows]
    assert polls > 5
    assert sorted(rows) == list(range(1, 901))  # each once, none left out
    assert [type(fact) for fact in facts].count(ManifestRead) == 1  # it never changed
    assert not any(isinstance(fact, RowsLost) for fact in facts)
    assert store.asked.count("manifest.json") == polls
    assert await buffer.refresh() == "unchanged"


@pytest.mark.parametrize("read", [True, False])
async def test_no_manifest_is_held_between_polls(read):
    buffer = _buffer(AgentBuffer(3, samples=40, events=60))
    await buffer.refresh()
    if read:
        await buffer.read_rows(lambda _: None)
    held = weight([buffer])
    buffer.let_go()
    assert weight([buffer]) <= held
    assert weight([buffer], [buffer._store]) < 3_000
    assert (buffer.count, buffer.running, buffer.present, buffer.unread) == (40, 40, True, not read)
