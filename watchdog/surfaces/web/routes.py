"""The service's HTTP interface. Every route reads what is there and computes nothing anew."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchdog.model.report import Report, Snapshot
from watchdog.surfaces.metrics import Exposition
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.health import Health, live, ready
from watchdog.surfaces.web.page import render, style_source
from watchdog.surfaces.web.security import SecurityHeaders

JSON = "application/json"

Bundle = Callable[[str], Awaitable[Path]]
"""Writes an eval set's evidence as an archive, alone in a directory that may be removed."""


class Site:
    """The routes and what they read."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        read: Callable[[], Snapshot | None],
        health: Callable[[], Health],
        exposition: Exposition,
        clock: Callable[[], float],
        stalled_after: float,
        refresh: int,
        bundle: Bundle | None = None,
    ) -> None:
        self._bundle = bundle
        self._bundling = asyncio.Lock()
        self._read = read
        self._health = health
        self._exposition = exposition
        self._clock = clock
        self._stalled_after = stalled_after
        self._refresh = refresh

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/api/v1/report", self.report),
                Route("/evidence", self.evidence),
                Route("/metrics", self.metrics),
                Route("/healthz", self.healthz),
                Route("/readyz", self.readyz),
            ],
            middleware=[Middleware(SecurityHeaders, style_source=style_source())],
            exception_handlers={HTTPException: _refuse, Exception: _fail},
        )

    async def page(self, _: Request) -> Response:
        """Status page for people."""
        html = await asyncio.to_thread(
            render, self._read(), self._health(), self._clock(), self._refresh
        )
        return HTMLResponse(html.encode("utf-8", "replace"))

    async def report(self, request: Request) -> Response:
        """The report, or with `?eval_set_id=` that of one eval set."""
        snapshot = self._read()
        if snapshot is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        eval_set_id = request.query_params.get("eval_set_id")
        report: Report | None = snapshot.report
        if eval_set_id is not None:
            report = await asyncio.to_thread(reduced, snapshot.report, eval_set_id)
        if report is None:
            raise HTTPException(404, "no eval set of this id is watched")
        return Response(await asyncio.to_thread(encode_report, report), media_type=JSON)

    async def evidence(self, request: Request) -> Response:
        """The evidence bundle of one eval set as an archive; one at a time."""
        snapshot, eval_set_id = self._read(), request.query_params.get("eval_set_id", "")
        if snapshot is None or self._bundle is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        if reduced(snapshot.report, eval_set_id) is None:
            raise HTTPException(404, "no eval set of this id is watched")
        if self._bundling.locked():
            raise HTTPException(429, "another bundle is being written", {"Retry-After": "10"})
        async with self._bundling:
            path = await self._bundle(eval_set_id)
        clean_up = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
        return FileResponse(
            path, media_type="application/gzip", filename=path.name, background=clean_up
        )

    async def metrics(self, request: Request) -> Response:
        """Prometheus text or OpenMetrics."""
        accept = request.headers.get("accept", "")
        body, content_type = await asyncio.to_thread(self._exposition.render, accept)
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(self, _: Request) -> Response:
        """The process lives and its loop turns."""
        state = live(self._health(), self._clock(), self._stalled_after)
        return _json(state, 200 if state.alive else 503)

    async def readyz(self, _: Request) -> Response:
        """The first complete poll is done, and the sources answer."""
        state = ready(self._health())
        return _json(state, 200 if state.ready else 503)


def build_app(  # noqa: PLR0913
    read: Callable[[], Snapshot | None],
    health: Callable[[], Health],
    exposition: Exposition,
    clock: Callable[[], float],
    *,
    stalled_after: float = 300.0,
    refresh: int = 30,
    bundle: Bundle | None = None,
) -> Starlette:
    """The ASGI application; `stalled_after` seconds without a turn the loop counts as dead."""
    site = Site(
        read=read,
        health=health,
        exposition=exposition,
        clock=clock,
        stalled_after=stalled_after,
        refresh=refresh,
        bundle=bundle,
    )
    return site.app()


def _json(body: msgspec.Struct | dict[str, str], status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type=JSON)


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "internal error"
    headers = getattr(error, "headers", None) or {}
    response: Response = PlainTextResponse(detail, status)
    if request.url.path.startswith("/api/"):
        response = _json({"error": detail}, status)
    response.headers.update(headers)
    return response


async def _fail(request: Request, _: Exception) -> Response:
    return await _refuse(request, HTTPException(500, "internal error"))
