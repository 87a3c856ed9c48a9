"""Outages of the last week that are over, read from the ledger once for each snapshot."""

import asyncio

from watchdog.model.access import Viewer
from watchdog.model.kept_incidents import IncidentQuery, KeptIncident
from watchdog.surfaces.incidents.rows import hidden_of, may_see
from watchdog.surfaces.models.listing import WEEK, WIDE, Past, PastOutage
from watchdog.surfaces.web.desk import Desk, DeskError
from watchdog.surfaces.web.looking import Look

MOST = 500
"""Incidents of a week that are gone through, those that ended last."""

_Read = tuple[tuple[KeptIncident, ...], str]
"""What was read, and why it could not be."""


class PastOutages:
    """As viewers may see them: one that is over, to who may see all that was ever in it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._of: object = None
        self._reading: asyncio.Task[_Read] | None = None

    async def seen(self, look: Look, viewer: Viewer) -> Past:
        """Those that a viewer may see."""
        if self._reading is None or self._of is not look.current:
            self._of = look.current
            self._reading = asyncio.create_task(self._read(look.current.at))
        kept, problem = await asyncio.shield(self._reading)
        hidden = hidden_of(look.current, look.view)
        outages = (
            PastOutage(one.incident, one.resolved_at, one.opening)
            for one in kept
            if one.resolved_at is not None and may_see(viewer, one, hidden)
        )
        return Past(tuple(outages), problem)

    async def _read(self, now: float) -> _Read:
        try:
            kept = await self._desk.past(IncidentQuery(ended_after=now - WEEK, limit=MOST))
        except DeskError as flaw:
            return (), str(flaw)
        return tuple(one for one in kept if one.incident.scope in WIDE), ""
