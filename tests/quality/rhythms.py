"""Every recording polled twice: all of it each time, and by the rhythm of its own tasks.

A recording holds a store at a few instants. What lay there between them follows from the instants
that its rows and summaries name: `Timeline` gives what a reader would find new at any time. Both
readers fold and judge at each poll as the service does; they differ in what they read.
`python -m tests.quality.rhythms [NAME…]` compares all recordings.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.recordings.unpack import names, unpack
from watchdog.collect.bundle import BundleSource, read_bundle
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.rhythm import Pulse, is_due, place_of, rhythm, spread
from watchdog.fold import fold
from watchdog.model.facts import (
    EndedRead,
    Fact,
    Listing,
    ManifestRead,
    Row,
    RowsRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskRead,
)
from watchdog.model.instants import latest
from watchdog.model.state import EvalSetState
from watchdog.model.thresholds import Thresholds
from watchdog.model.verdict import Verdict
from watchdog.pipeline.evaluate import evaluate
from watchdog.pipeline.learner import Learner
from watchdog.pipeline.outlooks import Outlooks

BASE, FACTOR = 30.0, 8.0
MOST_HOURS = 5.0
BAD = frozenset({Verdict.STUCK, Verdict.PARTIALLY_STUCK, Verdict.DEGRADED, Verdict.UNKNOWN})
PAGED = frozenset({Verdict.STUCK, Verdict.PARTIALLY_STUCK})
Life = tuple[SampleKey, str | None]


@dataclass
class Log:
    """What is known of one log, with when each part of it came to be."""

    spec: SpecRead
    begins: dict[Life, SampleSummary] = field(default_factory=dict)
    ends: dict[Life, tuple[float, SampleSummary]] = field(default_factory=dict)
    rows: dict[SampleKey, dict[int, tuple[float, Row]]] = field(default_factory=dict)
    finished_at: float | None = None


@dataclass
class Reader:
    """How far somebody has read a log."""

    until: float = float("-inf")
    manifest: tuple[SampleSummary, ...] | None = None
    status: str = ""


class Timeline:
    """A recording's logs at any time."""

    def __init__(self, bundles: Iterable[Path]) -> None:
        self.eval_set_id = ""
        self.logs: dict[str, Log] = {}
        self.until = 0.0
        for bundle in bundles:
            self._take(bundle)
        begun = [log.spec.spec.created_at or 0.0 for log in self.logs.values()]
        self.since = max(min(begun), self.until - MOST_HOURS * 3600)

    def _take(self, path: Path) -> None:
        bundle = read_bundle(path)
        facts: list[Fact] = []
        source = BundleSource(path, bundle, LogsOptions(sqlite=False))
        now = bundle.captured_at or 0.0
        asyncio.run(source.poll(now, facts.append))
        self.until = now
        for fact in facts:
            if isinstance(fact, SpecRead):
                self._spec(fact, now)
            elif isinstance(fact, EndedRead | ManifestRead):
                for summary in fact.samples:
                    self._summary(self.logs[fact.log], summary, now)
            elif isinstance(fact, RowsRead):
                self._rows(self.logs[fact.log], fact, now)

    def _spec(self, fact: SpecRead, now: float) -> None:
        self.eval_set_id = fact.eval_set_id
        log = self.logs.setdefault(fact.log, Log(fact))
        log.spec = fact
        if fact.status != "started" and log.finished_at is None:
            log.finished_at = min(fact.completed_at or now, now)

    @staticmethod
    def _summary(log: Log, summary: SampleSummary, now: float) -> None:
        life = summary.key, summary.uuid
        if summary.started_at is not None:
            log.begins.setdefault(life, summary)
        if summary.completed or summary.completed_at is not None:
            log.ends.setdefault(life, (min(summary.completed_at or now, now), summary))

    @staticmethod
    def _rows(log: Log, fact: RowsRead, now: float) -> None:
        rows = log.rows.setdefault(fact.key, {})
        at = max((at for at, _ in rows.values()), default=0.0)
        for row in fact.rows:
            if row.id not in rows:
                at = max(at, min(latest(row.at, row.completed_at) or at, now))
                rows[row.id] = at, row

    def polls(self) -> Iterator[float]:
        """Instants."""
        now = self.since + BASE
        while now <= self.until:
            yield now
            now += BASE

    def stored_at(self, name: str, now: float) -> float:
        """When something of a log last changed."""
        log = self.logs[name]
        instants = [log.spec.spec.created_at or 0.0, log.finished_at or 0.0]
        instants += [s.started_at or 0.0 for s in log.begins.values()]
        instants += [at for at, _ in log.ends.values()]
        instants += [at for rows in log.rows.values() for at, _ in rows.values()]
        return max((at for at in instants if at <= now), default=now)

    def news(self, name: str, reader: Reader, now: float) -> list[Fact]:
        """What a reader finds in a log that it has not seen; it moves on."""
        log, where = self.logs[name], (self.eval_set_id, name)
        facts: list[Fact] = []
        over = log.finished_at is not None and log.finished_at <= now
        status = log.spec.status if over else "started"
        if status != reader.status:
            end = log.spec if over else SpecRead(*where, log.spec.spec, "started")
            facts.append(end)
        ended = [s for at, s in log.ends.values() if reader.until < at <= now]
        if ended:
            facts.append(EndedRead(*where, tuple(ended)))
        manifest = () if over else tuple(self._running(log, now))
        if manifest != reader.manifest and not over:
            facts.append(ManifestRead(*where, manifest))
        running = {summary.key for summary in manifest}
        for key, rows in log.rows.items():
            new = tuple(row for at, row in rows.values() if reader.until < at <= now)
            if new and key in running:
                facts.append(RowsRead(*where, key, new))
        reader.until, reader.manifest, reader.status = now, manifest, status
        return facts

    @staticmethod
    def _running(log: Log, now: float) -> Iterator[SampleSummary]:
        for life, summary in log.begins.items():
            ends_at = log.ends[life][0] if life in log.ends else float("inf")
            if (summary.started_at or 0.0) <= now < ends_at:
                yield SampleSummary(summary.key, summary.uuid, summary.started_at)


