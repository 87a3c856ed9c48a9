"""What happens in a simulated fleet: outages, samples that work, fail, wait and get stuck.

Every sample's rows are what Inspect would write (tests/builders/rows.py), its retries follow
Inspect's back-off. The detector sees the rows; only this module knows the truth.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from msgspec.structs import replace

from tests.quality.fleets import HOUR, Fleet, Lengths, Model, Trouble
from watchdog.model.facts import Row, SampleKey

START = 1_800_000_000.0
"""When all begins, seconds since the epoch."""

WEEK = 604_800.0
KILLED_AFTER = 24 * HOUR
"""Somebody ends a stuck sample by hand."""

ERRORS = {
    "500": "Error code: 500 - {'error': {'message': 'Internal server error'}}",
    "429": "Error code: 429 - {'error': {'message': 'Rate limit reached'}}",
    "timeout": "Request timed out.",
}

Kind = Literal["failing", "model", "tool", "own"]
Repeats = Literal["loop", "dither", "poll"]
TURNS_KEPT = 100
POLLED = 60.0
"""Seconds that a tool waits which polls."""


def drawn(random: Random, lengths: Lengths) -> float:
    """A length in seconds."""
    if lengths.heavy and random.random() < lengths.heavy:
        return min(lengths.longest, lengths.least * random.paretovariate(lengths.index))
    return min(lengths.longest, random.lognormvariate(math.log(lengths.median), lengths.sigma))


def moments(random: Random, per_week: float, horizon: float) -> Iterator[float]:
    """A Poisson process from `START` on, for `horizon` seconds."""
    at = START
    while per_week > 0:
        at += random.expovariate(per_week / WEEK)
        if at >= START + horizon:
            return
        yield at


@dataclass(frozen=True)
class Outage:
    """Trouble of one model."""

    since: float
    until: float
    share: float
    error: str


class Weather:
    """One model's outages, over the whole time."""

    def __init__(self, random: Random, troubles: tuple[Trouble, ...], rate: float, horizon: float):
        self._outages = sorted(
            (
                Outage(at, at + drawn(random, t.lengths), random.uniform(*t.shares), t.error)
                for t in troubles
                for at in moments(random, t.per_week * rate, horizon)
            ),
            key=lambda outage: outage.since,
        )
        self._begins = [outage.since for outage in self._outages]

    def error(self, random: Random, at: float) -> str | None:
        """The error that an outage has for an attempt at this time; None where it gets through."""
        index = bisect_right(self._begins, at)
        for outage in self._outages[max(0, index - 8) : index]:
            if at < outage.until and random.random() < outage.share:
                return outage.error
        return None


