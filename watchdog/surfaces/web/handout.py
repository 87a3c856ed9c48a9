"""Hands out a bundle: written while its client waits, streamed, gone afterwards in every case."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import BinaryIO, TypeVar

from msgspec import Struct
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchdog.model.report import Report
from watchdog.surfaces.web.answers import error
from watchdog.surfaces.web.endpoints import GZIP

PIECE = 256 * 1024
T = TypeVar("T")


class Archive(Struct, frozen=True):
    """A bundle as one file, which has no name on the disk any more: closing it removes it."""

    name: str
    """For whoever saves it: letters, digits, dots, lines."""
    size: int
    file: BinaryIO


class BundleError(Exception):
    """A bundle can't be written; the text says why, for people."""


Bundle = Callable[[str, Report], Awaitable[Archive]]
"""Writes an eval set's evidence, with what is told of it. Cancelling stops it without a trace.

Raises:
    BundleError: it can't be done, or not within its bounds.
"""


class Handout(Response):
    """The answer to a request for a bundle."""

    def __init__(self, write: Callable[[], Awaitable[Archive]], turn: asyncio.Lock) -> None:
        super().__init__()
        self._write = write
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write, send, remove."""
        async with self._turn:
            try:
                archive = await while_connected(receive, self._write())
            except BundleError as failure:
                again = {"Retry-After": "60"}
                await error(scope["path"], 503, str(failure), again)(scope, receive, send)
                return
            if archive is not None:
                with archive.file:
                    await _send(archive, send)


async def while_connected(receive: Receive, work: Awaitable[T]) -> T | None:
    """What the work gives; None where its client went away, which ends the work."""
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(archive: Archive, send: Send) -> None:
    headers = {
        "Content-Type": GZIP,
        "Content-Length": str(archive.size),
        "Content-Disposition": f'attachment; filename="{archive.name}"',
    }
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    left = archive.size
    while left:
        piece = await asyncio.to_thread(archive.file.read, min(PIECE, left))
        left = left - len(piece) if piece else 0
        await send({"type": "http.response.body", "body": piece, "more_body": bool(left)})
