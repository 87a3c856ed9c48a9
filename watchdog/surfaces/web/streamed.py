"""Answers that are sent piece by piece as they are made, compressed where that is understood."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractContextManager, aclosing

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchdog.surfaces.deflated import Gzip, Plain
from watchdog.surfaces.web.handout import while_connected
from watchdog.surfaces.web.outgoing import Outgoing
from watchdog.surfaces.web.rendition import Rendition

VARY = "Accept-Encoding"


class Streamed(Response):
    """A rendition as an answer. A client that goes away ends it, and leaves nothing behind."""

    def __init__(
        self,
        rendition: AbstractContextManager[Rendition],
        outgoing: Outgoing,
        headers: Mapping[str, str],
    ) -> None:
        """Args: rendition: while it is read; outgoing: what is under way; headers: its type."""
        super().__init__()
        self._rendition = rendition
        self._outgoing = outgoing
        self._names = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._rendition as rendition, self._outgoing.under_way(rendition, scope):
            await while_connected(receive, self._send(rendition, scope, send))

    async def _send(self, rendition: Rendition, scope: Scope, send: Send) -> None:
        coding = Gzip() if takes_gzip(Headers(scope=scope)) else Plain()
        names = {**self._names, "Vary": VARY}
        if isinstance(coding, Gzip):
            names["Content-Encoding"] = "gzip"
        begun = False
        async with aclosing(rendition.pieces()) as pieces:
            async for piece in pieces:
                if not begun:  # what can't be made at all gets another answer
                    await send(_start(names))
                    begun = True
                for chunk in coding.add(piece):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await asyncio.sleep(0)  # others first
        await send({"type": "http.response.body", "body": coding.end(), "more_body": False})


def _start(names: Mapping[str, str]) -> dict[str, object]:
    raw = [(name.lower().encode(), value.encode()) for name, value in names.items()]
    return {"type": "http.response.start", "status": 200, "headers": raw}


def takes_gzip(headers: Headers) -> bool:
    """Whether gzip may be answered (RFC 9110, section 12.5.3): it, or anything, not at `q=0`."""
    weights: dict[str, float] = {}
    for part in ",".join(headers.getlist("accept-encoding")).lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weights[name] = _weight(parameters)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameters: list[str]) -> float:
    value = next((text[2:] for text in parameters if text.startswith("q=")), "1")
    try:
        return float(value)
    except ValueError:
        return 0.0
