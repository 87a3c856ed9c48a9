"""A state as bytes and back: of every recording, with its cluster."""

import asyncio

import pytest

from tests.recordings.unpack import names, unpack
from watchdog.config.load import load
from watchdog.model.state import EvalSetState
from watchdog.model.state_codec import CorruptState, decode_state, encode_state
from watchdog.pipeline.source_state import all_states
from watchdog.pipeline.targets import read_targets


def _states(bundle) -> list[EvalSetState]:
    (read,) = asyncio.run(read_targets([str(bundle)], load({}), None, 0.0))
    return all_states(read.sources)


@pytest.mark.parametrize("name", names())
def test_a_state_comes_back_equal(name, tmp_path):
    states = [state for bundle in unpack(name, tmp_path)[-2:] for state in _states(bundle)]
    assert any(state.tasks or state.cluster for state in states)
    for state in states:
        again = decode_state(encode_state(state))
        assert again == state
        assert _types(again) == _types(state)


def _types(value: object) -> object:
    """The types all the way down: equality takes a tuple for a key. A whole float may be an int."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    if isinstance(value, dict):
        return {key: (_types(key), _types(item)) for key, item in value.items()}
    if isinstance(value, tuple):
        return type(value), tuple(map(_types, value))
    fields = getattr(value, "__struct_fields__", ())
    return type(value), tuple(_types(getattr(value, name)) for name in fields)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xc1", b"{}", b"\x93\x01\x02\x03", b"\xff" * 99])
def test_what_is_no_state_is_said_to_be_none(data):
    with pytest.raises(CorruptState, match="no state of an eval set"):
        decode_state(data)


def test_a_damaged_state_is_never_half_a_state(tmp_path):
    data = encode_state(_states(unpack("two_tasks", tmp_path)[-1])[0])
    for end in range(0, len(data), 97):
        with pytest.raises(CorruptState):
            decode_state(data[:end])
