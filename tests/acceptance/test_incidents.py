"""People act on an incident of the real service: a process of its own, Slack on loopback."""

import asyncio
import json
import shutil

import httpx
import pytest

from tests.acceptance.playback import Playback
from tests.acceptance.service_process import ServiceProcess
from tests.doubles.slack_api import CHANNEL, TOKEN
from watchdog.model.instants import from_timestamp

pytestmark = pytest.mark.acceptance

REMINDED_AFTER = 1.0
LAST_POLL = "eval_watchdog_last_complete_poll_timestamp_seconds"
FELL = "The acknowledgement by ann (unverified) counts no more: it reaches further now"


class Service:
    """The service over eval sets that fail on one model; reminders come each second."""

    def __init__(self, folder, slack):
        self.folder, self.slack = folder, slack
        self.recording = Playback("one_sample_500", folder)
        self.recording.play(len(self.recording.bundles) - 1)
        self.logs = folder / "watched"
        self.life = None

    def add(self, name):
        shutil.copytree(self.recording.logs, self.folder / "new" / name)
        self.logs.mkdir(exist_ok=True)
        (self.folder / "new" / name).rename(self.logs / name)

    def start(self):
        environment = {
            "WATCHDOG_SLACK_BOT_TOKEN": TOKEN,
            "WATCHDOG_SLACK_CHANNEL": CHANNEL,
            "WATCHDOG_SLACK_API_URL": self.slack.server.url,
            "WATCHDOG_NOTIFY_REMIND_AFTER": str(REMINDED_AFTER),
            "WATCHDOG_LISTING_INTERVAL": "0.2",
            "WATCHDOG_INTERVAL": "0.3",
            "WATCHDOG_LOG_FORMAT": "json",
            "WATCHDOG_KUBERNETES_ENABLED": "no",
        }
        self.life = ServiceProcess(self.folder, [str(self.logs)], environment=environment)

    async def until(self, condition):
        assert await asyncio.to_thread(self.life.until, condition), self.life.lines[-20:]

    def asked(self, path):
        status, text = self.life.get(path)
        return json.loads(text) if status == 200 else {}

    def history(self, name):
        return self.asked(f"/api/v1/incidents/{name}").get("history", [])

    def metric(self, start):
        lines = self.life.get("/metrics")[1].splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(start)), 0.0)

    async def act(self, method, path, **body):
        address = f"http://127.0.0.1:{self.life.port}/api/v1/incidents/{path}"
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, address, json={"by": "ann", **body})
        assert answer.status_code == 200, answer.text
        return answer.json()["row"]

    @property
    def head(self):
        """The incident's message in Slack, as it is now."""
        return self.slack.posts[0].shown if self.slack.posts else ""


@pytest.fixture
def service(tmp_path, slack):
    made = Service(tmp_path, slack)
    made.add("set-a")
    made.start()
    yield made
    if made.life.process.poll() is None:
        made.life.kill()


async def test_people_act_and_messages_show_it(service, slack):
    await service.until(lambda: service.slack.posts)
    (row,) = service.asked("/api/v1/incidents")["incidents"]
    name = row["id"]
    await service.until(lambda: "reminded" in {one["kind"] for one in service.history(name)})

    row = await service.act("POST", f"{name}/acknowledgement", why="restarting", **{"for": "4h"})
    at = from_timestamp(row["acknowledgement"]["at"])
    await service.until(lambda: "Acknowledged by ann (unverified) until" in service.head)
    await service.until(lambda: service.metric(LAST_POLL) > at + 4 * REMINDED_AFTER)
    reminders = [one["at"] for one in service.history(name) if one["kind"] == "reminded"]
    assert max(map(from_timestamp, reminders)) <= at

    service.add("set-b")
    await service.until(lambda: any(FELL in one["text"] for one in service.history(name)))
    await service.until(lambda: any(FELL in post.shown for post in slack.posts[1:]))
    assert "Acknowledged by" not in service.head

    row = await service.act("POST", f"{name}/silence", why="ticket 12")
    assert row["silence"]["by"] == "ann"
    await service.until(lambda: "Silenced by ann (unverified) until" in service.head)
    (incident,) = service.asked("/api/v1/report")["incidents"]
    assert incident["muted_reason"] == "ann (unverified): ticket 12"
    await service.act("DELETE", f"{name}/silence")
    await service.until(lambda: "Silenced by" not in service.head)
    await service.until(lambda: not service.asked("/api/v1/report")["incidents"][0]["muted_until"])

    await service.act("POST", f"{name}/judgement", judged=True)
    await service.until(lambda: service.metric('eval_watchdog_pages_total{judged="true"}') == 1)

    assert service.life.stop()[0] == 0
    service.start()
    await service.until(lambda: service.life.until_ready() and service.history(name))
    kinds = [one["kind"] for one in service.history(name)]
    assert {"acknowledgement", "silence", "judgement", "ended", "told"} <= set(kinds)
    assert "Judged true by ann" in service.life.get(f"/incidents/{name}")[1]
    assert slack.api.complaints == []
