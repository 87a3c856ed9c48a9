"""Incidents as the ledger keeps them."""

from typing import Any

from msgspec.structs import replace

from tests.builders.snapshots import NOW, incident
from watchdog.model.access import Needs
from watchdog.model.acts import Act
from watchdog.model.kept_incidents import KeptIncident, LifeEvent, Told


def act(kind: Any = "acknowledgement", **changes: Any) -> Act:
    """Somebody's, an hour ago, for eight hours; a judgement without end."""
    until = None if kind == "judgement" else NOW + 7 * 3600
    judged = False if kind == "judgement" else None
    usual = Act(kind, "ann", False, NOW - 3600, until, "looking into it", judged, place=1)
    return replace(usual, **changes)


def kept(opening: int = 1, **changes: Any) -> KeptIncident:
    """One that opened two hours ago, and was told to Slack."""
    usual = KeptIncident(
        incident=incident(),
        opening=opening,
        opened_at=NOW - 7200,
        needs=Needs(),
        told=(Told("slack", "opened", NOW - 7200, NOW - 7199, "sent"),),
        openings=opening,
    )
    return replace(usual, **changes)


def hostile(text: str) -> KeptIncident:
    """One in which everybody wrote the same text."""
    return kept(
        incident=incident(
            id=text, eval_sets=(text, "b"), subject=text, summary=text, recovered=(text,)
        ),
        acts=(act(by=text, why=text), act("silence", by=text, why=text, place=2)),
        events=(LifeEvent("updated", NOW - 100, text),),
        told=(Told(text, "opened", NOW - 7200, NOW - 7199, "sent"),),
    )
