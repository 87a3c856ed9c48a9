"""Incidents of the real service in a real Chromium: acted on, taken back, and by nobody else."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess
from tests.browser.chromium import PHONE

pytestmark = pytest.mark.acceptance

FORGED = """<!doctype html><form method="post" action="{to}"><input name="by" value="eve">
<input name="do" value="silence"><input name="token" value="x"><button>Win</button></form>"""


class Watched(ServiceProcess):
    """The service over one eval set that is stuck."""

    def __init__(self, folder):
        recording = Playback("hung_tool_call", folder)
        recording.play(len(recording.bundles) - 1)
        more = {"WATCHDOG_INTERVAL": "0.5", "WATCHDOG_KUBERNETES_ENABLED": "no"}
        super().__init__(folder, [str(recording.logs.parent)], environment=more)
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def rows(self):
        status, text = self.get("/api/v1/incidents")
        return json.loads(text)["incidents"] if status == 200 else []


@pytest.fixture
def service(tmp_path):
    made = Watched(tmp_path)
    try:
        assert made.until(lambda: made.rows and made.rows[0]["opening"]), made.lines[-20:]
        yield made
    finally:
        made.kill()


@pytest.fixture
def elsewhere():
    """Another site's page, which sends a form to an address of ours."""
    to = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = FORGED.format(to=to[0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield to, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_silenced_and_taken_back(service, look):
    reader = look()
    reader.open()
    page = reader.page
    page.click("text=Acknowledge, silence")
    page.wait_for_url("**/actions")
    page.fill("input[name=by]", "ann")
    page.select_option("select[name=for]", "1d")
    page.fill("input[name=why]", "ticket <b>12</b>")
    page.click("button:has-text('Silence')")
    page.wait_for_url("**/incidents/*?opening=1")
    assert "Silenced by ann (unverified) until" in reader.text("main")
    assert "ticket <b>12</b>" in reader.text("main")
    reader.wait_for("document.querySelector('summary').innerText.includes('muted')")
    reader.open()
    assert "Silenced by ann" in reader.text("main")
    reader.open("/incidents")
    assert "silenced by ann (unverified)" in reader.text("main")
    page.click("tbody th a")
    page.click("text=Acknowledge, silence")
    assert page.input_value("input[name=by]") == "ann"
    page.click("button:has-text('Take the silence back')")
    page.wait_for_url("**/incidents/*?opening=1")
    assert "Silenced by ann" not in reader.text("main details")
    assert "The silence ended: taken back" in reader.text(".history")
    assert not any(row["silence"] for row in service.rows)
    assert reader.complaints == []


def test_by_keyboard_alone(service, look):
    reader = look()
    reader.open("/incidents")
    page = reader.page

    def to(condition):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(f"(e => {condition})(document.activeElement)"):
                return
        pytest.fail(f"the keyboard leads to nothing with {condition}")

    to("e.closest('tbody') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")
    to("e.innerText.startsWith('Acknowledge')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions*")
    to("e.name === 'by'")
    page.keyboard.type("bob")
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*?opening=1")
    assert "Acknowledged by bob (unverified) until" in reader.text("main details")
    assert service.rows[0]["acknowledgement"]["by"] == "bob"
    assert reader.complaints == []


def test_without_javascript_on_a_phone(service, look):
    reader = look(java_script_enabled=False, viewport=PHONE)
    reader.open("/incidents")
    reader.page.click("tbody th a")
    reader.page.click("text=Acknowledge, silence")
    reader.page.fill("input[name=by]", "ann")
    reader.page.click("button:has-text('false page')")
    reader.page.wait_for_url("**/incidents/*?opening=1")
    assert "Judged false by ann" in reader.text("main")
    assert service.rows[0]["judgement"]["judged"] is False


def test_nothing_is_too_wide_for_a_phone(service, look):
    reader = look(viewport=PHONE)
    own = f"/incidents/{service.rows[0]['id']}"
    for path in ("/incidents", own, f"{own}/actions"):
        reader.open(path)
        assert not reader.is_too_wide(), path
    assert reader.complaints == []


def test_another_site_s_form_does_nothing(service, look, elsewhere):
    to, address = elsewhere
    reader = look()
    own = f"/incidents/{service.rows[0]['id']}/actions"
    reader.expected = ("403",)
    reader.open(own)  # has its cookies by now
    to.append(service.url + own)
    reader.page.goto(address)
    reader.page.click("button")
    reader.page.wait_for_url("**/actions")
    assert 403 in reader.statuses
    assert service.rows[0]["silence"] is None
