"""The pages, each made once for all who see the same."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.config.links import Links
from watchdog.pipeline.sample_detail import WantedSample
from watchdog.pipeline.sample_list import SampleFilter
from watchdog.surfaces.web.answers import head
from watchdog.surfaces.web.asked import asked, sample_filter, since, wanted_sample
from watchdog.surfaces.web.below import LOG, SAMPLES, place_of
from watchdog.surfaces.web.endpoints import HTML
from watchdog.surfaces.web.fleet_page import Asked, fleet_page
from watchdog.surfaces.web.inside_pages import (
    ENDED,
    NO_SAMPLE,
    log_page,
    sample_page,
    samples_page,
)
from watchdog.surfaces.web.kept_pages import answer, packed
from watchdog.surfaces.web.looking import Look, key_of
from watchdog.surfaces.web.looks import Looks
from watchdog.surfaces.web.one_page import (
    GONE,
    NO_EVAL_SET,
    eval_set_page,
)
from watchdog.surfaces.web.pages import kept_page, no_page
from watchdog.surfaces.web.templating import PageContext
from watchdog.surfaces.web.waited import Waited


class Seen(NamedTuple):
    """An eval set that is there, and the frame of a page about it."""

    look: Look
    frame: PageContext
    name: str


class People:
    """The routes that people read."""

    def __init__(self, looks: Looks, links: Callable[[], Links]) -> None:
        """Args: links: where pages lead beside, as the settings have it now."""
        self._looks = looks
        self._looking = looks.looking
        self._links = links

    async def page(self, request: Request) -> Response:
        """The fleet."""
        wanted = asked(request)
        if request.method == "HEAD":
            return head(200, HTML)
        look, frame = await self._looking.look(request)
        make = partial(self._fleet, look, wanted, frame)
        return await kept_page(
            self._looking, request, look, ("fleet", wanted, *key_of(frame)), make
        )

    async def eval_set_page(self, request: Request) -> Response:
        """An eval set, or a part of it: a slash in its id may have been undone."""
        look, frame = await self._looking.look(request)
        place = place_of(request, look.view if look is not None else None)
        if look is None or place.eval_set_id not in look.view.watched:
            return await no_page(self._looking, request, look, frame, (NO_EVAL_SET, GONE))
        seen = Seen(look, frame, place.eval_set_id)
        if place.part == SAMPLES and place.task_id is not None:
            return await self._sample(request, seen, wanted_sample(request, place.task_id))
        if place.part == SAMPLES:
            return await self._samples(request, seen, sample_filter(request))
        return await (self._log if place.part == LOG else self._one)(request, seen)

    samples_page = sample_page = log_page = eval_set_page

    async def _one(self, request: Request, seen: Seen) -> Response:
        if request.method == "HEAD":
            return head(200, HTML)
        look, frame, name = seen.look, seen.frame, seen.name
        parts, links = self._looks.parts(look, name), self._links()

        def make() -> str:
            return eval_set_page(self._looking.fleet(look), name, frame, parts(), links)

        return await kept_page(
            self._looking, request, look, ("eval_set", name, *key_of(frame)), make
        )

    async def _samples(self, request: Request, seen: Seen, wanted: SampleFilter) -> Response:
        if request.method == "HEAD":
            return head(200, HTML)
        look, frame, name = seen.look, seen.frame, seen.name
        listed = self._looks.listed(look, name, wanted)

        def make() -> str:
            return samples_page(listed(), wanted, look.view, frame)

        return await kept_page(
            self._looking, request, look, ("samples", name, wanted, *key_of(frame)), make
        )

    async def _sample(self, request: Request, seen: Seen, wanted: WantedSample) -> Response:
        look, frame = seen.look, seen.frame
        if request.method == "HEAD":
            return head(200, HTML)

        async def made() -> Response:
            try:
                detail = await self._looks.sample(look, seen.name, wanted)
            except HTTPException:
                return await no_page(self._looking, request, look, frame, (NO_SAMPLE, ENDED))
            page = partial(sample_page, detail, look.view, frame, self._links())
            return await self._once(request, page)

        return Waited(made)

    async def _log(self, request: Request, seen: Seen) -> Response:
        after = since(request)
        if request.method == "HEAD":
            return head(200, HTML)

        async def made() -> Response:
            lines = await self._looks.log(seen.look, seen.name, after)
            return await self._once(request, partial(log_page, lines, seen.look.view, seen.frame))

        return Waited(made)

    async def _once(self, request: Request, make: Callable[[], str]) -> Response:
        """A page of what was just read: it is not kept."""
        made = await self._looking.kept.once(lambda: packed(make().encode("utf-8", "replace")))
        return answer(request, made, HTML)

    def _fleet(self, look: Look | None, wanted: Asked, frame: PageContext) -> str:
        return fleet_page(self._looking.fleet(look) if look is not None else None, wanted, frame)
