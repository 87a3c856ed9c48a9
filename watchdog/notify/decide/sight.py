"""What of an incident is out of sight: in a source that wasn't listed, or no longer shown. Pure.

A source that is down hides its eval sets, and nobody else's: what it may hold is neither told nor
ended, and all that other sources tell is decided without it.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from watchdog.model.report import IncidentReport, Snapshot, SourceReport


def is_unlisted(incident: IncidentReport, snapshot: Snapshot) -> bool:
    """Whether all that tell of it are sources that were never listed in full."""
    sources = list(_sources(incident, snapshot))
    return bool(incident.sources and sources) and all(s.state == "unread" for s in sources)


def may_be_unlisted(incident: IncidentReport, snapshot: Snapshot) -> bool:
    """Whether what isn't shown of it may lie in a source that was never listed in full."""
    unread = any(source.state == "unread" for source in _sources(incident, snapshot))
    return unread and bool(hidden(incident, snapshot))


def out_of_sight(incident: IncidentReport, snapshot: Snapshot) -> frozenset[str]:
    """Its eval sets that aren't shown, and that no source shows to be gone."""
    sources = list(_sources(incident, snapshot))
    if all(source.shows_absence for source in sources):
        return frozenset()
    return frozenset(name for name in hidden(incident, snapshot) if not is_muted(name, snapshot))


def hidden(incident: IncidentReport, snapshot: Snapshot) -> list[str]:
    """Its eval sets that aren't shown."""
    return [name for name in incident.eval_sets if name not in snapshot.watched]


def is_muted(eval_set_id: str, snapshot: Snapshot) -> bool:
    """Whether people asked to hear nothing more of it."""
    return any(fnmatchcase(eval_set_id, pattern) for pattern in snapshot.acknowledged)


def _sources(incident: IncidentReport, snapshot: Snapshot) -> Iterator[SourceReport]:
    """Those that tell of it; all where nobody knows, as with an incident of an earlier version."""
    for source in snapshot.report.sources:
        if not source.part_of and (not incident.sources or source.name in incident.sources):
            yield source
