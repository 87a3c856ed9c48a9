"""From a sample's rows to what it did, for people: calls with their ends, and waits. Pure.

A call has up to three rows; the last counts, and the first tells when it began: Inspect sets the
time of a finished model call back to when it was asked for. The end of a failed attempt is recorded
nowhere, so a wait is what lies between two attempts' beginnings.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from watchdog.fold.errors import CANCELLED, classify
from watchdog.model.facts import Row
from watchdog.model.instants import timestamp
from watchdog.model.quantities import brief_duration
from watchdog.model.samples import EventKind, EventOutcome, SampleEvent
from watchdog.model.texts import clean, first_line
from watchdog.model.verdict import Cause

EVENTS_MAX = 200
"""Events that are told of a sample, the last ones."""
_ERROR_MAX = 1000
_ERROR_KIND = re.compile(r"[\w.]{1,60}")
_KINDS: dict[str, EventKind] = {
    "model": "model",
    "tool": "tool",
    "sandbox": "sandbox",
    "approval": "approval",
    "input": "input",
    "info": "info",
    "score": "score",
    "sample_limit": "limit",
    "error": "error",
    "sample_init": "other",
    "interrupt": "other",
    "compaction": "other",
}
"""Kinds of events that are told; of the others nothing but their kind is known."""
_PLAIN_NAMES = {"sample_init": "begun", "sample_limit": "a limit was reached", "error": "it erred"}


class _Call(Struct):
    """An event: its first row, and the last that tells of it."""

    first: Row
    last: Row
    ended: Row | None = None
    """Of a span, the row that ends it."""


def sample_events(rows: Sequence[Row], now: float, *, running: bool) -> tuple[SampleEvent, ...]:
    """What a sample did, in order.

    Args:
        rows: of the sample, in order.
        now: seconds since the epoch.
        running: whether it still runs, so that a failed attempt is followed by another.
    """
    told = [call for call in _calls(rows) if _is_told(call)]
    return tuple(_with_waits(told, now, running=running))


def _calls(rows: Iterable[Row]) -> list[_Call]:
    calls: dict[str, _Call] = {}
    spans: dict[str, _Call] = {}
    for row in rows:
        if row.kind == "span_end":
            if row.span is not None and row.span in spans:
                spans[row.span].ended = row
            continue
        call = calls.get(row.event_id)
        if call is None:
            call = calls[row.event_id] = _Call(row, row)
        call.last = row
        if row.kind == "span_begin" and row.span is not None:
            spans[row.span] = call
    return list(calls.values())


def _is_told(call: _Call) -> bool:
    row = call.last
    if row.kind == "span_begin":
        return row.type not in {"tool", "handoff", None}  # a tool's call is an event of its own
    return row.kind in _KINDS


def _with_waits(calls: Sequence[_Call], now: float, *, running: bool) -> Iterator[SampleEvent]:
    following = _next_attempts(calls)
    for place, call in enumerate(calls):
        event = _event(call, now)
        yield event
        if event.kind != "model" or event.outcome != "failed":
            continue
        after = following.get(place)
        if after is not None:
            yield _wait(call, after.first.at, after.first.at)
        elif running:
            yield _wait(call, None, now)


def _next_attempts(calls: Sequence[_Call]) -> dict[int, _Call]:
    """By the place of a model's call, the next of the same model in its span."""
    following: dict[int, _Call] = {}
    newest: dict[tuple[str | None, str, str | None], int] = {}
    for place, call in enumerate(calls):
        row = call.last
        if row.kind != "model":
            continue
        key = (row.span_id, row.name, row.role)
        if key in newest:
            following[newest[key]] = call
        newest[key] = place
    return following


def _wait(call: _Call, ended_at: float | None, until: float | None) -> SampleEvent:
    at = call.last.at
    return SampleEvent(
        at=timestamp(at),
        ended_at=timestamp(ended_at),
        seconds=_between(at, until),
        kind="wait",
        name=call.last.name,
        outcome="" if ended_at is not None else "pending",
        detail="for the next attempt",
    )


