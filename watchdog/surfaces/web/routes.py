"""The service's HTTP interface. Every route reads what is there and computes nothing anew."""

import asyncio
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchdog.model.report import Report, Snapshot
from watchdog.surfaces.metrics import Exposition
from watchdog.surfaces.reduced import reduced
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.answers import JSON, error, head, json
from watchdog.surfaces.web.endpoints import ENDPOINTS, GZIP, HTML, Endpoint
from watchdog.surfaces.web.faults import Faults
from watchdog.surfaces.web.gate import Gate
from watchdog.surfaces.web.handout import Bundle, Handout
from watchdog.surfaces.web.health import Health, live, ready
from watchdog.surfaces.web.hosts import Hosts
from watchdog.surfaces.web.openapi import document_json
from watchdog.surfaces.web.page import render, style_source
from watchdog.surfaces.web.pieces import Pieces
from watchdog.surfaces.web.security import SecurityHeaders
from watchdog.surfaces.web.shared import Shared

NOBODY = "no eval set of this id is watched"


class Site:
    """The routes and what they read."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        read: Callable[[], Snapshot | None],
        health: Callable[[], Health],
        exposition: Exposition,
        clock: Callable[[], float],
        stalled_after: float = 300.0,
        refresh: int = 30,
        hosts: Hosts | None = None,
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
        self._hosts = hosts
        self._pages, self._reports, self._exposed = Shared(), Shared(), Shared()

    def app(self) -> Starlette:
        """The ASGI application."""
        return self._serving(ENDPOINTS)

    def probes(self) -> Starlette:
        """What machines ask alone, for a port of its own."""
        return self._serving(endpoint for endpoint in ENDPOINTS if endpoint.probed)

    def _serving(self, endpoints: Iterable[Endpoint]) -> Starlette:
        return Starlette(
            routes=[Route(one.path, getattr(self, one.name)) for one in endpoints],
            middleware=[
                Middleware(SecurityHeaders, style_source=style_source()),
                Middleware(Pieces),
                Middleware(Faults),
                Middleware(Gate, hosts=self._hosts),
            ],
            exception_handlers={HTTPException: _refuse},
        )

    async def page(self, request: Request) -> Response:
        """Status page for people."""
        if _bare(request):
            return head(200, HTML)
        snapshot, health, now = self._read(), self._health(), self._clock()
        html = await self._pages.get(
            snapshot,
            (health, int(now)),
            lambda: render(snapshot, health, now, self._refresh).encode("utf-8", "replace"),
        )
        return Response(html, headers={"Content-Type": HTML})

    async def report(self, request: Request) -> Response:
        """The report, or with `?eval_set_id=` that of one eval set."""
        snapshot, eval_set_id = self._snapshot(), _eval_set_id(request)
        if eval_set_id is not None and not _watched(snapshot, eval_set_id):
            raise HTTPException(404, NOBODY)
        if _bare(request):
            return head(200, JSON)
        if eval_set_id is None:
            body = await self._reports.get(snapshot, None, lambda: encode_report(snapshot.report))
        else:
            body = await self._reports.once(lambda: _encoded(snapshot.report, eval_set_id))
        return Response(body, media_type=JSON)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        return head(200, JSON) if _bare(request) else Response(document_json(), media_type=JSON)

    async def evidence(self, request: Request) -> Response:
        """The evidence bundle of one eval set as an archive; one at a time."""
        snapshot, eval_set_id = self._snapshot(), _eval_set_id(request) or ""
        if not _watched(snapshot, eval_set_id):
            raise HTTPException(404, NOBODY)
        if self._bundle is None:
            raise HTTPException(503, "no bundles are written here")
        if _bare(request):
            return head(200, GZIP)
        if self._bundling.locked():
            raise HTTPException(429, "another bundle is being written", {"Retry-After": "10"})
        return Handout(self._bundle, eval_set_id, self._bundling)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text or OpenMetrics."""
        encode, content_type = self._exposition.encoder(request.headers.get("accept", ""))
        if _bare(request):
            return head(200, content_type)
        body = await self._exposed.join(content_type, encode)
        return Response(body, headers={"Content-Type": content_type})

    async def healthz(self, _: Request) -> Response:
        """The process lives and its loop turns."""
        state = live(self._health(), self._clock(), self._stalled_after)
        return json(state, 200 if state.alive else 503)

    async def readyz(self, _: Request) -> Response:
        """The first complete poll is done, and the sources answer."""
        state = ready(self._health())
        return json(state, 200 if state.ready else 503)

    def _snapshot(self) -> Snapshot:
        snapshot = self._read()
        if snapshot is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        return snapshot


def build_app(  # noqa: PLR0913
    read: Callable[[], Snapshot | None],
    health: Callable[[], Health],
    exposition: Exposition,
    clock: Callable[[], float],
    *,
    stalled_after: float = 300.0,
    refresh: int = 30,
    hosts: Hosts | None = None,
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
        hosts=hosts,
        bundle=bundle,
    )
    return site.app()


def _bare(request: Request) -> bool:
    """Whether only the head of an answer is asked for."""
    return request.method == "HEAD"


def _eval_set_id(request: Request) -> str | None:
    ids = request.query_params.getlist("eval_set_id")
    if len(ids) > 1:
        raise HTTPException(400, "eval_set_id is given more than once")
    return ids[0] if ids else None


def _watched(snapshot: Snapshot, eval_set_id: str) -> bool:
    return any(one.eval_set_id == eval_set_id for one in snapshot.report.eval_sets)


def _encoded(report: Report, eval_set_id: str) -> bytes:
    part = reduced(report, eval_set_id)
    return b"" if part is None else encode_report(part)


async def _refuse(request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, HTTPException):
        raise refusal
    headers = dict(refusal.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    return error(request.url.path, refusal.status_code, refusal.detail, headers)
