"""A two-week shadow over a simulated fleet: the weekly report's figures are the fleet's truth."""

import re

import pytest
from msgspec import Struct

from tests.quality.fleets import HOUR
from tests.quality.shadow_weeks import RUNNER, SANDBOX, STEP, live, shadowed
from tests.quality.world import START, WEEK
from watchdog.model.weekly import Span, WeeklyReport
from watchdog.notify.ledger.database import open_ledger
from watchdog.notify.ledger.weekly import week_records
from watchdog.pipeline.weekly import sum_up
from watchdog.pipeline.weekly.weeks import week_named

CAUSES = {"model": "hung_model_call", "tool": "hung_tool_call"}
LAST = 2 * HOUR
"""So long an end may wait until it is told: what comes back soon is the same incident."""
WEEKS = ("2027-W02", "2027-W03", "2027-W04")
"""The two weeks begin on a Friday."""
ZONE = "Europe/Berlin"
OPENED = "Shadow: would have paged pagerduty and told slack, webhook\n:red_circle:"


class Lived(Struct):
    """What came of it, and what is said of it."""

    weeks: object
    reports: dict[str, WeeklyReport]
    whole: WeeklyReport
    messages: list[str]
    requests: set[str]


@pytest.fixture
async def lived(tmp_path, slack):
    reports = {}

    def end(weeks):
        opened = open_ledger(weeks.settings.state_url, weeks.now, weeks.settings.watch)
        spans = {name: week_named(name, ZONE) for name in WEEKS}
        spans["whole"] = Span(START, START + 2 * WEEK, ZONE)
        for name, span in spans.items():
            records = week_records(opened.ledger, span, 30 * 86_400.0)
            reports[name] = sum_up(records, span, weeks.now, shadow="slack")
        opened.ledger.close()

    weeks = await live(shadowed(tmp_path, slack.server.url), seed=1, weeks=2.0, end=end)
    whole = reports.pop("whole")
    paths = {path for _, path in slack.requests}
    return Lived(weeks, reports, whole, slack.messages, paths)


async def test_its_figures_are_the_fleet_s_own(lived):
    """One life, as it takes half a minute: all that is said of it is compared here."""
    nobody_on_call_is_told(lived)
    incidents_are_the_spells(lived)
    marks_are_what_people_said(lived)
    time_lost_is_how_long_they_were_stuck(lived)
    what_was_held_is_what_their_pods_requested(lived)
    weeks_add_up(lived)
    slack_hears_of_each_week_once(lived)


def nobody_on_call_is_told(lived):
    assert lived.requests == {"/services/quiet"}
    assert all(text.startswith(("Shadow: ", ":calendar: *Shadow: ")) for text in lived.messages)


def incidents_are_the_spells(lived):
    spells, whole = lived.weeks.spells, lived.whole
    told = [text for text in lived.messages if text.startswith(OPENED)]
    assert len(spells) > 15
    assert whole.incidents.opened == len(spells) == len(told)
    kinds = [CAUSES[spell.kind] for spell in spells]
    assert whole.incidents.by_cause == {cause: kinds.count(cause) for cause in set(kinds)}
    assert whole.incidents.by_severity == {"page": len(spells)}
    stand = sum(spell.until > lived.weeks.now for spell in spells)
    lately = sum(spell.until > lived.weeks.now - LAST for spell in spells)
    assert stand <= whole.incidents.open_after <= lately
    ended = len(spells) - whole.incidents.open_after
    assert whole.incidents.ended == sum(whole.outcomes.values()) == ended
    assert set(whole.outcomes) <= {"by_itself", "deleted"}
    assert (whole.pages.shadowed, whole.pages.told, whole.pages.untold) == (len(spells), 0, 0)
    would = {one.channel: one.would_have_told for one in whole.channels}
    assert would == {
        "pagerduty": len(spells),
        "slack": len(spells),
        "webhook": len(spells),
        "shadow": 0,
    }
    delay = whole.delay
    assert delay.told == len(spells)
    assert 0 < delay.median <= delay.p90 <= delay.longest < 4 * HOUR


