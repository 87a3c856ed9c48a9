"""The pages of incidents: the list, one of them, and the forms with which people act. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from watchdog.model.acts import BY_MAX, LONGEST, WHY_MAX
from watchdog.model.causes import cause_words
from watchdog.model.kept_incidents import KEPT_OPEN
from watchdog.model.report import Snapshot
from watchdog.model.verdict import Cause
from watchdog.surfaces.fleet.listing import Fleet
from watchdog.surfaces.incidents.asked import Asked
from watchdog.surfaces.incidents.records import IncidentDetail, IncidentList
from watchdog.surfaces.incidents.rows import Seen
from watchdog.surfaces.web.fleet_page import about, title
from watchdog.surfaces.web.templating import PageContext, render

NO_INCIDENT = "No such incident"
OVER = (
    "Either it was never seen here, or it ended so long ago that it was forgotten, or your groups "
    "are not those that its models ask for."
)
LASTING = (("1h", "1 h"), ("4h", "4 h"), ("8h", "8 h"), ("1d", "1 day"), ("3d", "3 days"))
"""For how long an acknowledgement or a silence may be wanted on the page."""
USUAL = "8h"


class FormState(Struct, frozen=True):
    """What a form is shown with."""

    token: str
    """Shows that it comes from a page of ours."""
    user: str
    """Who a login says it is; empty where nobody does."""
    name: str = ""
    """What they called themselves last."""
    flaw: str = ""
    """Why nothing was done."""


def incidents_page(
    listed: IncidentList, asked: Asked, snapshot: Snapshot, frame: PageContext
) -> str:
    """Open and past incidents."""
    causes = sorted(Cause, key=cause_words)
    return render(
        "incidents.html",
        frame,
        snapshot,
        listed=listed,
        asked=asked,
        causes=causes,
        open_ones=[one for one in listed.incidents if one.state == "open"],
        past_ones=[one for one in listed.incidents if one.state == "past"],
        older=asked.query(listed.next) if listed.next is not None else None,
        newest=asked.query() if asked.cursor is not None else None,
    )


def incident_page(fleet: Fleet, told: IncidentDetail, frame: PageContext) -> str:
    """One time that an incident was open."""
    return render(
        "one_incident.html",
        frame,
        fleet.snapshot,
        incident=told.incident,
        told=told,
        watched=fleet.snapshot.watched,
        kept_open=KEPT_OPEN.get(told.row.reason, ""),
        **about((told.incident,), fleet.snapshot),
    )


def actions_page(
    seen: Seen, told: IncidentDetail, snapshot: Snapshot, frame: PageContext, form: FormState
) -> str:
    """The forms with which somebody acts on an incident."""
    more: Mapping[str, Any] = {
        "incident": told.incident,
        "told": told,
        "form": form,
        "title": title(told.incident),
        "lasting": LASTING,
        "usual": USUAL,
        "by_max": BY_MAX,
        "why_max": WHY_MAX,
        "longest": LONGEST,
        "back": back(told.incident.id, told.row.opening),
        "whole": seen.whole,
    }
    return render("actions.html", frame, snapshot, still=True, **more)


def back(incident_id: str, opening: int) -> str:
    """From the forms to their incident: a part of an address."""
    named = quote(incident_id, safe="", errors="replace")
    return f"../{named}?opening={opening}" if opening else f"../{named}"
