"""The double of Slack's Socket Mode, held to the official client."""

import asyncio
import json

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse

from tests.doubles.slack_api import APP_TOKEN, CHANNEL, TOKEN, Post
from watchdog.notify.channels.slack_buttons import press_of

ROW = {
    "type": "actions",
    "block_id": "2.sample:x",
    "elements": [
        {
            "type": "button",
            "action_id": "silence",
            "value": "4h",
            "text": {"type": "plain_text", "text": "Silence"},
        }
    ],
}
POST = Post("1.2", CHANNEL, "x", [ROW])


@pytest.fixture
async def official(slack, socket):  # noqa: ARG001 - it must be there
    """The official client, which confirms what it gets and keeps it."""
    web = WebClient(token=TOKEN, base_url=f"{slack.server.url}/api/")
    client = SocketModeClient(APP_TOKEN, web_client=web, ping_interval=0.5)
    client.got = []

    def confirm(client, request):
        client.got.append(request)
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    client.socket_mode_request_listeners.append(confirm)
    await asyncio.to_thread(client.connect)
    yield client
    await asyncio.to_thread(client.close)


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_it_is_greeted_and_told_and_confirms(official, socket):
    await until(lambda: socket.connections)
    assert await socket.press(POST, "silence")
    (request,) = official.got
    assert request.type == "interactive"
    assert request.payload["actions"][0]["block_id"] == "2.sample:x"
    assert socket.confirmed == [request.envelope_id]


@pytest.mark.usefixtures("official")
async def test_it_comes_back_when_it_is_renewed_or_broken(socket):
    await until(lambda: socket.connections)
    await socket.renew()
    await until(lambda: socket.opened == 2)
    await socket.break_off()
    await until(lambda: socket.opened == 3)
    assert socket.refused == 0


async def test_what_is_not_confirmed_is_told_again(official, socket, monkeypatch):
    await until(lambda: socket.connections)
    monkeypatch.setattr("tests.doubles.slack_socket.CONFIRMED_WITHIN", 0.3)
    heard = official.socket_mode_request_listeners

    def late(client, request):
        client.got.append(request)
        if request.retry_attempt:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    heard[:] = [late]
    assert await socket.press(POST, "silence")
    assert [request.retry_attempt for request in official.got] == [0, 1]
    assert len({request.envelope_id for request in official.got}) == 1


@pytest.mark.usefixtures("socket")
async def test_an_address_is_good_once_and_for_the_app_s_token(slack):
    web = WebClient(base_url=f"{slack.server.url}/api/")
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await asyncio.to_thread(web.apps_connections_open, app_token=TOKEN)
    opened = await asyncio.to_thread(web.apps_connections_open, app_token=APP_TOKEN)
    assert opened["url"].startswith("ws://")
    slack.api.socket = None
    with pytest.raises(SlackApiError, match="forbidden"):
        await asyncio.to_thread(web.apps_connections_open, app_token=APP_TOKEN)


async def test_people_and_what_only_they_see(slack):
    web = WebClient(token=TOKEN, base_url=f"{slack.server.url}/api/")
    slack.api.profiles["U0A"] = {"profile": {"email": "ann@example.org"}}
    found = await asyncio.to_thread(web.users_info, user="U0A")
    assert found["user"]["profile"]["email"] == "ann@example.org"
    with pytest.raises(SlackApiError, match="user_not_found"):
        await asyncio.to_thread(web.users_info, user="U0B")
    await asyncio.to_thread(web.chat_postEphemeral, channel=CHANNEL, user="U0A", text="no")
    assert slack.api.ephemerals == [(CHANNEL, "U0A", "no")]


ODD = {
    "no id": {**ROW, "block_id": ""},
    "a long id": {**ROW, "block_id": "x" * 256},
    "two of one name": {**ROW, "elements": ROW["elements"] * 2},
    "a long value": {**ROW, "elements": [{**ROW["elements"][0], "value": "x" * 2001}]},
    "none": {**ROW, "elements": []},
}


@pytest.mark.parametrize("block", ODD.values(), ids=ODD.keys())
async def test_a_row_of_buttons_that_is_none(slack, block):
    web = WebClient(token=TOKEN, base_url=f"{slack.server.url}/api/")
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await asyncio.to_thread(web.chat_postMessage, channel=CHANNEL, text="x", blocks=[block])


async def test_a_press_says_on_what_and_who(official, socket):
    await until(lambda: socket.connections)
    assert await socket.press(POST, "silence")
    press = press_of(json.dumps(official.got[0].payload).encode())
    assert (press.incident, press.opening, press.do) == ("sample:x", 2, "silence")
