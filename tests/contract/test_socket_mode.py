"""Our side of Socket Mode: it comes back, confirms at once, and hands each press on once."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from tests.builders.snapshots import NOW, incident
from tests.doubles.slack_api import APP_TOKEN, CHANNEL, Post
from tests.doubles.slack_socket import pressed
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.slack_buttons import buttons
from watchdog.notify.notice import Notice
from watchdog.notify.socket_mode import client as client_module
from watchdog.notify.socket_mode.client import LONGEST_WAIT, SocketMode
from watchdog.notify.socket_mode.connection import Opener
from watchdog.notify.socket_mode.gateway import Gateway

POST = Post("1.2", CHANNEL, "x", buttons(Notice("opened", incident(), NOW, NOW, opening=2)))


class Waits(list):
    """Keeps how long is waited, and waits a moment."""

    async def __call__(self, seconds):
        self.append(seconds)
        await asyncio.sleep(0.01)


class Running:
    """A client at work."""

    def __init__(self, slack, on_press=None, token=APP_TOKEN, timeout=1.0):
        self.got, self.states, self.untaken, self.waits = [], [], [], Waits()
        self.gateway = Gateway(SecretStr(token), slack.server.url, timeout)

        async def keep(press):
            self.got.append(press)

        self.client = SocketMode(
            Opener(self.gateway, timeout),
            on_press or keep,
            on_state=self.states.append,
            on_untaken=self.untaken.append,
            sleep=self.waits,
            jitter=lambda: 1.0,
        )

    async def __aenter__(self):
        self.task = asyncio.create_task(self.client.run())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.gateway.aclose()


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_press_is_confirmed_and_handed_on(slack, socket):
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert await socket.press(POST, "acknowledge")
        await until(lambda: running.got)
        (press,) = running.got
        assert (press.do, press.lasting, press.user) == ("acknowledge", "8h", "U0A")
        assert (press.incident, press.opening) == (incident().id, 2)
        assert running.states[-1] is True
    assert running.states[-1] is False
    await until(lambda: not socket.connections)


async def test_a_menu_s_choice_is_a_press_too(slack, socket):
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert await socket.press(POST, "more", option="silence:1d")
        await until(lambda: running.got)
        assert (running.got[0].do, running.got[0].lasting) == ("silence", "1d")


async def test_what_is_told_twice_counts_once(slack, socket):
    payload = pressed(POST, "silence")
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert await socket.tell(payload, envelope="e-same")
        assert await socket.tell(payload, envelope="e-same")
        await socket.break_off()
        await until(lambda: socket.opened == 2)
        assert await socket.tell(payload, envelope="e-other")
        assert await socket.press(POST, "silence")
        await until(lambda: len(running.got) == 2)
        assert running.untaken == ["repeated", "repeated"]


async def test_a_slow_press_holds_up_no_confirmation(slack, socket):
    hold = asyncio.Event()

    async def slow(_press):
        await hold.wait()

    async with Running(slack, slow):
        await until(lambda: socket.connections)
        for _ in range(5):  # within three seconds each, as Slack asks for
            assert await socket.press(POST, "silence")
        hold.set()


async def test_more_than_may_wait_are_not_confirmed(slack, socket, monkeypatch):
    monkeypatch.setattr("tests.doubles.slack_socket.CONFIRMED_WITHIN", 0.2)
    hold, got = asyncio.Event(), []

    async def slow(press):
        await hold.wait()
        got.append(press)

    monkeypatch.setattr(client_module, "QUEUE_MAX", 2)
    async with Running(slack, slow) as running:
        await until(lambda: socket.connections)
        confirmed = [await socket.press(POST, "silence") for _ in range(4)]
        assert confirmed == [True, True, True, False]
        assert set(running.untaken) == {"dropped"}
        hold.set()
        await until(lambda: len(got) == 3)


async def test_a_flaw_of_one_press_ends_no_other(slack, socket):
    got = []

    async def flawed(press):
        got.append(press)
        if len(got) == 1:
            raise ValueError("flaw")

    async with Running(slack, flawed) as running:
        await until(lambda: socket.connections)
        await socket.press(POST, "silence")
        await socket.press(POST, "silence")
        await until(lambda: len(got) == 2)
        assert running.untaken == ["failed"]


async def test_a_renewal_is_opened_before_the_last_one_is_closed(slack, socket):
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        (first,) = socket.connections
        await socket.renew("warning")
        await until(lambda: socket.opened == 2)
        assert len(socket.connections) == 2
        told = {"envelope_id": "e-late", "type": "interactive", "payload": pressed(POST, "true")}
        await first.send_str(json.dumps(told))
        await until(lambda: "e-late" in socket.confirmed)
        await until(lambda: running.got)
        assert False not in running.states


async def test_it_comes_back_after_a_break(slack, socket):
    async with Running(slack) as running:
        for time_ in range(1, 4):
            await until(lambda time_=time_: socket.opened == time_ and socket.connections)
            await socket.break_off()
        await until(lambda: socket.opened == 4)
        assert running.waits == sorted(running.waits)
        assert socket.refused == 0


REFUSED = ["invalid_auth", "missing_scope", "forbidden", "odd_new_one"]


@pytest.mark.parametrize("error", REFUSED)
async def test_a_refusal_waits_long_for_a_person(slack, socket, error):
    slack.api.errors = [error]
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert running.waits == [LONGEST_WAIT]


@pytest.mark.parametrize("error", ["503", "429", "internal_error"])
async def test_what_may_pass_is_tried_again_with_longer_waits(slack, socket, error):
    slack.api.errors = [error] * 4
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert running.waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.usefixtures("socket")
async def test_nobody_there(slack):
    await slack.server.stop()
    async with Running(slack) as running:
        await until(lambda: len(running.waits) > 2)
        assert running.states[-1] is False


async def test_who_does_not_greet_is_left(slack, socket):
    socket.greets = False
    async with Running(slack, timeout=0.6) as running:
        await until(lambda: len(running.waits) > 1)
        assert running.waits[:2] == [1.0, 2.0]
        socket.greets = True
        await until(lambda: True in running.states)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"type": "interactive"}', '{"envelope_id": 7}', "x" * 2_000_000],
    ids=["empty", "broken", "a list", "no id", "a number", "too long"],
)
async def test_nonsense_is_passed_over(slack, socket, text):
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        await socket.connections[-1].send_str(text)
        # one message that is too long costs the connection
        await until(lambda: socket.connections and (len(text) < 1_000_000 or socket.opened > 1))
        assert await socket.press(POST, "silence")
        await until(lambda: running.got)


async def test_what_is_no_press_is_confirmed_and_left(slack, socket):
    async with Running(slack) as running:
        await until(lambda: socket.connections)
        assert await socket.tell({"command": "/x"}, kind="slash_commands")
        assert await socket.tell({"type": "view_submission"})
        assert await socket.tell({"type": "block_actions", "actions": [{"action_id": "other"}]})
        assert running.got == []


@pytest.mark.parametrize(
    "url", ["http://x", "https://x", "ws://", "", "file:///etc", "wss://"], ids=range(6)
)
async def test_an_address_that_is_none(slack, url):
    class Odd:
        def ticket(self):
            return url

    slack.api.socket = Odd()
    gateway = Gateway(SecretStr(APP_TOKEN), slack.server.url, 1.0)
    assert await gateway.address() == Outcome("retry", "no address in Slack's answer")
    await gateway.aclose()


async def test_no_ticket_is_in_the_log(slack, socket, caplog):
    async with Running(slack):
        await until(lambda: socket.connections)
        await socket.break_off()
        await until(lambda: socket.opened == 2)
    assert "geheim" not in caplog.text
    assert APP_TOKEN not in caplog.text
