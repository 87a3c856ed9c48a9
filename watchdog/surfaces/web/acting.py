"""Acknowledge, silence, judge: by the page's forms and by the API."""

from collections.abc import Callable

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.model.acts import BY_MAX
from watchdog.model.texts import clean
from watchdog.redaction import without_secrets
from watchdog.surfaces.incidents.records import IncidentDetail
from watchdog.surfaces.incidents.rows import Seen, detail
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.act_body import ActBody
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.deeds import Wanted, do, wanted_by
from watchdog.surfaces.web.desk import Desk
from watchdog.surfaces.web.endpoints import HTML
from watchdog.surfaces.web.forms import (
    FORM_COOKIE,
    NAME_COOKIE,
    YEAR,
    Forms,
    form_cookie,
    keep,
    name_of,
)
from watchdog.surfaces.web.incidents_page import FormState, actions_page, back
from watchdog.surfaces.web.incidents_seen import IncidentsSeen
from watchdog.surfaces.web.looking import Look, Looking


class Acting:
    """The routes on which people act."""

    def __init__(
        self, looking: Looking, desk: Desk, forms: Forms, clock: Callable[[], float]
    ) -> None:
        self._looking = looking
        self._seen = IncidentsSeen(desk)
        self._desk = desk
        self._forms = forms
        self._clock = clock

    async def actions_page(self, request: Request) -> Response:
        """The forms."""
        look, _ = await self._found(request)
        seen = await self._seen.one(request, look)
        if request.method == "HEAD":
            return head(200, HTML)
        return await self._shown(request, look, seen, "", 200)

    async def submit(self, request: Request) -> Response:
        """What a form says; then the incident's page."""
        viewer = viewer_of(request)
        fields = await self._forms.form(request, viewer.user)
        look, seen = await self._found(request)
        name = clean(fields.get("by", ""), BY_MAX) or name_of(request)
        try:
            wanted = wanted_by(fields.get("do", ""))
            lasting, why = fields.get("for") or None, fields.get("why", "")
            body = ActBody(by=name, lasting=lasting, why=why, judged=wanted.judged)
            await self._do(request, seen, wanted, body)
        except HTTPException as refusal:
            return await self._shown(request, look, seen, refusal.detail, refusal.status_code)
        where = back(seen.kept.incident.id, seen.kept.opening)
        response = Response(status_code=303, headers={"Location": where})
        if name and not viewer.user:
            keep(request, response, NAME_COOKIE, name, YEAR)
        return response

    async def acknowledge(self, request: Request) -> Response:
        """Acknowledge it."""
        return await self._api(request, Wanted("acknowledgement"))

    async def unacknowledge(self, request: Request) -> Response:
        """Take that back."""
        return await self._api(request, Wanted("acknowledgement", takes_back=True))

    async def silence(self, request: Request) -> Response:
        """Silence its eval sets."""
        return await self._api(request, Wanted("silence"))

    async def unsilence(self, request: Request) -> Response:
        """Take that back."""
        return await self._api(request, Wanted("silence", takes_back=True))

    async def judge(self, request: Request) -> Response:
        """Say whether it was worth a page."""
        return await self._api(request, Wanted("judgement"))

    async def _api(self, request: Request, wanted: Wanted) -> Response:
        content = await self._forms.json(request)
        try:
            body = msgspec.json.decode(content, type=ActBody) if content else ActBody()
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as flaw:
            raise HTTPException(400, f"the body: {clean(str(flaw), 200)}") from None
        look, seen = await self._found(request)
        await self._do(request, seen, wanted, body)
        told = await self._told(request, look)
        return Response(encode_report(without_secrets(told)), media_type=JSON)

    async def _told(self, request: Request, look: Look) -> IncidentDetail:
        seen = await self._seen.one(request, look)
        return detail(seen, self._clock(), look.view.report.now)

    async def _found(self, request: Request) -> tuple[Look, Seen]:
        look = await self._looking.there(request)
        return look, await self._seen.one(request, look)

    async def _do(self, request: Request, seen: Seen, wanted: Wanted, body: ActBody) -> None:
        """Raises: HTTPException: it wasn't done."""
        await do(self._desk, seen, viewer_of(request), wanted, body, self._clock())

    async def _shown(
        self, request: Request, look: Look, seen: Seen, flaw: str, status: int
    ) -> Response:
        viewer = viewer_of(request)
        _, frame = await self._looking.look(request)
        cookie = form_cookie(request)
        token = self._forms.token(cookie, viewer.user)
        form = FormState(token, clean(viewer.user, BY_MAX), name_of(request), flaw)
        told = detail(seen, look.view.at, look.view.report.now)

        def make() -> str:
            return actions_page(seen, without_secrets(told), look.view, frame, form)

        html = await self._looking.kept.once(make)
        response = Response(html.encode("utf-8", "replace"), status, media_type="text/html")
        keep(request, response, FORM_COOKIE, cookie, None)
        return response