@dataclass
class Sample:
    """A running sample and the truth about it."""

    key: SampleKey
    uuid: str
    model: Model
    started_at: float
    random: Random
    weather: Weather
    fleet: Fleet
    trouble: tuple[float, float, Kind, str] | None = None
    """From when to when, what, and with which error."""
    onset: float | None = None
    """When it got stuck for good: its first call that never succeeds."""
    kind: Kind | None = None
    ended_at: float | None = None
    killed_after: float = KILLED_AFTER
    """Seconds until somebody ends it where it is stuck."""
    pauses: list[tuple[float, float]] = field(default_factory=list)
    """When its machine stood still, and for how long: what comes after that comes later."""
    names_calls: bool = False
    """Whether its model's answers name the tools that they call."""
    asks: tuple[float, float] | None = None
    """From when on a person must approve its next call of a tool, and for how long that takes."""
    repeats: tuple[float, float, Repeats] | None = None
    """From when to when it does the same again and again, and how."""
    idle_since: float | None = None
    """Since when it has done so for good."""
    idle_turns: list[float] = field(default_factory=list)
    """When its first turns of that kind ended."""
    asked: tuple[float, float] | None = None
    """Since when, and until when, it is parked on an approval, or was."""
    _rows: Iterator[tuple[float, Row]] = field(init=False)
    _next: tuple[float, Row] | None = field(init=False, default=None)
    _count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Begin."""
        self._rows = self._life()
        self._next = next(self._rows, None)

    def rows(self, now: float) -> list[Row]:
        """What it has written since the last time."""
        found: list[Row] = []
        while self._next is not None and self._outside(self._next[0]) <= now:
            found.append(self._moved(self._next[1]))
            self._next = next(self._rows, None)
        done = {row.event_id for row in found if not row.pending}
        return [row for row in found if not (row.pending and row.event_id in done)]

    def over(self, now: float) -> bool:
        """Whether it has ended, by itself or by somebody's hand."""
        if self._killed(now):
            return True
        ended_at = self.ended_at
        return self._next is None and ended_at is not None and self._outside(ended_at) <= now

    def _outside(self, at: float) -> float:
        """An instant of its machine, by the clock on the wall."""
        for since, seconds in self.pauses:
            at += seconds if at > since else 0.0
        return at

    def _moved(self, row: Row) -> Row:
        if not self.pauses:
            return row
        ends = row.completed_at
        return replace(
            row,
            at=self._outside(row.at) if row.at is not None else None,
            completed_at=self._outside(ends) if ends is not None else None,
        )

    def is_parked(self, now: float) -> bool:
        """Whether it waits for a person's approval."""
        return self.asked is not None and self.asked[0] <= now < self.asked[1]

    @property
    def next_row(self) -> tuple[float, Row] | None:
        """When it writes next, and what; None where it writes no more."""
        return self._next

    @property
    def stuck(self) -> bool:
        """Whether only a person can end it."""
        return self.onset is not None

    def _killed(self, now: float) -> bool:
        since = self.onset if self.onset is not None else self.idle_since
        return since is not None and now - since >= self.killed_after

    def repeating(self, at: float) -> Repeats | None:
        """How it does the same again and again at this time; None where it doesn't."""
        if self.repeats is None or not self.repeats[0] <= at < self.repeats[1]:
            return None
        return self.repeats[2]

    def _life(self) -> Iterator[tuple[float, Row]]:
        at = self.started_at
        turns = 1 + int(self.random.expovariate(1 / self.fleet.turns))
        while turns > 0 or self.repeating(at):
            turns -= 1
            for visible_at, row in self._model_call(at):
                yield visible_at, row
            for at, row in self._tool_call(visible_at):
                yield at, row
            at += self.random.uniform(0.2, 2)
        self.ended_at = at

    def _model_call(self, at: float) -> Iterator[tuple[float, Row]]:
        failures = 0
        while True:
            event, name = self._event(), self.model.name
            yield at, self._row(event, "model", at, name=name, pending=True, final=False)
            if self._hangs(at, "model"):
                return (yield from _for_ever())
            error = self._error(at)
            if error is None:
                done = at + drawn(self.random, self.model.seconds)
                calls = ("bash",) if self.names_calls else ()
                yield done, self._row(event, "model", at, name=name, completed_at=done, calls=calls)
                return
            failures += 1
            failed = at + (600 if error == "timeout" else self.random.uniform(1, 8))
            yield failed, self._row(event, "model", at, name=name, error=ERRORS[error])
            at = failed + min(3.0 * 2 ** (failures - 1), 1800) + self.random.uniform(0, 3)

    def _error(self, at: float) -> str | None:
        if self.trouble is not None:
            since, until, kind, error = self.trouble
            if since <= at < until and kind in {"own", "failing"}:
                self._mark(at, kind)
                return error
        if self.random.random() < self.model.fails:
            return "500" if self.random.random() < 0.8 else "429"
        return self.weather.error(self.random, at)

    def _tool_call(self, at: float) -> Iterator[tuple[float, Row]]:
        if self.asks is not None and at >= self.asks[0]:
            since, at, self.asks = at, at + self.asks[1], None
            self.asked = (since, at)
            yield at, self._row(self._event(), "approval", at, type="approve")
        event = self._event()
        yield at, self._row(event, "tool", at, name="bash", pending=True, final=False)
        if self._hangs(at, "tool"):
            return (yield from _for_ever())
        how = self.repeating(at)
        done = at + (POLLED if how == "poll" else drawn(self.random, self.fleet.tools))
        if how is not None and how != "poll":
            done = at + self.random.uniform(0.1, 3.0)
        if how == "loop" and self.idle_since is None:
            self.idle_since = at
        if how == "loop" and len(self.idle_turns) < TURNS_KEPT:
            self.idle_turns.append(done)
        digest = 0 if how is not None else self._count + 1
        yield done, self._row(event, "tool", at, name="bash", completed_at=done, digest=digest)

    def _hangs(self, at: float, call: Kind) -> bool:
        if self.trouble is None or self.trouble[2] != call or at < self.trouble[0]:
            return False
        self._mark(at, call)
        return True

    def _mark(self, at: float, kind: Kind) -> None:
        if kind != "own" and self.onset is None:
            self.onset, self.kind = at, kind

    def _event(self) -> str:
        return f"{self.uuid}-{self._count}"

    def _row(self, event: str, kind: str, at: float, **fields: object) -> Row:
        self._count += 1
        return Row(self._count, event, kind, at, **fields)  # type: ignore[arg-type]


def _for_ever() -> Iterator[tuple[float, Row]]:
    """Nothing comes any more: the next row is never visible."""
    while True:
        yield math.inf, Row(0, "", "never")
