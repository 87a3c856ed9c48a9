"""The service's HTTP interface. Every route reads what is there and computes nothing anew."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchdog.masking import Key
from watchdog.model.access import EVERYTHING, Viewer
from watchdog.model.report import Report, Snapshot
from watchdog.surfaces.metrics import Exposition
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.access import Access, AccessControl, viewer_of
from watchdog.surfaces.web.access.views import Views
from watchdog.surfaces.web.health import Health, live, ready
from watchdog.surfaces.web.page import render, style_source
from watchdog.surfaces.web.security import SecurityHeaders

JSON = "application/json"
log = structlog.get_logger(__name__)

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
        access: Access | None = None,
        key: Key = b"",
    ) -> None:
        self._bundle = bundle
        self._access = access
        self._views = Views(key)
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
            middleware=[
                Middleware(SecurityHeaders, style_source=style_source()),
                *([Middleware(AccessControl, access=self._access)] if self._access else []),
            ],
            exception_handlers={HTTPException: _refuse, Exception: _fail},
        )

    def _seen_by(self, viewer: Viewer) -> tuple[Snapshot | None, Health]:
        """What a viewer may see."""
        return self._views.of(self._read(), self._health(), viewer)

    async def page(self, request: Request) -> Response:
        """Status page for people."""
        html = render(*self._seen_by(viewer_of(request)), self._clock(), self._refresh)
        return HTMLResponse(html.encode("utf-8", "replace"))

    async def report(self, request: Request) -> Response:
        """The report, or with `?eval_set_id=` that of one eval set."""
        snapshot, _ = self._seen_by(viewer_of(request))
        if snapshot is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        eval_set_id = request.query_params.get("eval_set_id")
        report: Report | None = snapshot.report
        if eval_set_id is not None:
            report = reduced(snapshot.report, eval_set_id)
        if report is None:
            raise HTTPException(404, "no eval set of this id is watched")
        return Response(encode_report(report), media_type=JSON)

    async def evidence(self, request: Request) -> Response:
        """The evidence bundle of one eval set as an archive; one at a time."""
        viewer, eval_set_id = viewer_of(request), request.query_params.get("eval_set_id", "")
        snapshot, _ = self._seen_by(viewer)
        if snapshot is None or self._bundle is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        if reduced(snapshot.report, eval_set_id) is None:
            raise HTTPException(404, "no eval set of this id is watched")
        if self._bundling.locked():
            raise HTTPException(429, "another bundle is being written", {"Retry-After": "10"})
        log.info("evidence_read", user=viewer.user, eval_set_id=eval_set_id)
        async with self._bundling:
            path = await self._bundle(eval_set_id)
        clean_up = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
        return FileResponse(
            path, media_type="application/gzip", filename=path.name, background=clean_up
        )

    async def metrics(self, request: Request) -> Response:
        """Prometheus text or OpenMetrics."""
        body, content_type = self._exposition.render(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(self, _: Request) -> Response:
        """The process lives and its loop turns."""
        state = live(self._health(), self._clock(), self._stalled_after)
        return _json(state, 200 if state.alive else 503)

    async def readyz(self, _: Request) -> Response:
        """The first complete poll is done, and the sources answer."""
        # everybody may ask, so it names nothing that not everybody may see
        nobody = self._access.nobody if self._access is not None else EVERYTHING
        state = ready(self._seen_by(nobody)[1])
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
    access: Access | None = None,
    key: Key = b"",
) -> Starlette:
    """The ASGI application.

    Args:
        read: the current snapshot.
        health: how the service is.
        exposition: what `/metrics` answers.
        clock: seconds since the epoch.
        stalled_after: seconds without a turn after which the loop counts as dead.
        refresh: seconds until the page renews itself.
        bundle: writes evidence.
        access: who may ask for what; None where everybody may.
        key: of the stand-ins for names.
    """
    site = Site(
        read=read,
        health=health,
        exposition=exposition,
        clock=clock,
        stalled_after=stalled_after,
        refresh=refresh,
        bundle=bundle,
        access=access,
        key=key,
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
