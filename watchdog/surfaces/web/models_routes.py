"""Health by provider and model, for people and for programs."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchdog.surfaces.models.filters import ModelFilters
from watchdog.surfaces.models.listing import Past, models_of
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.asked import model_filters
from watchdog.surfaces.web.desk import Desk
from watchdog.surfaces.web.endpoints import HTML
from watchdog.surfaces.web.kept_pages import answer
from watchdog.surfaces.web.looking import Look, Looking, key_of
from watchdog.surfaces.web.models_page import models_page
from watchdog.surfaces.web.pages import kept_page
from watchdog.surfaces.web.past_outages import PastOutages


class ModelRoutes:
    """The routes on which models are read."""

    def __init__(self, looking: Looking, desk: Desk) -> None:
        self._looking = looking
        self._past = PastOutages(desk)

    async def models_page(self, request: Request) -> Response:
        """The page."""
        wanted = model_filters(request)
        if request.method == "HEAD":
            return head(200, HTML)
        look, frame = await self._looking.look(request)
        past = Past() if look is None else await self._past.seen(look, viewer_of(request))
        view = look.view if look is not None else None
        make = partial(models_page, view, wanted, past, frame)
        key = ("models page", wanted, *past.key, *key_of(frame))
        return await kept_page(self._looking, request, look, key, make)

    async def models(self, request: Request) -> Response:
        """The same, as JSON."""
        wanted = model_filters(request)
        look = await self._looking.there(request)
        if request.method == "HEAD":
            return head(200, JSON)
        past = await self._past.seen(look, viewer_of(request))
        key = ("models", wanted, *past.key)
        make = partial(_encoded, look, wanted, past)
        made = await self._looking.kept.get(look.current, look.view, key, make)
        return answer(request, made, JSON)


def _encoded(look: Look, wanted: ModelFilters, past: Past) -> bytes:
    return msgspec.json.encode(models_of(look.view, wanted, past))
