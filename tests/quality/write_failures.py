"""Logs that can't be written, by lot: the store refuses for ever, or for a moment now and then.

The writer is Inspect's (0.3.285, `log/_recorders/buffer/database.py`): it syncs when there is
something new, and not before an interval after the last time; a sync that fails says so, and is
tried again only when there is something newer. What was written, and when, is all that is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Literal, get_args

from tests.quality.fleets import HOUR, MINUTE, Fleet, Lengths, Model, Trouble
from tests.quality.itself import Heard, polled
from tests.quality.world import START, Sample, Weather
from watchdog.model.facts import (
    Fact,
    LogWriteFailed,
    ManifestRead,
    Row,
    RowsRead,
    RunnerLogRead,
    SampleKey,
    SampleSummary,
    TaskRead,
    TaskSpec,
)
from watchdog.model.verdict import Cause

LOG = "a.eval"
PLACE = f"s3://bucket/evals/set/{LOG}"
HOURS = 8.0
ERRORS = (
    "ClientError: An error occurred (ExpiredToken) when calling the PutObject operation",
    "ClientError: An error occurred (AccessDenied) when calling the PutObject operation",
    "EndpointConnectionError: Could not connect to the endpoint URL",
    "OSError: [Errno 28] No space left on device",
)
Pace = Literal["busy", "slow", "backing off"]
"""How often there is something to write: all the time, as long calls end, between attempts that are
half an hour apart."""


@dataclass
class Store:
    """Refuses in these hours."""

    refuses: list[tuple[float, float]]

    def takes(self, at: float) -> bool:
        """Whether a write of this instant gets through."""
        return not any(since <= at < until for since, until in self.refuses)


@dataclass
class Writer:
    """Writes the rows of some samples, and reports as its log and the store do."""

    samples: list[Sample]
    store: Store
    interval: float
    error: str
    synced_at: float = -math.inf
    stored_at: float | None = None
    first_failure: float | None = None
    unwritten: dict[SampleKey, list[Row]] = field(default_factory=dict)

    def facts(self, now: float) -> Iterator[Fact]:
        """What was stored, and what its log says."""
        while (at := self._next_sync()) <= now:
            self.synced_at = at
            for sample in self.samples:
                self.unwritten.setdefault(sample.key, []).extend(sample.rows(at))
            if self.store.takes(at):
                yield from self._stored(at)
            else:
                self.first_failure = self.first_failure or at
                yield LogWriteFailed("set", at, PLACE, "", self.error, "runner")
                yield RunnerLogRead("set", at, "runner")
        yield TaskRead("set", LOG, now, self.stored_at)

    def _stored(self, at: float) -> Iterator[Fact]:
        self.stored_at = at + 1
        for key, rows in self.unwritten.items():
            if rows:
                yield RowsRead("set", LOG, key, tuple(rows), self.stored_at)
        self.unwritten = {}

    def _next_sync(self) -> float:
        new = min(sample.next_row[0] for sample in self.samples if sample.next_row is not None)
        return max(new, self.synced_at + self.interval)


def write_failures(number: int, *, sick: bool) -> Heard:
    """One eval set whose store refuses: for ever, or for up to four minutes now and then."""
    random = Random(f"writes {number}")
    pace: Pace = get_args(Pace)[number % 3]
    fleet = _fleet(random, pace)
    weather = Weather(random, fleet.outages, 1.0, HOURS * HOUR)
    samples = [
        Sample(
            SampleKey(str(n), 1),
            f"u{n}",
            fleet.models[0],
            START + random.uniform(0, 60),
            Random(random.random()),
            weather,
            fleet,
        )
        for n in range(1, random.randint(1, 5) + 1)
    ]
    store = Store(
        [(START + random.uniform(0.2, 4) * HOUR, math.inf)] if sick else [*_blips(random)]
    )
    writer = Writer(samples, store, random.choice((10.0, 60.0)), random.choice(ERRORS))
    heard = Heard(None, frozenset({Cause.LOG_WRITE_FAILED}), others=False)
    spec = TaskSpec("task", "id", fleet.models[0].name, START, len(samples))

    def facts(before: float, now: float) -> Iterator[Fact]:
        if before == START:
            entries = (SampleSummary(s.key, s.uuid, s.started_at) for s in samples)
            yield ManifestRead("set", LOG, tuple(entries))
        yield from writer.facts(now)
        heard.onset = writer.first_failure if sick else None

    return polled(heard, {LOG: spec}, facts, HOURS)


def _blips(random: Random) -> Iterator[tuple[float, float]]:
    """Moments in which the store refuses: every hour or so, up to four minutes."""
    at = START
    while at < START + HOURS * HOUR:
        at += random.expovariate(1 / HOUR)
        yield at, at + math.exp(random.uniform(math.log(10), math.log(4 * MINUTE)))


def _fleet(random: Random, pace: Pace) -> Fleet:
    low, high = (10 * MINUTE, 40 * MINUTE) if pace == "slow" else (5.0, 90.0)
    typical = math.exp(random.uniform(math.log(low), math.log(high)))
    model = Model("acme/model", 1, Lengths(typical, random.uniform(0.3, 0.8)), 0.01)
    outage = Trouble(42.0, Lengths(2 * HOUR, 0.5), (1.0, 1.0))
    outages = (outage,) if pace == "backing off" else ()
    return Fleet("writes", 1, 5, 5, 1e6, (model,), Lengths(10, 1.0), outages, ())
