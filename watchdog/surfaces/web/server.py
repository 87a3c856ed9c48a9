"""uvicorn within the running event loop; signals stay with the application."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

CLOSE_SECONDS = 5


class ListenError(Exception):
    """The address can't be listened on; the text says why and what to change."""


class _QuietServer(uvicorn.Server):
    """A server that leaves SIGTERM and SIGINT alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class WebServer:
    """Serves an application at one address. Port 0 takes a free one."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
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
                limit_concurrency=200,
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
            await self._task
            self._task = None


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
        listening.listen(128)
    except OSError as error:
        listening.close()
        hint = "is another watchdog running? --listen takes another address"
        raise ListenError(f"can't listen on {host}:{port}: {error.strerror} ({hint})") from None
    return listening
