"""What may go wrong between a request and its answer.

A fault is given to a server by `fault(…)`; the server says it in its own dialect.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from tests.doubles.providers.wire import Request, Response, Stream, as_json

if TYPE_CHECKING:
    from tests.doubles.providers.server import FakeApi


class Fault(Protocol):
    """Goes wrong in one way."""

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:
        """Do that to one request."""


class _Answer:
    """A fault that is a whole answer."""

    def response(self, api: "FakeApi", request: Request) -> Response:
        raise NotImplementedError

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:
        await stream.send(self.response(api, request))


@dataclass(frozen=True)
class Status(_Answer):
    """This status with the body that the API has for it; 502 and 504 are nginx's HTML."""

    status: int
    message: str = ""
    """The API's own usual words where empty."""

    def response(self, api: "FakeApi", request: Request) -> Response:  # noqa: ARG002
        return api.error(self.status, self.message)


class Overloaded(Status):
    """529, which only Anthropic has."""

    def __init__(self) -> None:
        super().__init__(529)


@dataclass(frozen=True)
class RateLimited(_Answer):
    """429, and where the API says so, when it is over."""

    seconds: float = 360.0

    def response(self, api: "FakeApi", request: Request) -> Response:
        return api.rate_limited(self.seconds, request)


class Unauthorized(_Answer):
    """What the API answers to a wrong key; Middleman: to an expired token."""

    def response(self, api: "FakeApi", request: Request) -> Response:
        return api.unauthorized(request)


class Forbidden(_Answer):
    """403: a valid key, and this is not for it."""

    def response(self, api: "FakeApi", request: Request) -> Response:
        return api.forbidden(request)


class Gone(_Answer):
    """The model is no more: what the API answers for one that it doesn't know."""

    def response(self, api: "FakeApi", request: Request) -> Response:
        return api.unknown_model(request)


class TooLong(_Answer):
    """What the API answers beyond the context window, whatever the request's size."""

    def response(self, api: "FakeApi", request: Request) -> Response:
        return api.too_long(request)


@dataclass(frozen=True)
class Redirect(_Answer):
    """To another host, to which no credentials may go."""

    to: str
    status: Literal[301, 302, 303, 307, 308] = 302

    def response(self, api: "FakeApi", request: Request) -> Response:  # noqa: ARG002
        page = b"<html><head><title>302 Found</title></head></html>\r\n"
        location = {"location": self.to + request.path, "content-type": "text/html"}
        return Response(self.status, page, location)


GARBAGE = {
    "html": Response(
        200,
        b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>",
        {"content-type": "text/html; charset=utf-8"},
    ),
    "truncated": Response(
        200, b'{"id":"msg_01AbC","type":"mess', {"content-type": "application/json"}
    ),
    "shape": as_json(200, ["ok"]),
    "empty": Response(200, b"", {"content-type": "application/json"}),
    "fields": as_json(200, {"status": "ok"}),
    "binary": Response(200, bytes(range(256)), {"content-type": "application/json"}),
}


@dataclass(frozen=True)
class Garbage(_Answer):
    """200, and no answer of the API: a log-in page, JSON that breaks off, other JSON, …"""

    kind: Literal["html", "truncated", "shape", "empty", "fields", "binary"] = "html"

    def response(self, api: "FakeApi", request: Request) -> Response:  # noqa: ARG002
        return GARBAGE[self.kind]


@dataclass
class Hold:
    """Answers as usual, once the test calls `release`."""

    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let the requests go on, those that wait and those to come."""
        self._released.set()

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:
        await self._released.wait()
        await api.serve(request, stream)


class Hang:
    """Never answers."""

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:  # noqa: ARG002
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Drip:
    """Headers at once, then a byte of white space now and then, for ever.

    Some proxies do so to keep a connection open; each byte starts a client's time-out between
    two reads anew.
    """

    seconds: float = 0.02

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:  # noqa: ARG002
        await stream.head(200, {"content-type": "application/json"})
        while True:
            await stream.chunk(b" ")
            await asyncio.sleep(self.seconds)


class Endless:
    """A body without end, as fast as it is read."""

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:  # noqa: ARG002
        await stream.head(200, {"content-type": "application/json"})
        await stream.chunk(b'{"text": "')
        while True:
            await stream.chunk(b"A" * 64 * 1024)
            await asyncio.sleep(0)


@dataclass(frozen=True)
class Cut:
    """Closes the connection before the answer, amid its headers or amid its body."""

    where: Literal["start", "headers", "body"] = "start"

    async def inflict(self, api: "FakeApi", request: Request, stream: Stream) -> None:  # noqa: ARG002
        if self.where == "headers":
            await stream.raw(b"HTTP/1.1 200 OK\r\ncontent-type: applic")
        if self.where == "body":
            await stream.head(200, {"content-type": "application/json", "content-length": "512"})
            await stream.chunk(b'{"id": "')
        stream.cut()