def _event(call: _Call, now: float) -> SampleEvent:
    row = call.last
    if row.kind == "span_begin":
        return _span(call)
    if row.kind == "model":
        return _model(call, now)
    if row.kind == "tool":
        return _tool(call, now)
    if row.kind == "sandbox":
        return _timed(call, "sandbox", "ok", row.name, detail=_limit(row.timeout))
    kind = _KINDS[row.kind]
    name = row.type or row.name or _PLAIN_NAMES.get(row.kind, row.kind.replace("_", " "))
    return SampleEvent(timestamp(row.at), None, None, kind, name)


def _span(call: _Call) -> SampleEvent:
    ended_at = call.ended.at if call.ended is not None else None
    return SampleEvent(
        at=timestamp(call.first.at),
        ended_at=timestamp(ended_at),
        seconds=_between(call.first.at, ended_at),
        kind="span",
        name=call.first.name,
        outcome="" if ended_at is not None else "pending",
        detail=call.first.type or "",
    )


def _model(call: _Call, now: float) -> SampleEvent:
    row = call.last
    detail = ", ".join(filter(None, (row.role or "", _limit(row.timeout), "batch" * row.batch)))
    detail = ", ".join(filter(None, (detail, "from the cache" * row.cached)))
    if row.error is None:
        if row.final and not row.pending:
            return _timed(call, "model", "ok", row.name, detail=detail)
        return _pending(call, "model", now, detail)
    if row.error.startswith(CANCELLED):
        return _timed(call, "model", "cancelled", row.name, detail=detail)
    event = SampleEvent(timestamp(row.at), None, None, "model", row.name, "failed", detail=detail)
    cause = classify(row.error, row.error_class)
    said = clean(first_line(row.error, _ERROR_MAX), _ERROR_MAX)
    return replace(event, cause=None if cause is Cause.UNEXPLAINED else cause, error=said)


def _tool(call: _Call, now: float) -> SampleEvent:
    row = call.last
    detail = _limit(row.timeout)
    if row.error is not None:
        return replace(
            _timed(call, "tool", "failed", row.name, detail=detail), error=_error_kind(row.error)
        )
    if row.final and not row.pending:
        return _timed(call, "tool", "ok", row.name, detail=detail)
    return _pending(call, "tool", now, detail)


def _error_kind(error: str) -> str:
    """A tool's error without its text, which may be what the tool printed."""
    kind, colon, _ = error.partition(":")
    return kind if colon and _ERROR_KIND.fullmatch(kind) else "error"


def _timed(
    call: _Call, kind: EventKind, outcome: EventOutcome, name: str, detail: str = ""
) -> SampleEvent:
    row = call.last
    began, ended = _began(call), row.completed_at
    return SampleEvent(
        at=timestamp(began if began is not None else row.at),
        ended_at=timestamp(ended),
        seconds=_between(began, ended),
        kind=kind,
        name=name,
        outcome=outcome,
        detail=detail,
    )


def _pending(call: _Call, kind: EventKind, now: float, detail: str) -> SampleEvent:
    began = call.first.at
    seconds = _between(began, now)
    return SampleEvent(
        timestamp(began), None, seconds, kind, call.last.name, "pending", detail=detail
    )


def _began(call: _Call) -> float | None:
    """When a call that ended was sent: by its first row, or its end and what it took."""
    row = call.last
    if call.first is not row and call.first.at is not None:
        return call.first.at
    if row.completed_at is not None and row.took is not None:
        return row.completed_at - row.took
    return row.at


def _between(begin: float | None, end: float | None) -> float | None:
    return max(0.0, end - begin) if begin is not None and end is not None else None


def _limit(seconds: float | None) -> str:
    return f"time-out {brief_duration(seconds)}" if seconds is not None else ""
