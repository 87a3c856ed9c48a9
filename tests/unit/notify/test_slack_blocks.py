"""The thread's first reply: Slack's limits hold, all that counts is said, nothing is obeyed."""

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.notices import accepted, conclusion, hostile, text_of, texts
from tests.builders.snapshots import (
    HOSTILE,
    NOW,
    incident,
    realistic,
)
from tests.doubles.slack_api import BLOCKS_CHARACTERS, MARKUP
from watchdog.model.report import OutsideReport
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.channels.slack_blocks import clip, details, headline, reply
from watchdog.notify.channels.slack_text import MAX_TEXT
from watchdog.notify.decide import Decision, Reason

OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), realistic())
FORTY = tuple(f"mmlu-2026-11-22-{n:02}-" + "x" * 80 for n in range(40))


def about(kind="opened", **changes):
    """A notice on the usual incident, changed."""
    verdict = Verdict.PROGRESSING if kind == "resolved" else OPENED.verdict
    return replace(OPENED, kind=kind, incident=incident(**changes), verdict=verdict)


def test_it_says_what_a_person_needs():
    message = details(
        replace(
            OPENED,
            incident=incident(
                peers="41 other samples on this model progress",
                conclusions=(conclusion("Middleman fails (502), provider direct works (200)"),),
                outside=(
                    OutsideReport("openai", "Elevated errors", "", "https://st.example/1", None),
                ),
            ),
        )
    )
    text = text_of(message)
    for part in (
        "*Since*\n2026-11-22 09:46 UTC (22 h 14 min)",
        "1 stuck sample in 1 eval set",
        "`api_server_error`",
        "*Severity*\npage",
        "Middleman fails (502), provider direct works (200) (confidence high)",
        "41 other samples on this model progress",
        "<https://st.example/1|Elevated errors>",
        "FAIL x45",
        "1. Read the request that fails: `hawk transcript nWJu3Mz`",
    ):
        assert part in text
    assert accepted(message)


def test_a_warning_looks_different_from_a_page():
    assert headline(about(severity="page")).startswith(":red_circle: ")
    assert headline(about(severity="warning")).startswith(":large_orange_circle: ")


@pytest.mark.parametrize("kind", ["opened", "updated"])
def test_forty_eval_sets_are_all_listed(kind):
    message = details(about(kind, eval_sets=FORTY, summary="s" * 900))
    assert all(f"`{name}`" in text_of(message) for name in FORTY)
    assert accepted(message)


def test_those_that_recovered_are_named():
    message = details(about("updated", eval_sets=FORTY[:20], recovered=FORTY[20:]))
    text = text_of(message)
    assert "(20 of 40 still stuck)" in text
    before, after = text.split("*Recovered*")
    assert all(f"`{name}`" in before for name in FORTY[:20])
    assert all(f"`{name}`" in after for name in FORTY[20:])
    assert accepted(message)


def test_what_has_no_room_is_counted():
    names = tuple(f"set-{n:04}" for n in range(3000))
    message = details(about(eval_sets=names, recovered=names[::-1]))
    text = text_of(message)
    counted = [int(more) for more in re.findall(r" and (\d+) more", text)]
    listed = text.count("`set-")
    assert len(counted) == 2
    assert listed + sum(counted) == 6000
    assert listed > 200
    assert accepted(message)


def test_what_is_no_longer_watched_did_not_recover():
    gone = replace(about("resolved"), gone=True, verdict=None)
    assert "resolved" not in reply(gone)
    assert "no longer watched" in reply(gone)


def test_a_reply_says_what_is_new():
    updated = replace(OPENED, kind="updated", changes=("a, b joined", HOSTILE))
    lines = reply(updated).splitlines()
    assert lines[0] == "• a, b joined"
    assert len(lines) == 2
    assert "<" not in reply(updated)


def test_a_hostile_name_formats_nothing_in_the_thread():
    text = reply(about("resolved", eval_sets=(HOSTILE,)))
    assert "<" not in text
    assert not re.search(r"(?<!\u200b)[*~`]", text)
    assert not re.search(r"(?<!\u200b)://", text.replace(":\u200b//", ""))


@settings(deadline=None, max_examples=60)
@example("1111111111<`**`1", 1, "opened")
@given(
    st.text(alphabet="<>&!@#|*_~`:/.abC1 \n\u202e\u200b\u6570", max_size=120) | st.just(HOSTILE),
    st.sampled_from([1, 2, 40, 600]),
    st.sampled_from(["opened", "updated"]),
)
def test_limits_hold_and_nothing_comes_to_life(text, many, kind):
    message = details(replace(hostile(text, many), kind=kind, changes=(text * 30,) * 8))
    assert accepted(message)
    assert len(json.dumps(message, ensure_ascii=False).encode()) <= BLOCKS_CHARACTERS
    for line in texts(message):
        links = re.findall(r"<([^>]*)>", line)
        assert all(re.match(r"https?://[^\s<>|]+\|", link) for link in links)
        # a dead one has no width on both sides; a command's may follow what was made dead
        assert (line.count("`") - line.count("\u200b`\u200b")) % 2 == 0
    answer = reply(replace(hostile(text, many), kind="updated", changes=(text * 30,) * 8))
    assert len(answer.encode()) <= MAX_TEXT + 4


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["&amp;", "&lt;", "`x`", "<https://x|y>", "a", "\u6570"])),
    st.integers(20, 60),
)
def test_a_clip_leaves_markup_whole(parts, limit):
    short = clip("".join(parts), limit)
    assert len(short.encode()) <= limit
    assert short.count("`") % 2 == 0
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", MARKUP.sub("", short))


def test_what_was_degraded_and_got_stuck_is_not_called_resolved():
    limps = incident(verdict=Verdict.DEGRADED, severity="warning")
    over = notice.Notice("resolved", limps, NOW, NOW - 7200, Verdict.PARTIALLY_STUCK, ended=NOW)
    name = "mmlu-2026-11-22-x7k2"
    assert headline(over) == f":white_circle: {name} is no longer only degraded, after 2 h"
    well = replace(over, verdict=Verdict.PROGRESSING)
    assert headline(well) == f":large_green_circle: {name} resolved after 2 h"
