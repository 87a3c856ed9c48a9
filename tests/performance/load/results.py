"""What was measured, kept in a file beside this one: sizes are measured in different runs."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.performance.load.measure import Outcome

FILE = Path(__file__).with_name("measured.json")
DAY = 86_400.0


@dataclass(frozen=True)
class Result:
    """One size and mood. CPU in seconds, memory and answers in bytes, times in seconds."""

    size: int
    mood: str
    samples: int
    events: int
    on: str
    interval: float
    polls: int
    seconds: float
    """From a poll to the next: the interval, or more where one takes longer."""
    cpu: float
    """Of a poll with a scrape; the whole process tree's."""
    obstore: float
    boto3: float
    sync: float | None
    reader: float | None
    pss: int
    gets: float
    """Requests a poll, by what S3 charges."""
    lists: float
    received: float
    scrape_size: int
    scrape_seconds: float
    block: float
    healthz: float
    delay: float
    first_cpu: float
    first_seconds: float
    first_pss: int
    restart_cpu: float | None = None
    restart_seconds: float | None = None
    profiled: bool = False
    """Whether its CPU holds that of a profiler, a few hundredths of a core."""

    @property
    def lists_a_day(self) -> float:
        """Listings have a rhythm of their own, whatever the polls'."""
        return self.lists / self.seconds * DAY

    @property
    def times_bare(self) -> float:
        """Its CPU over that of the same requests by obstore."""
        return self.cpu / self.obstore


def result(outcome: Outcome) -> Result:
    """What is kept of an outcome."""
    plan, polls = outcome.plan, outcome.polls
    lists = sum(n for kind, n in outcome.requests.items() if kind.startswith("LIST"))
    return Result(
        size=plan.size,
        mood=plan.shape.mood,
        samples=plan.shape.samples,
        events=plan.shape.events,
        on=f"{datetime.now(UTC):%Y-%m-%d}",
        interval=plan.interval,
        polls=polls.polls,
        seconds=polls.seconds / polls.polls,
        cpu=polls.cpu_a_poll,
        obstore=outcome.obstore_cpu,
        boto3=outcome.boto3_cpu,
        sync=outcome.sync_cpu,
        reader=outcome.reader_cpu,
        pss=polls.pss,
        gets=(outcome.requests.total() - lists) / polls.polls,
        lists=lists / polls.polls,
        received=outcome.received / polls.polls,
        scrape_size=max(scrape.size for scrape in polls.scrapes),
        scrape_seconds=max(scrape.seconds for scrape in polls.scrapes),
        block=max(scrape.block for scrape in polls.scrapes),
        healthz=outcome.slowest_healthz,
        delay=statistics.median(outcome.delays),
        first_cpu=outcome.first_cpu,
        first_seconds=outcome.first_seconds,
        first_pss=outcome.first_pss,
        restart_cpu=outcome.restart_cpu,
        restart_seconds=outcome.restart_seconds,
    )


def read(path: Path = FILE) -> list[Result]:
    """All that were kept, by mood and size."""
    kept = json.loads(path.read_text()) if path.exists() else []
    return sorted((Result(**one) for one in kept), key=lambda one: (one.mood != "quiet", one.size))


def keep(new: Result, path: Path = FILE) -> None:
    """Keep one, in the place of that of its size, mood and history."""
    which = (new.size, new.mood, new.events)
    others = [one for one in read(path) if (one.size, one.mood, one.events) != which]
    path.write_text(json.dumps([asdict(one) for one in [*others, new]], indent=1) + "\n")
