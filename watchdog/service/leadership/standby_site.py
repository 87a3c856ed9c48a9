"""What a replica answers while it stands by: that it lives, and who leads."""

from collections.abc import Callable

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchdog.model.texts import clean
from watchdog.redaction import redact
from watchdog.surfaces.metrics import Exposition, StandbyMetrics
from watchdog.surfaces.web.answers import error, head, json
from watchdog.surfaces.web.faults import Faults
from watchdog.surfaces.web.health import Live, Ready
from watchdog.surfaces.web.security import SecurityHeaders
from watchdog.surfaces.web.templating import style_source

NAME_MAX, REASON_MAX = 253, 500
READY = Ready(ready=True, reasons=(), failing_sources=(), failing_channels=(), role="standby")


class StandbySite:
    """The probes, and a word for people: page and API are the leader's."""

    def __init__(self, leader: Callable[[], str], complaint: Callable[[], str]) -> None:
        """Args: leader: who leads; complaint: why it isn't known whether this one could."""
        self._leader = leader
        self._complaint = complaint
        self._exposition = Exposition(lambda: None, StandbyMetrics())

    def app(self) -> Starlette:
        """The ASGI application."""
        methods = ["GET", "HEAD", "POST", "DELETE"]
        return self._serving(Route("/{path:path}", self._elsewhere, methods=methods))

    def probes(self) -> Starlette:
        """What machines ask alone, for a port of its own."""
        return self._serving()

    def _serving(self, *more: Route) -> Starlette:
        names = ("healthz", "readyz", "metrics")
        return Starlette(
            routes=[*(Route(f"/{name}", getattr(self, name)) for name in names), *more],
            middleware=[
                Middleware(SecurityHeaders, style_source=style_source()),
                Middleware(Faults),
            ],
        )

    async def healthz(self, _: Request) -> Response:
        """It lives: who can't turn the loop answers nothing."""
        return json(Live(alive=True, seconds_since_turn=0.0), 200)

    async def readyz(self, _: Request) -> Response:
        """Whether it could take over."""
        complaint = _shown(self._complaint(), REASON_MAX)
        if not complaint:
            return json(replace(READY, leader=_shown(self._leader(), NAME_MAX)), 200)
        reasons = (f"it can't be told who leads: {complaint}",)
        return json(replace(READY, ready=False, reasons=reasons), 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text or OpenMetrics."""
        body, content_type = self._exposition.render(request.headers.get("accept", ""))
        if request.method == "HEAD":
            return head(200, content_type)
        return Response(body, headers={"Content-Type": content_type})

    async def _elsewhere(self, request: Request) -> Response:
        leader = _shown(self._leader(), NAME_MAX)
        who = f"{leader} leads" if leader else "nobody leads yet"
        text = f"this replica stands by; {who}: ask again"
        return error(request.url.path, 503, text, {"Retry-After": "5"})


def _shown(text: str, most: int) -> str:
    """Whoever may write the Lease names who leads; the API server words why it can't be told."""
    return redact(clean(text, most))
