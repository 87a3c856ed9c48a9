"""What decisions are made of, and what they say."""

from enum import StrEnum

from msgspec import Struct

from watchdog.model.report import IncidentReport
from watchdog.model.verdict import Severity, Verdict
from watchdog.notify.decide.continuity import sayings


class Reason(StrEnum):
    """Why something is told, or not."""

    OPEN = "open"
    STILL_OPEN = "still_open"
    """Nothing new that anybody must hear."""
    UPDATE = "update"
    """It reaches further than one eval set now, or what it comes from is known better."""
    EDIT = "edit"
    """Who is in it changed: the message is brought up to date in place, and nobody is called."""
    ESCALATE = "escalate"
    """What was a warning is a page now."""
    REMIND = "remind"
    """Nobody heard of it for long, and it still stands."""
    REOPEN = "reopen"
    """It is back shortly after it was told to be over: the same incident, not another."""
    RESOLVE = "resolve"
    GONE = "gone"
    """It ends because none of its eval sets is watched any more."""
    MUTED = "muted"
    """People asked not to hear of it yet; when that ends and it still stands, it opens."""
    HOLD_UNTIL_LISTED = "hold_until_listed"
    """Not every source was listed once in full: wait, the next decision will tell."""
    HOLD_TESTING = "hold_testing"
    """Its first direct API tests are under way, and soon say whose fault it is."""
    HOLD_RECOVERING = "hold_recovering"
    """The API works again and its samples try again by themselves soon: nothing to do."""
    HOLD_FOR = "hold_for"
    """A sample ended a moment ago and others are due: it may be stuck only until they begin."""
    HOLD_QUIET = "hold_quiet"
    """These are quiet hours, and it can wait until they are over."""
    HOLD_STORM = "hold_storm"
    """So many opened a moment ago that what comes now is gathered into one message."""
    KEEP_FIRING = "keep_firing"
    """It is over for a moment: it often comes back, a model's trouble in other eval sets."""
    HOLD_DEGRADED = "hold_degraded"
    """It was about an eval set that is degraded, and that still is."""
    HOLD_NO_PROGRESS = "hold_no_progress"
    """It can't be seen any more, yet nothing of it has got anything done since it began."""
    HOLD_UNKNOWN = "hold_unknown"
    """It can't be seen any more, but for lack of data: unknown never resolves."""


ENDING = frozenset({Reason.RESOLVE, Reason.GONE})
TELLING = frozenset(
    {Reason.OPEN, Reason.UPDATE, Reason.EDIT, Reason.ESCALATE, Reason.REMIND, Reason.REOPEN}
    | ENDING
)
"""What becomes a message."""
HELD: dict[Reason, str] = {
    Reason.HOLD_UNTIL_LISTED: "not every source was read in full since the start",
    Reason.HOLD_TESTING: "its first direct API tests are under way",
    Reason.HOLD_RECOVERING: "the API works again, and its samples try again within minutes",
    Reason.HOLD_FOR: "a sample ended a moment ago, and the next one may be on its way",
    Reason.HOLD_QUIET: "these are quiet hours",
    Reason.HOLD_STORM: "many opened a moment ago; it is told together with what else comes",
}
"""Why something that stands is not told yet, for people; a mute is shown as such."""
GATHERED = frozenset({Reason.HOLD_QUIET, Reason.HOLD_STORM})
"""What waits so that it is told together with others."""


class Intervals(Struct, frozen=True):
    """How often an incident may be told of. All in seconds but `storm`."""

    group_interval: float = 300.0
    """Least between two updates; what changes back within it is never told."""
    repeat_interval: float = 86_400.0
    """Until a page that still stands is told again; 0 for never."""
    reopen: float = 1800.0
    """What comes back so soon after its end is the same incident."""
    flapping: float = 900.0
    """How long one that came back must be away to be over; twice as long each time."""
    for_: float = 600.0
    """How long an eval set with samples that are due must get nothing done to be a page."""
    storm: int = 10
    """Incidents that may open within `group_wait`; what comes after them waits for its end."""
    group_wait: float = 300.0
    """How long what comes in a storm is gathered."""
    quiet: frozenset[Severity] = frozenset()
    """What waits at present: these are quiet hours."""


class LedgerEntry(Struct, frozen=True):
    """An incident that the ledger holds as open, as it was last seen."""

    incident: IncidentReport
    generation: int
    """How often this id has opened, from 1."""
    opened_at: float
    away_since: float | None = None
    """Since when it has not been seen."""
    told: IncidentReport | None = None
    """As the message shows it; None where an earlier version of the ledger didn't keep it."""
    told_at: float | None = None
    """When the message was last written or edited."""
    said: frozenset[str] | None = None
    """All that people were called for (`continuity.sayings`); None as with `told`."""
    said_at: float | None = None
    resolved_at: float | None = None
    """When it was told to be over; None while it is open."""
    reopened: int = 0
    """How often it came back shortly after its end."""

    @property
    def shown(self) -> IncidentReport:
        """What people see of it."""
        return self.told or self.incident

    @property
    def shown_at(self) -> float:
        """Since when they see that."""
        return self.told_at if self.told_at is not None else self.opened_at

    @property
    def heard(self) -> frozenset[str]:
        """What they were called for."""
        return self.said if self.said is not None else sayings(self.shown)

    @property
    def heard_at(self) -> float:
        """When they last heard of it."""
        return self.said_at if self.said_at is not None else self.shown_at


class Decision(Struct, frozen=True):
    """What to do about one incident, and why."""

    reason: Reason
    incident: IncidentReport
    at: float
    entry: LedgerEntry | None = None
    """What the ledger holds of it; None for one that opens."""
    ended_as: Verdict | None = None
    """On the end: the worst verdict of what the incident was about."""
