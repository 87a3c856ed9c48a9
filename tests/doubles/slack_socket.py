"""Slack's Socket Mode on loopback: tickets, greeting, presses, renewals. Held to slack-sdk.

Sources: https://api.slack.com/apis/socket-mode (hello, disconnect, envelopes, confirmations within
three seconds, what isn't confirmed is told again), https://api.slack.com/methods/apps.connections.open
(an address is good for one connection) and
https://api.slack.com/reference/interaction-payloads/block-actions.
"""

import asyncio
import json
from itertools import count

from aiohttp import WSMsgType, web

from tests.doubles.slack_api import CHANNEL, TEAM

CONFIRMED_WITHIN = 3.0
TRIES = 3


class SocketDouble:
    """Serves while it is entered. Used from one event loop."""

    def __init__(self):
        self.connections = []
        """Those that are open, the oldest first."""
        self.opened = 0
        self.confirmed = []
        """Ids of envelopes, in the order of their confirmations."""
        self.refused = 0
        """Connections with a ticket that was none, or was used."""
        self.greets = True
        self._tickets = {}
        self._ids = count(1)
        self._waiting = {}
        self._runner = None
        self.port = 0

    async def __aenter__(self):
        app = web.Application()
        app.router.add_get("/link/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        await self.break_off()
        await self._runner.cleanup()

    def ticket(self):
        """An address that is good for one connection."""
        ticket = f"geheim-{next(self._ids)}"
        self._tickets[ticket] = True
        return f"ws://127.0.0.1:{self.port}/link/?ticket={ticket}&app_id=A0"

    async def _serve(self, request):
        if not self._tickets.pop(request.query.get("ticket"), False):
            self.refused += 1
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        if self.greets:
            hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0"}}
            await socket.send_str(json.dumps(hello))
        self.connections.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._confirm(json.loads(message.data))
        finally:
            self.connections.remove(socket)
        return socket

    def _confirm(self, told):
        envelope = told.get("envelope_id")
        self.confirmed.append(envelope)
        if envelope in self._waiting:
            self._waiting.pop(envelope).set()

    async def tell(self, payload, kind="interactive", envelope=None):
        """Tell the newest connection, again while it isn't confirmed; whether it was."""
        envelope = envelope or f"e-{next(self._ids)}"
        for attempt in range(TRIES):
            confirmed = self._waiting[envelope] = asyncio.Event()
            told = {
                "envelope_id": envelope,
                "type": kind,
                "accepts_response_payload": False,
                "retry_attempt": attempt,
                "payload": payload,
            }
            await self.connections[-1].send_str(json.dumps(told))
            try:
                await asyncio.wait_for(confirmed.wait(), CONFIRMED_WITHIN)
            except TimeoutError:
                continue
            return True
        return False

    async def press(self, post, action_id, user="U0A", option=None, **more):
        """Somebody presses a button of a message; whether that was confirmed."""
        return await self.tell(pressed(post, action_id, user, option), **more)

    async def renew(self, reason="refresh_requested"):
        """Say that the newest connection will be closed."""
        told = {"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-1"}}
        await self.connections[-1].send_str(json.dumps(told))

    async def break_off(self):
        """Close all of them, without a word."""
        await asyncio.gather(*(socket.close() for socket in list(self.connections)))


_TIMES = count(1)


def pressed(post, action_id, user="U0A", option=None, team=TEAM):
    """What Slack says of a press: the button as it stands in the message."""
    (block,) = (block for block in post.blocks if block["type"] == "actions")
    element = next(one for one in block["elements"] if one["action_id"] == action_id)
    action = {
        "type": element["type"],
        "action_id": action_id,
        "block_id": block["block_id"],
        "action_ts": f"1700000000.{next(_TIMES):06}",
    }
    if element["type"] == "button":
        action |= {"value": element["value"], "text": element["text"]}
    else:
        chosen = next(one for one in element["options"] if one["value"] == option)
        action["selected_option"] = chosen
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "ann", "name": "ann", "team_id": team},
        "api_app_id": "A0",
        "token": "x",
        "container": {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": CHANNEL,
            "is_ephemeral": False,
        },
        "trigger_id": "1.2.3",
        "team": {"id": TEAM, "domain": "heim"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": CHANNEL, "name": "evals"},
        "message": {"type": "message", "ts": post.ts, "text": post.text, "blocks": post.blocks},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T/1/x",
        "actions": [action],
    }
