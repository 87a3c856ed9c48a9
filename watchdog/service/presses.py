"""What a press of a button in Slack does: the same as page and API, for who may see the incident.

Who pressed is who Slack says; what groups they have, the settings. An incident that they may not
see is in their channel all the same, under stand-ins: to act on it takes the groups of its models.
"""

from collections.abc import Callable

from msgspec import Struct
from starlette.exceptions import HTTPException

from watchdog.config.settings import Settings
from watchdog.model.access import Viewer
from watchdog.model.acts import sentence
from watchdog.model.kept_incidents import KeptIncident
from watchdog.notify.channels.slack_buttons import Press
from watchdog.notify.socket_mode.people import Person
from watchdog.surfaces.incidents.rows import Seen
from watchdog.surfaces.web.access.decision import Refusal, admitted
from watchdog.surfaces.web.act_body import ActBody
from watchdog.surfaces.web.deeds import Wanted, do, wanted_by
from watchdog.surfaces.web.desk import Desk, DeskError
from watchdog.surfaces.web.incidents_seen import IncidentsSeen
from watchdog.surfaces.web.looking import Look, See

FOREIGN = "people of another workspace may not act here"
UNSEEN = "you may not see the models that it is about, so you may not act on it (slack.people)"
FIRST_POLL = "the first poll is running: press again in a moment"
OVER = "it is over: there is nothing to stop; what it was worth can still be said"


class Done(Struct, frozen=True):
    """What came of a press."""

    private: str = ""
    """For who pressed: why nothing was done; empty where it was, and the message shows it."""
    public: str = ""
    """For all, in the thread: where the message itself is not edited any more."""

    @property
    def refused(self) -> bool:
        """Whether nothing was done."""
        return bool(self.private)


class Presses:
    """Answers presses. Used from one event loop."""

    def __init__(
        self,
        see: See,
        desk: Desk,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        """Args: see: what a viewer may see; desk: does it; settings: as they are by now."""
        self._see = see
        self._desk = desk
        self._seen = IncidentsSeen(desk)
        self._settings = settings
        self._clock = clock

    async def answer(self, press: Press, person: Person) -> Done:
        """Do what is wanted, if they may; never raises for what they may not."""
        viewer = self._viewer(person)
        if isinstance(viewer, Refusal):
            return Done(private=viewer.text)
        try:
            return await self._do(press, person, viewer)
        except HTTPException as refusal:
            return Done(private=refusal.detail)
        except DeskError as flaw:
            return Done(private=str(flaw))

    def _viewer(self, person: Person) -> Viewer | Refusal:
        if person.is_foreign:
            return Refusal("foreign_workspace", 403, FOREIGN)
        settings = self._settings()
        groups = person.groups(settings.slack.people)
        return admitted(person.email, groups, settings.web)

    async def _do(self, press: Press, person: Person, viewer: Viewer) -> Done:
        current, view, _ = await self._see(viewer)
        if current is None or view is None:
            return Done(private=FIRST_POLL)
        look = Look(current, view.snapshot, view.mask)
        seen = await self._found(press, viewer, look)
        wanted = wanted_by(press.do)
        is_over = seen.kept.resolved_at is not None
        if is_over and wanted.kind != "judgement":
            return Done(private=OVER)
        body = ActBody(by=person.name, lasting=press.lasting, judged=wanted.judged)
        await do(self._desk, seen, viewer, wanted, body, self._clock())
        return Done(public=await self._said(press, wanted) if is_over else "")

    async def _found(self, press: Press, viewer: Viewer, look: Look) -> Seen:
        try:
            return await self._seen.find(viewer, look, press.incident, press.opening)
        except HTTPException as refusal:
            if refusal.status_code == 404 and await self._kept(press) is not None:
                raise HTTPException(403, UNSEEN) from None
            raise

    async def _kept(self, press: Press) -> KeptIncident | None:
        return await self._desk.one(press.incident, press.opening)

    async def _said(self, press: Press, wanted: Wanted) -> str:
        kept = await self._kept(press)
        acts = [act for act in kept.acts if act.kind == wanted.kind] if kept is not None else []
        return sentence(acts[-1]) if acts else ""
