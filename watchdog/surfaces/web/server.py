"""uvicorn within the running event loop; signals stay with the application."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from watchdog.surfaces.web.connections import places
from watchdog.surfaces.web.protocol import HEAD_BYTES, REQUEST_BYTES, BoundedProtocol

CLOSE_SECONDS = 5
GRACE_SECONDS = 2.0
"""For answers that are under way when the service ends."""
IDLE_SECONDS = 65
"""Of a connection between two requests: more than the 60 s for which proxies keep theirs."""
PLACES = 512
"""Connections at once, where there are descriptors enough."""


QUEUE = 4096
"""Connections that the kernel holds until they are accepted; it takes less where it is set so.

Of one more it drops the first packet, and who knocks comes again after a second: a probe too."""
BACKLOG_LEAST = 64


class ListenError(Exception):
    """The address can't be listened on; the text says why and what to change."""


class _QuietServer(uvicorn.Server):
    """A server that leaves SIGTERM and SIGINT alone, and lets many knock at once."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; asyncio gives the kernel the number that it accepts in one turn as well."""
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(QUEUE)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class WebServer:
    """Serves an application at one address. Port 0 takes a free one."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        connections: int = PLACES,
        request_bytes: int = REQUEST_BYTES,
    ) -> None:
        self._host = host.strip("[]")
        self._port = port
        self._task: asyncio.Task[None] | None = None
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                proxy_headers=False,
                ws="none",
                http=_protocol(places(connections), request_bytes),
                h11_max_incomplete_event_size=HEAD_BYTES,
                # as many are accepted in one turn of the loop: of more than there are places a
                # request that is there already would be cut before it is read
                backlog=max(BACKLOG_LEAST, places(connections) // 2),
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=CLOSE_SECONDS,
            )
        )

    @property
    def port(self) -> int:
        """The port in use, once started."""
        return self._port

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen, and serve in a task of its own.

        Raises:
            ListenError: The port is taken, or the address is not this machine's.
        """
        listening = await asyncio.to_thread(_bind, self._host, self._port)
        self._port = int(listening.getsockname()[1])
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Finish what is being answered, within bounded time, and stop listening."""
        self._server.should_exit = True
        if self._task is not None:
            late = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._abort)
            await self._task
            late.cancel()
            self._task = None

    def _abort(self) -> None:
        """Who still reads is cut off: what is done for them ends in order, no task is killed."""
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, BoundedProtocol):
                connection.abort()


def _protocol(number: int, size: int) -> type[BoundedProtocol]:
    class Protocol(BoundedProtocol):
        places = number
        request_bytes = size

    return Protocol


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"can't listen on {host}:{port}: {error.strerror}") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(QUEUE)
    except OSError as error:
        listening.close()
        hint = "is another watchdog running? --listen takes another address"
        raise ListenError(f"can't listen on {host}:{port}: {error.strerror} ({hint})") from None
    return listening
