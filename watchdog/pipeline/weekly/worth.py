"""What incidents of a week were worth, who was told how late, and how they ended. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median

from watchdog.model.acts import holding
from watchdog.model.shadow import SHADOW
from watchdog.model.verdict import Cause, Severity, Verdict
from watchdog.model.weekly import Outcome, WeekChannel, WeekDelay, WeekIncident, WeekMarks

BEGINNINGS = frozenset({"opened", "digest"})
SHARED = frozenset({"model", "provider"})
"""Scopes of what several suffer from at once."""
OF_PROVIDERS = frozenset(
    {
        Cause.API_SERVER_ERROR,
        Cause.RATE_LIMITED,
        Cause.AUTH,
        Cause.CLIENT_TIMEOUT,
        Cause.CONNECTION,
        Cause.HUNG_MODEL_CALL,
        Cause.PROVIDER_QUOTA,
    }
)
"""Causes that end when an API works again."""


def severity_of(one: WeekIncident) -> Severity:
    """A page where it was one at any time."""
    return "page" if one.is_page else "warning"


def judgement_of(one: WeekIncident, now: float) -> bool | None:
    """What somebody said that it was worth, the last word; None where nobody did."""
    act = holding(one.kept.acts, "judgement", now)
    return None if act is None else act.judged


def marks_of(incidents: Sequence[WeekIncident], now: float) -> WeekMarks:
    """What people said, and who was told at all."""
    judged = [judgement_of(one, now) for one in incidents]
    right, wrong = judged.count(True), judged.count(False)
    channels = [_told_channels(one) for one in incidents]
    told = sum(bool(names - {SHADOW}) for names in channels)
    shadowed = sum(names == {SHADOW} for names in channels)
    return WeekMarks(
        total=len(incidents),
        told=told,
        shadowed=shadowed,
        untold=len(incidents) - told - shadowed,
        marked_true=right,
        marked_false=wrong,
        unmarked=len(incidents) - right - wrong,
        precision=right / (right + wrong) if right + wrong else None,
    )


def channels_of(opened: Sequence[WeekIncident]) -> tuple[WeekChannel, ...]:
    """Whom each was told to, or would have been."""
    told = Counter(name for one in opened for name in _told_channels(one))
    would = Counter(name for one in opened for name in set(one.would_tell))
    names = sorted({*told, *would})
    return tuple(WeekChannel(name, told[name], would[name]) for name in names)


def _told_channels(one: WeekIncident) -> set[str]:
    """Those that confirmed the message of its beginning."""
    return {t.channel for t in one.kept.told if t.kind in BEGINNINGS and t.sent_at is not None}


def delay_of(opened: Sequence[WeekIncident], watched_since: float | None) -> WeekDelay:
    """From the beginning until the first channel knew.

    What began before the first instant that is known to have been watched says how old it was,
    and not how late: it is counted apart.
    """
    known = [(began_at, told_at - began_at) for began_at, told_at in _told_times(opened)]
    since = watched_since if watched_since is not None else float("-inf")
    delays = sorted(max(0.0, delay) for began_at, delay in known if began_at >= since)
    return WeekDelay(
        told=len(delays),
        untold=len(opened) - len(known),
        began_before=len(known) - len(delays),
        median=median(delays) if delays else None,
        p90=delays[ceil(0.9 * len(delays)) - 1] if delays else None,
        longest=delays[-1] if delays else None,
    )


def _told_times(opened: Sequence[WeekIncident]) -> Iterator[tuple[float, float]]:
    """When each began that was told, and when the first channel knew."""
    for one in opened:
        times = (t.sent_at for t in one.kept.told if t.kind in BEGINNINGS)
        told_at = min((at for at in times if at is not None), default=None)
        if told_at is not None and one.began_at is not None:
            yield one.began_at, told_at


def outcomes_of(ended: Sequence[WeekIncident]) -> dict[Outcome, int]:
    """How they ended, the most frequent first."""
    counts = Counter(map(outcome_of, ended))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


_OTHER: dict[str, Outcome] = {"resumed": "resumed", "gone": "deleted", "merged": "merged"}


def outcome_of(one: WeekIncident) -> Outcome:
    """How one that is over ended, by the reason that was decided by (docs/messages.md)."""
    if one.ending != "resolve":
        return _OTHER.get(one.ending, "unknown")
    kept = one.kept
    if holding(kept.acts, "acknowledgement", kept.resolved_at or 0.0) is not None:
        return "acknowledged"
    if one.ended_as == Verdict.FINISHED:
        return "finished"
    if kept.incident.scope in SHARED and kept.incident.cause in OF_PROVIDERS:
        return "provider_recovered"
    return "by_itself"
