"""Somebody presses buttons under the real service's message: a process of its own, Slack here."""

import asyncio
import json

import pytest

from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess
from tests.doubles.slack_api import APP_TOKEN, CHANNEL, TOKEN
from tests.doubles.slack_socket import SocketDouble

pytestmark = pytest.mark.acceptance

ANN = {"profile": {"email": "ann@example.org"}, "is_email_confirmed": True}
PRESSES = "eval_watchdog_slack_presses_total"


class Service:
    """The service over an eval set that is stuck, with buttons."""

    def __init__(self, folder, slack):
        recording = Playback("one_sample_500", folder)
        recording.play(len(recording.bundles) - 1)
        self.slack = slack
        environment = {
            "WATCHDOG_SLACK_BOT_TOKEN": TOKEN,
            "WATCHDOG_SLACK_APP_TOKEN": APP_TOKEN,
            "WATCHDOG_SLACK_CHANNEL": CHANNEL,
            "WATCHDOG_SLACK_API_URL": slack.server.url,
            "WATCHDOG_INTERVAL": "0.5",
            "WATCHDOG_LOG_FORMAT": "json",
            "WATCHDOG_KUBERNETES_ENABLED": "no",
        }
        self.life = ServiceProcess(folder, [str(recording.logs)], environment=environment)

    async def until(self, condition):
        assert await asyncio.to_thread(self.life.until, condition), self.life.lines[-20:]

    @property
    def head(self):
        """The incident's message, as it is now."""
        return self.slack.api.heads[0]

    @property
    def shown(self):
        """What people read of it: an address in it is dead, but looks as it is."""
        return self.head.shown.replace("\u200b", "")

    @property
    def buttons(self):
        """The actions that the message offers."""
        rows = [block for block in self.head.blocks if block["type"] == "actions"]
        return [element["action_id"] for row in rows for element in row["elements"]]

    def incident(self):
        """As the API shows it, with its history."""
        (row,) = json.loads(self.life.get("/api/v1/incidents")[1])["incidents"]
        return json.loads(self.life.get(f"/api/v1/incidents/{row['id']}")[1])

    def presses(self, outcome):
        name = f'{PRESSES}{{outcome="{outcome}"}}'
        lines = self.life.get("/metrics")[1].splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


@pytest.fixture
async def socket(slack):
    async with SocketDouble() as made:
        slack.api.socket = made
        slack.api.profiles = {"U0ANN": ANN}
        yield made


@pytest.fixture
def service(tmp_path, slack, socket):  # noqa: ARG001 - it must be there
    made = Service(tmp_path, slack)
    yield made
    if made.life.process.poll() is None:
        made.life.kill()


async def test_who_presses_acknowledges_and_ledger_page_and_message_say_who(service, socket, slack):
    await service.until(lambda: len(slack.posts) > 1 and socket.connections)
    assert service.buttons == ["acknowledge", "silence", "true", "false", "more"]
    assert "`api_server_error`" in slack.api.details(service.head.ts).shown

    assert await socket.press(service.head, "acknowledge", user="U0ANN")
    await service.until(lambda: "Acknowledged by ann@example.org until" in service.shown)
    assert service.buttons[0] == "unacknowledge"
    told = service.incident()
    given = told["row"]["acknowledgement"]
    assert (given["by"], given["verified"]) == ("ann@example.org", True)
    page = service.life.get(f"/incidents/{told['row']['id']}")[1]
    assert "Acknowledged by ann@example.org" in page

    assert await socket.press(service.head, "unacknowledge", user="U0ANN")
    await service.until(lambda: service.buttons[0] == "acknowledge")
    assert "Acknowledged" not in service.shown

    assert await socket.press(service.head, "false", user="U0BOB")
    await service.until(lambda: "Judged false by ann (unverified)" in service.shown)

    gone = slack.api.heads[0].blocks[-1]["block_id"].partition(".")[2]
    service.head.blocks[-1]["block_id"] = f"7.{gone}"
    assert await socket.press(service.head, "acknowledge", user="U0ANN")
    await service.until(lambda: slack.api.ephemerals)
    assert slack.api.ephemerals == [(CHANNEL, "U0ANN", "no incident of this id is known")]

    kinds = [(item["kind"], item["who"]) for item in service.incident()["history"]]
    assert ("acknowledgement", "ann@example.org") in kinds
    assert ("judgement", "ann (unverified)") in kinds
    assert (service.presses("done"), service.presses("refused")) == (3.0, 1.0)
    assert service.life.count("acted") == 3
    assert slack.api.complaints == []
    assert service.life.stop()[0] == 0
    async with asyncio.timeout(10):
        while socket.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    log = service.life.output.read_text()
    assert "geheim" not in log
    assert APP_TOKEN not in log
