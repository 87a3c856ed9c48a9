"""What owners say, read from texts: each key, each bound, and hostile ones."""

import pytest

from watchdog.collect.allowances import READERS, read
from watchdog.model.allowances import Allowance

DURATIONS = ("model-call", "tool-call", "setup", "scoring", "step", "expected-silence")


@pytest.mark.parametrize("key", DURATIONS)
def test_a_duration_of_an_owner_is_seven_days_at_most(key):
    field = key.replace("-", "_")
    assert read({key: "7d"}) == (Allowance(**{field: 604_800.0}), ())
    said, (ignored,) = read({key: "7d1s"})
    assert said == Allowance()
    assert ignored == (
        f"stuck-eval-watchdog/{key}: should be at most 7 d: longer is for the service's "
        "`overrides` (got '7d1s')"
    )


@pytest.mark.parametrize(("text", "factor"), [("1", 1), ("10", 10), (3, 3), (2.5, 2.5)])
def test_patience_is_a_factor(text, factor):
    assert read({"patience": text}) == (Allowance(patience=factor), ())


@pytest.mark.parametrize("text", ["0.9", "10.1", "nan", "inf", "-3", "3x", "", True, 10**400, None])
def test_a_factor_beyond_its_bounds_is_named(text):
    said, (ignored,) = read({"patience": text})
    assert said == Allowance()
    assert ignored.startswith("stuck-eval-watchdog/patience: should be a factor from 1 to 10 (got")


@pytest.mark.parametrize(
    ("text", "truth"),
    [("false", False), (" No ", False), (False, False), ("0", False), ("TRUE", True), (True, True)],
)
def test_page_is_a_truth(text, truth):
    assert read({"page": text}) == (Allowance(page=truth), ())


@pytest.mark.parametrize("text", ["never", "", 2, None, {"a": 1}, ["false", "x"]])
def test_a_truth_that_is_none_is_named(text):
    said, (ignored,) = read({"page": text})
    assert said == Allowance()
    assert "should be true or false" in ignored


@pytest.mark.parametrize("text", ["tomorrow", "99999-01-01", "0001-01-01T00:00:00+23:59", 17, None])
@pytest.mark.parametrize("key", ["until", "mute-until"])
def test_an_instant_that_is_none_is_named(key, text):
    said, (ignored,) = read({key: text})
    assert said == Allowance()
    assert "should be a time such as 2026-12-01T08:00:00Z" in ignored


def test_what_inspect_s_command_line_cut_at_commas_is_put_together():
    assert read({"reason": ["long tools", " slow builds"]})[0].reason == "long tools, slow builds"


@pytest.mark.parametrize("key", ["reason", "waiting", "mute-reason"])
def test_a_text_is_one_visible_line_of_bounded_length_without_commands(key):
    said, _ = read({key: "run `rm -rf /`\n\u202e\x1b[2J" + "x" * 10_000})
    text = getattr(said, key.replace("-", "_"))
    assert text.startswith("run 'rm -rf /'")
    assert text.isprintable()
    assert len(text) == 200


def test_what_is_ignored_is_one_line_each_and_few():
    said, ignored = read({f"{n}\n`x`" + "k" * 999: "v\n" * 999 for n in range(99)}, "metadata ")
    assert said == Allowance()
    assert len(ignored) == len(READERS)
    assert all(text.isprintable() and len(text) < 500 and "`" not in text for text in ignored)
    assert all(text.startswith("metadata stuck-eval-watchdog/") for text in ignored)
