"""Large answers in pieces: slow readers hold one piece each, and bodies that they share.

The report of a large fleet has 50 MB, and there is a new one with each poll: who reads slowly would
hold an old one each.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.surfaces.web.faults import abort

PIECE = 64 * 1024
BODIES = 128 * 1024 * 1024
"""Bytes of bodies under way; beyond it the one that was begun first is cut off."""


class _Outgoing(Struct, eq=False):
    body: bytes
    scope: Scope


class Pieces:
    """Hands bodies on piece by piece, as fast as they are taken."""

    def __init__(self, app: ASGIApp, bodies: int = BODIES) -> None:
        self._app = app
        self._bodies = bodies
        self._outgoing: list[_Outgoing] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on."""

        async def in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE:
                await send(message)
                return
            with self._under_way(body, scope):
                for start in range(0, len(body), PIECE):
                    end = start + PIECE
                    more = end < len(body) or message.get("more_body", False)
                    piece = {"type": message["type"], "body": body[start:end], "more_body": more}
                    await send(piece)
                    await asyncio.sleep(0)  # others first

        await self._app(scope, receive, in_pieces)

    @contextmanager
    def _under_way(self, body: bytes, scope: Scope) -> Iterator[None]:
        outgoing = _Outgoing(body, scope)
        self._outgoing.append(outgoing)
        while self._held() > self._bodies and self._outgoing[0] is not outgoing:
            abort(self._outgoing.pop(0).scope)
        try:
            yield
        finally:
            if outgoing in self._outgoing:
                self._outgoing.remove(outgoing)

    def _held(self) -> int:
        return sum({id(o.body): len(o.body) for o in self._outgoing}.values())
