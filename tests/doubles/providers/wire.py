"""HTTP/1.1 over asyncio and h11, down to the socket: some faults are about the bytes."""

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import h11

from tests.doubles.providers.tokens import estimate

REASONS = {status.value: status.phrase for status in HTTPStatus}
CHUNK = 256 * 1024
KEPT_BYTES = 40 * 2**20
"""Of a longer body only the length is kept; its sender still gets to finish."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    content: bytes
    """The body as it came; empty if longer than `KEPT_BYTES`."""
    size: int
    """Bytes of the body."""
    at: float
    """Seconds since the epoch."""

    @cached_property
    def body(self) -> Any:
        """The parsed JSON, None where it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    @cached_property
    def tokens(self) -> int:
        """Input tokens, about: a quarter of the characters that the model reads."""
        return estimate(self.body)

    @property
    def bearer(self) -> str | None:
        """The token in `Authorization: Bearer …`."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True)
class Response:
    """What goes back, whole."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    """A response with a JSON body."""
    kind = {"content-type": "application/json"}
    return Response(status, json.dumps(body).encode(), {**kind, **(headers or {})})


class Stream:
    """The way back to one client: whole responses, or bytes as a fault likes them."""

    def __init__(self, http: h11.Connection, writer: asyncio.StreamWriter) -> None:
        self._http = http
        self._writer = writer
        self.begun = False

    async def send(self, response: Response) -> None:
        """Answer."""
        length = {"content-length": str(len(response.content))}
        await self.head(response.status, {**response.headers, **length})
        await self.chunk(response.content)
        await self.end()

    async def head(self, status: int, headers: dict[str, str]) -> None:
        """Send status and headers; without a content-length the body is chunked."""
        self.begun = True
        reason = REASONS.get(status, "")
        head = h11.Response(status_code=status, headers=list(headers.items()), reason=reason)
        await self._event(head)

    async def chunk(self, content: bytes) -> None:
        """Send a part of the body."""
        if content:
            await self._event(h11.Data(data=content))

    async def end(self) -> None:
        """The body is complete."""
        await self._event(h11.EndOfMessage())

    async def raw(self, content: bytes) -> None:
        """Send bytes past all rules."""
        self._writer.write(content)
        await self._writer.drain()

    def cut(self) -> None:
        """Close here and now; what was sent before still arrives."""
        self._writer.close()

    async def _event(self, event: h11.Event) -> None:
        await self.raw(self._http.send(event) or b"")


Handler = Callable[[Request, Stream], Awaitable[None]]


class HttpServer:
    """Listens on a free port of 127.0.0.1 and hands requests to a handler.

    A client that goes away, and `stop`, cancel the handler: nothing hangs on for ever.
    """

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: list[Exception] = []
        self.port = 0
        self.connections = 0
        """How many were accepted so far (with TLS: whose handshake succeeded)."""

    @property
    def url(self) -> str:
        """Where it answers, once started."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=2 * CHUNK, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and drop every connection.

        Raises:
            Exception: What a handler raised: a bug in the fake must not look like a fault.
        """
        if self._server is not None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._server = None
        if self._broken:
            raise self._broken[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._converse(reader, writer)
        except (OSError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # it went away, spoke no HTTP, or `stop` was called: this task ends here
        except Exception as error:  # noqa: BLE001 - `stop` raises it
            self._broken.append(error)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        while (request := await receive(http, reader, writer)) is not None:
            stream = Stream(http, writer)
            await self._until_gone(self._handler(request, stream), http, reader)
            if writer.is_closing() or {http.our_state, http.their_state} != {h11.DONE}:
                break
            http.start_next_cycle()
        writer.close()
        await writer.wait_closed()

    @staticmethod
    async def _until_gone(
        answering: Awaitable[None], http: h11.Connection, reader: asyncio.StreamReader
    ) -> None:
        """Answer for as long as the client stays connected."""
        task = asyncio.ensure_future(answering)
        watch = asyncio.ensure_future(reader.read(CHUNK))
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done() and watch.result():
                http.receive_data(watch.result())  # the next request, sent early
                await task
            elif task.done():
                task.result()
        finally:
            for one in (task, watch):
                one.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)


async def receive(
    http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """The next request with its body; None where the client closed instead."""
    head: h11.Request | None = None
    parts: list[bytes] = []
    size = 0
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            if http.they_are_waiting_for_100_continue:  # as curl does with a large body
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                writer.write(http.send(go_on) or b"")
            http.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            size += len(event.data)
            parts.append(bytes(event.data) if size <= KEPT_BYTES else b"")
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, b"".join(parts) if size <= KEPT_BYTES else b"", size)
        else:
            return None


def _request(head: h11.Request, content: bytes, size: int) -> Request:
    target = urlsplit(head.target.decode("ascii"))
    query = {name: values[-1] for name, values in parse_qs(target.query).items()}
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
    method = head.method.decode("ascii")
    return Request(method, unquote(target.path), query, headers, content, size, time.time())
