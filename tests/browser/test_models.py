"""The models in a real Chromium: by keyboard, live, with hostile names."""

import pytest
from msgspec.structs import replace

from tests.browser.chromium import PHONE
from tests.builders.model_calls import WELL, calls, fleet_calls
from tests.builders.snapshots import HOSTILE, NOW
from tests.builders.wide_fleets import wide

pytestmark = pytest.mark.acceptance


def test_from_the_fleet_to_a_model_by_keyboard_and_back_to_its_eval_sets(service, look):
    service.snapshot = replace(wide(60), calls=fleet_calls())
    reader = look()
    reader.open()
    page = reader.page
    page.focus("footer a:has-text('Models')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models")
    page.focus("input[name=q]")
    page.keyboard.type("gpt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models?q=gpt*")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "openai/gpt-4o":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/?model=openai%2Fgpt-4o")
    assert "3 stuck" in reader.text(".counts")


def test_a_model_recovers_while_it_is_read(service, look):
    service.snapshot = replace(wide(20), calls=fleet_calls())
    reader = look(viewport=PHONE)
    reader.open("/models")
    reader.page.focus("tbody th a >> nth=0")
    assert "25 calls" in reader.text("tbody tr >> nth=0")
    service.now = NOW + 31
    again = wide(20, stuck=0, at=NOW + 31)
    service.snapshot = replace(again, calls=fleet_calls(calls("openai/gpt-4o", WELL)))
    reader.wait_for("document.querySelector('.models').innerText.includes('none of 25 samples')")
    assert reader.page.evaluate("document.activeElement.innerText") == "openai/gpt-4o"


def test_hostile_names_are_texts(service, look):
    service.snapshot = replace(wide(3), calls=fleet_calls(calls(HOSTILE), calls("a" * 256)))
    reader = look(viewport=PHONE)
    reader.page.on("dialog", lambda dialog: reader.complaints.append(dialog.message))
    reader.open("/models")
    assert "<script>alert(1)</script>" in reader.text(".models")
    assert not reader.is_too_wide()
    reader.open("/models?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert(1)</script>" in reader.text(".chips")
