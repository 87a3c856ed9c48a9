"""Incidents that were found while older events were still being read. Pure.

A first start reads the newest events of a long history first, and the rest of it behind them. What
that rest adds is older than what people were told: it may say better why something is stuck, but it
ends nothing, and is no news of its own. So an incident of that time goes on under whatever cause
its standstill has in the end, and is over only where what was stuck got something done since.
"""

from collections.abc import Iterable, Iterator, Sequence

from watchdog.model.instants import from_timestamp as instant
from watchdog.model.lazy_samples import told_at
from watchdog.model.report import EvalSetReport, IncidentReport, RunningSample, Snapshot
from watchdog.model.verdict import Verdict
from watchdog.notify.decide.continuity import JOINT_SCOPES, continues, fingerprint
from watchdog.notify.decide.records import LedgerEntry

SAME_START = 60.0
"""Seconds; a beginning that moves by no more is none that people have to hear of."""


def is_half_known(entry: LedgerEntry, snapshot: Snapshot) -> bool:
    """Whether it was seen while older events were being read, or those of it are now."""
    return entry.incident.half_read or is_half_read(entry.incident, snapshot)


def is_half_read(incident: IncidentReport, snapshot: Snapshot) -> bool:
    """Whether older events of its eval sets are still being read."""
    return not snapshot.half_read.isdisjoint(incident.eval_sets)


def is_better_known(
    entry: LedgerEntry, parts: Iterable[IncidentReport], snapshot: Snapshot
) -> bool:
    """Whether more was known of an open one than what is read so far tells: after a restart."""
    if entry.incident.half_read or not is_half_read(entry.incident, snapshot):
        return False
    return not any(continues(part, entry.incident) for part in parts)


def is_known_better(shown: IncidentReport, incident: IncidentReport) -> bool:
    """Whether people were told while older events were being read, and now it is otherwise."""
    was_early = shown.reading and not incident.reading
    return was_early and (_told(shown) != _told(incident) or has_other_start(shown, incident))


def _told(incident: IncidentReport) -> tuple[object, ...]:
    return fingerprint(incident), incident.severity, incident.actions


def has_other_start(shown: IncidentReport, incident: IncidentReport) -> bool:
    """Whether it began at another time than its message says."""
    before, since = instant(shown.since), instant(incident.since)
    if before is None or since is None:
        return before is not since
    return abs(before - since) > SAME_START


def went_on(entry: LedgerEntry, eval_sets: Sequence[EvalSetReport], now: float) -> bool:
    """Whether all that it may be about got something done since it began, or runs no more.

    Of what everybody on a model suffers others say so (`continuity.has_stopped_firing`).
    """
    if entry.incident.scope in JOINT_SCOPES:
        return True
    since = instant(entry.incident.since) or entry.opened_at
    samples = (sample for one in eval_sets for sample in _concerned(entry.incident, one, now))
    return all(_has_moved(sample, since) for sample in samples)


def _concerned(
    incident: IncidentReport, eval_set: EvalSetReport, now: float
) -> Iterator[RunningSample]:
    """The running samples of an eval set that it may be about."""
    for task in eval_set.tasks:
        if incident.scope == "task" and task.task != incident.subject:
            continue
        for sample in told_at(task.running, now):
            name = f"{task.task}/{sample.id}/{sample.epoch}"
            if incident.scope != "sample" or name == incident.subject:
                yield sample


def _has_moved(sample: RunningSample, since: float) -> bool:
    instants = map(instant, (sample.last_success_at, sample.started_at))
    has_moved = any(at is not None and at > since for at in instants)
    return has_moved or sample.verdict is Verdict.WAITING
