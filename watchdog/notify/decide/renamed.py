"""What is open of a version that knew eval sets by name alone, in today's ids. Pure.

That version took the eval sets of one name in two sources for one. Its incident goes on as that of
the one that is stuck, or of all of them while none is; the others have incidents of their own.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from watchdog.model.report import IncidentReport, Snapshot
from watchdog.notify.decide.records import LedgerEntry


def renamed(entries: Mapping[str, LedgerEntry], snapshot: Snapshot) -> dict[str, LedgerEntry]:
    """Open incidents by id, none of which is about a name of several eval sets any more."""
    ids = {eval_set.eval_set_id for eval_set in snapshot.report.eval_sets}
    return {
        key: _renamed(entry, snapshot) if _is_by_name(entry.incident, ids) else entry
        for key, entry in entries.items()
    }


def _is_by_name(incident: IncidentReport, ids: Iterable[str]) -> bool:
    """Whether two sources told of its one eval set; today's has another id in each."""
    one_name = len(incident.eval_sets) == 1 and incident.eval_sets[0] not in ids
    return one_name and len(incident.sources) > 1


def _renamed(entry: LedgerEntry, snapshot: Snapshot) -> LedgerEntry:
    incident, report = entry.incident, snapshot.report
    heirs = [
        item.eval_set_id
        for item in report.eval_sets
        if item.name == incident.eval_sets[0] and item.source in incident.sources
    ]
    stuck = [name for name in heirs if any(_goes_on(i, name, incident) for i in report.incidents)]
    unheard = any(s.name in incident.sources and s.state != "answers" for s in report.sources)
    # of a source that isn't heard nobody knows whether it was about its eval set
    eval_sets = tuple(stuck[:1] or ([] if unheard else heirs))
    if not eval_sets:
        return entry
    subject = eval_sets[0] if incident.subject == incident.eval_sets[0] else incident.subject
    return replace(entry, incident=replace(incident, eval_sets=eval_sets, subject=subject))


def _goes_on(now: IncidentReport, eval_set_id: str, before: IncidentReport) -> bool:
    return eval_set_id in now.eval_sets and now.cause is before.cause
