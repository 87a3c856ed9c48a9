"""An incident as the ledger keeps it: open or past, what became of it, who was told.

Instants are seconds since the epoch.
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.access import Needs
from watchdog.model.acts import Act
from watchdog.model.report import IncidentReport
from watchdog.model.texts import clean

EventKind = Literal["updated", "escalated", "reminded", "reopened", "merged"]
EVENT_KINDS: tuple[EventKind, ...] = ("updated", "escalated", "reminded", "reopened", "merged")
IncidentState = Literal["open", "past"]
KEPT_OPEN: dict[str, str] = {
    "hold_absent": "its eval sets aren't shown at present, and nothing shows that they are gone",
    "hold_degraded": "what it was about is still degraded",
    "hold_half_read": "older events tell otherwise, and it got nothing done since it began",
    "hold_no_progress": "it isn't seen any more, yet nothing of it got anything done since",
    "hold_unknown": "it can't be seen at present, for lack of data",
    "hold_vanished": "what broke was taken away, which mends nothing",
    "keep_firing": "it isn't seen any more, yet not for long enough to be over",
}
"""Why one is not over that isn't seen any more, by the reason that was decided."""


class LifeEvent(Struct, frozen=True):
    """That an open incident became another, or was told again."""

    kind: EventKind
    at: float
    text: str
    """What was new."""


class Told(Struct, frozen=True):
    """A message of it to a channel."""

    channel: str
    kind: str
    at: float
    """When it was written down."""
    sent_at: float | None
    """When the channel confirmed it."""
    state: Literal["pending", "sent", "failed"]


class KeptIncident(Struct, frozen=True):
    """One time that an incident was open."""

    incident: IncidentReport
    """As it was last seen."""
    opening: int
    """How often its id had opened by then, from 1; 0 where nobody was told of it yet."""
    opened_at: float | None = None
    """When people were first told; None where they weren't."""
    resolved_at: float | None = None
    absent_since: float | None = None
    """Since when it has not been seen."""
    reopened: int = 0
    """How often it came back shortly after its end."""
    needs: Needs | None = None
    """What whoever looks needs to see all of it; None where an earlier version wrote it."""
    acts: tuple[Act, ...] = ()
    """What people did, the oldest first; in lists only what was not ended."""
    events: tuple[LifeEvent, ...] = ()
    told: tuple[Told, ...] = ()
    openings: int = 0
    """How often its id has opened; 0 where that wasn't asked for."""


class OpenIncident(Struct, frozen=True):
    """An incident that stands, or is not over: as the last decision left it."""

    kept: KeptIncident
    seen_as: tuple[str, ...] = ()
    """The ids that the snapshot has for its parts; empty while it isn't seen."""
    reason: str = ""
    """Why something is told of it, or not (docs/messages.md)."""


class IncidentQuery(Struct, frozen=True):
    """Which past incidents are asked for, the latest end first."""

    ended_after: float | None = None
    before: tuple[float, str, int] | None = None
    """Only what comes after this place: its end, its id, its opening."""
    cause: str = ""
    words: tuple[str, ...] = ()
    """All of them stand in ids, names, subject, cause or models; in small letters."""
    limit: int = 50

    def lets_through(self, incident: IncidentReport) -> bool:
        """Whether an incident is among those that are asked for, whenever it was."""
        if self.cause and incident.cause != self.cause:
            return False
        if not self.words:
            return True
        names = (*incident.eval_sets, *incident.recovered, *incident.models)
        parts = (incident.id, incident.subject, incident.cause, *names)
        text = "\n".join(clean(part, 200).casefold() for part in parts)
        return all(word in text for word in self.words)
