"""The service's side of buttons: when it is connected, what it says to whom, and its metrics."""

import asyncio

import pytest

from tests.builders.snapshots import NOW, incident
from tests.doubles.slack_api import APP_TOKEN, CHANNEL, TOKEN, Post
from watchdog.config.load import load
from watchdog.notify.channels.slack_buttons import buttons
from watchdog.notify.notice import Notice
from watchdog.notify.socket_mode.people import Person
from watchdog.service.presses import Done
from watchdog.service.slack_buttons import SlackButtons, answering
from watchdog.surfaces.metrics import SelfMetrics

POST = Post("1.2", CHANNEL, "x", buttons(Notice("opened", incident(), NOW, NOW, opening=2)))


class Presses:
    """Answers as a test says, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.done = Done()

    async def answer(self, press, person):
        self.asked.append((press.do, person))
        return self.done


def settings(slack, **more):
    own = {"bot_token": TOKEN, "app_token": APP_TOKEN, "channel": CHANNEL}
    return load({"slack": {**own, "api_url": slack.server.url, **more}})


@pytest.fixture
def metrics():
    made = SelfMetrics()

    def value(name, **labels):
        return made.registry.get_sample_value(f"eval_watchdog_slack_{name}", labels)

    made.value = value
    return made


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_without_an_app_token_there_is_no_connection(slack, socket, metrics):
    async with answering(Presses(), metrics, settings(slack, app_token=None)):
        await asyncio.sleep(0)
    assert (socket.opened, metrics.value("connection_up", channel="slack")) == (0, None)


async def test_a_press_reaches_who_does_it(slack, socket, metrics):
    presses = Presses()
    slack.api.profiles["U0A"] = {"profile": {"email": "a@b.example"}, "is_email_confirmed": True}
    async with answering(presses, metrics, settings(slack)):
        await until(lambda: metrics.value("connection_up", channel="slack") == 1)
        assert await socket.press(POST, "silence")
        await until(lambda: presses.asked)
        assert presses.asked == [("silence", Person("ann", "a@b.example"))]
        await until(lambda: metrics.value("presses_total", outcome="done") == 1)
    assert (slack.api.ephemerals, slack.api.posts) == ([], [])
    assert metrics.value("connection_up", channel="slack") is None
    await until(lambda: not socket.connections)


async def test_who_may_not_is_told_so_alone(slack, socket, metrics):
    presses = Presses()
    presses.done = Done(private="you may not <!channel>")
    async with answering(presses, metrics, settings(slack)):
        await until(lambda: socket.connections)
        assert await socket.press(POST, "silence", user="U0B")
        await until(lambda: slack.api.ephemerals)
        ((channel, user, text),) = slack.api.ephemerals
        assert (channel, user, text) == (CHANNEL, "U0B", "you may not &lt;!channel&gt;")
        assert metrics.value("presses_total", outcome="refused") == 1
    assert slack.api.complaints == []


async def test_what_the_message_can_t_show_is_said_in_its_thread(slack, socket, metrics):
    presses = Presses()
    presses.done = Done(public="Judged false by ann")
    slack.api.posts.append(POST)
    async with answering(presses, metrics, settings(slack)):
        await until(lambda: socket.connections)
        assert await socket.press(POST, "false")
        await until(lambda: slack.api.replies(POST.ts))
        assert [reply.text for reply in slack.api.replies(POST.ts)] == ["Judged false by ann"]


async def test_other_tokens_are_another_connection_and_the_same_none(slack, socket, metrics):
    made = SlackButtons(Presses(), metrics)
    await made.go_by(settings(slack))
    await until(lambda: socket.opened == 1)
    await made.go_by(settings(slack, mention_owner=True, people=[{"emails": "*", "groups": "A"}]))
    assert len(socket.connections) == 1
    await made.go_by(settings(slack, app_token="xapp-wrong"))  # noqa: S106
    await until(lambda: not socket.connections)
    await until(lambda: metrics.value("connection_up", channel="slack") == 0)
    await made.go_by(settings(slack))
    await until(lambda: socket.opened == 2)
    await made.go_by(settings(slack, app_token=None))
    await until(lambda: not socket.connections)
    await made.aclose()
