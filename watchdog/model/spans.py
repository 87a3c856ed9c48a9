"""Spans that a sample has open: which of its parts a row, a call or a failure belongs to.

Inspect opens a span around each solver, agent, tool and scorer (inspect_ai/util/_span.py), and
every event names the one that it occurred within. Agents side by side have spans of their own.
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from watchdog.model.instants import latest
from watchdog.model.packed import Packed

SPANS_MAX = 128
"""Open spans kept of a sample; the oldest go first. More are not seen in practice."""

ROOT = ""
"""Where a row belongs that names no span, or one that isn't open."""

TOOL_TYPES = frozenset({"tool", "handoff"})
SCORER_TYPES = frozenset({"scorer", "scorers"})
SETUP_TYPES = frozenset({"init"})


class OpenSpan(Struct, frozen=True, gc=False, array_like=True):
    """A span that was begun and not ended. Instants are seconds since the epoch."""

    id: str
    parent: str | None
    type: str
    name: str
    last_at: float | None
    """The latest instant that a row in it names, or one in a span within it that has ended."""
    work_row: int
    """The newest row directly in it that isn't a log line."""
    work_at: float | None
    """The latest instant that those name."""


class OpenSpans(Packed[OpenSpan], frozen=True, gc=False):
    """Several, in order of their beginning."""

    records = msgspec.msgpack.Decoder(tuple[OpenSpan, ...])


def around(spans: Mapping[str, OpenSpan], span_id: str | None) -> Iterator[str]:
    """A span and those that it lies within, the innermost first, then `ROOT`."""
    for _ in range(len(spans)):
        span = spans.get(span_id) if span_id is not None else None
        if span is None:
            break
        yield span.id
        span_id = span.parent
    yield ROOT


def types_around(spans: Mapping[str, OpenSpan], span_id: str | None) -> frozenset[str]:
    """The types of a span and of those that it lies within."""
    return frozenset(spans[one].type for one in around(spans, span_id) if one in spans)


def life_within(spans: Mapping[str, OpenSpan], span_id: str) -> float | None:
    """The newest sign of anything in a span or in those within it; None where it isn't open."""
    if span_id not in spans:
        return None
    return latest(*(s.last_at for s in spans.values() if span_id in around(spans, s.id)))
