"""What people are called for in an incident's life, each thing at most once. Pure.

The ledger keeps announcements as texts; their form stands here and nowhere else.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from watchdog.model.probe import Meaning
from watchdog.model.report import IncidentReport
from watchdog.model.verdict import Scope, Verdict
from watchdog.notify.decide.continuity import JOINT_SCOPES, meanings


class Announcement(Struct, frozen=True):
    """One thing that people are called for."""

    kind: Literal["page", "scope", "test", "status", "other"]
    """`page`: it is one. `scope`: how far it reaches. `test`: what direct tests of a model mean.
    `status`: what a status page says. `other`: what another version of this program wrote."""
    subject: str = ""
    """The scope, the model, the status page's address or title, or all that `other` is."""
    meaning: Meaning | None = None
    """`test`: what the tests mean."""


PAGE = Announcement("page")

RANKS: tuple[Scope, ...] = ("sample", "task", "eval_set", "model", "provider", "cluster")
"""From the narrowest to the widest."""
_MEANINGS = frozenset(Meaning)


def announcements(incident: IncidentReport) -> frozenset[Announcement]:
    """All that people are to be called for as the incident stands."""
    page = [PAGE] if incident.severity == "page" else []
    tests = (Announcement("test", model, meaning) for model, meaning in meanings(incident))
    pages = (Announcement("status", page.url or page.title) for page in incident.outside)
    return frozenset([*page, _scope(incident), *tests, *pages])


def unannounced(
    incident: IncidentReport, announced: frozenset[Announcement]
) -> frozenset[Announcement]:
    """What of it people were not called for yet.

    That it reaches beyond one eval set, or a model, is said once; how it goes on to grow and to
    shrink, and who is in it, the message shows without calling anybody.
    """
    if incident.verdict is Verdict.DEGRADED:
        return frozenset()
    rest = announcements(incident) - announced - {PAGE}
    return rest if _reaches_further(incident.scope, announced) else rest - {_scope(incident)}


def announced_with(
    incident: IncidentReport, announced: frozenset[Announcement]
) -> frozenset[Announcement]:
    """What people were called for, once they were notified of the incident as it stands."""
    current = announcements(incident)
    narrow = frozenset() if incident.scope in JOINT_SCOPES else {_scope(incident)}
    return announced | (current - narrow)


def to_text(announcement: Announcement) -> str:
    """As the ledger keeps it."""
    match announcement:
        case Announcement(kind="page"):
            return "page"
        case Announcement(kind="test", subject=model, meaning=meaning):
            return f"test {model} {meaning}"
        case Announcement(kind="other", subject=text):
            return text
    return f"{announcement.kind} {announcement.subject}"


def from_text(text: str) -> Announcement:
    """What the ledger kept; a text of no known form stays as it is, and says nothing."""
    kind, space, subject = text.partition(" ")
    if text == "page":
        return PAGE
    if kind == "status" and space:
        return Announcement("status", subject)
    if kind == "scope" and subject in RANKS:
        return Announcement("scope", subject)
    # a model's name may hold spaces, a meaning holds none
    model, space, meaning = subject.rpartition(" ")
    if kind == "test" and space and meaning in _MEANINGS:
        return Announcement("test", model, Meaning(meaning))
    return Announcement("other", text)


def _scope(incident: IncidentReport) -> Announcement:
    return Announcement("scope", incident.scope)


def _reaches_further(scope: Scope, announced: Iterable[Announcement]) -> bool:
    """Whether it is joint now, and people were called for one narrower scope only."""
    ranks = [RANKS.index(item.subject) for item in announced if item.kind == "scope"]
    return len(ranks) == 1 and scope in JOINT_SCOPES and RANKS.index(scope) > ranks[0]
