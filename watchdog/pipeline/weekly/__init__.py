"""A week of the service, summed up from what the ledger keeps. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

from watchdog.model.instants import timestamp
from watchdog.model.weekly import (
    Span,
    WeekIncident,
    WeekIncidents,
    WeeklyReport,
    WeekPage,
    WeekRecords,
)
from watchdog.pipeline.weekly.costs import held_of, lost_of, shares_of, watched_of
from watchdog.pipeline.weekly.worth import (
    channels_of,
    delay_of,
    judgement_of,
    marks_of,
    outcomes_of,
    severity_of,
)

T = TypeVar("T", bound=str)

UNMARKED_MAX = 20
"""Pages that nobody has judged and that are named."""


def sum_up(
    records: WeekRecords, span: Span, now: float, *, shadow: str = "", hidden: int = 0
) -> WeeklyReport:
    """A week's report.

    Args:
        records: what is kept of the week; others among them count only where the week touches them.
        span: the week.
        now: seconds since the epoch; a week that is not over is summed up until then.
        shadow: the quiet channel, where no other is told at present.
        hidden: incidents that were left out, as who asks may not see them.
    """
    opened = [one for one in records.incidents if _within(span, one.kept.opened_at)]
    ended = [one for one in records.incidents if _within(span, one.kept.resolved_at)]
    pages = [one for one in opened if one.is_page]
    shares = shares_of(records.lost, span)
    watched = watched_of(records.watched, records.watched_since, span, now)
    is_watched = watched.availability is not None
    return WeeklyReport(
        now=timestamp(now),
        begin=timestamp(span.begin),
        end=timestamp(span.end),
        week=span.name,
        time_zone=span.zone,
        is_over=span.end <= now,
        shadow=shadow,
        incidents=_counts(records.incidents, opened, ended, span),
        pages=marks_of(pages, now),
        warnings=marks_of([one for one in opened if not one.is_page], now),
        channels=channels_of(opened),
        delay=delay_of(opened, records.watched_since),
        lost=lost_of(shares, is_watched=is_watched),
        held=held_of(shares, is_watched=is_watched),
        outcomes=outcomes_of(ended),
        watchdog=watched,
        unmarked_pages=tuple(_unmarked(pages, now))[:UNMARKED_MAX],
        notes=tuple(_notes(records, span, now)),
        watched_since=timestamp(records.watched_since),
        hidden=hidden,
    )


def _within(span: Span, at: float | None) -> bool:
    return at is not None and span.begin <= at < span.end


def _counts(
    known: Sequence[WeekIncident],
    opened: Sequence[WeekIncident],
    ended: Sequence[WeekIncident],
    span: Span,
) -> WeekIncidents:
    return WeekIncidents(
        opened=len(opened),
        open_before=sum(_is_open_at(one, span.begin) for one in known),
        ended=len(ended),
        open_after=sum(_is_open_at(one, span.end) for one in known),
        reopened=sum(
            event.kind == "reopened" and _within(span, event.at)
            for one in known
            for event in one.kept.events
        ),
        by_cause=_most_first(Counter(one.kept.incident.cause for one in opened)),
        by_scope=_most_first(Counter(one.kept.incident.scope for one in opened)),
        by_severity=_most_first(Counter(severity_of(one) for one in opened)),
    )


def _is_open_at(one: WeekIncident, at: float) -> bool:
    opened_at, resolved_at = one.kept.opened_at, one.kept.resolved_at
    return opened_at is not None and opened_at < at and (resolved_at is None or resolved_at >= at)


def _most_first(counts: "Counter[T]") -> dict[T, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _unmarked(pages: Sequence[WeekIncident], now: float) -> Iterator[WeekPage]:
    for one in sorted(pages, key=lambda page: -(page.kept.opened_at or 0.0)):
        if judgement_of(one, now) is None:
            incident = one.kept.incident
            yield WeekPage(
                id=incident.id,
                opening=one.kept.opening,
                cause=incident.cause,
                scope=incident.scope,
                eval_set=incident.eval_sets[0] if incident.eval_sets else "",
                eval_sets=len(incident.eval_sets),
                opened_at=timestamp(one.kept.opened_at),
            )


def _notes(records: WeekRecords, span: Span, now: float) -> Iterator[str]:
    """What is missing."""
    if records.cut:
        yield "There are more incidents in this week than were read: the counts are too low."
    kept = records.kept_seconds
    if kept is not None and span.begin < now - kept:
        yield (
            f"What is over is kept for {kept / 86_400:.3g} d (`retention.incidents`): what ended "
            "before that is missing here."
        )
    if records.watched_since is None or records.watched_since >= min(span.end, now):
        yield "Nothing was written down of this week: the service did not run, or not this version."
    elif records.watched_since > span.begin:
        yield f"Nothing is known from before {timestamp(records.watched_since)}."
