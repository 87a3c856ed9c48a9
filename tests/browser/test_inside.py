"""From the fleet down to a sample's events in a real Chromium, over the whole service."""

import tarfile

import pytest

from tests.acceptance.recorded_site import recorded_site
from tests.browser.axe import axe_core, violations
from tests.browser.chromium import DESK, PHONE, reader
from tests.browser.recorded import recorded

pytestmark = pytest.mark.acceptance

NAME = "all-529-7f3a"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    with recorded("all_529", tmp_path_factory.mktemp("recorded")) as made:
        yield made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_from_the_fleet_to_a_samples_events(browser, recording, viewport, scheme):
    with reader(browser, recording, viewport=viewport, color_scheme=scheme) as somebody:
        page = somebody.page
        somebody.open()
        page.click(f".fleet th a:has-text('{NAME}')")
        page.wait_for_url(f"**/eval-sets/{NAME}")
        assert page.locator(".lanes .mark.fail").count() == 1
        assert "server errors" in page.locator(".sample svg .mark.fail title").first.text_content()
        assert not somebody.is_too_wide()
        page.click("nav[aria-label='Samples by state'] a:has-text('3 stuck')")
        page.wait_for_url("**/samples?state=stuck")
        assert page.locator(".fleet tbody tr").count() == 3
        assert not somebody.is_too_wide()
        page.click(".fleet th a >> nth=0")
        page.wait_for_url("**/samples/*?id=*&epoch=1")
        assert "Stuck for" in somebody.text(".card.stuck")
        first, second = (somebody.text(f".events tbody tr >> nth={n}") for n in (0, 1))
        assert "for the next attempt" in first
        assert "FAIL" in second
        assert "overloaded_error" in second
        assert not somebody.is_too_wide()
        assert somebody.complaints == []


def test_the_evidence_of_an_eval_set_is_downloaded(browser, tmp_path):
    with (
        recorded("all_529", tmp_path, recorded_site) as made,
        reader(browser, made, viewport=DESK) as somebody,
    ):
        somebody.open()
        somebody.page.click(".fleet th a")
        with somebody.page.expect_download() as started:
            somebody.page.click("text=Evidence for an escalation")
        path = tmp_path / started.value.suggested_filename
        started.value.save_as(path)
        assert somebody.complaints == []
    with tarfile.open(path) as bundle:
        names = [name.rpartition("/")[2] for name in bundle.getnames()]
    assert {"report.md", "report.json", "bundle.json"} <= set(names)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_them(browser, recording, scheme):
    axe, found = axe_core(), {}
    with reader(browser, recording, viewport=PHONE, color_scheme=scheme) as somebody:
        somebody.open(f"/eval-sets/{NAME}")
        found["eval set"] = violations(somebody, axe)
        somebody.page.click("nav[aria-label='Samples by state'] a >> nth=0")
        found["samples"] = violations(somebody, axe)
        somebody.page.click(".fleet th a >> nth=0")
        found["sample"] = violations(somebody, axe)
        somebody.open(f"/eval-sets/{NAME}/log")
        found["log"] = violations(somebody, axe)
    assert not any(found.values()), found


def test_the_runners_lines_come_when_their_fold_is_opened_and_stay(browser, recording):
    with reader(browser, recording) as somebody:
        page = somebody.page
        somebody.open(f"/eval-sets/{NAME}")
        assert page.locator("#log-lines table").count() == 0
        page.focus("#log > summary")
        page.keyboard.press("Enter")
        page.wait_for_selector("#log-lines table")
        assert "OverloadedError 529" in somebody.text("#log-lines")
        # what renews the page leaves them where they are
        page.evaluate("htmx.trigger(document.getElementById('live'), 'refresh')")
        page.wait_for_event("response")
        assert page.locator("#log-lines table").count() == 1
        assert somebody.complaints == []


def test_by_keyboard_and_without_javascript(browser, recording):
    with reader(browser, recording, java_script_enabled=False, viewport=PHONE) as somebody:
        page = somebody.page
        somebody.open(f"/eval-sets/{NAME}")
        page.focus("#moments > summary")
        page.keyboard.press("Enter")
        assert "stuck since then" in somebody.text("#moments")
        page.focus("#log > summary")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/log")
        assert "OverloadedError 529" in somebody.text("#lines")
        assert not somebody.is_too_wide()
