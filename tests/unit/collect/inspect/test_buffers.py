"""Manifests and summaries, of every generation and in every state of disrepair."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.logs import AT, ended, manifest, sample
from watchdog.collect.inspect.buffers import (
    CorruptManifest,
    Reference,
    decode_manifest,
    decode_summaries,
    decode_summary,
    error_line,
    is_cancelled,
)
from watchdog.model.facts import SampleKey

SECONDS = 1795448681.0


def test_both_generations_of_references():
    found = decode_manifest(manifest(sample(1, (3, 1)), sample("a/b c", ((2, 9), 5), epoch=2)))
    one, two = found.samples
    assert one.references == (Reference(1), Reference(3))
    assert two.references == (Reference(2, 9), Reference(5))
    assert (one.member, two.member) == ("1_1.json", "a/b c_2.json")
    assert (one.summary.key, two.summary.key) == (SampleKey("1", 1), SampleKey("a/b c", 2))


def test_a_running_summary():
    (entry,) = decode_manifest(manifest(sample(7, limit="time"))).samples
    summary = entry.summary
    assert (summary.uuid, summary.started_at, summary.completed) == ("uuid-7", SECONDS, False)
    assert summary.limit == "time"


def test_not_a_number_elsewhere_goes_the_slow_way():
    scores = {"includes": {"value": float("nan")}}
    found = decode_manifest(manifest(sample(1, ((1, 2),), scores=scores)))
    assert found.samples == decode_manifest(manifest(sample(1, ((1, 2),)))).samples


def test_metrics_that_look_like_something_else():
    text = '{"metrics": [{"name": "}, \\"samples\\": ["}], "samples": []}'
    assert decode_manifest(text.encode()).samples == ()


def test_one_bad_entry_costs_only_itself():
    bad = [
        sample(None),
        sample(2, epoch="x"),
        {"summary": 5},
        7,
        sample(3, ("?",)),
        {"segments": 1},
    ]
    found = decode_manifest(manifest(sample(1), *bad, sample(4)))
    assert [entry.summary.key.id for entry in found.samples] == ["1", "4"]
    assert len(found.bad) == len(bad)


def test_numbers_and_text_in_each_others_place():
    odd = sample("1", ("4", 2.0), epoch="3", uuid=5, error=500, started_at=9, completed="yes")
    (entry,) = decode_manifest(manifest(odd)).samples
    assert entry.summary.key == SampleKey("1", 3)
    assert (entry.summary.uuid, entry.summary.error) == ("5", "500")
    assert (entry.summary.started_at, entry.summary.completed) == (None, False)
    assert [one.segment for one in entry.references] == [2, 4]


@pytest.mark.parametrize("data", [b"", b"[]", b"5", b"\xff\xfe", b'{"samples": 5}', b"[" * 100_000])
def test_no_manifest(data):
    with pytest.raises(CorruptManifest):
        decode_manifest(data)


def test_truncated_at_every_offset():
    data = manifest(sample(1, ((1, 2),)), sample(2))
    for length in range(len(data)):
        with pytest.raises(CorruptManifest):
            decode_manifest(data[:length])


@given(st.binary(max_size=300))
def test_any_bytes(data):
    with contextlib.suppress(CorruptManifest):
        decode_manifest(data)
    with contextlib.suppress(CorruptManifest):
        decode_summaries(data)
    with contextlib.suppress(ValueError):
        decode_summary(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "epoch", "summary", "segments")), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=4))
def test_any_entries_are_read_or_bad(entries):
    data = json.dumps({"metrics": [float("nan")], "samples": entries}).encode()
    with contextlib.suppress(CorruptManifest):
        found = decode_manifest(data)
        assert found.samples or not entries
        assert len(found.samples) + len(found.bad) == len(entries)


@pytest.mark.parametrize(
    "content",
    [
        {"version": 2, "entries": []},
        {"samples": {"1": {}}},
        {"samples": [{"key": "1/1", "rows": [1, 2]}]},
    ],
)
def test_a_manifest_of_another_shape_is_none(content):
    """Read as one without samples it would be a task that gets on."""
    with pytest.raises(CorruptManifest):
        decode_manifest(json.dumps(content).encode())


def test_ended_samples():
    data = json.dumps([ended(1), ended(2, error="RuntimeError('boom')\nsecond line")]).encode()
    (one, two), bad = decode_summaries(data)
    assert (one.completed, one.completed_at, one.error) == (True, SECONDS, None)
    assert two.error == "RuntimeError('boom')"
    assert bad == ()


def test_a_bad_summary_costs_only_itself():
    samples, bad = decode_summaries(json.dumps([ended(1), {"id": 2}, ended(3)]).encode())
    assert [one.key.id for one in samples] == ["1", "3"]
    assert len(bad) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("CancelledError()", True),
        ("CancelledError: x", True),
        ("Cancelled by operator", True),
        ("Cancelled by limit", True),
        ("RuntimeError('Cancelled by operator')", False),
        (None, False),
    ],
)
def test_cancelled(error, told):
    assert is_cancelled(error) is told
    assert decode_summary(json.dumps(ended(1, error=error)).encode()).cancelled is told


def test_instants_are_read():
    assert decode_summary(json.dumps(ended(1, completed_at=AT)).encode()).completed_at == SECONDS


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            (
                'ModelGenerateError(\'\\nRequest:\\n{\\n  "content": "secret"\\n}\\n\\n'
                "BadRequestError(\\'Error code: 400 - too long\\')')"
            ),
            "BadRequestError('Error code: 400 - too long')",
        ),
        ("ModelGenerateError('\\nRequest: secret')", "ModelGenerateError"),
        ("ValueError('a')\nsecond line", "ValueError('a')"),
        (None, None),
    ],
)
def test_an_error_s_line_is_what_the_provider_said_and_never_the_request(error, line):
    assert error_line(error) == line
