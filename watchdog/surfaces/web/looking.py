"""What a viewer's request sees, and what was made of it: shared by pages and API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request

from watchdog.masking import Mask
from watchdog.model.access import Viewer
from watchdog.model.kept_incidents import OpenIncident
from watchdog.model.report import Snapshot
from watchdog.surfaces.fleet.listing import Fleet, Fleets
from watchdog.surfaces.incidents.records import IncidentRow
from watchdog.surfaces.incidents.rows import open_ones, row
from watchdog.surfaces.visible_parts import Seen
from watchdog.surfaces.web.access import viewer_of
from watchdog.surfaces.web.asked import way_up
from watchdog.surfaces.web.desk import Desk, NoDesk
from watchdog.surfaces.web.health import Health
from watchdog.surfaces.web.kept_pages import KeptPages
from watchdog.surfaces.web.templating import PageContext

STEP = 30.0
"""Seconds until a page of the same snapshot is made anew, as its words grow old."""

See = Callable[[Viewer], Awaitable[tuple[Snapshot | None, Seen | None, Health]]]
"""The current snapshot, what a viewer may see of it, and of how the service is."""


class Look(Struct, frozen=True, eq=False):
    """A snapshot as one kind of viewer sees it."""

    current: Snapshot
    view: Snapshot
    mask: Mask
    """Takes names out of other texts that who looks may not see."""
    shadow: str = ""
    """The quiet channel, where no other is told."""


class Looking:
    """Looks, and what is kept of the current snapshot."""

    def __init__(
        self, see: See, clock: Callable[[], float], refresh: int, desk: Desk | None = None
    ) -> None:
        """What is looked at.

        Args:
            see: what a viewer may see.
            clock: seconds since the epoch.
            refresh: seconds until a page renews itself.
            desk: keeps incidents.
        """
        self._desk = desk or NoDesk()
        self._see = see
        self._clock = clock
        self._refresh = refresh
        self._fleets = Fleets()
        self.kept = KeptPages()

    async def look(self, request: Request) -> tuple[Look | None, PageContext]:
        """What is seen, None before the first poll, and the frame of a page at this address."""
        current, seen, health = await self._see(viewer_of(request))
        # what changes at each turn of the loop is on no page, and would make all pages anew
        health = replace(health, seconds_since_turn=0.0)
        now = self._clock()
        if current is None or seen is None:
            return None, PageContext(health, now, self._refresh, root=way_up(request))
        look = Look(current, seen.snapshot, seen.mask, health.shadow)
        now = look.view.at + STEP * max(0, (now - look.view.at) // STEP)
        handled = partial(_handled, self._desk.standing, current, look.view, viewer_of(request))
        root, version = way_up(request), self._desk.version
        return look, PageContext(health, now, self._refresh, root, handled, version)

    async def there(self, request: Request) -> Look:
        """What is seen.

        Raises:
            HTTPException: 503, before the first poll.
        """
        current, seen, health = await self._see(viewer_of(request))
        if current is None or seen is None:
            raise HTTPException(503, "the first poll is running", {"Retry-After": "5"})
        return Look(current, seen.snapshot, seen.mask, health.shadow)

    def fleet(self, look: Look) -> Fleet:
        """The fleet; only in the thread of what is kept."""
        return self._fleets.of(look.current, look.view)


def _handled(
    standing: Sequence[OpenIncident], current: Snapshot, view: Snapshot, viewer: Viewer
) -> Mapping[str, IncidentRow]:
    ones = open_ones(standing, current, view, viewer)
    rows = [(row(one, view.at), one.shown_as) for one in ones]
    return {name: each for each, names in rows for name in names}


def key_of(frame: PageContext) -> tuple[object, ...]:
    """All that a page depends on besides its snapshot and what is asked for."""
    health = (getattr(frame.health, name) for name in Health.__struct_fields__ if name != "held")
    return frame.now, frame.root, frame.version, *health, tuple(sorted(frame.health.held.items()))
