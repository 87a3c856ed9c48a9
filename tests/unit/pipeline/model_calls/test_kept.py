"""What is kept of models' calls: damage is told, whatever it is."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from watchdog.model.histogram import Histogram
from watchdog.packing import compressed
from watchdog.pipeline.model_calls import kept
from watchdog.pipeline.model_calls.kept import decoded, encoded
from watchdog.pipeline.model_calls.minutes import Minutes
from watchdog.pipeline.model_calls.one_model import OneModel
from watchdog.pipeline.model_calls.watch import ModelWatch

NOW = 1e6


def watch() -> ModelWatch:
    made = ModelWatch(until=NOW)
    made.models["openai/gpt-4o"] = one = OneModel()
    one.ended(NOW - 60, 3, well=True)
    one.lasted(Histogram({4: 2}, 2), NOW)
    return made


def text_of(record) -> str:
    return base64.b64encode(compressed(msgspec.msgpack.encode(record))).decode()


def record():
    return kept._decode(kept.decompressed(base64.b64decode(encoded(watch()))))


@given(st.text(max_size=40) | st.binary(max_size=80).map(lambda b: base64.b64encode(b).decode()))
def test_what_is_damaged_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        decoded(text, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"until": float("nan")},
        {"watched": kept._Ring(b"", -5)},
        {"models": {"x" * 999: record().models["openai/gpt-4o"]}},
        {"models": {str(n): record().models["openai/gpt-4o"] for n in range(99)}},
    ],
    ids=["version", "until", "ring", "name", "many"],
)
def test_what_is_unsound_is_refused(change):
    with pytest.raises(ValueError, match=r"."):
        decoded(text_of(replace(record(), **change)), NOW)


@pytest.mark.parametrize(
    "durations", [Histogram({4: -1}, -1), Histogram({999: 1}, 1), Histogram({4: 1}, 7)]
)
def test_durations_that_are_none_are_refused(durations):
    damaged = watch()
    damaged.models["openai/gpt-4o"].took[1] = durations
    with pytest.raises(ValueError, match="durations"):
        decoded(encoded(damaged), NOW)


def test_a_clock_that_was_set_back_keeps_nobody_from_counting():
    assert decoded(encoded(watch()), NOW - 500).until == NOW - 500


def test_it_is_small_enough_to_be_written_each_minute():
    made = ModelWatch(until=NOW)
    for n in range(64):
        made.models[f"provider/model-{n}"] = one = OneModel()
        for minute in range(1440):
            one.ended(NOW - 60 * minute, (n * minute) % 97 + 1, well=bool(minute % 3))
            one.lasted(Histogram(dict.fromkeys(range(12), 1.0), 12), NOW - 60 * minute)
    assert len(encoded(made)) < 600_000
    assert Minutes().kept() == bytes(1440 * 4)
