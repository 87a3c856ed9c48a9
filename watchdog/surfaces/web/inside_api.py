"""An eval set's samples, one sample, and its runner's lines, as JSON."""

from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.asked import sample_filter, since, wanted_sample
from watchdog.surfaces.web.below import LOG, SAMPLES, Place, place_of
from watchdog.surfaces.web.fleet_api import NOBODY, FleetApi
from watchdog.surfaces.web.kept_pages import answer, packed
from watchdog.surfaces.web.looking import Look
from watchdog.surfaces.web.looks import Looks
from watchdog.surfaces.web.waited import Waited


class InsideApi:
    """The routes below an eval set that programs read."""

    def __init__(self, looks: Looks, fleet: FleetApi) -> None:
        self._looks = looks
        self._fleet = fleet

    async def eval_set(self, request: Request) -> Response:
        """An eval set, or a part of it: a slash in its id may have been undone."""
        look = await self._looks.looking.there(request)
        place = place_of(request, look.view)
        if place.eval_set_id not in look.view.watched:
            raise HTTPException(404, NOBODY)
        if place.part == SAMPLES and place.task_id is not None:
            return self._sample(request, look, place)
        if place.part == SAMPLES:
            return self._samples(request, look, place)
        if place.part == LOG:
            return self._log(request, look, place)
        return await self._fleet.one(request, look, place.eval_set_id)

    samples = sample = log = eval_set

    def _samples(self, request: Request, look: Look, place: Place) -> Response:
        wanted = sample_filter(request)
        return _waited(request, partial(self._looks.samples, look, place.eval_set_id, wanted))

    def _sample(self, request: Request, look: Look, place: Place) -> Response:
        wanted = wanted_sample(request, place.task_id or "")
        return _waited(request, partial(self._looks.sample, look, place.eval_set_id, wanted))

    def _log(self, request: Request, look: Look, place: Place) -> Response:
        after = since(request)
        return _waited(request, partial(self._looks.log, look, place.eval_set_id, after))


def _waited(request: Request, make: Callable[[], Awaitable[Struct]]) -> Response:
    if request.method == "HEAD":
        return head(200, JSON)

    async def made() -> Response:
        record = await make()
        return answer(request, packed(encode_report(record)), JSON)

    return Waited(made)
