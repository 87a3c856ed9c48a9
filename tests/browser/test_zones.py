"""Instants in the reader's zone, in UTC on demand, plainly in UTC without JavaScript."""

import pytest
from msgspec.structs import replace

from tests.builders.snapshots import NOW, ago, eval_set
from tests.builders.wide_fleets import wide

pytestmark = pytest.mark.acceptance

ONE = "eval-set-0001-x7k2"
PATH = f"/eval-sets/{ONE}"
SINCE = ".card time.clock >> nth=0"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/New_York", "2026-11-23 01:59 GMT-5"),
        ("Australia/Adelaide", "2026-11-23 17:29 GMT+10:30"),
    ],
)
def test_in_the_readers_zone_and_in_utc_on_demand(service, look, zone, said):
    service.snapshot = wide(10)
    reader = look(timezone_id=zone)
    page = reader.page
    reader.open(PATH)
    assert reader.text(SINCE) == said
    assert page.get_attribute(SINCE, "title") == "2026-11-23 06:59 UTC"
    assert f"times in {zone}" in reader.text("footer")
    page.focus("#zone")
    page.keyboard.press("Enter")
    assert reader.text(SINCE) == "2026-11-23 06:59 UTC"
    assert page.get_attribute(SINCE, "title") == said
    reader.open("/")
    assert reader.text("#zone") == f"Show times in {zone}"
    page.click("#zone")
    assert said[-3:] in page.get_attribute(".fleet time >> nth=0", "title")
    assert "UTC" in page.get_attribute(".fleet time >> nth=0", "title")


def test_it_stays_so_while_the_page_renews_itself(service, look):
    service.snapshot = wide(10)
    reader = look(timezone_id="Europe/Berlin")
    reader.open(PATH)
    before = reader.text(SINCE)
    assert before.endswith("07:59 CET")
    service.now = NOW + 31
    service.snapshot = wide(10, at=NOW + 31)
    reader.wait_for("document.querySelector('header').innerText.includes('checked 0 s ago')")
    reader.page.wait_for_event("response", predicate=lambda answer: answer.status == 304)
    assert reader.text(SINCE) == before


def test_instants_within_sentences_too(service, look):
    text = "Nothing came since 2026-11-23 07:30 UTC, <b>nothing</b>."
    made = wide(3)
    one = replace(eval_set("told", summary=text), stuck_since=ago(60))
    report = replace(made.report, eval_sets=(one,), incidents=())
    service.snapshot = replace(made, report=report, figures=(replace(made.figures[0], report=one),))
    reader = look(timezone_id="Europe/Berlin")
    reader.open("/eval-sets/told")
    assert "since 2026-11-23 08:30 CET, <b>nothing</b>." in reader.text("main .card >> nth=0")


def test_who_is_in_utc_has_nothing_to_choose(service, look):
    service.snapshot = wide(10)
    reader = look(timezone_id="UTC")
    reader.open(PATH)
    assert reader.text(SINCE) == "2026-11-23 06:59 UTC"
    assert not reader.page.is_visible("#zone")


def test_without_javascript_it_is_utc_and_says_so(service, look):
    service.snapshot = wide(10)
    reader = look(timezone_id="Asia/Tokyo", java_script_enabled=False)
    reader.open(PATH)
    assert reader.text(SINCE) == "2026-11-23 06:59 UTC"
    assert "times in UTC" in reader.text("footer")
    assert not reader.page.is_visible("#zone")
