"""The shadow: who would have been told, and the words for it. Pure.

Decisions, routes, quiet hours and storms are as ever, for the channels that are set up. Of each
message only the quiet channel is told, and the message says who would have been.
"""

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.report import IncidentReport
from watchdog.model.shadow import SHADOW
from watchdog.model.words import count
from watchdog.notify.notice import CALLING, Notice

Takes = Callable[[str, Notice], bool]
"""Whether a channel, by its name, would tell of a message at all."""
PAGING = frozenset({"pagerduty"})
"""Channels that call somebody."""
NOBODY = "Shadow: would have told nobody"


class Shadow(Struct, frozen=True):
    """Who is told in place of whom."""

    channel: str
    """The quiet channel as it is configured: `slack:#watchdog-shadow`."""
    names: tuple[str, ...]
    """Of the channels that are set up, and that nothing is told."""
    takes: Takes
    has_own_address: bool = False
    """Whether the quiet channel is at an address of its own, so that no route leads there."""

    def hears(self, incident: IncidentReport) -> bool:
        """Whether the quiet channel may be told: what is restricted stays where it is allowed."""
        allowed = incident.restricted_to
        return not allowed or (not self.has_own_address and self.channel in allowed)

    def marked(self, notice: Notice, would_tell: Collection[str]) -> Notice:
        """A notice that says who would have been told."""
        names = tuple(name for name in would_tell if self.takes(name, notice))
        beginning = replace(notice, kind="opened")
        known = tuple(name for name in would_tell if self.takes(name, beginning))
        return replace(notice, shadow=names, would_know=known)


def told_in_shadow(shadow: Shadow | None, incident: IncidentReport) -> tuple[str, ...]:
    """The channels that are told of an incident in the shadow."""
    return (SHADOW,) if shadow is not None and shadow.hears(incident) else ()


def shadow_words(notice: Notice) -> str:
    """`Shadow: would have paged pagerduty and told slack`; empty where there is no shadow.

    What calls nobody, as an end, would have been told to PagerDuty as to any other.
    """
    if notice.shadow is None:
        return ""
    calls = notice.kind == "digest" or notice.kind in CALLING
    return _words(notice.shadow, PAGING if calls else frozenset())


def shadow_words_of_incident(notice: Notice) -> str:
    """The same of all that was told until now: for a message that is edited as things change."""
    return "" if notice.shadow is None else _words(notice.would_know, PAGING)


def _words(names: Sequence[str], paging: Collection[str]) -> str:
    paged = [name for name in names if name in paging]
    told = [name for name in names if name not in paging]
    parts = [f"{verb} {_listed(own)}" for verb, own in (("paged", paged), ("told", told)) if own]
    return f"Shadow: would have {' and '.join(parts)}" if parts else NOBODY


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {count(len(names) - most, 'more channel')}" if len(names) > most else ""
    return ", ".join(names[:most]) + more
