"""Large answers in pieces: slow readers hold one piece each, and bodies that they share.

A page of a large fleet has megabytes, and there is a new one with each poll: who reads slowly
would hold an old one each.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.surfaces.web.outgoing import Outgoing

PIECE = 64 * 1024


class Pieces:
    """Hands bodies on piece by piece, as fast as they are taken."""

    def __init__(self, app: ASGIApp, outgoing: Outgoing) -> None:
        self._app = app
        self._outgoing = outgoing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on."""

        async def in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE:
                await send(message)
                return
            with self._outgoing.under_way(body, scope):
                for start in range(0, len(body), PIECE):
                    end = start + PIECE
                    more = end < len(body) or message.get("more_body", False)
                    piece = {"type": message["type"], "body": body[start:end], "more_body": more}
                    await send(piece)
                    await asyncio.sleep(0)  # others first

        await self._app(scope, receive, in_pieces)
