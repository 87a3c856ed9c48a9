"""What the site asks of whoever keeps incidents: the ledger's side stands in `service`."""

from typing import Protocol

from msgspec import Struct

from watchdog.model.acts import ActKind
from watchdog.model.kept_incidents import IncidentQuery, KeptIncident, OpenIncident
from watchdog.model.report import IncidentReport

NO_LEDGER = "this needs a ledger (`--state`), and this service has none"


class DeskError(Exception):
    """It can't be done; the text says why, for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Wish(Struct, frozen=True):
    """What somebody wants to be done about an incident."""

    kind: ActKind
    incident: IncidentReport
    """As it is."""
    opening: int
    by: str
    verified: bool
    """Whether a login says who it is."""
    until: float | None = None
    why: str = ""
    judged: bool | None = None
    takes_back: bool = False
    """Whether what was done is to be undone."""


class Desk(Protocol):
    """Keeps incidents, and what people do about them."""

    @property
    def standing(self) -> tuple[OpenIncident, ...]:
        """What is open, or stands and was not told."""
        ...

    @property
    def version(self) -> int:
        """Another one whenever `standing` is another: of what is made from it."""
        ...

    async def past(self, query: IncidentQuery) -> tuple[KeptIncident, ...]:
        """Those that are over. Raises: DeskError: they can't be read."""
        ...

    async def one(self, incident_id: str, opening: int | None) -> KeptIncident | None:
        """One opening, the last unless another is named. Raises: DeskError: it can't be read."""
        ...

    async def act(self, wish: Wish) -> None:
        """Do it, and write it down. Raises: DeskError: it wasn't done."""
        ...


class NoDesk:
    """Where there is no ledger."""

    standing: tuple[OpenIncident, ...] = ()
    version = 0

    async def past(self, query: IncidentQuery) -> tuple[KeptIncident, ...]:  # noqa: ARG002
        """None are known."""
        return ()

    async def one(self, incident_id: str, opening: int | None) -> KeptIncident | None:  # noqa: ARG002
        """None is known."""
        return None

    async def act(self, wish: Wish) -> None:  # noqa: ARG002
        """Raises: DeskError."""
        raise DeskError(503, NO_LEDGER)
