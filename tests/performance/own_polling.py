"""Our side: the service's own poll, reading and folding, in a process of its own."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, field

from tests.performance import workers
from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.source import PollResult
from watchdog.collect.targets import open_target
from watchdog.config.s3 import S3
from watchdog.pipeline.source_state import SourceState

LISTING = 1_000.0
"""Seconds between two listings."""


@dataclass
class _Service:
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    watched: SourceState | None = None
    now: float = 1_800_000_000.0
    listed_at: float = 0.0
    idle: int = 0


_SERVICE = _Service()


@dataclass(frozen=True)
class Poll:
    """What a poll took, and what is known after it."""

    cpu: float
    tasks: int
    samples: int
    rows: int
    memory: int
    """Bytes above the idle process, at most."""


def start(target: str, endpoint: str) -> None:
    """Open the target as the service does; nothing is read yet."""
    settings = S3(endpoint_url=endpoint, region="us-east-1")
    source, _ = open_target(target, settings, LogsOptions(listing_interval=LISTING))
    _SERVICE.watched = SourceState(source)
    gc.collect()
    _SERVICE.idle = workers.resident()
    workers.reset_peak()


def poll(*, listing: bool) -> Poll:
    """Poll once, with a listing or without."""
    service = _SERVICE
    assert service.watched is not None
    service.now += LISTING if listing else 1.0
    before = workers.own_cpu()
    result = service.loop.run_until_complete(service.watched.poll(service.now))
    cpu = workers.own_cpu() - before
    return _told(result, cpu)


def _told(result: PollResult, cpu: float) -> Poll:
    assert result.complete, result.problems[:3]
    assert not result.failures, result.problems[:3]
    assert _SERVICE.watched is not None
    tasks = [task for state in _SERVICE.watched.states.values() for task in state.tasks.values()]
    samples = [sample for task in tasks for sample in task.samples.values()]
    rows = sum(sample.rows for sample in samples)
    return Poll(cpu, len(tasks), len(samples), rows, workers.peak() - _SERVICE.idle)
