"""Doubles of what can't be had for real."""

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.doubles.program_api import ENQUEUE, HOOK, Programs
from tests.doubles.slack_api import WebApi
from watchdog.surfaces.web.server import WebServer


class SlackDouble:
    """Takes what channels send as Slack and others do, or answers what a test scripted."""

    def __init__(self):
        self.script = []
        self.requests = []
        self.messages = []
        self.api = WebApi()
        self.programs = Programs()
        route = Route("/{path:path}", self.take, methods=["GET", "POST"])
        self.server = WebServer(
            Starlette(routes=[route]), "127.0.0.1", 0, request_bytes=1024 * 1024
        )

    @property
    def posts(self):
        """What a bot posted, as it is now."""
        return self.api.posts

    @property
    def told(self):
        """All that people can read, by webhook or bot: a message with the rest in its thread."""
        return [*self.messages, *self.api.told, *self.programs.told]

    async def take(self, request: Request):
        body = await request.body()
        path = request.url.path
        self.requests.append((request.method, path))
        status, text, headers = self.script.pop(0) if self.script else (200, None, {})
        if status == 200 and text is None:
            if path.startswith("/api/"):
                return await self.api.answer(request, path.removeprefix("/api/"))
            status, text = self.judge(request, body)
        return PlainTextResponse(text or "", status, headers)

    def judge(self, request, body):
        if request.url.path in {HOOK, ENQUEUE}:
            return self.programs.judge(request.url.path, request.headers, body)
        if request.headers["content-type"] != "application/json":
            return 400, "invalid_payload"
        text = json.loads(body).get("text")
        if not isinstance(text, str) or not text.strip():
            return 400, "no_text"
        if len(text) > 40_000:
            return 400, "msg_too_long"
        self.messages.append(text)
        return 200, "ok"
