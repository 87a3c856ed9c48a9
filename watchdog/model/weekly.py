"""What a week is summed up from, and the sum: `/api/v1/report/weekly`, `watchdog report --weekly`.

Instants are ISO 8601 UTC texts that end in Z, durations are seconds. Amounts that pods held are
multiplied by seconds: core seconds, byte seconds, GPU seconds. What is not known is null, or
counted as unknown, and never 0.
"""

from typing import Literal

from msgspec import Struct

from watchdog.model.kept_incidents import KeptIncident
from watchdog.model.lost_time import LostTime, WatchedTime
from watchdog.model.report import Count, Seconds, Timestamp
from watchdog.model.verdict import SCHEMA_VERSION, Cause, Scope, Severity

Outcome = Literal[
    "resumed",
    "deleted",
    "merged",
    "finished",
    "acknowledged",
    "provider_recovered",
    "by_itself",
    "unknown",
]
"""How an incident ended.

`resumed`: a newer runner works on its eval set. `deleted`: its eval sets are gone. `merged`: it
became part of another one, which went on. `finished`: they ended. `acknowledged`: somebody looked
after it, and it goes on. `provider_recovered`: calls of a model that failed for several succeed
again. `by_itself`: it goes on, and nobody had said anything. `unknown`: an earlier version wrote it
down.
"""


class Span(Struct, frozen=True):
    """Some days, in seconds since the epoch."""

    begin: float
    end: float
    zone: str = "UTC"
    name: str = ""
    """As ISO 8601 names the week: `2026-W48`; empty where it begins on another day."""


class WeekIncident(Struct, frozen=True):
    """One time that an incident was open, with what a week's sum needs beside."""

    kept: KeptIncident
    began_at: float | None
    """When it began, as its first message says it."""
    is_page: bool
    """Whether people were, or would have been, called for a page at any time."""
    ending: str = ""
    """The reason of its end (docs/messages.md); empty while it is open, or where it wasn't kept."""
    ended_as: str = ""
    """The worst verdict of its eval sets at its end."""
    would_tell: tuple[str, ...] = ()
    """Channels that would have been told of its beginning, had there been no shadow."""


class WeekRecords(Struct, frozen=True):
    """All that a week is summed up from."""

    incidents: tuple[WeekIncident, ...] = ()
    """Those that were open at any time of it."""
    lost: tuple[LostTime, ...] = ()
    watched: tuple[WatchedTime, ...] = ()
    watched_since: float | None = None
    """The first instant of which it is known whether it was watched."""
    cut: bool = False
    """Whether there are more than were read."""
    kept_seconds: float | None = None
    """How long what is over is kept; None where that is not known."""


class WeekIncidents(Struct, frozen=True):
    """Incidents, counted each time that one opened."""

    opened: Count
    """In this week."""
    open_before: Count
    """Open when it began."""
    ended: Count
    """In this week, whenever they had opened."""
    open_after: Count
    """Open when it ended, or now."""
    reopened: Count
    """How often one came back shortly after its end."""
    by_cause: dict[Cause, Count]
    """Those that opened."""
    by_scope: dict[Scope, Count]
    by_severity: dict[Severity, Count]
    """`page` of those that were one at any time."""


class WeekMarks(Struct, frozen=True):
    """What people said that those were worth which opened in this week."""

    total: Count
    told: Count
    """Those of which a channel was told."""
    shadowed: Count
    """Those of which the quiet channel was told, and no other (docs/shadow.md)."""
    untold: Count
    """Those of which nobody was told, or nobody is any more."""
    marked_true: Count
    marked_false: Count
    unmarked: Count
    precision: float | None
    """`marked_true` among all that are marked, 0 to 1; null where none is."""


class WeekChannel(Struct, frozen=True):
    """How many incidents that opened in this week a channel was told of."""

    channel: str
    told: Count
    would_have_told: Count
    """Those that it would have been told of, had there been no shadow."""


