"""What people are called for, and how the ledger keeps it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.snapshots import incident
from watchdog.model.probe import Meaning
from watchdog.model.report import ConclusionReport, OutsideReport
from watchdog.model.verdict import Verdict
from watchdog.notify.decide.announcements import (
    PAGE,
    Announcement,
    announced_with,
    announcements,
    from_text,
    to_text,
    unannounced,
)

SPACED = "vllm/My Model 70b"
FEED = OutsideReport("acme", "Errors", "", "https://status.acme.example/1", None)
TEXTS = {
    "page": PAGE,
    "scope eval_set": Announcement("scope", "eval_set"),
    f"test {SPACED} provider": Announcement("test", SPACED, Meaning.PROVIDER),
    "test openai/gpt-4o back": Announcement("test", "openai/gpt-4o", Meaning.BACK),
    "test  works": Announcement("test", "", Meaning.WORKS),
    "status https://status.acme.example/1": Announcement("status", FEED.url),
    "status Elevated errors (API)": Announcement("status", "Elevated errors (API)"),
    "status ": Announcement("status", ""),
}


def conclusion(model, meaning):
    return ConclusionReport(model, meaning, "high", "So it is.", None, None, ())


def test_all_that_an_incident_calls_people_for():
    tests = (conclusion(SPACED, Meaning.PROVIDER), conclusion("b", Meaning.NOT_TESTED))
    page = incident(conclusions=tests, outside=(FEED, replace(FEED, title="Slow", url="")))
    assert sorted(map(to_text, announcements(page))) == [
        "page",
        "scope sample",
        "status Slow",
        "status https://status.acme.example/1",
        f"test {SPACED} provider",
    ]
    assert PAGE not in announcements(replace(page, severity="warning"))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_of_the_ledger_is_read_and_written_as_it_was(text):
    assert from_text(text) == TEXTS[text]
    assert to_text(TEXTS[text]) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "page ",
        "scope",
        "scope galaxy",
        "test",
        "test m",
        "test m a guess",
        "status",
        "owner ada",
    ],
)
def test_what_another_version_wrote_is_kept_and_calls_nobody(text):
    assert from_text(text) == Announcement("other", text)
    assert to_text(from_text(text)) == text
    page = incident(scope="model")
    entry = announcements(incident()) | {from_text(text)}
    assert unannounced(page, entry) == {Announcement("scope", "model")}
    assert from_text(text) in announced_with(page, entry)


WORDS = st.text(max_size=20) | st.sampled_from(["page", "scope", "test", "status", "model", "back"])


@given(st.lists(WORDS, max_size=4).map(" ".join))
def test_no_text_is_lost_on_the_way(text):
    assert to_text(from_text(text)) == text


@given(st.text(max_size=30), st.sampled_from(Meaning))
def test_whatever_a_model_is_called_its_tests_are_recognised(model, meaning):
    announcement = Announcement("test", model, meaning)
    assert from_text(to_text(announcement)) == announcement


def test_what_is_degraded_calls_nobody_again():
    limps = incident(verdict=Verdict.DEGRADED, severity="warning", scope="model")
    assert unannounced(limps, frozenset()) == frozenset()


def test_only_a_joint_scope_counts_as_announced():
    warning = incident(severity="warning")
    task = replace(warning, scope="task")
    announced = announced_with(task, announcements(warning))
    assert announced == {Announcement("scope", "sample")}
    model = replace(warning, scope="model")
    assert announced_with(model, announced) == announced | {Announcement("scope", "model")}
