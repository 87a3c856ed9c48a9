"""What an owner says in the metadata of the logs."""

import pytest

from tests.builders.logs import spec
from watchdog.collect.inspect.metadata import allowance
from watchdog.collect.inspect.specification import task_spec
from watchdog.model.allowances import Allowance

SAID = Allowance(expected_silence=21_600.0, patience=3.0, page=False, reason="builds")


@pytest.mark.parametrize(
    "metadata",
    [
        {"stuck_eval_watchdog": {"expected_silence": "6h", "patience": 3, "page": False}},
        {"stuck-eval-watchdog": {"expected-silence": 21600, "patience": "3", "page": "no"}},
        {
            "stuck-eval-watchdog/expected-silence": "6h",
            "stuck-eval-watchdog/patience": 3,
            "stuck-eval-watchdog/page": False,
        },
        # as Inspect's command line writes them
        {
            "stuck_eval_watchdog/expected_silence": "6h",
            "stuck_eval_watchdog/patience": 3,
            "stuck_eval_watchdog/page": False,
        },
        # a key weighs more than the mapping
        {
            "stuck_eval_watchdog": {"expected_silence": "1h", "patience": 3},
            "stuck_eval_watchdog/expected_silence": "6h",
            "stuck_eval_watchdog/page": False,
        },
    ],
)
def test_every_spelling_is_read(metadata):
    metadata |= {"stuck_eval_watchdog/reason": "builds", "owner": "me", "patience": 9}
    assert allowance(metadata) == (SAID, ())


def test_of_other_metadata_nothing_is_kept():
    metadata = {"notes": "x" * 100_000, "k" * 10_000: 1, "watchdog/patience": 3, "page": False}
    assert allowance(metadata) == (Allowance(), ())


@pytest.mark.parametrize("value", [3, "patience: 3", ["patience"], None])
def test_a_mapping_that_is_none_is_named(value):
    said, ignored = allowance({"stuck_eval_watchdog": value, "stuck_eval_watchdog/patience": 3})
    assert said == Allowance(patience=3)
    text = "metadata stuck-eval-watchdog: should hold keys and values, such as patience: 3"
    assert ignored == (text,)


def test_a_log_s_specification_holds_what_its_owner_says_and_what_can_not_be_used():
    metadata = {"stuck_eval_watchdog": {"patience": 3, "page": "never", "silence": "6h"}}
    read = task_spec(spec(metadata=metadata))
    assert read.allowance == Allowance(patience=3)
    first, second = read.ignored
    assert first == "metadata stuck-eval-watchdog/page: should be true or false (got 'never')"
    assert second.startswith("metadata stuck-eval-watchdog/silence: unknown; known: model-call, ")


@pytest.mark.parametrize("metadata", [None, [], "x", {}])
def test_a_log_without_metadata_says_nothing(metadata):
    read = task_spec(spec(metadata=metadata))
    assert (read.allowance, read.ignored) == (Allowance(), ())
