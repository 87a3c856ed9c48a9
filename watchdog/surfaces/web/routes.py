"""The service's HTTP interface. Every route reads what is there and computes nothing anew."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchdog.config.links import Links
from watchdog.masking import Key
from watchdog.model.access import EVERYTHING, Viewer
from watchdog.model.report import Report, Snapshot
from watchdog.surfaces.metrics import Exposition
from watchdog.surfaces.report_pieces import eval_set_pieces, reduced_report, report_pieces
from watchdog.surfaces.visible_parts import Seen
from watchdog.surfaces.web.access import Access, AccessControl, viewer_of
from watchdog.surfaces.web.access.views import Views, health_of
from watchdog.surfaces.web.acting import Acting
from watchdog.surfaces.web.answers import JSON, error, head, json
from watchdog.surfaces.web.desk import Desk, NoDesk
from watchdog.surfaces.web.endpoints import ENDPOINTS, GZIP, Endpoint
from watchdog.surfaces.web.etags import Etags, matches
from watchdog.surfaces.web.faults import Faults
from watchdog.surfaces.web.fleet_api import NOBODY, FleetApi
from watchdog.surfaces.web.forms import Forms
from watchdog.surfaces.web.gate import Gate
from watchdog.surfaces.web.handout import Bundle, Handout
from watchdog.surfaces.web.health import Health, live, ready
from watchdog.surfaces.web.hosts import Hosts
from watchdog.surfaces.web.incidents_routes import IncidentRoutes
from watchdog.surfaces.web.inside import Inside, Nowhere
from watchdog.surfaces.web.inside_api import InsideApi
from watchdog.surfaces.web.looking import Looking
from watchdog.surfaces.web.looks import Looks
from watchdog.surfaces.web.models_routes import ModelRoutes
from watchdog.surfaces.web.openapi import document_json
from watchdog.surfaces.web.outgoing import Outgoing
from watchdog.surfaces.web.people import People
from watchdog.surfaces.web.pieces import Pieces
from watchdog.surfaces.web.rendition import Rendition, Renditions
from watchdog.surfaces.web.security import SecurityHeaders
from watchdog.surfaces.web.streamed import VARY, Streamed
from watchdog.surfaces.web.templating import style_source
from watchdog.surfaces.web.weekly_routes import NoWeeks, WeeklyRoutes, Weeks
from watchdog.threads import DefaultExecutor

Handler = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger(__name__)


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
        access: Access | None = None,
        key: Key = b"",
        inside: Inside | None = None,
        links: Callable[[], Links] = Links,
        desk: Desk | None = None,
        weeks: Weeks | None = None,
    ) -> None:
        self._bundle = bundle
        self._access = access
        self._views = Views(key)
        self._etags = Etags()
        self._bundling = asyncio.Lock()
        self._read = read
        self._health = health
        self._exposition = exposition
        self._clock = clock
        self._stalled_after = stalled_after
        self._hosts = hosts
        self._outgoing = Outgoing()
        desk = desk or NoDesk()
        looking = Looking(self.seen_by, clock, refresh, desk)
        looks = Looks(looking, inside or Nowhere())
        fleet = FleetApi(looks, self._outgoing)
        self._parts = (
            self,
            People(looks, links),
            fleet,
            InsideApi(looks, fleet),
            ModelRoutes(looking, desk),
            IncidentRoutes(looking, desk),
            WeeklyRoutes(looking, weeks or NoWeeks()),
            Acting(looking, desk, Forms(hosts), clock),
        )
        self._reducing = DefaultExecutor(1, "reduced")
        self._viewing = DefaultExecutor(1, "views")
        self._scraping = DefaultExecutor(1, "metrics")
        reporting = DefaultExecutor(1, "report")
        self._wholes, self._singles = Renditions(reporting), Renditions(reporting, kept=0)

    def app(self) -> Starlette:
        """The ASGI application."""
        return self._serving(ENDPOINTS)

    def probes(self) -> Starlette:
        """What machines ask alone, for a port of its own."""
        return self._serving(endpoint for endpoint in ENDPOINTS if endpoint.probed)

    def _serving(self, endpoints: Iterable[Endpoint]) -> Starlette:
        return Starlette(
            routes=_routes(endpoints, self._handler),
            middleware=[
                Middleware(SecurityHeaders, style_source=style_source()),
                Middleware(Pieces, outgoing=self._outgoing),
                Middleware(Faults),
                Middleware(Gate, hosts=self._hosts),
                *([Middleware(AccessControl, access=self._access)] if self._access else []),
            ],
            exception_handlers={HTTPException: _refuse},
        )

    def _handler(self, name: str) -> Handler:
        """What answers an endpoint: the method of its name, of one of the parts."""
        handler: Handler = next(getattr(part, name) for part in self._parts if hasattr(part, name))
        return handler

    async def seen_by(self, viewer: Viewer) -> tuple[Snapshot | None, Seen | None, Health]:
        """The current snapshot, what a viewer may see of it, and of how the service is."""
        snapshot, health = self._read(), self._health()
        if snapshot is None:
            return None, None, health
        seen = await self._seen(snapshot, viewer)
        return snapshot, seen, health if viewer.sees_all else health_of(health, seen)

    async def _seen(self, snapshot: Snapshot, viewer: Viewer) -> Seen:
        seen = self._views.known(snapshot, viewer)
        if seen is not None:
            return seen
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._viewing, self._views.made, snapshot, viewer)

    async def report(self, request: Request) -> Response:
        """The report, or with `?eval_set_id=` that of one eval set."""
        current, eval_set_id = self._current(), _eval_set_id(request)
        snapshot = (await self._seen(current, viewer_of(request))).snapshot
        if eval_set_id is not None:
            eval_set_id = snapshot.aliases.get(eval_set_id, eval_set_id)
        if eval_set_id is not None and not _watched(snapshot.report, eval_set_id):
            raise HTTPException(404, NOBODY)
        headers = {"Content-Type": JSON, "ETag": self._etags.of(current, snapshot)}
        if matches(request.headers, headers["ETag"]):
            return Response(status_code=304, headers={**headers, "Vary": VARY})
        if _bare(request):
            return head(200, JSON, headers)
        if eval_set_id is None:
            making = self._wholes.reading(current, snapshot, partial(report_pieces, snapshot))
        else:
            one = partial(eval_set_pieces, snapshot, eval_set_id)
            making = self._singles.reading(current, request, one)
        return Streamed(making, self._outgoing, headers)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        return head(200, JSON) if _bare(request) else Response(document_json(), media_type=JSON)

    async def evidence(self, request: Request) -> Response:
        """The evidence bundle of one eval set as an archive; one at a time."""
        viewer, eval_set_id = viewer_of(request), _eval_set_id(request) or ""
        snapshot = (await self._seen(self._current(), viewer)).snapshot
        eval_set_id = snapshot.aliases.get(eval_set_id, eval_set_id)
        loop, reduce = asyncio.get_running_loop(), partial(reduced_report, snapshot, eval_set_id)
        part = await loop.run_in_executor(self._reducing, reduce)
        if part is None:
            raise HTTPException(404, NOBODY)
        if self._bundle is None:
            raise HTTPException(503, "no bundles are written here")
        if _bare(request):
            return head(200, GZIP)
        if self._bundling.locked():
            raise HTTPException(429, "another bundle is being written", {"Retry-After": "10"})
        log.info("evidence_read", user=viewer.user, eval_set_id=eval_set_id)
        return Handout(partial(self._bundle, eval_set_id, part), self._bundling)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text or OpenMetrics."""
        accept = request.headers.get("accept", "")
        headers = {"Content-Type": self._exposition.content_type(accept)}
        if _bare(request):
            return head(200, headers["Content-Type"])
        scrape = Rendition(self._exposition.pieces(accept), self._scraping)
        return Streamed(nullcontext(scrape), self._outgoing, headers)

    async def healthz(self, _: Request) -> Response:
        """The process lives and its loop turns."""
        state = live(self._health(), self._stalled_after)
        return json(state, 200 if state.alive else 503)

    async def readyz(self, _: Request) -> Response:
        """The first complete poll is done, and the sources answer."""
        # everybody may ask, so it names nothing that not everybody may see
        nobody = self._access.nobody if self._access is not None else EVERYTHING
        state = ready((await self.seen_by(nobody))[2])
        return json(state, 200 if state.ready else 503)

    def _current(self) -> Snapshot:
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
    access: Access | None = None,
    key: Key = b"",
    inside: Inside | None = None,
    links: Callable[[], Links] = Links,
) -> Starlette:
    """The ASGI application.

    Args:
        read: the current snapshot.
        health: how the service is.
        exposition: what `/metrics` answers.
        clock: seconds since the epoch.
        stalled_after: seconds without a turn after which the loop counts as dead.
        refresh: seconds until the page renews itself.
        hosts: the names that it is asked by; None for any.
        bundle: writes evidence.
        access: who may ask for what; None where everybody may.
        key: of the stand-ins for names.
        inside: looks into eval sets; None where nothing can be read of them.
        links: where pages lead beside, as the settings have it now.
    """
    site = Site(
        read=read,
        health=health,
        exposition=exposition,
        clock=clock,
        stalled_after=stalled_after,
        refresh=refresh,
        hosts=hosts,
        bundle=bundle,
        access=access,
        key=key,
        inside=inside,
        links=links,
    )
    return site.app()


def _routes(endpoints: Iterable[Endpoint], handler: Callable[[str], Handler]) -> list[Route]:
    """One for each path: whoever asks otherwise is told all that may be done with it."""
    by_path: dict[str, dict[str, Handler]] = {}
    for one in endpoints:
        methods = ("GET", "HEAD") if one.method == "GET" else (one.method,)
        by_path.setdefault(one.route, {}).update(dict.fromkeys(methods, handler(one.name)))
    return [Route(path, _by_method(each), methods=list(each)) for path, each in by_path.items()]


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        return await handlers[request.method](request)

    return handle


def _bare(request: Request) -> bool:
    """Whether only the head of an answer is asked for."""
    return request.method == "HEAD"


def _eval_set_id(request: Request) -> str | None:
    ids = request.query_params.getlist("eval_set_id")
    if len(ids) > 1:
        raise HTTPException(400, "eval_set_id is given more than once")
    return ids[0] if ids else None


def _watched(report: Report, eval_set_id: str) -> bool:
    return any(one.eval_set_id == eval_set_id for one in report.eval_sets)


async def _refuse(request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, HTTPException):
        raise refusal
    headers = dict(refusal.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    return error(request.url.path, refusal.status_code, refusal.detail, headers)
