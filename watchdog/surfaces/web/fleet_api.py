"""What the pages show, as JSON, and the file that they load."""

from functools import partial

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.records import EvalSetRow
from watchdog.surfaces.report_pieces import detail_pieces
from watchdog.surfaces.schema import encode_report
from watchdog.surfaces.web.answers import JSON, head
from watchdog.surfaces.web.asked import listed
from watchdog.surfaces.web.assets import ASSETS
from watchdog.surfaces.web.etags import Etags, matches
from watchdog.surfaces.web.kept_pages import answer
from watchdog.surfaces.web.looking import Look
from watchdog.surfaces.web.looks import Looks
from watchdog.surfaces.web.outgoing import Outgoing
from watchdog.surfaces.web.rendition import Renditions
from watchdog.surfaces.web.streamed import VARY, Streamed
from watchdog.threads import DefaultExecutor

FOR_EVER = "private, max-age=31536000, immutable"
NOBODY = "no eval set of this id is watched"


class FleetApi:
    """The routes that programs read."""

    def __init__(self, looks: Looks, outgoing: Outgoing) -> None:
        """Args: outgoing: what is under way."""
        self._looks = looks
        self._looking = looks.looking
        self._outgoing = outgoing
        self._etags = Etags()
        self._details = Renditions(DefaultExecutor(1, "details"), kept=0)

    async def eval_sets(self, request: Request) -> Response:
        """The fleet."""
        wanted = listed(request)
        look = await self._looking.there(request)
        if request.method == "HEAD":
            return head(200, JSON)
        make = partial(self._list, look, *wanted)
        made = await self._looking.kept.get(look.current, look.view, ("rows", *wanted), make)
        return answer(request, made, JSON)

    async def one(self, request: Request, look: Look, name: str) -> Response:
        """One eval set that is there."""
        headers = {"Content-Type": JSON, "ETag": self._etags.of(look.current, look.view)}
        if matches(request.headers, headers["ETag"]):
            return Response(status_code=304, headers={**headers, "Vary": VARY})
        if request.method == "HEAD":
            return head(200, JSON, headers)
        row = await self._looking.kept.once(partial(self._row, look, name))
        parts = await self._looking.kept.once(self._looks.parts(look, name))
        pieces = partial(detail_pieces, look.view, row, parts)
        making = self._details.reading(look.current, request, pieces)
        return Streamed(making, self._outgoing, headers)

    async def asset(self, request: Request) -> Response:
        """A file that pages load, for ever the same under its name."""
        asset = ASSETS.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404, "there is no such file")
        if request.method == "HEAD":
            return head(200, asset.media_type)
        response = answer(request, asset.made, asset.media_type)
        response.headers["Cache-Control"] = FOR_EVER
        return response

    def _list(self, look: Look, filters: Filters, cursor: str | None, limit: int) -> bytes:
        listed = self._looking.fleet(look).listed(filters, cursor, limit)
        return encode_report(replace(listed, shadow=look.shadow))

    def _row(self, look: Look, name: str) -> EvalSetRow:
        row = self._looking.fleet(look).row(name, look.view.at)
        if row is None:
            raise LookupError("an eval set of the snapshot is in no fleet of it")
        return row
