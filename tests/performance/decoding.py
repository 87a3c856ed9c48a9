"""Rows of running samples: our reader and Inspect's own on the same buffers, in turns.

Three comparisons. Readers: from the buffer's files to rows, each as a monitor would use it. The
same with Inspect's own way from there to typed events. And the JSON step alone, from bytes that
are unzipped already. All in this one process, and its CPU time.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inspect_ai.log._recorders.buffer.types import SampleData
from inspect_ai.log._recover._reconstruct import reconstruct_events

from tests.performance import awscli_baseline
from tests.performance.fleet import Recorded
from tests.performance.workers import own_cpu
from watchdog.collect.inspect.buffer_reader import Buffer
from watchdog.collect.inspect.buffers import SampleEntry, decode_manifest
from watchdog.collect.inspect.segments import decode_member
from watchdog.collect.stores.opening import open_store
from watchdog.collect.stores.zip_members import directory, read_member
from watchdog.config.s3 import S3
from watchdog.model.facts import Fact, RowsRead

ROUNDS = 3
LIMIT = 1 << 30


@dataclass(frozen=True)
class Decoded:
    """What was read, and seconds of CPU of each way."""

    samples: int
    segments: int
    rows: int
    own_polling: float
    """Our reader: from files to typed rows."""
    reader: float
    """Inspect's `SampleBufferFilestore`: from files to dictionaries."""
    events: float
    """The same, and its `reconstruct_events` from there to typed events."""
    our_json: float
    """From a member's JSON to typed rows."""
    json: float
    """Inspect's way from a member's JSON to dictionaries."""


def compare(tasks: list[Recorded]) -> Decoded:
    """Read all rows of these tasks' running samples each way, several times."""
    members = [data for task in tasks for data in _members(task)]
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: asyncio.run(_ours(tasks)),
        "reader": lambda: sum(len(data.events) for data in _theirs(tasks)),
        "events": lambda: sum(len(reconstruct_events(data)) for data in _theirs(tasks)),
        "our_json": lambda: sum(len(decode_member(data).rows) for data in members),
        "json": lambda: sum(len(SampleData.model_validate_json(data).events) for data in members),
    }
    rows = {ways[way]() for way in ways if way != "events"}  # there, a call's rows become one
    assert len(rows) == 1, f"different numbers of rows: {rows}"
    rounds = [{way: _timed(read) for way, read in ways.items()} for _ in range(ROUNDS)]
    return Decoded(
        samples=sum(len(_running(task)) for task in tasks),
        segments=sum(len(_segments(task)) for task in tasks),
        rows=rows.pop(),
        **{way: statistics.median(took[way] for took in rounds) for way in ways},
    )


def _timed(read: Callable[[], int]) -> float:
    before = own_cpu()
    read()
    return own_cpu() - before


async def _ours(tasks: list[Recorded]) -> int:
    """Give the number of rows: as for tasks that are seen for the first time."""
    rows = 0

    def count(fact: Fact) -> None:
        nonlocal rows
        rows += len(fact.rows) if isinstance(fact, RowsRead) else 0

    for task in tasks:
        store = open_store(str(task.buffer.parent), S3())
        buffer = Buffer(store, task.buffer.name, "eval-set", task.log.name, LIMIT)
        await buffer.refresh()
        await buffer.read_rows(count)
        assert not buffer.failures, buffer.problems[:3]
    return rows


def _theirs(tasks: list[Recorded]) -> Iterator[SampleData]:
    return (data for task in tasks for data in awscli_baseline.samples(str(task.log)))


def _members(task: Recorded) -> Iterator[bytes]:
    """Give the running samples' members of all segments, unzipped."""
    running = _running(task)
    for number in _segments(task):
        data = (task.buffer / f"segment.{number}.zip").read_bytes()
        members = directory(data)
        for sample in running:
            if any(reference.segment == number for reference in sample.references):
                yield read_member(data, members[sample.member], LIMIT)


def _running(task: Recorded) -> list[SampleEntry]:
    manifest = decode_manifest((task.buffer / "manifest.json").read_bytes())
    return [sample for sample in manifest.samples if not sample.summary.completed]


def _segments(task: Recorded) -> list[int]:
    """Give the segments in which running samples have rows."""
    return sorted({one.segment for sample in _running(task) for one in sample.references})
