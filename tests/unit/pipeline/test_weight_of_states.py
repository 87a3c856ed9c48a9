"""How many bytes are remembered: few for a sample, and none more for a longer history.

Sizes by Python's own account, so that they are the same each time.
"""

import asyncio
import gc
import sys
import tracemalloc

import pytest

from tests.builders.agent_buffers import short_id
from tests.builders.agent_states import read
from tests.builders.weight import weight
from watchdog.model.names import ITEMS_MAX, TABLE_MAX, shared, shared_name
from watchdog.model.outcomes import Outcome, Outcomes
from watchdog.model.state import RECENT, SampleState
from watchdog.model.state_codec import decode_state, encode_state
from watchdog.model.successes import BUCKETS_MAX

SAMPLES = 5
BUCKET = 20


def _read(events: int, every: float = 4.0):
    states, buffers = asyncio.run(read(1, SAMPLES, events, every))
    return states, buffers


def test_a_sample_takes_two_and_a_half_kilobytes_of_states_and_readers():
    """An agent in four spans, with a tool under way and fourteen outcomes; 10 kB once."""
    states, buffers = _read(100)
    assert weight([states, buffers]) / SAMPLES < 3_000


def test_no_history_adds_anything():
    short, long = _read(400), _read(1_600)
    (task,) = next(iter(long[0].values())).tasks.values()
    assert all(len(sample.recent) == RECENT for sample in task.samples.values())
    grown = weight(list(long)) - weight(list(short))
    buckets = sum(len(successes.buckets) for successes in task.successes.values())
    assert buckets <= BUCKETS_MAX  # by minutes, and coarser from three hours on
    assert grown < BUCKET * BUCKETS_MAX + 64 * SAMPLES, grown


def test_a_state_from_a_checkpoint_is_as_small():
    states, _ = _read(100)
    again = {name: decode_state(encode_state(state)) for name, state in states.items()}
    assert again == states
    assert weight([again]) < 1.25 * weight([states])
    assert sum(len(encode_state(state)) for state in states.values()) < 2_000 * SAMPLES


def test_names_are_held_once():
    states, _ = _read(100)
    (task,) = next(iter(states.values())).tasks.values()
    kinds = {id(sample.recent.kinds) for sample in task.samples.values()}
    assert len(kinds) == 1
    names = {id(call.name) for sample in task.samples.values() for call in sample.open_calls}
    assert len(names) <= 1


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="free-threaded builds keep them")
def test_a_name_goes_with_its_last_reader():
    tracemalloc.start()
    try:
        for number in range(20_000):
            shared_name(f"{number:02000d}")
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000 * 2_000 / 2  # what is held is the interpreter's table, which has grown


def test_what_is_shared_is_bounded():
    for number in range(2 * TABLE_MAX):
        shared((f"hostile-{number}",))
    first = shared((f"hostile-{2 * TABLE_MAX - 1}",))
    assert shared((f"hostile-{2 * TABLE_MAX - 1}",)) is first
    many = tuple(map(str, range(ITEMS_MAX + 1)))
    assert shared(tuple(map(str, range(ITEMS_MAX + 1)))) is not many


def test_hostile_names_make_no_sample_heavy():
    records = [Outcome(True, 1.0, None, f"{n:0100d}", short_id(_Draw(n))) for n in range(RECENT)]
    sample = SampleState(key=("1", 1), recent=Outcomes.of(records))
    assert weight([sample]) < RECENT * 300 + 2_000


class _Draw:
    """Not by chance."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def choices(self, alphabet, k):
        return [alphabet[(self._seed + place) % len(alphabet)] for place in range(k)]