def marks_are_what_people_said(lived):
    pages, said = lived.whole.pages, list(lived.weeks.marked.values())
    assert pages.total == len(said)
    assert pages.marked_true == said.count(True) > 0
    assert pages.marked_false == said.count(False) > 0
    assert pages.unmarked == said.count(None) > 0
    assert pages.precision == said.count(True) / (said.count(True) + said.count(False))
    named = {(page.id, page.opening) for page in lived.whole.unmarked_pages}
    assert named == {key for key, judged in lived.weeks.marked.items() if judged is None}


def time_lost_is_how_long_they_were_stuck(lived):
    spells, now = lived.weeks.spells, lived.weeks.now
    for report, (begin, end) in of_weeks(lived):
        truth = [spell.within(begin, min(end, now)) for spell in spells]
        bound = STEP * sum(seconds > 0 for seconds in truth)
        assert abs(report.lost.seconds - sum(truth)) <= bound
        assert report.lost.partial_seconds == 0
        for kind, cause in CAUSES.items():
            own = sum(s.within(begin, min(end, now)) for s in spells if s.kind == kind)
            said = sum(one.seconds for one in report.lost.by_cause if one.name == cause)
            assert abs(said - own) <= bound
    assert lived.whole.lost.eval_sets == len({spell.eval_set for spell in spells})
    owners = {one.name for one in lived.whole.lost.by_owner}
    assert owners == {"", "owner-0", "owner-1", "owner-2"}


def what_was_held_is_what_their_pods_requested(lived):
    spells, now = lived.weeks.spells, lived.weeks.now
    for report, (begin, end) in of_weeks(lived):
        known = sum(s.within(begin, min(end, now)) for s in spells if s.has_pods)
        unknown = sum(s.within(begin, min(end, now)) for s in spells if not s.has_pods)
        bound = STEP * len(spells)
        held = report.held
        assert abs(held.unknown_seconds - unknown) <= bound
        if held.sandbox_seconds is None:
            assert held.known_seconds == 0
            continue
        assert abs(held.sandbox_seconds - known) <= bound
        assert abs(held.gpu_seconds - known * dict(SANDBOX)["nvidia.com/gpu"]) <= bound
        cores = dict(SANDBOX)["cpu"] + dict(RUNNER)["cpu"]
        assert abs(held.cpu_core_seconds - known * cores) <= bound * cores
        size = dict(SANDBOX)["memory"] + dict(RUNNER)["memory"]
        assert abs(held.memory_byte_seconds - known * size) <= bound * size
        assert held.unread_seconds == 0
    assert lived.whole.held.known_seconds > 0


def weeks_add_up(lived):
    for figure in (
        lambda report: report.incidents.opened,
        lambda report: report.incidents.ended,
        lambda report: report.pages.marked_true,
        lambda report: report.lost.seconds,
        lambda report: report.held.gpu_seconds or 0.0,
        lambda report: report.watchdog.watched_seconds,
    ):
        assert sum(map(figure, lived.reports.values())) == pytest.approx(figure(lived.whole))
    watched = lived.whole.watchdog
    # the step before the first poll, and the one in which it was started anew
    assert watched.unwatched_seconds <= 2 * STEP
    assert watched.unknown_seconds <= STEP
    assert watched.availability > 0.99
    assert watched.incomplete_polls == 0


def slack_hears_of_each_week_once(lived):
    weekly = [text for text in lived.messages if text.startswith(":calendar:")]
    assert len(weekly) == 2
    assert [re.search(r"2027-W0\d", text)[0] for text in weekly] == ["2027-W02", "2027-W03"]


def of_weeks(lived):
    """Each report, with the instants that it is about."""
    yield lived.whole, (START, START + 2 * WEEK)
    for name, report in lived.reports.items():
        span = week_named(name, ZONE)
        yield report, (span.begin, span.end)