Said = dict[str, list[Verdict]]


@dataclass
class Polled:
    """What one way to poll came to."""

    said: Said = field(default_factory=dict)
    """The verdict of each log at each poll."""
    reads: int = 0
    """Reads of logs that were not finished."""


def polled(timeline: Timeline, factor: float) -> Polled:
    """Poll a recording; with a factor of 1 all of it each time."""
    result, outlooks, learner = Polled(), Outlooks(), Learner(limits=Thresholds())
    state = EvalSetState(timeline.eval_set_id)
    readers: dict[str, Reader] = {}
    pulses: dict[str, Pulse] = {}
    for now in timeline.polls():
        present = [n for n, log in timeline.logs.items() if (log.spec.spec.created_at or 0) <= now]
        if set(present) != set(readers):
            state = fold(state, Listing(timeline.eval_set_id, tuple(present)))
        for name in present:
            reader = readers.setdefault(name, Reader())
            pulse = pulses.setdefault(name, Pulse())
            if reader.status not in {"", "started"}:
                continue
            place = place_of(name)
            outlook = outlooks.of(timeline.eval_set_id, name)
            seconds = spread(rhythm(pulse, outlook, now, BASE, factor * BASE).seconds, place, BASE)
            if not is_due(pulse, seconds, now, BASE):
                continue
            result.reads += 1
            for fact in timeline.news(name, reader, now):
                state = fold(state, fact)
            pulse.note(now, timeline.stored_at(name, now))
            own = rhythm(pulse, outlook, now, BASE, factor * BASE).seconds
            pulse.interval = spread(own, place, BASE, first=not pulse.interval)
            interval = pulse.interval if pulse.interval > BASE else 0.0
            state = fold(state, TaskRead(timeline.eval_set_id, name, now, None, interval))
        learner.take([state], now)
        snapshot = evaluate([state], (), now, Thresholds(), 3 * BASE, learned=learner.learned)
        outlooks.take(snapshot)
        for eval_set in snapshot.report.eval_sets:
            for task in eval_set.tasks:
                result.said.setdefault(task.log, []).append(task.verdict)
    return result


@dataclass
class Difference:
    """Where polling by rhythm says something later, or wrong."""

    late: list[tuple[str, int, Verdict, Verdict]] = field(default_factory=list)
    """Log, polls beyond one base interval, from which verdict to which."""
    false: list[tuple[str, int, Verdict]] = field(default_factory=list)
    """Log, poll and a bad verdict that polling everything doesn't give about then."""


def difference(everything: Said, own: Said) -> Difference:
    """Compare what both said, poll by poll."""
    found = Difference()
    for log, all_said in everything.items():
        said = own[log]
        for poll, verdict in enumerate(said):
            near = all_said[max(0, poll - 1) : poll + 2]
            if verdict in BAD and verdict not in near:
                stale = all_said[: poll + 1]
                if not (verdict in stale[-round(FACTOR) :] or verdict in said[poll - 1 : poll]):
                    found.false.append((log, poll, verdict))
        for poll in range(1, len(all_said)):
            before, verdict = all_said[poll - 1 : poll + 1]
            if verdict is before:
                continue
            lasts = next(
                (n for n, v in enumerate(all_said[poll:]) if v is not verdict), len(all_said) - poll
            )
            took = next((n for n, v in enumerate(said[poll:]) if v is verdict), lasts)
            if min(took, lasts) > 1:
                found.late.append((log, min(took, lasts) - 1, before, verdict))
    return found


def compared(name: str) -> tuple[Difference, Polled, Polled]:
    """Poll a recording both ways."""
    with tempfile.TemporaryDirectory() as folder:
        timeline = Timeline(unpack(name, Path(folder)))
    everything, own = polled(timeline, 1.0), polled(timeline, FACTOR)
    return difference(everything.said, own.said), everything, own


def main() -> int:
    """Compare recordings: 1 where a page came late, or anything false came."""
    bad = 0
    for name in sys.argv[1:] or names():
        found, everything, own = compared(name)
        paged = [late for late in found.late if PAGED & set(late[2:])]
        bad += len(paged) + len(found.false)
        changes = sum(a is not b for s in everything.said.values() for a, b in pairwise(s))
        line = f"{name}: {changes} changes, reads {own.reads}/{everything.reads}"
        print(line, "late", found.late, "false", found.false, flush=True)  # noqa: T201
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
