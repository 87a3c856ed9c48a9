"""One Socket Mode connection: opened, greeted, read, confirmed, closed. Each within bounded time.

The address that Slack hands out holds a ticket, good for one use: it is in no line of the log and
in no error, and never asked for twice.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import httpx
import msgspec

from watchdog.notify.channels.channel import Outcome
from watchdog.notify.socket_mode.envelopes import SIZE_MAX, Envelope, Goodbye, Hello, read
from watchdog.notify.socket_mode.gateway import Gateway

PING_SECONDS = 20.0
"""Between two pings of ours; where no pong comes for half of that, the connection is dead."""
CLOSE_SECONDS = 2.0
"""For which the other side's farewell is waited for."""


class Opener:
    """Opens connections."""

    def __init__(self, gateway: Gateway, timeout: float) -> None:
        self._gateway = gateway
        self._timeout = timeout

    async def open(self) -> "Connection":
        """A connection that was greeted. Raises: NotConnectedError."""
        address = await self._gateway.address()
        if isinstance(address, Outcome):
            raise NotConnectedError(address)
        try:
            async with AsyncExitStack() as undo, asyncio.timeout(1.5 * self._timeout):
                session = await undo.enter_async_context(self._session(address))
                socket = await session.ws_connect(
                    _as_http(address),
                    heartbeat=PING_SECONDS,
                    max_msg_size=SIZE_MAX,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
                undo.push_async_callback(socket.close)
                connection = Connection(session, socket, self._timeout)
                await connection.greeted()
                undo.pop_all()
        except TimeoutError:
            raise _failed(f"no greeting within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # their texts name the address
            raise _failed(f"no connection ({type(error).__name__})") from None
        return connection

    def _session(self, address: httpx.URL) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            trust_env=True,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeout),
            connector=aiohttp.TCPConnector(ssl=_trust(address), limit=1),
        )


class NotConnectedError(Exception):
    """There is no connection; the text says why, and holds nothing secret."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class Connection:
    """Used from one event loop."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        timeout: float,
    ) -> None:
        self._session = session
        self._socket = socket
        self._timeout = timeout

    async def greeted(self) -> None:
        """Wait for the greeting. Raises: NotConnectedError: something else came."""
        message = await self._socket.receive()
        text = message.data if message.type is aiohttp.WSMsgType.TEXT else ""
        told = read(text)
        if isinstance(told, Goodbye) and told.reason == "link_disabled":
            raise NotConnectedError(Outcome("refused", "Socket Mode is off in the app's settings"))
        if not isinstance(told, Hello):
            raise _failed("no greeting")

    async def told(self) -> AsyncIterator[Envelope | Goodbye]:
        """What is said, until it is closed or breaks."""
        async for message in self._socket:
            told = read(message.data) if message.type is aiohttp.WSMsgType.TEXT else None
            if isinstance(told, Envelope | Goodbye):
                yield told

    async def confirm(self, envelope: Envelope) -> None:
        """Say that it arrived. Raises: OSError, TimeoutError: the connection broke."""
        async with asyncio.timeout(self._timeout):
            await self._socket.send_str(msgspec.json.encode({"envelope_id": envelope.id}).decode())

    async def aclose(self) -> None:
        """Close it, within bounded time."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._socket.close()
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass  # it is gone either way
        finally:
            await self._session.close()


def _as_http(address: httpx.URL) -> str:
    """The same for aiohttp, which then goes by `HTTPS_PROXY`, as what posts messages does."""
    return str(address.copy_with(scheme="https" if address.scheme == "wss" else "http"))


def _trust(address: httpx.URL) -> ssl.SSLContext | bool:
    """The certificates that messages are sent by, too."""
    return httpx.create_ssl_context() if address.scheme == "wss" else False


def _failed(detail: str) -> NotConnectedError:
    return NotConnectedError(Outcome("retry", detail))
