"""What a phone shows: twelve short rows whatever comes, what counts first, nothing obeyed."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders.notices import accepted, conclusion, hostile, texts
from tests.builders.snapshots import HOSTILE, NOW, incident, realistic
from tests.doubles.slack_api import EDIT_BYTES
from tests.paths import ROOT
from watchdog.model.verdict import Verdict
from watchdog.notify import notice
from watchdog.notify.channels.links import Templates
from watchdog.notify.channels.slack_buttons import buttons
from watchdog.notify.channels.slack_head import ROWS, WIDTH, head, head_text, rows, seen, title_of
from watchdog.notify.decide import Decision, Reason

LINKS = Templates(
    page="https://watchdog.example/",
    grafana="https://grafana.example/d/x?var-eval_set_id={eval_set_id}",
    runbook="https://wiki.example/{cause}",
)
OPENED = notice.opened(Decision(Reason.OPEN, incident(), NOW), realistic())
FORTY = tuple(f"mmlu-2026-11-22-{n:02}-" + "x" * 80 for n in range(40))
MANY = replace(OPENED, incident=incident(eval_sets=FORTY, scope="model", subject="openai/gpt-4o"))
RESOLVED = replace(
    OPENED, kind="resolved", verdict=Verdict.PROGRESSING, samples=(), actions=(), at=NOW + 60
)


LONG = tuple(f"slack:#a-channel-with-a-long-name-{n}" for n in range(9))
SHADOWED = {"shadow": ("pagerduty", *LONG), "would_know": ("pagerduty", *LONG)}


def shown(message, links=LINKS, **more):
    return seen(head_text(message, links, **more))


def test_it_says_what_is_stuck_why_and_what_now():
    message = replace(
        OPENED,
        incident=incident(conclusions=(conclusion("Middleman fails (502), direct works"),)),
    )
    text = shown(message, owners=("<@U0A>",))
    for part in (
        "● Stuck: mmlu-2026-11-22-x7k2",
        "22 h 14 min · page · 1 stuck sample in 1 eval set",
        "Tests Middleman fails (502), direct works",
        "Now Read the request that fails: hawk transcript nWJu3Mz",
        "Started by @U0A",
        "Status page · Grafana · Runbook",
    ):
        assert part in text
    blocks = head(message, LINKS, ("<@U0A>",))
    assert [block["type"] for block in blocks] == ["header", "section", "context"]
    assert accepted(blocks)


@pytest.mark.parametrize(
    "message",
    [
        OPENED,
        MANY,
        RESOLVED,
        replace(OPENED, incident=incident(summary="word " * 200, eval_sets=FORTY)),
        replace(OPENED, handling=("Acknowledged by " + "ann " * 40,) * 3, changes=("It is back",)),
        hostile(HOSTILE, 40),
        replace(MANY, handling=("Acknowledged by " + "ann " * 40,) * 3, changes=("back " * 40,)),
    ],
    ids=["one", "many", "resolved", "long", "handled", "hostile", "all"],
)
@pytest.mark.parametrize("shadow", [{}, SHADOWED], ids=["told", "in the shadow"])
def test_it_fits_a_phone(message, shadow):
    message = replace(message, **shadow)
    owners = tuple(f"<@U{n}ABCDEFG>" for n in range(5))
    assert rows(head_text(message, LINKS, owners)) <= ROWS
    assert rows(head_text(message, LINKS, owners, changes=True)) <= ROWS


def test_the_documented_example_is_what_it_makes():
    example = replace(OPENED, opening=1)
    (row,) = buttons(example)
    titles = [one["text"]["text"] if "text" in one else "…" for one in row["elements"]]
    lines = [shown(example, owners=("<@U0ANN>",)), " ".join(f"[{title}]" for title in titles)]
    page = (ROOT / "docs/messages.md").read_text()
    text = page.partition("<!-- example:")[2].partition("```text\n")[2].partition("```")[0]
    assert text == "\n".join([*lines, ""])


def test_in_the_shadow_it_says_so_first_and_asks_only_what_it_was_worth():
    names = {"shadow": ("slack",), "would_know": ("pagerduty", "slack")}
    message = replace(OPENED, opening=1, handling=("Acknowledged by ann",), **names)
    words = "Shadow: would have paged pagerduty and told slack"
    assert shown(message).startswith(f"{words}\n● Stuck:")
    assert shown(message, changes=True).startswith("Shadow: would have told slack\n")
    assert "Acknowledged by ann" in shown(message)
    assert texts(head(message, LINKS)[:1]) == [f"*{words}*"]
    (row,) = buttons(message)
    assert [one["action_id"] for one in row["elements"]] == ["true", "false"]


def test_rows_are_what_a_phone_shows():
    assert rows("a" * WIDTH) == 1
    assert rows("a" * (WIDTH + 1)) == 2
    assert rows(f"<https://x.example/{'y' * 200}|here> *b* `c`") == 1
    assert rows("one\ntwo") == 2


def test_a_command_is_whole_or_left_to_the_thread():
    short = replace(OPENED, actions=("Restart it: `hawk resume x`", "Look"))
    assert "*Now* Restart it: `hawk resume x`" in head_text(short, LINKS)
    long = replace(OPENED, actions=(f"Restart it: `hawk {'x' * 300}`",))
    assert "*Now* Restart it:\n" in head_text(long, LINKS)
    assert "xxx" not in head_text(long, LINKS)


def test_who_looks_after_it_stands_in_place_of_what_to_do():
    text = shown(replace(OPENED, handling=("Acknowledged by ann until 16:00 UTC",)))
    assert "Acknowledged by ann until 16:00 UTC" in text
    assert "Now " not in text


def test_forty_eval_sets_are_counted():
    text = shown(replace(MANY, incident=incident(eval_sets=("a", "b", "c", *FORTY))))
    assert "a, b, c and 40 more" in " ".join(text.split())


def test_the_end_says_what_it_was_and_what_became_of_it():
    text = shown(RESOLVED)
    assert text.startswith("● mmlu-2026-11-22-x7k2 resolved after 22 h 15 min")
    assert "Now progressing." in text
    assert "Now Read" not in text
    gone = shown(replace(RESOLVED, gone=True, verdict=None))
    assert "resolved" not in gone
    assert "It left the store" in gone


@settings(deadline=None, max_examples=60)
@given(
    st.text(alphabet="<>&!@#|*_~`:/.abC1 \n\u202e\u200b\u6570", max_size=120) | st.just(HOSTILE),
    st.sampled_from([1, 2, 40]),
    st.sampled_from(["opened", "updated", "resolved"]),
    st.booleans(),
)
def test_limits_hold_and_nothing_comes_to_life(text, many, kind, handled):
    message = replace(
        hostile(text, many),
        kind=kind,
        changes=(text * 30,) * 8,
        handling=(text * 9,) * 3 if handled else (),
    )
    blocks = head(message, LINKS, ("<@U0A>",))
    assert accepted(blocks)
    assert len(title_of(message)) <= 2 * WIDTH
    for line in texts(blocks[1:]):
        links = re.findall(r"<([^>]*)>", line)
        assert all(re.match(r"https?://[^\s<>|]+\||@U0A$", link) for link in links)
        assert (line.count("`") - line.count("\u200b`\u200b")) % 2 == 0
    whole = head_text(message, LINKS, ("<@U0A>",), changes=True)
    assert rows(whole) <= ROWS
    assert len(whole.encode()) <= EDIT_BYTES
    assert "<!" not in json.dumps(blocks[1:]) + whole