class WeekDelay(Struct, frozen=True):
    """From the beginning of an incident until a channel had confirmed that it was told."""

    told: Count
    """Those that the figures are of."""
    untold: Count
    median: Seconds | None
    p90: Seconds | None
    """By nearest rank."""
    longest: Seconds | None
    began_before: Count = 0
    """Those that were told and began before `watched_since`: they are in no figure, as nobody could
    have known of them earlier."""


class LostShare(Struct, frozen=True):
    """What eval sets lost that have something in common."""

    name: str
    """The cause, the owner or the team; empty where it is not known."""
    seconds: Seconds
    partial_seconds: Seconds
    eval_sets: Count


class WeekLost(Struct, frozen=True):
    """Time that eval sets lost: how long each was stuck, summed."""

    seconds: Seconds | None
    """As a whole: nothing of it got anything done. Null where nothing is known of the week."""
    partial_seconds: Seconds | None
    """In part: only some of its running samples were stuck. Null as above."""
    eval_sets: Count
    by_cause: tuple[LostShare, ...]
    by_owner: tuple[LostShare, ...]
    by_team: tuple[LostShare, ...]


class HeldAmount(Struct, frozen=True):
    """How much of a resource was held, and for how long: amount times seconds."""

    resource: str
    amount_seconds: Seconds


class WeekHeld(Struct, frozen=True):
    """What pods held while their eval sets, or their samples, were stuck."""

    known_seconds: Seconds
    """Of the lost time: for so long the pods were known."""
    unknown_seconds: Seconds
    """For so long they were not: all amounts are of the rest alone."""
    sandbox_seconds: Seconds | None
    """Null where no pods were known at all; so are the others."""
    runner_seconds: Seconds | None
    gpu_seconds: Seconds | None
    """Of all kinds of GPUs together."""
    cpu_core_seconds: Seconds | None
    memory_byte_seconds: Seconds | None
    unread_seconds: Seconds
    """Pods times seconds whose requests are not known."""
    gpus: tuple[HeldAmount, ...] = ()


class WeekWatched(Struct, frozen=True):
    """How much of the week, up to now, the service itself was at work."""

    watched_seconds: Seconds
    """All sources answered, and what they told was judged."""
    unwatched_seconds: Seconds
    """It was away, or a source did not answer."""
    unknown_seconds: Seconds
    """Before anything was written down of it."""
    polls: Count
    incomplete_polls: Count
    availability: float | None
    """Watched among watched and unwatched, 0 to 1; null where nothing is known."""


class WeekPage(Struct, frozen=True):
    """A page, or one that would have been, that nobody has judged."""

    id: str
    opening: Count
    cause: Cause
    scope: Scope
    eval_set: str
    """The first of its eval sets."""
    eval_sets: Count
    opened_at: Timestamp | None


class WeeklyReport(Struct, frozen=True):
    """A week, summed up."""

    now: Timestamp | None
    begin: Timestamp | None
    end: Timestamp | None
    week: str
    """As ISO 8601 names it: `2026-W48`; empty where it begins on another day than a Monday."""
    time_zone: str
    """In which its days begin."""
    is_over: bool
    """Whether its end has come."""
    shadow: str
    """The quiet channel, where the service tells no other at present; else empty."""
    incidents: WeekIncidents
    pages: WeekMarks
    warnings: WeekMarks
    channels: tuple[WeekChannel, ...]
    delay: WeekDelay
    lost: WeekLost
    held: WeekHeld
    outcomes: dict[Outcome, Count]
    """How those ended that ended in this week."""
    watchdog: WeekWatched
    unmarked_pages: tuple[WeekPage, ...]
    """Some of them, the newest first."""
    notes: tuple[str, ...]
    """What is missing in this report, a sentence each."""
    watched_since: Timestamp | None = None
    """The first instant of which it is known whether it was watched: of what was before nothing is
    known; null where there is none."""
    hidden: Count = 0
    """Incidents that who asks may not see: they are in nothing of this."""
    schema_version: Literal[1] = SCHEMA_VERSION
