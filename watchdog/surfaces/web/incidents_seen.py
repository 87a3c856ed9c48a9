"""Incidents of a request: which ones, and what of them may be seen by who asks."""

from itertools import islice

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request

from watchdog.model.access import Viewer
from watchdog.model.kept_incidents import IncidentQuery, KeptIncident
from watchdog.surfaces.fleet.filters import FilterError
from watchdog.surfaces.incidents.asked import Asked, Place, asked_of
from watchdog.surfaces.incidents.records import IncidentList
from watchdog.surfaces.incidents.rows import (
    Seen,
    hidden_of,
    may_see,
    open_ones,
    row,
    without_peers,
)
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.desk import Desk, DeskError
from watchdog.surfaces.web.endpoints import OPENING_MAX
from watchdog.surfaces.web.looking import Look

NO_INCIDENT = "no incident of this id is known"
PREFIX, LIKE = 4, 3
"""Characters of an id by whose beginning others are looked for; how many are named."""
ROUNDS = 10
"""How often the ledger is asked for one answer, where a viewer may see little of what it has."""


def asked(request: Request) -> Asked:
    """What an address asks for.

    Raises:
        HTTPException: 400.
    """
    try:
        return asked_of(request.query_params.multi_items())
    except FilterError as flaw:
        raise HTTPException(400, str(flaw)) from None


def opening_of(request: Request) -> int | None:
    """Which time it was open, where the address says it.

    Raises:
        HTTPException: 400.
    """
    texts = request.query_params.getlist("opening")
    if not texts or texts == [""]:
        return None
    text = texts[0]
    valid = len(texts) == 1 and text.isascii() and text.isdigit() and int(text[:9]) > 0
    if not valid or int(text[:9]) > OPENING_MAX:
        raise HTTPException(400, f"opening: should be a number from 1 to {OPENING_MAX:,}")
    return int(text)


class IncidentsSeen:
    """Finds incidents for viewers."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def open(self, look: Look, viewer: Viewer) -> list[Seen]:
        """The open ones, the newest first."""
        ones = open_ones(self.desk.standing, look.current, look.view, viewer)
        return sorted(ones, key=_order, reverse=True)

    async def one(self, request: Request, look: Look) -> Seen:
        """That of the request's path, with all that is kept of it.

        Raises:
            HTTPException: 404, nothing is known of it, or not to who asks; 503.
        """
        name, opening = request.path_params["incident_id"], opening_of(request)
        return await self.find(viewer_of(request), look, name, opening)

    async def find(self, viewer: Viewer, look: Look, name: str, opening: int | None) -> Seen:
        """That of an id, the last opening unless another is named; raises as `one` does."""
        seen = _named(self.open(look, viewer), name)
        is_itself = seen is not None and seen.kept.incident.id == name
        is_merged = not is_itself and await self._is_merged(name, opening)
        if seen is not None and not is_merged and opening in {None, seen.kept.opening}:
            return await self._with_history(seen)
        is_hidden = any(name in {s.kept.incident.id, *s.seen_as} for s in self.desk.standing)
        if is_hidden and seen is None and not is_merged:
            raise HTTPException(404, NO_INCIDENT)
        kept = await self._kept(name, opening)
        if kept is None or not may_see(viewer, kept, hidden_of(look.current, look.view)):
            raise HTTPException(404, _none(name, self.open(look, viewer)))
        return Seen(without_peers(kept, viewer), True)

    async def _is_merged(self, name: str, opening: int | None) -> bool:
        """Whether one of this id became part of another: its own page says so."""
        try:
            kept = await self.desk.one(name, opening)
        except DeskError:  # what is open is shown all the same
            return False
        return kept is not None and bool(kept.incident.part_of)

    async def _with_history(self, seen: Seen) -> Seen:
        # of one that was judged a moment ago, as after a start, only the ledger knows what it is
        kept = await self._kept(seen.kept.incident.id, seen.kept.opening or None)
        if kept is None or (not seen.kept.opening and kept.resolved_at is not None):
            return seen
        now = replace(kept, incident=seen.kept.incident, resolved_at=None)
        return replace(seen, kept=now)

    async def _kept(self, name: str, opening: int | None) -> KeptIncident | None:
        try:
            return await self.desk.one(name, opening)
        except DeskError as flaw:
            raise HTTPException(flaw.status, str(flaw), {"Retry-After": "10"}) from None

    async def listed(self, request: Request, look: Look, wanted: Asked, limit: int) -> IncidentList:
        """Some of them: open ones, then past ones."""
        viewer, now = viewer_of(request), look.view.at
        query = IncidentQuery(
            ended_after=wanted.after(now), cause=wanted.cause, words=wanted.words, limit=limit + 1
        )
        place, found, problem = wanted.cursor, [], ""
        following: Place | None = None
        if wanted.state != "past" and not (place is not None and place.is_past):
            ones = (s for s in self.open(look, viewer) if query.lets_through(s.kept.incident))
            found = [s for s in ones if place is None or _order(s) < (place.at, place.id)]
        if wanted.state != "open" and len(found) <= limit:
            try:
                rest, following = await self._past(look, viewer, query, place)
                found += rest
            except DeskError as flaw:
                problem = str(flaw)
        rows = tuple(row(seen, now) for seen in found[:limit])
        if len(found) > limit:
            following = _place_of(found[limit - 1].kept)
        text = following.text if following is not None else None
        return IncidentList(look.view.report.now, rows, text, problem, look.shadow)

    async def _past(
        self, look: Look, viewer: Viewer, query: IncidentQuery, place: Place | None
    ) -> tuple[list[Seen], Place | None]:
        """Those that may be seen, as many as are asked for; where to go on, if there are more."""
        hidden = hidden_of(look.current, look.view)
        found: list[Seen] = []
        before = (float(place.at), place.id, place.opening) if place and place.is_past else None
        for _ in range(ROUNDS):
            kept = await self.desk.past(replace(query, before=before))
            visible = (one for one in kept if may_see(viewer, one, hidden))
            found += [Seen(without_peers(one, viewer), True) for one in visible]
            if len(kept) < query.limit:
                return found, None
            last = kept[-1]
            before = (last.resolved_at or 0.0, last.incident.id, last.opening)
            if len(found) >= query.limit:
                break
        return found, _place_of(last)


def _none(name: str, ones: list[Seen]) -> str:
    """That there is none of an id, and which may be meant by its beginning."""
    ids = [one.kept.incident.id for one in ones]
    longer = (one for one in ids if one != name and one.startswith(name))
    like = list(islice(longer, LIKE)) if len(name) >= PREFIX else []
    return f"{NO_INCIDENT}; did you mean {' or '.join(like)}?" if like else NO_INCIDENT


def _named(ones: list[Seen], name: str) -> Seen | None:
    """The one of an id, or the one that the report has under it."""
    own = (one for one in ones if one.kept.incident.id == name)
    return next(own, None) or next((one for one in ones if name in one.shown_as), None)


def _order(seen: Seen) -> tuple[str, str]:
    return seen.kept.incident.since or "", seen.kept.incident.id


def _place_of(kept: KeptIncident) -> Place:
    if kept.resolved_at is None:
        return Place(False, kept.incident.since or "", kept.opening, kept.incident.id)
    return Place(True, repr(kept.resolved_at), kept.opening, kept.incident.id)
