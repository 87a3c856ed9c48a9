"""The fleet of one snapshot: what filters let through, and one page of it."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf

from msgspec import Struct

from watchdog.model.aged import elapsed
from watchdog.model.report import Count, IncidentReport, Snapshot
from watchdog.model.retries import Retries
from watchdog.model.told import said
from watchdog.model.verdict import SEVERITY, Verdict
from watchdog.part_cache import PartCache
from watchdog.surfaces.fleet.entries import Entry, Order, entry_of, owner_of
from watchdog.surfaces.fleet.filters import FilterError, Filters
from watchdog.surfaces.fleet.records import EvalSetList, EvalSetRow, RetryCount
from watchdog.surfaces.report_pieces import figures_of

PAGE = 50
"""Eval sets of one page."""
PAGES_MAX = 1_000_000
LIMIT_MAX = 500
"""Of one answer of the API."""
_MODELS_MAX = 50
CURSOR = r"^[0-9]{1,2}~(-?[0-9]{1,12}[.][0-9]{6})?~"
"""A place in the order: verdict, since when, id."""
CURSOR_MAX = 5000
_NAME_MAX = 4900
_CURSOR = re.compile(CURSOR)


class Selection(Struct, frozen=True):
    """What filters let through."""

    entries: Sequence[Entry]
    by_verdict: dict[Verdict, Count]
    """How many there are of each verdict, whatever the filters say of verdicts; the worst first."""


class Fleet:
    """The eval sets of one snapshot, the worst first."""

    def __init__(self, snapshot: Snapshot, entries: Sequence[Entry]) -> None:
        self.snapshot = snapshot
        self.entries = sorted(entries, key=lambda entry: entry.order)
        self._incidents: dict[str, list[str]] = {}
        for incident in snapshot.report.incidents:
            for name in incident.eval_sets:
                self._incidents.setdefault(name, []).append(incident.id)

    def select(self, filters: Filters) -> Selection:
        """What the filters let through."""
        fitting = [entry for entry in self.entries if entry.fits(filters)]
        counts = Counter(entry.verdict for entry in fitting)
        by_verdict = {v: counts[v] for v in reversed(SEVERITY) if v in counts}
        if filters.verdict:
            fitting = [entry for entry in fitting if entry.verdict in filters.verdict]
        return Selection(fitting, by_verdict)

    def rows(self, entries: Sequence[Entry], now: float) -> tuple[EvalSetRow, ...]:
        """Eval sets of this fleet, with the durations that they have at `now`."""
        return tuple(self._row(entry, now) for entry in entries)

    def row(self, eval_set_id: str, now: float) -> EvalSetRow | None:
        """One of them; None where it isn't there."""
        entries = (e for e in self.entries if e.figures.report.eval_set_id == eval_set_id)
        return next((self._row(entry, now) for entry in entries), None)

    def _row(self, entry: Entry, now: float) -> EvalSetRow:
        figures, report = entry.figures, entry.figures.report
        return EvalSetRow(
            eval_set_id=report.eval_set_id,
            name=report.name or report.eval_set_id,
            source=report.source,
            verdict=report.verdict,
            cause=report.cause,
            summary=said(figures.summary, now) if figures.summary else report.summary,
            started_at=report.started_at,
            stuck_since=report.stuck_since,
            stuck_seconds=elapsed(report.stuck_since, now),
            last_success_at=report.last_progress_at,
            owner=owner_of(report),
            team=report.team,
            models=report.models[:_MODELS_MAX],
            tasks=len(report.tasks),
            samples=entry.samples,
            retries=_retries(entry.retries, self.snapshot.retries, report.eval_set_id),
            muted=figures.muted,
            incidents=tuple(self._incidents.get(report.eval_set_id, ())),
        )

    def listed(self, filters: Filters, cursor: str | None, limit: int) -> EvalSetList:
        """What the API answers.

        Args:
            filters: what is asked for.
            cursor: the last answer's `next`; None for the beginning.
            limit: how many at most.

        Raises:
            FilterError: the cursor is none.
        """
        selection, report = self.select(filters), self.snapshot.report
        begin = 0
        if cursor is not None:
            orders = [entry.order for entry in selection.entries]
            begin = bisect_right(orders, order_of(cursor))
        entries = selection.entries[begin : begin + limit]
        is_last = begin + limit >= len(selection.entries)
        return EvalSetList(
            now=report.now,
            verdict=report.verdict,
            total=len(self.entries),
            matching=len(selection.entries),
            by_verdict=selection.by_verdict,
            eval_sets=self.rows(entries, self.snapshot.at),
            next=None if is_last else cursor_of(entries[-1].order),
            hidden=report.hidden,
        )

    def concerned(self, selection: Selection) -> tuple[IncidentReport, ...]:
        """The open incidents that eval sets of a selection are in, the worst first."""
        ids = {entry.figures.report.eval_set_id for entry in selection.entries}
        incidents = self.snapshot.report.incidents
        if len(ids) < len(self.entries):
            incidents = tuple(i for i in incidents if not ids.isdisjoint(i.eval_sets))
        return tuple(sorted(incidents, key=gravity))


class Fleets:
    """The fleet as each kind of viewer sees it; those of the current snapshot are kept."""

    def __init__(self) -> None:
        self._entries = PartCache(entry_of)
        self._current: Snapshot | None = None
        self._of: dict[int, Fleet] = {}

    def of(self, current: Snapshot, view: Snapshot) -> Fleet:
        """That of a view, the very object, of the current snapshot. One call at a time."""
        if current is not self._current:
            self._current, self._of = current, {}
        if id(view) not in self._of:
            self._of[id(view)] = Fleet(view, self._entries.all_of(figures_of(view)))
        return self._of[id(view)]


def cursor_of(order: Order) -> str:
    """Where an answer ended, as its `next` says it (`CURSOR`)."""
    rank, since, name = order
    name = name.encode("utf-8", "replace").decode()[:_NAME_MAX]
    return f"{rank}~{'' if since == inf else f'{since:.6f}'}~{name}"


def order_of(cursor: str) -> Order:
    """The place in the order that a cursor names.

    Raises:
        FilterError: it is none.
    """
    if len(cursor) > CURSOR_MAX or not _CURSOR.match(cursor):
        raise FilterError("cursor: it is none of an earlier answer")
    rank, since, name = cursor.split("~", 2)
    return int(rank), float(since) if since else inf, name


def gravity(incident: IncidentReport) -> tuple[bool, bool, int, str, str]:
    """What calls somebody first; of those the worst, of those what lasts the longest."""
    return (
        incident.muted_until is not None,
        incident.severity != "page",
        -SEVERITY.index(incident.verdict),
        incident.since or "9",
        incident.id,
    )


def _retries(total: int, known: Mapping[str, Retries], eval_set_id: str) -> RetryCount:
    history = known.get(eval_set_id)
    if history is None:
        return RetryCount(total, 0, ())
    return RetryCount(total, history.last_hour, history.growth)
