"""Whether what stands is the standstill of an open incident under another cause. Pure."""

from watchdog.model.causes import DEPTH, INFO_OF
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.report import IncidentReport, Snapshot
from watchdog.model.verdict import STUCK_VERDICTS, Cause
from watchdog.notify.decide.half_read import is_half_known
from watchdog.notify.decide.records import LedgerEntry

_NO_STANDSTILL = frozenset(
    {
        Cause.DELETION_STUCK,
        Cause.HUNG_TEARDOWN,
        Cause.LOG_WRITE_FAILED,
        Cause.NO_PROGRESS,
        Cause.ORPHANED_SANDBOX,
        Cause.OVERDUE_WAIT,
        Cause.SAMPLE_ERROR,
        Cause.SANDBOX_ERROR,
    }
)
"""What is told beside what is stuck, whatever that is."""


def renames(incident: IncidentReport, entry: LedgerEntry, snapshot: Snapshot) -> bool:
    """Whether it is the standstill of an open one, and only its cause is told otherwise.

    That is so where it had begun when people were told of that one, and its cause is known better
    by older events, or is a deeper one that explains all of it.
    """
    before, since = entry.incident, instant(incident.since)
    if since is None or since > entry.opened_at or incident.restricted_to != before.restricted_to:
        return False
    if not (_stands_still(incident) and _stands_still(before)):
        return False
    if set(incident.eval_sets).isdisjoint(before.eval_sets):
        return False
    return is_half_known(entry, snapshot) or _explains(incident, entry)


def _explains(incident: IncidentReport, entry: LedgerEntry) -> bool:
    """Whether what is wrong with a runner, or in the cluster, is why all of one stands still."""
    before, info = entry.incident, INFO_OF[incident.cause]
    is_deeper = DEPTH[incident.cause] < DEPTH[before.cause]
    is_whole = set(before.eval_sets) <= set(incident.eval_sets)
    has_all = not incident.stuck_samples or incident.stuck_samples >= before.stuck_samples
    is_of_all = info.concern in {"runner", "cluster"} and is_whole and has_all
    return is_deeper and is_of_all and entry.absent_since is None


def _stands_still(incident: IncidentReport) -> bool:
    return incident.verdict in STUCK_VERDICTS and incident.cause not in _NO_STANDSTILL
