"""A week's report, for programs."""

from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.model.weekly import Span, WeekRecords
from watchdog.pipeline.weekly import sum_up
from watchdog.pipeline.weekly.weeks import FutureWeekError, WeekError, asked_week
from watchdog.redaction import without_secrets
from watchdog.surfaces.incidents.rows import hidden_of
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.desk import NO_LEDGER, DeskError
from watchdog.surfaces.web.kept_pages import Made, answer, packed
from watchdog.surfaces.web.looking import Looking
from watchdog.surfaces.weekly.visible import visible

STEP = 60.0
"""Seconds: a week that ends now ends with a whole minute, so that many who ask share an answer."""


class Weeks(Protocol):
    """What a week is summed up from."""

    @property
    def zone(self) -> str:
        """The time zone in which its days begin."""
        ...

    @property
    def shadow(self) -> str:
        """The quiet channel, where no other is told; else empty."""
        ...

    async def records(self, span: Span) -> WeekRecords:
        """What is kept of a week. Raises: DeskError: it can't be read."""
        ...


class NoWeeks:
    """Where there is no ledger."""

    zone = "UTC"
    shadow = ""

    async def records(self, span: Span) -> WeekRecords:  # noqa: ARG002
        """Raises: DeskError."""
        raise DeskError(503, NO_LEDGER)


class WeeklyRoutes:
    """The routes on which weeks are read."""

    def __init__(self, looking: Looking, weeks: Weeks) -> None:
        self._looking = looking
        self._weeks = weeks

    async def weekly(self, request: Request) -> Response:
        """One of them."""
        week, since = _given(request, "week"), _given(request, "since")
        look = await self._looking.there(request)
        now = look.view.at
        try:
            span = asked_week(week, since, self._weeks.zone, now - now % STEP)
        except FutureWeekError as flaw:
            raise HTTPException(404, str(flaw)) from None
        except WeekError as flaw:
            raise HTTPException(400, str(flaw)) from None
        if request.method == "HEAD":
            return head(200, JSON)
        try:
            records = await self._weeks.records(span)
        except DeskError as flaw:
            raise HTTPException(flaw.status, str(flaw), {"Retry-After": "10"}) from None
        viewer, shadow = viewer_of(request), self._weeks.shadow
        seen, hidden = visible(records, viewer, hidden_of(look.current, look.view))

        def make() -> Made:
            report = sum_up(seen, span, now, shadow=shadow, hidden=hidden)
            return packed(encode_report(without_secrets(report)))

        made = await self._looking.kept.once(make)
        return answer(request, made, JSON)


def _given(request: Request, name: str) -> str:
    texts = request.query_params.getlist(name)
    if len(texts) > 1:
        raise HTTPException(400, f"{name} is given more than once")
    return texts[0] if texts else ""
