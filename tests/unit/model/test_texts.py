import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders.snapshots import HOSTILE, counts
from watchdog.model import texts, words
from watchdog.model.causes import INFO_OF
from watchdog.model.instants import from_timestamp
from watchdog.model.verdict import Cause, Verdict


def test_every_cause_and_verdict_has_words():
    assert set(INFO_OF) == set(Cause)
    assert set(words.VERDICT_WORDS) == set(Verdict)


@settings(deadline=None)
@given(st.text(), st.integers(1, 80))
def test_clean_is_one_visible_bounded_line(text, limit):
    cleaned = texts.clean(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    cleaned.encode()


def test_clean_keeps_what_is_visible():
    assert texts.clean("数学 naïve \U0001f600 a\tb") == "数学 naïve \U0001f600 a b"
    assert "\n" not in texts.clean(HOSTILE)


@pytest.mark.parametrize(
    ("recent", "said"),
    [
        ("", ""),
        ("FAIL OK FAIL", "FAIL OK FAIL"),
        ("FAIL FAIL FAIL FAIL OK", "FAIL x4 OK"),
        (" ".join(["FAIL", "OK"] * 25), " ".join(["FAIL", "OK"] * 8) + " …"),
    ],
)
def test_strips(recent, said):
    assert words.strip(recent) == said


def test_tally():
    assert words.tally(counts(completed=3, running=10, queued=12, stuck=1)) == (
        "25 samples: 3 completed, 10 running (1 stuck), 12 queued"
    )
    assert words.tally(counts()) == "0 samples: none begun"


def test_instants():
    assert from_timestamp("2026-11-23T08:00:00.000Z") == 1_795_420_800.0
    assert from_timestamp("soon") is None
    assert from_timestamp(None) is None


def test_spans_of_unpaired_backticks_mark_nothing():
    assert texts.spans("run `a` now") == [("run ", False), ("a", True), (" now", False)]
    assert texts.spans("run `a now") == [("run a now", False)]


@settings(deadline=None)
@given(st.text(), st.integers(1, 50))
def test_the_first_line_is_one_short_line(text, limit):
    line = texts.first_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
