"""Incidents as a viewer may see them. Pure.

Of one that is open and that others share with what a viewer may not see, what the view of the
snapshot leaves is shown. One that is past, or isn't seen at present, is shown to who may see all
that was ever in it, and is not there for anybody else.
"""

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.access import Viewer
from watchdog.model.acts import Act, holding
from watchdog.model.aged import elapsed
from watchdog.model.instants import from_timestamp, timestamp
from watchdog.model.kept_incidents import KeptIncident, OpenIncident
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.surfaces.incidents.history import history
from watchdog.surfaces.incidents.records import ActRecord, IncidentDetail, IncidentRow

NAMES_MAX = 50


class Seen(Struct, frozen=True):
    """One time that an incident was open, as somebody may see it."""

    kept: KeptIncident
    """Its incident is what may be seen of it."""
    whole: bool
    """Whether that is all of it."""
    reason: str = ""
    shown_as: tuple[str, ...] = ()
    """The ids that the snapshot has for it."""


def may_see(viewer: Viewer, kept: KeptIncident, hidden: Collection[str]) -> bool:
    """Whether a viewer may see all that an incident was ever about.

    Args:
        viewer: who looks.
        kept: the incident.
        hidden: eval sets that are watched and that they may not see.
    """
    if viewer.sees_all:
        return True
    incident = kept.incident
    if not set(hidden).isdisjoint((*incident.eval_sets, *incident.recovered)):
        return False
    if kept.needs is None:
        return not incident.secret_models and viewer.may_see(None)
    return kept.needs.met_by(viewer)


def hidden_of(current: Snapshot, view: Snapshot) -> Collection[str]:
    """The eval sets of a snapshot that a view of it leaves out."""
    return () if view is current else current.watched.keys() - view.watched.keys()


def open_ones(
    standing: Sequence[OpenIncident], current: Snapshot, view: Snapshot, viewer: Viewer
) -> Iterator[Seen]:
    """What is open, or stands and was not told, of a view of the snapshot."""
    hidden = hidden_of(current, view)
    shown = {incident.id: incident for incident in view.report.incidents}
    known = {name for one in standing for name in one.seen_as}
    for one in standing:
        seen = _seen(one, shown, viewer, may_see(viewer, one.kept, hidden))
        if seen is not None:
            yield seen
    for incident in shown.values():
        if incident.id not in known:  # it was judged a moment ago
            kept = KeptIncident(incident, 0)
            yield Seen(kept, may_see(viewer, kept, hidden), "", (incident.id,))


def _seen(
    one: OpenIncident,
    shown: dict[str, IncidentReport],
    viewer: Viewer,
    whole: bool,
) -> Seen | None:
    parts = tuple(name for name in one.seen_as if name in shown)
    if whole and (parts or not one.seen_as):
        kept = without_peers(one.kept, viewer)
        if len(parts) == 1:  # as the page shows it, not as it was told
            kept = replace(kept, incident=_as_shown(kept.incident, shown[parts[0]]))
        return Seen(kept, True, one.reason, parts)
    if parts:
        incident = replace(shown[parts[0]], id=one.kept.incident.id)
        return Seen(replace(one.kept, incident=incident), False, one.reason, parts)
    return None


def without_peers(kept: KeptIncident, viewer: Viewer) -> KeptIncident:
    """Without words on who suffers nothing, which may name what not everybody may see."""
    if viewer.sees_all:
        return kept
    return replace(kept, incident=replace(kept.incident, peers=""))


def _as_shown(kept: IncidentReport, shown: IncidentReport) -> IncidentReport:
    """With what recovered, and who was in it, as only the ledger knows."""
    return replace(shown, id=kept.id, recovered=kept.recovered, eval_sets=kept.eval_sets)


def row(seen: Seen, now: float) -> IncidentRow:
    """As a list shows it at `now`."""
    kept, incident = seen.kept, seen.kept.incident
    is_over = kept.resolved_at is not None
    since = from_timestamp(incident.since)
    began_at = since if since is not None else kept.opened_at
    ended_at = kept.resolved_at
    if is_over and kept.absent_since is not None:
        ended_at = kept.absent_since
    end = ended_at if ended_at is not None else now
    return IncidentRow(
        id=incident.id,
        opening=kept.opening,
        state="past" if is_over else "open",
        scope=incident.scope,
        subject=incident.subject,
        cause=incident.cause,
        severity=incident.severity,
        verdict=incident.verdict,
        summary=incident.summary,
        eval_sets=incident.eval_sets[:NAMES_MAX],
        eval_sets_total=len(incident.eval_sets),
        since=incident.since,
        opened_at=timestamp(kept.opened_at),
        resolved_at=timestamp(kept.resolved_at),
        seconds=elapsed(timestamp(began_at), end),
        reason=seen.reason,
        acknowledgement=_record(kept.acts, "acknowledgement", seen, end),
        silence=_record(kept.acts, "silence", seen, end),
        judgement=_record(kept.acts, "judgement", seen, now),
        part_of=incident.part_of,
    )


def detail(seen: Seen, now: float, asked_at: str | None) -> IncidentDetail:
    """With all that is kept of it."""
    return IncidentDetail(
        now=asked_at,
        row=row(seen, now),
        incident=seen.kept.incident,
        history=history(seen.kept, now, whole=seen.whole),
        openings=max(seen.kept.openings, seen.kept.opening),
    )


def _record(acts: tuple[Act, ...], kind: str, seen: Seen, now: float) -> ActRecord | None:
    act = holding(acts, kind, now)  # type: ignore[arg-type]
    if act is None:
        return None
    return ActRecord(
        kind=act.kind,
        by=act.by,
        verified=act.verified,
        at=timestamp(act.at),
        until=timestamp(act.until),
        why=act.why if seen.whole else "",
        judged=act.judged,
    )
