"""The page in a real Chromium: at a glance, live, by keyboard, on a phone, without JavaScript."""

import pytest
from msgspec.structs import replace

from tests.browser.chromium import DESK, PHONE
from tests.builders.snapshots import HOSTILE, NOW, ago, eval_set, incident, snapshot
from tests.builders.wide_fleets import wide

pytestmark = pytest.mark.acceptance

ONE = "eval-set-0001-x7k2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_of_a_phone_answers_at_a_glance(service, look, scheme):
    service.snapshot = wide(120)
    reader = look(viewport=PHONE, color_scheme=scheme)
    reader.open()
    worst = "#incident-outage"
    for part in (f"{worst} strong", f"{worst} .why", f"{worst} .steps", f"{worst} > p >> nth=0"):
        assert reader.is_shown(part), part
    assert "openai/gpt-4o (3 eval sets)" in reader.text(f"{worst} > summary")
    assert "for 22 h 14 min" in reader.text(f"{worst} > summary")
    assert "server errors" in reader.text(f"{worst} .why")
    assert "hawk transcript" in reader.text(f"{worst} .steps")
    assert "Whose: ann, safety" in reader.text(worst)
    assert not reader.is_too_wide()


@pytest.mark.parametrize("path", ["/", f"/eval-sets/{ONE}", "/incidents/hang", "/?q=nothing-fits"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_is_too_wide(service, look, path, viewport):
    service.snapshot = wide(60)
    reader = look(viewport=viewport)
    reader.open(path)
    assert not reader.is_too_wide()


def test_a_verdict_changes_while_it_is_read_and_the_readers_things_stay(service, look):
    service.snapshot = wide(120)
    reader = look()
    reader.open()
    page = reader.page
    page.click("#incident-outage > summary")
    page.click("#incident-hang > summary")
    page.fill("input[name=q]", "half a wo")
    page.focus(f"[id='row-{ONE}'] th a")
    page.evaluate("window.scrollTo(0, 200)")
    assert "3 stuck" in reader.text(".counts")
    service.now = NOW + 31
    service.snapshot = wide(120, stuck=5, at=NOW + 31)
    reader.wait_for("document.querySelector('.counts').innerText.includes('5 stuck')")
    folds = "['outage', 'hang'].map(id => document.getElementById('incident-' + id).open)"
    assert page.evaluate(folds) == [False, True]
    assert page.input_value("input[name=q]") == "half a wo"
    assert page.evaluate("document.activeElement.innerText") == ONE
    assert page.evaluate("scrollY") == 200
    reader.statuses.clear()
    reader.page.wait_for_event("response", predicate=lambda answer: answer.status == 304)


def test_by_keyboard_from_the_fleet_to_an_eval_set_and_back(service, look):
    service.snapshot = wide(120)
    reader = look()
    reader.open()
    page = reader.page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#fleet")
    page.focus("input[name=q]")
    page.keyboard.type("eval-set-0001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=eval-set-0001*")
    assert reader.text(".pages") == "1\u20131 of 1"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == ONE:
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/eval-sets/{ONE}")
    assert "Stuck for" in reader.text("main")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def test_a_command_is_copied(service, look):
    service.snapshot = wide(10)
    reader = look(permissions=["clipboard-read", "clipboard-write"])
    reader.open()
    reader.page.click("#incident-outage .copy >> nth=0")
    reader.page.wait_for_selector("text=Copied")
    assert reader.page.evaluate("navigator.clipboard.readText()") == "hawk transcript nWJu3Mz"


def test_filters_page_by_page(service, look):
    service.snapshot = wide(120)
    reader = look(viewport=PHONE)
    reader.open()
    page = reader.page
    page.click("#v-progressing")
    page.wait_for_url("**/?verdict=progressing")
    page.click("#after")
    page.wait_for_url("**/?verdict=progressing&page=2")
    assert reader.text(".pages").startswith("51\u2013100 of 116")
    page.click(".chips a >> nth=0")
    page.wait_for_url("**/")


def test_without_javascript_it_is_loaded_anew(service, look):
    service.snapshot = wide(10)
    reader = look(java_script_enabled=False)
    reader.open()
    assert not reader.page.locator(".copy >> nth=0").is_visible()
    reader.page.click("#incident-hang > summary")
    service.now = NOW + 31
    service.snapshot = wide(10, stuck=5, at=NOW + 31)
    reader.page.wait_for_selector("#v-stuck:has-text('5 stuck')")
    reader.page.select_option("select[name=cause]", "hung_tool_call")
    reader.page.click("button:has-text('Filter')")
    reader.page.wait_for_url("**cause=hung_tool_call*")
    assert "1\u20131 of 1" in reader.text(".pages")


def test_a_service_that_is_gone_is_said(service, look):
    service.snapshot = wide(10)
    reader = look()
    reader.open()
    reader.wait_for("typeof htmx === 'object'")
    reader.expected = ("ERR_CONNECTION", "htmx:", "ERR_EMPTY_RESPONSE")
    service.close()
    reader.wait_for("!document.getElementById('offline').hidden")
    assert "does not answer: what stands here is as old as" in reader.text("#offline")
    assert "3 stuck" in reader.text(".counts")


def test_the_first_poll_ends_while_it_is_waited_for(service, look):
    reader = look()
    reader.open()
    assert "The first poll is running…" in reader.text("h1")
    service.snapshot = snapshot()
    reader.wait_for("document.body.innerText.includes('No eval set is running.')")
    assert "up to eight folders deep" in reader.text("main")


def test_hostile_texts_are_texts(service, look):
    bad = replace(incident(), id=HOSTILE, subject=HOSTILE, eval_sets=(HOSTILE,), summary=HOSTILE)
    names = {"submitter": HOSTILE, "team": HOSTILE, "models": (HOSTILE,), "stuck_since": ago(90)}
    service.snapshot = snapshot(eval_set(HOSTILE, **names), incidents=(bad,))
    reader = look()
    reader.page.on("dialog", lambda dialog: reader.complaints.append(dialog.message))
    reader.open()
    assert "<script>alert(1)</script>" in reader.text(".fleet")
    reader.page.click(".fleet th a")
    reader.page.wait_for_selector("h2:has-text('Tasks')")
    assert "<script>alert(1)</script>" in reader.text("h1")
