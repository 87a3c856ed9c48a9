"""Rows into the spans that are open: pure, on a private mutable copy of one sample's.

What ends takes with it what can't go on without it, and its parent inherits its signs of life.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.model.facts import Row
from watchdog.model.instants import later
from watchdog.model.spans import ROOT, SPANS_MAX, TOOL_TYPES, OpenSpan, around, types_around
from watchdog.model.state import OpenCall


class Spans:
    """The open spans while a batch of rows is folded."""

    def __init__(self, spans: Iterable[OpenSpan]) -> None:
        self.open = {span.id: span for span in spans}

    def heard(self, row: Row, at: float | None) -> None:
        """A row came from within one of them; `at` is the latest instant that it names."""
        span = self.open.get(row.span_id) if row.span_id is not None else None
        if span is None:
            return
        is_work = row.kind != "logger"
        self.open[span.id] = OpenSpan(
            span.id,
            span.parent,
            span.type,
            span.name,
            later(span.last_at, at),
            row.id if is_work else span.work_row,
            later(span.work_at, at) if is_work else span.work_at,
        )

    def begin(self, row: Row) -> None:
        """A span begins within its parent."""
        if row.span is None:
            return
        self._worked(row.parent_id, row)
        self.open[row.span] = OpenSpan(
            row.span, row.parent_id, row.type or "", row.name, row.at, row.id, row.at
        )
        if len(self.open) > SPANS_MAX:
            del self.open[next(iter(self.open))]

    def end(self, row: Row) -> str:
        """A span ends; the one that it lay within, or `ROOT`."""
        span = self.open.pop(row.span or "", None)
        if span is None:
            return ROOT
        self._worked(span.parent, row)
        parent = self.open.get(span.parent) if span.parent is not None else None
        if parent is None:
            return ROOT
        self.open[parent.id] = replace(parent, last_at=later(parent.last_at, span.last_at))
        return parent.id

    def _worked(self, span_id: str | None, row: Row) -> None:
        span = self.open.get(span_id) if span_id is not None else None
        if span is not None:
            self.open[span.id] = replace(
                span,
                last_at=later(span.last_at, row.at),
                work_row=row.id,
                work_at=later(span.work_at, row.at),
            )

    def place(self, span_id: str | None) -> str:
        """The span itself where it is open, else `ROOT`."""
        return span_id if span_id is not None and span_id in self.open else ROOT

    def around(self, span_id: str | None) -> Iterable[str]:
        """It and those that it lies within, the innermost first."""
        return around(self.open, span_id)

    def types_around(self, span_id: str | None) -> frozenset[str]:
        """Their types."""
        return types_around(self.open, span_id)

    def inner(self, row: Row, calls: Iterable[OpenCall]) -> str | None:
        """The span that was opened for a tool's call; Inspect opens it just before."""
        claimed = {call.inner for call in calls}
        for span in reversed(self.open.values()):
            fits = span.type in TOOL_TYPES and span.name == row.name
            if fits and span.parent == row.span_id and span.id not in claimed:
                return span.id
        return None
