"""What decisions are made of, and what they say."""

from enum import StrEnum

from msgspec import Struct

from watchdog.model.access import Needs
from watchdog.model.acts import Act
from watchdog.model.report import IncidentReport
from watchdog.model.verdict import Severity, Verdict
from watchdog.notify.decide.announcements import Announcement


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
    WORSE = "worse"
    """It was acknowledged and got worse since (`acknowledged.Worse`): people are called again."""
    REMIND = "remind"
    """Nobody was called for it for long, and it still stands."""
    REOPEN = "reopen"
    """It is back shortly after it was told to be over: the same incident, not another."""
    RESOLVE = "resolve"
    GONE = "gone"
    """It ends because none of its eval sets is watched any more."""
    RESUMED = "resumed"
    """It ends because a newer runner works on the same eval set."""
    MERGED = "merged"
    """It became part of another open one, which goes on."""
    MUTED = "muted"
    """People asked not to hear of it yet; when that ends and it still stands, it opens."""
    HOLD_UNTIL_LISTED = "hold_until_listed"
    """Its source was not listed once in full: wait, the next decision will tell."""
    HOLD_TESTING = "hold_testing"
    """Its first direct API tests are under way, and soon say whose fault it is."""
    HOLD_RECOVERING = "hold_recovering"
    """The API works again and its samples try again by themselves soon: nothing to do."""
    HOLD_FOR = "hold_for"
    """A sample ended a moment ago and others are due: it may be stuck only until they begin."""
    HOLD_QUIET = "hold_quiet"
    """These are quiet hours, and it can wait until they are over."""
    HOLD_STORM = "hold_storm"
    """So many opened a moment ago that what comes now is grouped into one message."""
    KEEP_FIRING = "keep_firing"
    """It is absent, yet not for long enough: it often comes back, a model's in other eval sets."""
    HOLD_DEGRADED = "hold_degraded"
    """It was about an eval set that is degraded, and that still is."""
    HOLD_NO_PROGRESS = "hold_no_progress"
    """It can't be seen any more, yet nothing of it has got anything done since it began."""
    HOLD_VANISHED = "hold_vanished"
    """Its objects were taken away (TTL, janitor) after it broke: that mends nothing."""
    HOLD_ABSENT = "hold_absent"
    """Its eval sets aren't shown, by a source that doesn't show that they are gone."""
    HOLD_HALF_READ = "hold_half_read"
    """It is told otherwise by events that are older than it, and that were read later."""
    HOLD_UNKNOWN = "hold_unknown"
    """It can't be seen any more, but for lack of data: unknown never resolves."""


ENDING = frozenset({Reason.RESOLVE, Reason.GONE, Reason.RESUMED, Reason.MERGED})
NOTIFYING = frozenset(
    {
        Reason.OPEN,
        Reason.UPDATE,
        Reason.EDIT,
        Reason.ESCALATE,
        Reason.WORSE,
        Reason.REMIND,
        Reason.REOPEN,
    }
    | ENDING
)
"""What becomes a message."""
HELD: dict[Reason, str] = {
    Reason.HOLD_UNTIL_LISTED: "its source was not read in full since the start",
    Reason.HOLD_TESTING: "its first direct API tests are under way",
    Reason.HOLD_RECOVERING: "the API works again, and its samples try again within minutes",
    Reason.HOLD_FOR: "a sample ended a moment ago, and the next one may be on its way",
    Reason.HOLD_QUIET: "these are quiet hours",
    Reason.HOLD_STORM: "many opened a moment ago; it is told together with what else comes",
}
"""Why something that stands is not told yet, for people; a mute is shown as such."""
GROUPED = frozenset({Reason.HOLD_QUIET, Reason.HOLD_STORM})
"""What waits so that it is told together with others."""


class Intervals(Struct, frozen=True):
    """How often people may be notified of an incident. All in seconds but `storm` and `quiet`.

    Where Alertmanager or Prometheus has the same interval, its name is theirs.
    """

    group_interval: float = 300.0
    """Least between two updates of an incident; what changes back within it is never told."""
    repeat_interval: float = 86_400.0
    """Until a page that still stands is told again; 0 for never."""
    reopen: float = 1800.0
    """What comes back so soon after its end is the same incident."""
    flapping: float = 900.0
    """How long one that came back must be absent to be over; twice as long each time."""
    for_: float = 600.0
    """How long an eval set with samples that are due must get nothing done to be a page."""
    vanished: float = 604_800.0
    """How long an incident stands whose eval set has vanished from its cluster."""
    storm: int = 10
    """Incidents that may open within `group_wait`; what comes after them waits for its end."""
    group_wait: float = 300.0
    """How long what comes in a storm is collected, to be told as one group."""
    quiet: frozenset[Severity] = frozenset()
    """What waits at present: these are quiet hours."""


class LedgerEntry(Struct, frozen=True):
    """An incident that the ledger holds as open, or as ended not long ago."""

    incident: IncidentReport
    """As it was last seen."""
    generation: int
    """How often this id has opened, from 1."""
    opened_at: float
    shown: IncidentReport
    """As its message shows it."""
    shown_at: float
    """When the message was last written or edited."""
    announced: frozenset[Announcement]
    """All that people were called for."""
    announced_at: float
    """When they were last called."""
    absent_since: float | None = None
    """Since when it has not been seen; None while it is seen."""
    resolved_at: float | None = None
    """When it was told to be over; None while it is open."""
    reopened: int = 0
    """How often it came back shortly after its end."""
    acts: tuple[Act, ...] = ()
    """What people did about it, the oldest first, also what has ended."""
    needs: Needs | None = None
    """What whoever looks needs to see all of it; None where an earlier version wrote it."""


class Decision(Struct, frozen=True):
    """What to do about one incident, and why."""

    reason: Reason
    incident: IncidentReport
    at: float
    entry: LedgerEntry | None = None
    """What the ledger holds of it; None for one that opens."""
    ended_as: Verdict | None = None
    """On the end: the worst verdict of what the incident was about."""
    fell: Act | None = None
    """The acknowledgement that falls with it, which says why."""
    parts: tuple[str, ...] = ()
    """The ids that the snapshot has for it; empty where it isn't seen."""
    into: LedgerEntry | None = None
    """The open one that it became part of."""
