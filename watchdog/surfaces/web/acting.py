"""Acknowledge, silence, judge: by the page's forms and by the API."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.model.acts import BY_MAX, LONGEST, USUAL, WHY_MAX, ActKind
from watchdog.model.durations import parse_duration
from watchdog.model.instants import from_timestamp
from watchdog.model.quantities import duration
from watchdog.model.texts import clean
from watchdog.redaction import redact, without_secrets
from watchdog.surfaces.incidents.records import IncidentDetail
from watchdog.surfaces.incidents.rows import Seen, detail
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.act_body import ActBody
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.desk import Desk, DeskError, Wish
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

OTHERS = "it is also about eval sets that you may not see: ask somebody who may"
NAMELESS = "say who you are"

_FORMS: dict[str, tuple[ActKind, bool | None, bool]] = {
    "acknowledge": ("acknowledgement", None, False),
    "silence": ("silence", None, False),
    "true": ("judgement", True, False),
    "false": ("judgement", False, False),
    "unacknowledge": ("acknowledgement", None, True),
    "unsilence": ("silence", None, True),
}
"""What a form's button means: of what kind, judged how, whether it takes back."""


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
            kind, judged, takes_back = _wanted(fields)
            lasting = fields.get("for") or None
            body = ActBody(by=name, lasting=lasting, why=fields.get("why", ""), judged=judged)
            await self._do(request, seen, kind, body, takes_back=takes_back)
        except HTTPException as refusal:
            return await self._shown(request, look, seen, refusal.detail, refusal.status_code)
        where = back(seen.kept.incident.id, seen.kept.opening)
        response = Response(status_code=303, headers={"Location": where})
        if name and not viewer.user:
            keep(request, response, NAME_COOKIE, name, YEAR)
        return response

    async def acknowledge(self, request: Request) -> Response:
        """Acknowledge it."""
        return await self._api(request, "acknowledgement", takes_back=False)

    async def unacknowledge(self, request: Request) -> Response:
        """Take that back."""
        return await self._api(request, "acknowledgement", takes_back=True)

    async def silence(self, request: Request) -> Response:
        """Silence its eval sets."""
        return await self._api(request, "silence", takes_back=False)

    async def unsilence(self, request: Request) -> Response:
        """Take that back."""
        return await self._api(request, "silence", takes_back=True)

    async def judge(self, request: Request) -> Response:
        """Say whether it was worth a page."""
        return await self._api(request, "judgement", takes_back=False)

    async def _api(self, request: Request, kind: ActKind, *, takes_back: bool) -> Response:
        content = await self._forms.json(request)
        try:
            body = msgspec.json.decode(content, type=ActBody) if content else ActBody()
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as flaw:
            raise HTTPException(400, f"the body: {clean(str(flaw), 200)}") from None
        look, seen = await self._found(request)
        await self._do(request, seen, kind, body, takes_back=takes_back)
        told = await self._told(request, look)
        return Response(encode_report(without_secrets(told)), media_type=JSON)

    async def _told(self, request: Request, look: Look) -> IncidentDetail:
        seen = await self._seen.one(request, look)
        return detail(seen, self._clock(), look.view.report.now)

    async def _found(self, request: Request) -> tuple[Look, Seen]:
        look = await self._looking.there(request)
        return look, await self._seen.one(request, look)

    async def _do(
        self, request: Request, seen: Seen, kind: ActKind, body: ActBody, *, takes_back: bool
    ) -> None:
        """Raises: HTTPException: it wasn't done."""
        if not seen.whole:
            raise HTTPException(403, OTHERS)
        viewer, now = viewer_of(request), self._clock()
        by = viewer.user or body.by
        if not clean(by, BY_MAX):
            raise HTTPException(400, NAMELESS)
        needs_end = kind != "judgement" and not takes_back
        if kind == "judgement" and body.judged is None:
            raise HTTPException(400, "judged: say whether it was worth a page: true or false")
        wish = Wish(
            kind=kind,
            incident=seen.kept.incident,
            opening=seen.kept.opening,
            by=redact(clean(by, BY_MAX)),
            verified=bool(viewer.user),
            until=_until(body, now) if needs_end else None,
            why=redact(clean(body.why, WHY_MAX)),
            judged=body.judged if kind == "judgement" else None,
            takes_back=takes_back,
        )
        try:
            await self._desk.act(wish)
        except DeskError as flaw:
            again = {"Retry-After": "10"} if flaw.status == 503 else None
            raise HTTPException(flaw.status, str(flaw), again) from None

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


def _until(body: ActBody, now: float) -> float:
    """Raises: HTTPException: 400, no time to come, or too far away."""
    if body.until is not None and body.lasting is not None:
        raise HTTPException(400, "say `until` or `for`, not both")
    until = now + USUAL
    if body.until is not None:
        until = from_timestamp(body.until) or 0.0
    elif body.lasting is not None:
        until = now + _seconds(body.lasting)
    if until <= now:
        raise HTTPException(400, "until: it has passed")
    if until > now + LONGEST:
        raise HTTPException(400, f"for: at most {duration(LONGEST)}; `overrides` take more")
    return until


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if text.strip()[-1:].isalpha():
            return parse_duration(text)
    raise HTTPException(400, f"for: such as 90m, 8h or 2d, at most {duration(LONGEST)}")


def _wanted(fields: Mapping[str, str]) -> tuple[ActKind, bool | None, bool]:
    """Raises: HTTPException: 400, no button of ours."""
    wanted = _FORMS.get(fields.get("do", ""))
    if wanted is None:
        raise HTTPException(400, "say what is to be done")
    return wanted
