"""A week for people: what is not known is said, and foreign names are never obeyed."""

import pytest
from markdown_it import MarkdownIt

from tests.builders.snapshots import HOSTILE
from tests.builders.weeks import DAY, lost, opened
from watchdog.model.lost_time import Held, WatchedTime
from watchdog.model.weekly import Span, WeekRecords
from watchdog.notify.channels.slack_text import MAX_TEXT, size
from watchdog.pipeline.weekly import sum_up
from watchdog.pipeline.weekly.slack import weekly_text
from watchdog.surfaces.weekly.markdown import weekly_lines

BEGIN = 1_795_392_000.0
WEEK = Span(BEGIN, BEGIN + 7 * DAY, "UTC", "2026-W48")


def report(*incidents, shadow="", **records):
    return sum_up(WeekRecords(tuple(incidents), **records), WEEK, WEEK.end, shadow=shadow)


def text(told):
    return "\n".join(weekly_lines(told))


def usual():
    watched = WatchedTime(int(BEGIN), BEGIN, WEEK.end, 6.9 * DAY, 100, 1)
    return report(
        opened("a", BEGIN + 60, BEGIN + 7200, told="shadow", would_tell=("pagerduty",)),
        opened("b", BEGIN + 90, is_page=False),
        lost=(lost("a", BEGIN, 7200.0),),
        watched=(watched,),
        watched_since=BEGIN - DAY,
        shadow="slack:#quiet",
    )


def test_all_that_is_asked_for_stands_in_it():
    told = text(usual())
    for words in (
        "# Week 2026-W48, 2026-11-23 to 2026-11-29 (UTC)",
        "Shadow: only slack:\\#quiet is told, and nobody is paged",
        "2 incidents opened (1 page, 1 warning), 0 were open before, 1 ended, 1 were open",
        "1 page: 0 told, 1 only in the shadow.",
        "Judged: 0 true, 0 false. Not judged: 1.",
        "| pagerduty | 0 | 1 |",
        "median 11 min, 90 % within 11 min, at most 11 min, of 2 incidents.",
        "2 h stuck as a whole, 0 s in part, summed over 1 eval set.",
        "| ann | 2 h | 0 s | 1 |",
        "Sandboxes 2.0 h, runners 0.0 h.",
        "GPUs 2.0 h (nvidia.com/gpu 2.0 h).",
        "1: it went on by itself",
        "It watched 98.57% of the time",
        "`watchdog mark a true` or `watchdog mark a false`",
    ):
        assert words in told, words


def test_what_is_not_known_is_said():
    told = text(report(lost=(lost("a", BEGIN, 60.0, owner="", held=Held(unknown=60.0)),)))
    assert "Unknown: no pods were known of what was stuck." in told
    assert "Unknown: nothing was written down of this week." in told
    assert "the service did not run, or not this version" in told


@pytest.mark.parametrize("records", [{}, {"watched_since": WEEK.end + 60}])
def test_of_a_week_of_which_nothing_is_known_nothing_is_said_to_be_none(records):
    report = sum_up(WeekRecords(**records), WEEK, WEEK.end + 3600)
    for told in (text(report), weekly_text(report, None)):
        assert told.count("Unknown: nothing was written down of this week.") == 6
        for word in ("No ", "0.0 h", " 0", "0 incidents"):
            assert word not in told.replace("00:00", ""), word


def test_a_week_that_is_partly_known_says_since_when():
    since = WEEK.end - 1200
    watched = WatchedTime(int(WEEK.end - DAY), since, WEEK.end, 1200.0, 60, 0)
    told = text(report(watched=(watched,), watched_since=since))
    for words in (
        "Nothing is known from before 2026-11-29T23:40:00.000Z.",
        "0 incidents opened since 2026-11-29 23:40 UTC, ",
        "No page since 2026-11-29 23:40 UTC.",
        "## Time lost since 2026-11-29 23:40 UTC",
        "No eval set was stuck since 2026-11-29 23:40 UTC.",
        "## Held by what was stuck since 2026-11-29 23:40 UTC",
        "- The first 6 d 23 h are unknown; of the 20 min since 2026-11-29 23:40 UTC it watched ",
        " it watched 100.00%.\n",
    ):
        assert words in told, words


def test_time_that_was_not_watched_is_said():
    watched = WatchedTime(int(BEGIN), BEGIN + DAY, WEEK.end, 5 * DAY, 60, 0)
    told = text(report(watched=(watched,), watched_since=BEGIN + DAY))
    assert "The first 24 h are unknown; of the 6 d since 2026-11-24 00:00 UTC it watched" in told
    assert "83.33%, and did not for 24 h." in told


def test_what_began_before_it_watched_is_counted_apart():
    old = opened("old", BEGIN + 120, began_at=BEGIN - 90 * DAY)
    told = text(report(old, opened("new", BEGIN + 700), watched_since=BEGIN + 60))
    assert "at most 11 min, of 1 incident; not counted: 1 that began before it watched" in told
    assert "(2026-11-23 00:01 UTC)" in told
    alone = text(report(old, watched_since=BEGIN + 60))
    assert "until somebody was told: unknown; not counted: 1 that began before it" in alone
    nobody = text(report(opened("new", BEGIN + 700, told=""), watched_since=BEGIN))
    assert "until somebody was told: unknown, as nobody was told of any." in nobody


def test_hostile_names_make_no_markup():
    hostile = f"{HOSTILE} | x | <b> ![i](http://evil.example/i) # h"
    told = report(
        opened(hostile, BEGIN + 60),
        lost=(lost("a", BEGIN, 60.0, owner=hostile, team=hostile),),
    )
    html = MarkdownIt("commonmark").enable("table").render(text(told))
    for bad in ("<script", "<b>", "<img", "<a ", "<h1>h", "<em>", "<del>"):
        assert bad not in html
    assert html.count("<table>") == 4


def test_slack_s_text_fits_and_obeys_nothing():
    names = [f"{HOSTILE} {n}" * 4 for n in range(300)]
    told = report(
        *(opened(name, BEGIN + 60 + n) for n, name in enumerate(names)),
        lost=tuple(lost(name, BEGIN, 60.0, owner=name, team=name) for name in names),
        shadow="slack",
    )
    said = weekly_text(told, "https://watchdog.example.org/")
    assert size(said) <= MAX_TEXT
    assert "<!channel>" not in said
    assert said.endswith("<https://watchdog.example.org/incidents|Incidents>")
    assert weekly_text(usual(), None).startswith(":calendar: *Shadow: Week 2026-W48")
