import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.ledger_entries import ledger_entry
from tests.builders.snapshots import (
    HOSTILE,
    NOW,
    eval_set,
    incident,
    realistic,
    sample,
    snapshot,
    task,
)
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_text import MAX_TEXT, code, escape, message, plain
from watchdog.notify.decide import Decision, Reason

OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), realistic())
LINKS = Templates(page="https://w.example")
MARKUP = st.text(alphabet="<>&!@#|*_~`:/.abC1 \n\u202e\u200b", max_size=60) | st.text()


def resolved(reason, verdict=None):
    entry = ledger_entry(incident(since="2026-11-23T05:46:00Z"), NOW)
    decision = Decision(reason, entry.incident, NOW, entry, verdict)
    return message(notice.resolved(decision, entry))


def test_the_message_says_what_a_person_needs():
    text = message(OPENED, Templates(page="https://watchdog.example/"))
    for part in (
        "*Stuck:* `mmlu-2026-11-22-x7k2`",
        "2026-11-22 09:46 UTC (22 h 14 min)",
        "`api_server_error`",
        "`mmlu/42/1` on `openai/gpt-4o`",
        "FAIL x45",
        "waits 30 min",
        "`hawk transcript nWJu3Mz`",
        "<https://watchdog.example/incidents/sample%3Ammlu-2026-11-22-x7k2%3Aapi_server_error|",
        "|Status page>",
    ):
        assert part in text


def test_how_sure_it_is_is_said_where_odds_were_weighed():
    rare = message(replace(OPENED, odds="seen once in 67 years"))
    assert "*How sure* seen once in 67 years\n" in rare
    assert "How sure" not in message(OPENED)


def test_the_end_says_how_long_it_took():
    text = resolved(Reason.RESOLVE, Verdict.PROGRESSING)
    assert "resolved after 2 h 14 min: now progressing" in text


def test_the_end_of_what_is_no_longer_watched_does_not_claim_recovery():
    text = resolved(Reason.GONE)
    assert "no longer watched" in text
    assert "resolved" not in text


@settings(deadline=None)
@given(MARKUP)
def test_plain_text_never_comes_to_life(text):
    result = plain(text)
    assert "<" not in result
    assert ">" not in result
    assert re.sub(r"&(amp|lt|gt);", "", result).count("&") == 0
    assert not re.search(r"(?<!s3)://", result)
    assert not re.search(r"(?<!\u200b)[*~`]|[*~`](?!\u200b)", result)
    assert not re.search(r"(?<![A-Za-z0-9\u200b])_|_(?![A-Za-z0-9\u200b])", result)


@settings(deadline=None)
@given(MARKUP)
def test_code_cannot_be_left(text):
    result = code(text)
    assert result.count("`") == 2
    assert result[0] == result[-1] == "`"
    assert "<" not in result
    assert "\n" not in result


@settings(deadline=None)
@given(MARKUP)
def test_escaping_loses_nothing(text):
    result = escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert result == text


def test_names_stay_as_they_can_be_copied():
    for text in ("mmlu_pro on gpt-4.1", "aws s3 sync s3://b/evals/my_set/.buffer/ /tmp/buffer/"):
        assert plain(text) == text


def test_a_hostile_evaluation_mentions_and_links_nobody():
    bad = sample(HOSTILE, recent="FAIL", evidence=())
    victim = incident(subject=HOSTILE, summary=HOSTILE, eval_sets=(HOSTILE,), actions=(HOSTILE,))
    hostile = eval_set(HOSTILE, tasks=(task(HOSTILE, model=HOSTILE, running=(bad,)),))
    text = message(notice.opened(Decision(Reason.OPEN, victim, NOW), snapshot(hostile)))
    assert "<" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "` *" not in text


@settings(deadline=None)
@given(st.integers(0, 3000), st.sampled_from(["x", "&", "*", "\u6570"]))
def test_length_is_bounded_and_markup_whole(length, char):
    long = char * length
    endless = incident(summary=long, subject=long, actions=(f"do `{long}`",) * 9)
    text = message(replace(OPENED, incident=endless, actions=endless.actions), LINKS)
    assert len(text.encode()) <= MAX_TEXT
    assert text.endswith(
        "<https://w.example/incidents/sample%3Ammlu-2026-11-22-x7k2%3Aapi_server_error|Status page>"
    )
    assert text.count("`") % 2 == 0
    assert not re.search(r"&(?!amp;|lt;|gt;)", text)
