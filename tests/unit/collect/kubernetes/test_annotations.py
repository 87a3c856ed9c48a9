"""Annotations of the runner's Job."""

from datetime import UTC, datetime

from tests.builders.kubernetes_objects import listing, meta
from watchdog.collect.allowances import READERS
from watchdog.collect.kubernetes.annotations import allowance
from watchdog.collect.kubernetes.decoding import decode_list
from watchdog.model.allowances import Allowance

OURS = "stuck-eval-watchdog/"


def test_a_job_s_annotations_are_read():
    annotations = {
        f"{OURS}tool-call": "4h",
        f"{OURS}model-call": "90m",
        f"{OURS}step": "1d12h",
        f"{OURS}setup": "120",
        f"{OURS}scoring": "1.5h",
        f"{OURS}waiting": "human\x1b[31m baseline",
        f"{OURS}mute-until": "2026-12-01T08:00:00Z",
        f"{OURS}mute-reason": "known",
        f"{OURS}expected-silence": "6h",
        f"{OURS}patience": "2.5",
        f"{OURS}page": "false",
        f"{OURS}until": "2026-12-02",
        f"{OURS}reason": "a long build",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    job = {"metadata": meta("runner", annotations=annotations), "spec": {}, "status": {}}
    (entry,), problems = decode_list("jobs", listing(job))
    assert not problems
    assert entry.record.ignored == ()
    assert entry.record.allowance == Allowance(
        model_call=5400,
        tool_call=14_400,
        setup=120,
        scoring=5400,
        step=129_600,
        waiting="human [31m baseline",
        mute_until=datetime(2026, 12, 1, 8, tzinfo=UTC).timestamp(),
        mute_reason="known",
        expected_silence=21_600,
        patience=2.5,
        page=False,
        until=datetime(2026, 12, 2, tzinfo=UTC).timestamp(),
        reason="a long build",
    )


def test_what_can_not_be_used_is_named_and_the_rest_counts():
    found, ignored = allowance(
        {
            f"{OURS}tool-call": "4 hours",
            f"{OURS}mute-until": "tomorrow",
            f"{OURS}toolcall": "4h",
            f"{OURS}setup": "-5",
            f"{OURS}model-call": "2h",
        }
    )
    assert found == Allowance(model_call=7200)
    duration = "should be a duration such as 90m, 4h or 1d12h, of at most a year"
    known = (
        "model-call, tool-call, setup, scoring, step, waiting, mute-until, mute-reason, "
        "expected-silence, patience, page, until, reason"
    )
    assert ignored == (
        f"{OURS}mute-until: should be a time such as 2026-12-01T08:00:00Z (got 'tomorrow')",
        f"{OURS}setup: {duration} (got '-5')",
        f"{OURS}tool-call: {duration} (got '4 hours')",
        f"{OURS}toolcall: unknown; known: {known}",
    )


def test_hostile_annotations_are_cut_and_few():
    many = {f"{OURS}x{number}": "1" for number in range(1000)}
    found, ignored = allowance({**many, f"{OURS}waiting": "w" * 10_000})
    assert len(found.waiting) <= 200
    assert len(ignored) <= len(READERS)
