"""Records of a week."""

from typing import Any

from tests.builders.snapshots import incident
from watchdog.model.acts import Act
from watchdog.model.kept_incidents import KeptIncident, LifeEvent, Told
from watchdog.model.lost_time import Held, LostTime
from watchdog.model.weekly import WeekIncident

DAY = 86_400.0


def opened(
    name: str, at: float, until: float | None = None, *, told: str = "slack", **more: Any
) -> WeekIncident:
    """A page that was told a minute after it opened, and began ten minutes before."""
    kept = KeptIncident(
        incident=incident(id=name, eval_sets=(name,), **more.pop("incident", {})),
        opening=1,
        opened_at=at,
        resolved_at=until,
        acts=tuple(more.pop("acts", ())),
        events=tuple(LifeEvent("reopened", at, "") for at in more.pop("reopened", ())),
        told=(Told(told, "opened", at, at + 60.0, "sent"),) if told else (),
    )
    usual = {"ending": "resolve" if until is not None else "", "ended_as": "progressing"}
    given = {"began_at": at - 600.0, "is_page": True, **usual, **more}
    return WeekIncident(kept, **given)


def judged(worth: bool, at: float, **more: Any) -> Act:
    """What somebody said that it was worth."""
    return Act("judgement", "ann", False, at, None, "", worth, place=1, **more)


def lost(name: str, day: float, seconds: float, **more: Any) -> LostTime:
    """What one eval set lost on a day from its beginning on; one GPU and one sandbox were held."""
    held = Held(seconds, 0.0, seconds, 0.0, 0.0, {"nvidia.com/gpu": seconds})
    given = {"seconds": seconds, "owner": "ann", "team": "red", "held": held, **more}
    return LostTime(int(day), name, "hung_tool_call", since=day, until=day + seconds, **given)
