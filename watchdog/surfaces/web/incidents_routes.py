"""Open and past incidents, for people and for programs."""

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.redaction import without_secrets
from watchdog.surfaces.fleet.listing import LIMIT_MAX, PAGE
from watchdog.surfaces.incidents.records import IncidentDetail, IncidentList
from watchdog.surfaces.incidents.rows import detail
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.asked import number
from watchdog.surfaces.web.desk import Desk
from watchdog.surfaces.web.endpoints import HTML
from watchdog.surfaces.web.incidents_page import NO_INCIDENT, OVER, incident_page, incidents_page
from watchdog.surfaces.web.incidents_seen import NO_INCIDENT as UNKNOWN
from watchdog.surfaces.web.incidents_seen import IncidentsSeen, asked
from watchdog.surfaces.web.kept_pages import answer
from watchdog.surfaces.web.looking import Looking, key_of
from watchdog.surfaces.web.pages import kept_page, no_page


class IncidentRoutes:
    """The routes on which incidents are read."""

    def __init__(self, looking: Looking, desk: Desk) -> None:
        self._looking = looking
        self._seen = IncidentsSeen(desk)

    async def incidents_page(self, request: Request) -> Response:
        """The list."""
        wanted = asked(request)
        look, frame = await self._looking.look(request)
        if look is None:
            return await no_page(self._looking, request, None, frame, (NO_INCIDENT, OVER))
        if request.method == "HEAD":
            return head(200, HTML)
        listed = await self._seen.listed(request, look, wanted, PAGE)

        def make() -> str:
            return incidents_page(without_secrets(listed), wanted, look.view, frame)

        key = (listed, wanted, *key_of(frame))
        return await kept_page(self._looking, request, look, key, make)

    async def incident_page(self, request: Request) -> Response:
        """One of them."""
        look, frame = await self._looking.look(request)
        if look is None:
            return await no_page(self._looking, request, None, frame, (NO_INCIDENT, OVER))
        try:
            seen = await self._seen.one(request, look)
        except HTTPException as refusal:
            if refusal.status_code != 404:
                raise
            why = OVER if refusal.detail == UNKNOWN else refusal.detail
            return await no_page(self._looking, request, look, frame, (NO_INCIDENT, why))
        if request.method == "HEAD":
            return head(200, HTML)
        told = detail(seen, look.view.at, look.view.report.now)

        def make() -> str:
            return incident_page(self._looking.fleet(look), without_secrets(told), frame)

        return await kept_page(self._looking, request, look, (told, *key_of(frame)), make)

    async def incidents(self, request: Request) -> Response:
        """The list, as JSON."""
        wanted, limit = asked(request), number(request, "limit", PAGE, LIMIT_MAX)
        look = await self._looking.there(request)
        if request.method == "HEAD":
            return head(200, JSON)
        listed = await self._seen.listed(request, look, wanted, limit)
        make = partial(_encoded, listed)
        made = await self._looking.kept.get(look.current, look.view, ("incidents", listed), make)
        return answer(request, made, JSON)

    async def incident(self, request: Request) -> Response:
        """One of them, as JSON."""
        look = await self._looking.there(request)
        seen = await self._seen.one(request, look)
        if request.method == "HEAD":
            return head(200, JSON)
        told = detail(seen, look.view.at, look.view.report.now)
        make = partial(_encoded, told)
        made = await self._looking.kept.get(look.current, look.view, ("incident", told), make)
        return answer(request, made, JSON)


def _encoded(record: IncidentList | IncidentDetail) -> bytes:
    return encode_report(without_secrets(record))
